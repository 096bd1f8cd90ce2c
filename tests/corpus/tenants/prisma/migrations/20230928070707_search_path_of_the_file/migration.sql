SET LOCAL search_path TO billing, public;
CREATE TABLE payments (id SERIAL PRIMARY KEY, invoice_id BIGINT NOT NULL REFERENCES invoices, paid_cents BIGINT NOT NULL);
CREATE INDEX ON payments (invoice_id);
INSERT INTO payments (invoice_id, paid_cents) SELECT id, amount_cents FROM invoices WHERE id % 2 = 0;
