ALTER TABLE "Producer" ADD COLUMN "slug" TEXT;
UPDATE "Producer" SET "slug" = 'μέλι; ' || ("id" - 1) / 2;
CREATE UNIQUE INDEX "Producer_slug_key" ON "Producer"("slug");
