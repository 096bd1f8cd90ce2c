DO $$
BEGIN
    FOR i IN 1..3 LOOP
        UPDATE "Order" SET "points" = "points" + i WHERE "id" % 3 = i - 1;
        COMMIT;
    END LOOP;
END
$$;
