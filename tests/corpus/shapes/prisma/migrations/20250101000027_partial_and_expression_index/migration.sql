CREATE INDEX "Order_open" ON "Order"("id") WHERE "status" <> 'PAID';
CREATE INDEX "Producer_lower" ON "Producer"(lower("displayName"));
