CREATE TYPE billing.line AS (sku TEXT, cents INTEGER);
CREATE TABLE billing.lines OF billing.line (sku NOT NULL, PRIMARY KEY (sku), cents WITH OPTIONS DEFAULT 0);
INSERT INTO billing.lines VALUES ('A;1', 5), ('B', DEFAULT);
