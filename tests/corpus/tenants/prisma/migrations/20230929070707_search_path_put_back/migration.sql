SET search_path = billing;
CREATE TABLE credit_notes (id SERIAL PRIMARY KEY, invoice_id BIGINT REFERENCES invoices);
SET search_path = "$user", public;
