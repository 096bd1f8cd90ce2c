CREATE TABLE "A" ();
INSERT INTO "Producer" ("id", "name") VALUES (40, 'it's one quote too many);
