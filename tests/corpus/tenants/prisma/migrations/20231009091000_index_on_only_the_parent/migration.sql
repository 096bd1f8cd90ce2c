CREATE INDEX usage_hits ON ONLY usage (hits);
ALTER INDEX usage_hits ATTACH PARTITION usage_paid_hits;
CREATE INDEX usage_free_hits ON usage_free (hits);
ALTER INDEX usage_hits ATTACH PARTITION usage_free_hits;
