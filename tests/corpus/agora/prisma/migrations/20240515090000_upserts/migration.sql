INSERT INTO "Release" VALUES ('2024.05; α'), ('2024.06')
ON CONFLICT ("name") DO UPDATE SET "name" = EXCLUDED."name" || ' (again)'
RETURNING *;
MERGE INTO "Note" AS n USING (VALUES (1, 'merged; one'), (9, 'new')) AS v(n, t) ON n."n" = v.n
WHEN MATCHED THEN UPDATE SET "t" = v.t
WHEN NOT MATCHED THEN INSERT VALUES (v.n, v.t, NULL, NULL);
DELETE FROM "Note" AS n USING "Release" AS r WHERE n."t" = r."name";
