DO LANGUAGE plpgsql $batch$
DECLARE
    n INTEGER;
    total INTEGER := 0;
BEGIN
    ALTER TABLE "Order" ADD COLUMN IF NOT EXISTS "zone" TEXT;
    LOOP
        UPDATE "Order" SET "zone" = CASE "id" % 2 WHEN 0 THEN 'βορράς' ELSE 'νότος' END
        WHERE "id" IN (SELECT "id" FROM "Order" WHERE "zone" IS NULL ORDER BY "id" LIMIT 7);
        GET DIAGNOSTICS n = ROW_COUNT;
        total := total + n;
        EXIT WHEN n = 0;
    END LOOP;
    RAISE NOTICE 'filled %; done', total;
    EXECUTE format('COMMENT ON COLUMN "Order".%I IS %L', 'zone', 'filled; ' || total);
END
$batch$;
