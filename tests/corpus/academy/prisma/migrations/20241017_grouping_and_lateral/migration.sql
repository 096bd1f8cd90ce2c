CREATE MATERIALIZED VIEW "Totals" AS
SELECT c."level", s."n", count(*) FILTER (WHERE l."body" = '') AS "empty"
FROM "Course" AS c CROSS JOIN LATERAL (SELECT count(*) AS n FROM "_CourseToStudent" WHERE "A" = c."id") AS s
JOIN "Lesson" AS l ON l."courseId" = c."id"
GROUP BY GROUPING SETS ((c."level", s."n"), ()) ORDER BY 1, 2;
