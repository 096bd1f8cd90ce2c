DROP INDEX "Order_open";
ALTER TABLE "ShippingZone" DROP COLUMN "serial";
DROP FUNCTION plus_one(integer);
