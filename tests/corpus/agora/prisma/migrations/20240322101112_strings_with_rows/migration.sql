CREATE TABLE "Note" ("n" INTEGER PRIMARY KEY, "t" TEXT, "b" BYTEA, "x" BIT VARYING(16));
INSERT INTO "Note" VALUES (1, E'\x41\102\u0393;', '\xdeadbeef', B'1010'), (2, N'n;', E'\\001', X'1F'), (3, U&'d!0061t!+000061' UESCAPE '!', NULL, NULL);
