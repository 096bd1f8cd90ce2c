SET LOCAL ROLE corpus_app;
SET LOCAL app.tenant = '00000000-0000-0000-0000-000000000000';
-- sees nothing, so changes nothing
UPDATE organizations SET name = 'nobody; ever';
RESET ROLE;
CREATE TABLE proof AS SELECT count(*) AS renamed FROM organizations WHERE name = 'nobody; ever';
