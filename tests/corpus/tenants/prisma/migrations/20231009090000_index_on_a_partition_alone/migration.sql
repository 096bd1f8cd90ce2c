CREATE INDEX CONCURRENTLY usage_paid_hits ON usage_paid (hits);
