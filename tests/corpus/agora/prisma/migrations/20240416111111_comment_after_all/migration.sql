ALTER TABLE "Producer" ADD COLUMN "vat" VARCHAR(9); -- ΑΦΜ; nine digits
-- the last line has no end