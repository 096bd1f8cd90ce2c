DO $$
DECLARE
    n integer := 0;
BEGIN
    FOR i IN 1..25 LOOP
        INSERT INTO "Order" ("status", "total") VALUES ('PAID', i); -- a ; in a comment
        n := n + 1;
    END LOOP;
    RAISE NOTICE 'inserted %; done', n;
END
$$;
