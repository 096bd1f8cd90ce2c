CREATE UNLOGGED TABLE "Session" ("sid" TEXT PRIMARY KEY, "data" JSON NOT NULL, "expires" TIMESTAMP(6) NOT NULL) WITH (fillfactor = 70);
INSERT INTO "Session" VALUES ('a;b', '{"x": [1, 2, {"y": ";"}]}', '2025-01-01');
ALTER TABLE "Session" SET LOGGED, SET (fillfactor = 80, autovacuum_enabled = false);
