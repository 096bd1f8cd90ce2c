CREATE VIEW "OpenOrder" AS
SELECT o."id", o."total", u."email"
FROM "Order" AS o JOIN "User" AS u ON u."id" = o."buyerId"
WHERE o."status" <> 'REFUNDED';

CREATE VIEW "Turnover" WITH (security_barrier) AS
SELECT p."producerId", sum(i."quantity" * i."price") AS "sum"
FROM "OrderItem" AS i JOIN "Product" AS p ON p."id" = i."productId"
GROUP BY 1;

CREATE MATERIALIZED VIEW "TurnoverDaily" AS
SELECT date_trunc('day', "placedAt") AS "day", sum("total") AS "sum" FROM "Order" GROUP BY 1
WITH NO DATA;

CREATE UNIQUE INDEX "TurnoverDaily_day_key" ON "TurnoverDaily"("day");
REFRESH MATERIALIZED VIEW "TurnoverDaily";
