INSERT INTO "Product" ("producerId", "title", "price", "stock", "tags")
SELECT CASE WHEN i % 2 = 0 THEN 'p1' ELSE 'p2' END, 'Προϊόν ' || i, round(i * 1.37, 2), i * 3, ARRAY['νέο', 'τ' || i % 4]
FROM generate_series(1, 40) AS i;
