-- AlterEnum
ALTER TYPE "Status" ADD VALUE 'LATE';
UPDATE "Producer" SET "status" = 'LATE';
