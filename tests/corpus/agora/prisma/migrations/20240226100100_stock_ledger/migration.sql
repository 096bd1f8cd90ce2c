CREATE TABLE "StockMove" ("id" BIGSERIAL PRIMARY KEY, "productId" INTEGER NOT NULL REFERENCES "Product"("id"), "delta" INTEGER NOT NULL CHECK ("delta" <> 0), "reason" TEXT NOT NULL);
CREATE FUNCTION move_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO "StockMove" ("productId", "delta", "reason")
    VALUES (NEW."id", NEW."stock" - coalesce(OLD."stock", 0), TG_OP || '; ' || TG_NAME);
    RETURN NULL;
END $$;
CREATE TRIGGER "Product_stock" AFTER UPDATE OF "stock" ON "Product" FOR EACH ROW
    WHEN (NEW."stock" <> OLD."stock") EXECUTE FUNCTION move_stock();
UPDATE "Product" SET "stock" = "stock" + 10 WHERE "id" <= 5;
UPDATE "Product" SET "stock" = "stock" - 1 WHERE "id" % 7 = 0;
