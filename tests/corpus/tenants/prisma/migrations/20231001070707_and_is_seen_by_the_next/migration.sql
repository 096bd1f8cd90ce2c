ALTER TABLE reminders ADD COLUMN payment_id INTEGER REFERENCES payments;
SET search_path TO DEFAULT;
CREATE TABLE seats (organization_id UUID NOT NULL REFERENCES organizations, n INTEGER NOT NULL);
