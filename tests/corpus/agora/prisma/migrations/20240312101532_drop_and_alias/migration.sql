DROP VIEW "Turnover";
ALTER TABLE "OrderItem" DROP COLUMN "price";
ALTER TABLE "OrderItem" RENAME COLUMN "priceCents" TO "price";
CREATE OR REPLACE VIEW "Turnover" AS
SELECT p."producerId", sum(i."quantity" * i."price") / 100.0 AS "sum"
FROM "OrderItem" AS i JOIN "Product" AS p ON p."id" = i."productId" GROUP BY 1;
