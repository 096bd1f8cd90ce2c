-- Written by hand: Prisma's own draft would refuse tables that hold rows already.
ALTER TABLE "Product" ADD COLUMN "slug" TEXT;

UPDATE "Product" SET "slug" = 'proion-' || "id" WHERE "slug" IS NULL;

ALTER TABLE "Product" ALTER COLUMN "slug" SET NOT NULL;

-- CreateIndex
CREATE UNIQUE INDEX "Product_slug_key" ON "Product"("slug");
