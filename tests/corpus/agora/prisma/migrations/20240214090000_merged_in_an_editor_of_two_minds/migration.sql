COMMENT ON TABLE "Address" IS 'Where it goes;
a second line';
ALTER TABLE "Address" ADD COLUMN "city" TEXT
    NOT NULL
    DEFAULT 'Αθήνα';-- and an end
CREATE INDEX "Address_postcode_idx"
    ON "Address"("postcode");
