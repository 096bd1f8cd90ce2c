CREATE TABLE "Shipment" (
    "id" BIGINT GENERATED ALWAYS AS IDENTITY,
    "orderId" INTEGER NOT NULL,
    "sentOn" DATE NOT NULL,
    "weight" NUMERIC(8,3),
    PRIMARY KEY ("id", "orderId", "sentOn")
) PARTITION BY RANGE ("sentOn");
CREATE TABLE "Shipment_2024q1" PARTITION OF "Shipment" FOR VALUES FROM ('2024-01-01') TO ('2024-04-01');
CREATE TABLE "Shipment_2024q2" PARTITION OF "Shipment" ("weight" DEFAULT 1) FOR VALUES FROM ('2024-04-01') TO ('2024-07-01') PARTITION BY HASH ("orderId");
CREATE TABLE "Shipment_2024q2_0" PARTITION OF "Shipment_2024q2" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE "Shipment_2024q2_1" PARTITION OF "Shipment_2024q2" FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE "Shipment_rest" PARTITION OF "Shipment" DEFAULT;
CREATE INDEX "Shipment_orderId_idx" ON "Shipment"("orderId");
INSERT INTO "Shipment" ("orderId", "sentOn", "weight") SELECT i, DATE '2024-02-20' + i, i / 3.0 FROM generate_series(1, 90) AS i;
