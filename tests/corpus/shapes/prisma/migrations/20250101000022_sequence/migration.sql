CREATE SEQUENCE "invoice_number" START 1000 INCREMENT 5 CACHE 10;
ALTER TABLE "Order" ADD COLUMN "invoice" BIGINT NOT NULL DEFAULT nextval('"invoice_number"');
SELECT setval('"invoice_number"', 5000);
