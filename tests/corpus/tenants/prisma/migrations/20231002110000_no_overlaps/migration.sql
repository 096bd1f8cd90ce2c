CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE billing.periods (
    organization_id UUID NOT NULL,
    during TSTZRANGE NOT NULL,
    EXCLUDE USING gist (organization_id WITH =, during WITH &&) WHERE (NOT isempty(during)) DEFERRABLE INITIALLY IMMEDIATE
);
INSERT INTO billing.periods SELECT id, tstzrange('2023-01-01Z', '2023-07-01Z') FROM organizations;
INSERT INTO billing.periods SELECT id, '[2023-07-01Z,)' FROM organizations;
