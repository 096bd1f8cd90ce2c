CREATE TYPE "Money" AS ("amount" NUMERIC, "currency" TEXT);
ALTER TABLE "Order" ALTER COLUMN "note" TYPE VARCHAR(200) USING left("note", 200);
