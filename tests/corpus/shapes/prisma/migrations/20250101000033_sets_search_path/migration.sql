SELECT pg_catalog.set_config('search_path', 'audit', true);
ALTER TABLE "Log" ADD COLUMN "when" TIMESTAMPTZ;
