CREATE VIEW "Live" WITH (security_invoker = true) AS SELECT * FROM "Page" WHERE "state" = 'LIVE' WITH LOCAL CHECK OPTION;
INSERT INTO "Live" ("path", "html", "state") VALUES ('/live', 'through; the view', 'LIVE');
CREATE RECURSIVE VIEW "Crumbs" ("id", "trail") AS
    SELECT "id", "path" FROM "Page" WHERE "parent" IS NULL
    UNION ALL SELECT p."id", c."trail" || ' › ' || p."path" FROM "Page" AS p JOIN "Crumbs" AS c ON p."parent" = c."id";
