CREATE EXTENSION IF NOT EXISTS "pg_trgm";
CREATE EXTENSION IF NOT EXISTS citext;
CREATE INDEX "Producer_name_trgm" ON "Producer" USING gin ("displayName" gin_trgm_ops);
ALTER TABLE "Producer" ADD COLUMN "email" citext;
