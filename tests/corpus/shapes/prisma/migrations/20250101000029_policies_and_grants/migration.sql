ALTER TABLE "Producer" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "own" ON "Producer" USING ("displayName" = current_user);
GRANT SELECT ON "Producer" TO PUBLIC;
