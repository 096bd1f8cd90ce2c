CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SERVER warehouse FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '192.0.2.1', dbname 'wh;dw');
CREATE FOREIGN TABLE wh_orders (id INTEGER, "note" TEXT OPTIONS (column_name 'n;ote')) SERVER warehouse OPTIONS (schema_name 'public');
