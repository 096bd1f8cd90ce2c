-- CreateTable
CREATE TABLE "Category" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,

    CONSTRAINT "Category_pkey" PRIMARY KEY ("id")
);

-- AlterTable
ALTER TABLE "Product" ADD COLUMN "categoryId" INTEGER;

-- CreateIndex
CREATE UNIQUE INDEX "Category_name_key" ON "Category"("name");

-- CreateIndex
CREATE UNIQUE INDEX "Category_slug_key" ON "Category"("slug");

-- CreateIndex
CREATE INDEX "Product_categoryId_published_idx" ON "Product"("categoryId", "published");

-- AddForeignKey
ALTER TABLE "Product" ADD CONSTRAINT "Product_categoryId_fkey" FOREIGN KEY ("categoryId") REFERENCES "Category"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- The eight shelves of the shop. (Τα οκτώ ράφια του καταστήματος.)
INSERT INTO "Category" ("name", "slug") VALUES
    ('Ελαιόλαδο και ελιές', 'elaiolado-kai-elies'),
    ('Μέλι και προϊόντα μέλισσας', 'meli'),
    ('Τυριά και γαλακτοκομικά', 'tyria-kai-galaktokomika'),
    ('Κρασί και αποστάγματα', 'krasi-kai-apostagmata'),
    ('Όσπρια και δημητριακά', 'ospria-kai-dimitriaka'),
    ('Βότανα και μπαχαρικά', 'votana-kai-bacharika'),
    ('Μαρμελάδες και γλυκά', 'marmelades-kai-glyka'),
    ('Ζυμαρικά και παξιμάδια', 'zymarika-kai-paximadia');
