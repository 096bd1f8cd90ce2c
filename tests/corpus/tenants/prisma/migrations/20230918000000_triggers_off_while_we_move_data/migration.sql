ALTER TABLE memberships DISABLE TRIGGER record;
UPDATE memberships SET role = upper(role);
ALTER TABLE memberships ENABLE TRIGGER record;
