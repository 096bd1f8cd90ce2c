BEGIN;
CREATE TABLE "Stays" ();
COMMIT;
CREATE TABLE "Goes" ();
INSERT INTO "Producer" ("id") VALUES (20);
INSERT INTO "Producer" ("id") VALUES (1);
