ALTER TABLE "Shelf" RENAME CONSTRAINT "Slot_pkey" TO "Shelf_pkey";
ALTER TABLE "Shelf" RENAME COLUMN "next" TO "nextId";
ALTER INDEX "Slot_position_key" RENAME TO "Shelf_position_key";
ALTER TYPE "Geo" RENAME ATTRIBUTE "lon" TO "lng";
ALTER TYPE "Role" RENAME VALUE 'CONSUMER' TO 'BUYER';
ALTER FUNCTION move_stock() RENAME TO "moveStock";
ALTER TRIGGER "Product_stock" ON "Product" RENAME TO "Product_stock_moves";
ALTER VIEW πρωινές RENAME TO "πρωινές παραλαβές";
