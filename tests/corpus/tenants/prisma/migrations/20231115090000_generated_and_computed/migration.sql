ALTER TABLE billing.invoices ADD COLUMN amount NUMERIC(14,2) GENERATED ALWAYS AS (amount_cents / 100.0) STORED;
ALTER TABLE billing.invoices ADD COLUMN month TEXT GENERATED ALWAYS AS (extract(year FROM issued_on)::int || '/' || extract(month FROM issued_on)::int) STORED;
ALTER TABLE billing.invoices ALTER COLUMN month DROP EXPRESSION;
