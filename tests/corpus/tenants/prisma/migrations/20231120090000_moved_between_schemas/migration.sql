ALTER TABLE seats SET SCHEMA billing;
ALTER TYPE plan SET SCHEMA billing;
ALTER FUNCTION current_tenant() SET SCHEMA billing;
ALTER EXTENSION ltree SET SCHEMA billing;
