CREATE TABLE "semi;colon" ("a;b" INTEGER, "quote""inside" TEXT, "-- no comment" TEXT, "/* nor this */" TEXT, "$$" TEXT, " " TEXT);
INSERT INTO "semi;colon" ("a;b", "$$") VALUES (1, $$;$$);
CREATE TABLE "select" ("from" INTEGER, "User" TEXT, "user" TEXT, "USER" TEXT);
CREATE VIEW "a.b" AS SELECT "a;b" AS "c;d" FROM public."semi;colon";
