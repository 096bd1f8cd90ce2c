INSERT INTO organizations (id, name, plan, created_at)
SELECT md5('tenant ' || i)::uuid, 'Εταιρεία ' || i, (ARRAY['free', 'pro', 'team'])[1 + i % 3], TIMESTAMPTZ '2023-09-01 00:00:00+00' + i * INTERVAL '1 day'
FROM generate_series(1, 12) AS i;
INSERT INTO memberships SELECT id, 'user' || n || '@example.com', CASE n WHEN 1 THEN 'owner' ELSE 'member' END FROM organizations, generate_series(1, 3) AS n;
