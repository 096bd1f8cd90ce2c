-- The lines of all orders, some two each.

INSERT INTO "OrderItem" ("orderId", "productId", "quantity", "unitCents")
SELECT n, product, pg_temp.quantity_of(n, line), pg_temp.price(product)
FROM generate_series(1, current_setting('dixis.rows')::INTEGER) AS n
CROSS JOIN LATERAL generate_series(1, pg_temp.lines(n)) AS line
CROSS JOIN LATERAL (SELECT pg_temp.product_of(n, line) AS product) AS chosen;
