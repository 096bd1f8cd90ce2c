/*
  Warnings:

  - You are about to alter the column `price` on the `OrderItem` table. The data in that column could be lost. The data in that column will be cast from `Decimal(10,2)` to `Integer`.

*/
-- AlterTable
ALTER TABLE "OrderItem" ADD COLUMN "priceCents" INTEGER;
UPDATE "OrderItem" SET "priceCents" = ("price" * 100)::INTEGER;
ALTER TABLE "OrderItem" ALTER COLUMN "priceCents" SET NOT NULL;
