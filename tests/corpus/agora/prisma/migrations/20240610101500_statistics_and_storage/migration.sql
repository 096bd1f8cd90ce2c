CREATE STATISTICS "Order_buyer_status" (ndistinct, dependencies) ON "buyerId", "status" FROM "Order";
ALTER TABLE "Product" ALTER COLUMN "description" SET STORAGE EXTERNAL, SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE "Order" CLUSTER ON "Order_pkey";
ALTER TABLE "StockMove" SET UNLOGGED;
ANALYZE "Order";
