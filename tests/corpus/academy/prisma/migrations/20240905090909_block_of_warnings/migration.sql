/*
  Warnings:

  - You are about to drop the column `language` on the `Course` table. All the data in the column will be lost.
  - You are about to drop the `Λέξη` table. If the table is not empty, all the data it contains will be lost; be sure.
  - Made the column `publishedAt` on table `Course` required. This step will fail if there are existing NULL values in that column.

*/
-- AlterTable
UPDATE "Course" SET "publishedAt" = DATE '2024-09-05' WHERE "publishedAt" IS NULL;
ALTER TABLE "Course" DROP COLUMN "language",
ALTER COLUMN "publishedAt" SET NOT NULL;
