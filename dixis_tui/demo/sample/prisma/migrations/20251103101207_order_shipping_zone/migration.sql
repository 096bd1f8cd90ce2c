-- CreateEnum
CREATE TYPE "ShippingZone" AS ENUM ('ATTICA', 'MAINLAND', 'CRETE', 'ISLANDS');

-- AlterTable
-- The zone's constant default costs nothing; the token's is new for every row, so the whole table is written anew.
ALTER TABLE "Order" ADD COLUMN "shippingZone" "ShippingZone" NOT NULL DEFAULT 'MAINLAND',
ADD COLUMN "trackingToken" UUID NOT NULL DEFAULT gen_random_uuid();
