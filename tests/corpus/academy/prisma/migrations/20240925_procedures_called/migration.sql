CREATE OR REPLACE PROCEDURE "archive"(IN cutoff DATE, INOUT n INTEGER DEFAULT 0) LANGUAGE plpgsql AS $proc$
<<outer>>
DECLARE
    r RECORD;
BEGIN
    CREATE TABLE IF NOT EXISTS "Archive" (LIKE "Page" INCLUDING DEFAULTS EXCLUDING CONSTRAINTS);
    <<pages>>
    FOR r IN SELECT * FROM "Page" WHERE "path" LIKE '/p%' ORDER BY "id" LOOP
        CONTINUE pages WHEN r."id" % 2 = 0;
        INSERT INTO "Archive" ("id", "path", "html") VALUES (r."id", r."path", r."html");
        n := n + 1;
    END LOOP pages;
    RAISE WARNING 'archived %; until %', n, cutoff;
END outer
$proc$;
CALL "archive"('2024-09-25');
CALL "archive"(cutoff => '2024-09-26', n => 100);
DROP PROCEDURE "archive";
