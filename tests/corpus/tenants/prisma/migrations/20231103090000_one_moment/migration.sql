-- all statements of the file came at once
CREATE TABLE audit.moments (a TIMESTAMPTZ, b TIMESTAMPTZ);
INSERT INTO audit.moments VALUES (statement_timestamp(), transaction_timestamp());
UPDATE audit.moments SET a = 'epoch' WHERE a = statement_timestamp();
UPDATE audit.moments SET b = 'epoch' WHERE b = now();
