CREATE DOMAIN "Postcode" AS TEXT CHECK (VALUE ~ '^[0-9]{5}$');
ALTER TABLE "Order" ADD COLUMN "postcode" "Postcode";
