CREATE MATERIALIZED VIEW "Turnover" AS SELECT "zone", sum("total") AS sum FROM "Order" GROUP BY "zone";
CREATE UNIQUE INDEX "Turnover_zone_key" ON "Turnover"("zone");
