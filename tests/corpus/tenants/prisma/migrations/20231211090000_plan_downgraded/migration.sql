/*
  Warnings:

  - The values [team] on the enum `plan` will be removed. If these variants are still used in the database, this will fail.

*/
-- AlterEnum
BEGIN;
CREATE TYPE "billing"."plan_new" AS ENUM ('free', 'pro', 'enterprise');
ALTER TABLE "public"."organizations" ALTER COLUMN "plan" DROP DEFAULT;
ALTER TABLE "public"."organizations" ALTER COLUMN "plan" TYPE "billing"."plan_new" USING (replace("plan"::text, 'team', 'pro')::"billing"."plan_new");
ALTER TABLE "public"."organizations" ALTER COLUMN "plan" SET DEFAULT 'free';
COMMIT;
