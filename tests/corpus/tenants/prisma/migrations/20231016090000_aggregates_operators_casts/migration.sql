CREATE FUNCTION add_cents(state BIGINT, l billing.line) RETURNS BIGINT LANGUAGE sql IMMUTABLE AS 'SELECT state + l.cents;';
CREATE AGGREGATE total_cents(billing.line) (SFUNC = add_cents, STYPE = BIGINT, INITCOND = '0');
CREATE OPERATOR + (LEFTARG = BIGINT, RIGHTARG = billing.line, FUNCTION = add_cents);
CREATE CAST (billing.line AS TEXT) WITH INOUT AS ASSIGNMENT;
CREATE COLLATION billing."πεζά; c" (provider = libc, locale = 'C');
CREATE TEXT SEARCH CONFIGURATION greek_simple (COPY = simple);
CREATE TABLE lines_total AS SELECT total_cents(ROW(sku, cents)::billing.line) AS t, 7 + ROW('x', 1)::billing.line AS u FROM billing.lines;
