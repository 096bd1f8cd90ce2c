-- CreateEnum
CREATE TYPE "plan" AS ENUM ('free', 'pro', 'team');

-- AlterTable
ALTER TABLE "organizations" ALTER COLUMN "plan" DROP DEFAULT,
ALTER COLUMN "plan" TYPE "plan" USING "plan"::"plan",
ALTER COLUMN "plan" SET DEFAULT 'free';
