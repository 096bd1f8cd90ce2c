CREATE TABLE "Halves" (n INTEGER);
DO $$
BEGIN
    FOR i IN REVERSE 3..0 LOOP
        INSERT INTO "Halves" VALUES (12 / i); -- zero; in the end
    END LOOP;
END
$$;
