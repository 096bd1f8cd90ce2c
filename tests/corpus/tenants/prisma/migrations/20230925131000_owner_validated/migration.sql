ALTER TABLE organizations VALIDATE CONSTRAINT owner_email_present;
ALTER TABLE organizations ALTER COLUMN owner_email SET NOT NULL;
ALTER TABLE organizations DROP CONSTRAINT owner_email_present;
