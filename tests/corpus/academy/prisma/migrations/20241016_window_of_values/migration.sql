CREATE TABLE "Ranked" AS
SELECT "courseId", "position", lag("title", 1, '—;') OVER w AS "before", ntile(4) OVER w AS "quarter"
FROM "Lesson" WINDOW w AS (PARTITION BY "courseId" ORDER BY "position" ROWS BETWEEN 1 PRECEDING AND CURRENT ROW);
DELETE FROM "Ranked" WHERE ("courseId", "position") IN (SELECT "courseId", max("position") FROM "Ranked" GROUP BY 1);
