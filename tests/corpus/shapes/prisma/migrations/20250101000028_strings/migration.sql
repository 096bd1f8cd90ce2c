COMMENT ON TABLE "Order" IS E'tab\t, quote '' and backslash \\; end';
COMMENT ON TABLE "Event" IS 'C:\temp\new; ''quoted''';
COMMENT ON COLUMN "Order"."note" IS U&'\03b1\03b2';
