/*
  Warnings:

  - The values [LOST] on the enum `OrderStatus` will be removed. If these variants are still used in the database, this will fail.

*/
-- Somebody has to decide what a lost order is; we say it is sent.
UPDATE "Order" SET "status" = 'SENT' WHERE "status" = 'LOST';

-- AlterEnum
BEGIN;
CREATE TYPE "OrderStatus_new" AS ENUM ('CART', 'PLACED', 'PAID', 'SENT', 'REFUNDED');
ALTER TABLE "Order" ALTER COLUMN "status" DROP DEFAULT;
ALTER TABLE "Order" ALTER COLUMN "status" TYPE "OrderStatus_new" USING ("status"::text::"OrderStatus_new");
ALTER TYPE "OrderStatus" RENAME TO "OrderStatus_old";
ALTER TYPE "OrderStatus_new" RENAME TO "OrderStatus";
DROP TYPE "OrderStatus_old";
ALTER TABLE "Order" ALTER COLUMN "status" SET DEFAULT 'CART';
COMMIT;
