ALTER TABLE "Producer" ADD COLUMN "isActive" BOOLEAN NOT NULL DEFAULT true; ALTER TABLE "Producer" ADD COLUMN "closedAt" DATE;; ALTER TABLE "Producer" ALTER "phone" SET DEFAULT '+30'; ;
UPDATE "Producer" SET "isActive" = DEFAULT, "phone" = DEFAULT;
