/*
  Warnings:

  - The primary key for the `Review` table will be changed. If it partially fails, the table could be left without primary key constraint.
  - You are about to drop the column `id` on the `Review` table. All the data in the column will be lost.

*/
-- AlterTable
ALTER TABLE "Review" DROP CONSTRAINT "Review_pkey",
ADD COLUMN     "uid" TEXT;
UPDATE "Review" SET "uid" = md5("id"::text);
ALTER TABLE "Review" DROP COLUMN "id",
ALTER COLUMN "uid" SET NOT NULL,
ADD CONSTRAINT "Review_pkey" PRIMARY KEY ("uid");
