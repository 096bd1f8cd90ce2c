CREATE TABLE "Moment" AS SELECT 1 AS n, now() = transaction_timestamp() AS same;
INSERT INTO "Moment" SELECT 2, now() = current_timestamp AND localtimestamp = now()::timestamp;
INSERT INTO "Moment" SELECT 3, count(DISTINCT xmin::text) = 1 FROM "Moment";
