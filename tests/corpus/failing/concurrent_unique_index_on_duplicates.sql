CREATE UNIQUE INDEX CONCURRENTLY "Producer_status_key" ON "Producer"("status");
