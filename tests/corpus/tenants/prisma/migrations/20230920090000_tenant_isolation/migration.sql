ALTER TABLE "organizations" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "memberships" ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION current_tenant() RETURNS UUID LANGUAGE sql STABLE AS $$ SELECT nullif(current_setting('app.tenant', true), '')::uuid; $$;
CREATE POLICY tenant ON organizations USING (id = current_tenant());
CREATE POLICY tenant ON memberships USING (organization_id = current_tenant()) WITH CHECK (organization_id = current_tenant());
ALTER POLICY tenant ON organizations RENAME TO "only; this tenant";
