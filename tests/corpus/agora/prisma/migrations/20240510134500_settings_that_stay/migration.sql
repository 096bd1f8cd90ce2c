SET statement_timeout TO '20min';
SET SESSION lock_timeout = DEFAULT;
SELECT pg_catalog.set_config('app.release', '2024.05; α', false);
SHOW lock_timeout;
CREATE TABLE "Release" ("name" TEXT PRIMARY KEY);
INSERT INTO "Release" VALUES (current_setting('app.release'));
