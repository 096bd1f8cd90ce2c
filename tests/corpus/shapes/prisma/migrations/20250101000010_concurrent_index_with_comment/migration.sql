-- the only statement; comments do not count
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Order_note_idx" ON "Order"("note");
-- the end
