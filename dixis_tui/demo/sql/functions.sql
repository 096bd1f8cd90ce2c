-- What both fillers know, so that each can work in a session of its own.
--
-- `dixis.rows` says how many orders. Everything else hangs on a row's own number by a small hash, so that nothing is
-- random, the same on every machine, and any table can be filled without reading another. Foreign keys are not checked
-- row by row while filling: the numbers are made to fit, and a test proves that they do.

SET session_replication_role = replica;
SET work_mem = '64MB';

-- 0 <= pick(n, salt, size) < size, evenly spread: PostgreSQL's own hash, simple enough for the planner to inline.
CREATE FUNCTION pg_temp.pick(n BIGINT, salt BIGINT, size BIGINT) RETURNS INTEGER LANGUAGE SQL IMMUTABLE
RETURN abs(hashint8extended(n, salt) % size)::INTEGER;

-- What one piece of a product costs, in cents: 1.90 to 34.80 euros.
CREATE FUNCTION pg_temp.price(product BIGINT) RETURNS INTEGER LANGUAGE SQL IMMUTABLE
RETURN 190 + 10 * pg_temp.pick(product, 3, 330);

-- How many lines an order has (1 to 3), and what stands in line `line`.
CREATE FUNCTION pg_temp.lines(ord BIGINT) RETURNS INTEGER LANGUAGE SQL IMMUTABLE
RETURN 1 + pg_temp.pick(ord, 17, 3);
CREATE FUNCTION pg_temp.product_of(ord BIGINT, line INTEGER) RETURNS INTEGER LANGUAGE SQL IMMUTABLE
RETURN 1 + pg_temp.pick(ord, 100 + line, 4000);
CREATE FUNCTION pg_temp.quantity_of(ord BIGINT, line INTEGER) RETURNS INTEGER LANGUAGE SQL IMMUTABLE
RETURN 1 + pg_temp.pick(ord, 200 + line, 4);
