-- Written by hand: prices are also changed from the warehouse, which knows nothing of Prisma's @updatedAt.
CREATE FUNCTION "product_touch"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW."priceCents" IS DISTINCT FROM OLD."priceCents" OR NEW."stock" IS DISTINCT FROM OLD."stock" THEN
        NEW."updatedAt" := CURRENT_TIMESTAMP;
    END IF;
    RETURN NEW; -- a semicolon; in a comment
END;
$$;

CREATE TRIGGER "Product_touch" BEFORE UPDATE ON "Product" FOR EACH ROW EXECUTE FUNCTION "product_touch"();
