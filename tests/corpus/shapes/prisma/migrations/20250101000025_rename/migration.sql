ALTER TABLE "Zone" RENAME TO "ShippingZone";
ALTER TABLE "ShippingZone" RENAME COLUMN "after" TO "isActive";
