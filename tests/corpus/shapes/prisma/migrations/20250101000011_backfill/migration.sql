ALTER TABLE "Order" ADD COLUMN "zone" INTEGER;
UPDATE "Order" SET "zone" = 1 + "id" % 2;
ALTER TABLE "Order" ALTER COLUMN "zone" SET NOT NULL;
