ALTER TABLE organizations ADD COLUMN settings JSONB;
UPDATE organizations
SET settings = jsonb_build_object('theme', 'dark; light', 'seats', (
    SELECT jsonb_agg(user_email ORDER BY user_email) FROM memberships WHERE organization_id = id
)) || '{"καλημέρα": "κόσμε",
        "nested": {"a;b": [1, 2, 3]}}'::jsonb;
UPDATE organizations SET settings = jsonb_set(settings, '{nested,x}', 'null') - 'theme' WHERE settings @? '$.nested."a;b"[*] ? (@ > 2)';
