INSERT INTO "PageCount" SELECT 1000 + "n" FROM "left";
INSERT INTO "PageCount" SELECT 2000 + pg_temp.twice("n") FROM "left";
DROP TABLE "left";
