ALTER TABLE "Address" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "Address" FORCE ROW LEVEL SECURITY;
CREATE POLICY "own" ON "Address" AS PERMISSIVE FOR SELECT TO PUBLIC USING ("userId" = current_setting('app.user', true));
CREATE POLICY "no; moving" ON "Address" AS RESTRICTIVE FOR UPDATE USING (true) WITH CHECK ("userId" = current_setting('app.user', true));
