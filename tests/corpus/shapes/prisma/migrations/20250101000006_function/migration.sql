CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW."createdAt" := now(); -- $$ inside another tag
    RETURN NEW;
END;
$body$;
CREATE FUNCTION plus_one(i integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT i + 1; -- '';''';
