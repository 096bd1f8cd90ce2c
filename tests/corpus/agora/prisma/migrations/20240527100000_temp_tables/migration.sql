CREATE TEMP TABLE old_codes ON COMMIT DROP AS SELECT "id", "slug" FROM "Product" WHERE "id" <= 3;
UPDATE "Product" AS p SET "description" = 'was ' || o."slug" FROM old_codes AS o WHERE o."id" = p."id";
CREATE TABLE "ProductCopy" AS TABLE old_codes WITH DATA;
SELECT "id", "slug" INTO "ProductCopy2" FROM old_codes WHERE false;
