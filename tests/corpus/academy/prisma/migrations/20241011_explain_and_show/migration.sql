EXPLAIN SELECT * FROM "page";
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) UPDATE "page" SET "html" = "html" || '!' WHERE "path" = '/faq';
SHOW ALL;
TABLE "Grade";
VALUES (1, ';'), (2, $$;$$);
