-- CreateIndex
CREATE INDEX CONCURRENTLY "Order_status_placedAt_idx" ON "Order"("status", "placedAt" DESC);
