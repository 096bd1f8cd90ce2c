CREATE VIEW "Progress" ("μαθητής", "place", "of") AS
    SELECT "όνομα", rank() OVER w, count(*) OVER () FROM "Student" WINDOW w AS (ORDER BY "joined" DESC);
COMMENT ON VIEW "Progress" IS 'slow; for now';
