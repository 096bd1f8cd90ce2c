CREATE TABLE "PriceLog" ("productId" INTEGER, "old" INTEGER, "new" INTEGER, "note" TEXT);
CREATE RULE "log_price" AS ON UPDATE TO "Product" WHERE NEW."price" <> OLD."price"
    DO ALSO (
        INSERT INTO "PriceLog" VALUES (OLD."id", OLD."price", NEW."price", 'a; b');
        INSERT INTO "PriceLog" ("productId", "note") VALUES (OLD."id", 'second;')
    );
UPDATE "Product" SET "price" = "price" + 10 WHERE "id" IN (4, 8);
