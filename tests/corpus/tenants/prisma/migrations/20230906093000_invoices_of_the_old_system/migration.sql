INSERT INTO "billing"."invoices" ("organization_id", "amount_cents", "issued_on")
SELECT id, 1000 + (('x' || left(md5(name || m), 4))::bit(16)::int), make_date(2023, m, 1)
FROM organizations CROSS JOIN generate_series(1, 8) AS m ORDER BY id, m;
