CREATE TABLE invitations (id SERIAL PRIMARY KEY, organization_id UUID, email TEXT, UNIQUE NULLS NOT DISTINCT (organization_id, email));
CREATE UNIQUE INDEX invitations_email ON invitations (lower(email), coalesce(organization_id, '00000000-0000-0000-0000-000000000000'::uuid)) NULLS NOT DISTINCT;
