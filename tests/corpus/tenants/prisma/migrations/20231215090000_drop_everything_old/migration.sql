DROP TABLE IF EXISTS blocks, ff, mac CASCADE;
DROP FOREIGN TABLE wh_orders;
DROP SERVER warehouse CASCADE;
DROP PUBLICATION tenants;
DROP TABLE IF EXISTS "never; was";
DROP TYPE IF EXISTS nothing.at_all;
DROP AGGREGATE total_cents(billing.line);
DROP OPERATOR + (BIGINT, billing.line);
