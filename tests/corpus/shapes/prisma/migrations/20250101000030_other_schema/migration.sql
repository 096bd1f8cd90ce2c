CREATE SCHEMA "audit";
CREATE TABLE "audit"."Log" ("id" BIGSERIAL PRIMARY KEY, "order" INTEGER REFERENCES "Order"("id"));
