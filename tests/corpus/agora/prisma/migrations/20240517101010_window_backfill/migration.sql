ALTER TABLE "Order" ADD COLUMN "rank" INTEGER;
WITH ranked AS (
    SELECT "id", row_number() OVER (PARTITION BY "buyerId" ORDER BY "placedAt", "id") AS n FROM "Order"
)
UPDATE "Order" SET "rank" = ranked.n FROM ranked WHERE ranked."id" = "Order"."id";
CREATE UNIQUE INDEX "Order_buyerId_rank_key" ON "Order"("buyerId", "rank");
