ALTER TABLE organizations ADD COLUMN owner_email TEXT;

UPDATE organizations AS o
SET owner_email = m.user_email
FROM memberships AS m
WHERE m.organization_id = o.id AND m.role = 'OWNER';

ALTER TABLE organizations ADD CONSTRAINT owner_email_present CHECK (owner_email IS NOT NULL) NOT VALID;
