CREATE SEQUENCE "invoice_number" AS INTEGER START 1000 INCREMENT 5 MINVALUE 1000 CACHE 10 NO CYCLE;
ALTER TABLE "Order" ADD COLUMN "invoice" INTEGER;
UPDATE "Order" SET "invoice" = 1000 + 5 * "id" WHERE "status" IN ('PAID', 'SENT');
SELECT setval('invoice_number', (SELECT max("invoice") FROM "Order") + 5);
ALTER TABLE "Order" ALTER COLUMN "invoice" SET DEFAULT nextval('invoice_number');
ALTER SEQUENCE "invoice_number" OWNED BY "Order"."invoice";
