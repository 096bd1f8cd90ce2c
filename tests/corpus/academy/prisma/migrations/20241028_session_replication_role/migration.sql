SET session_replication_role = replica;
INSERT INTO "page" ("path", "html") VALUES ('/quiet', 'no; trigger');
SET session_replication_role TO DEFAULT;
INSERT INTO "page" ("path", "html") VALUES ('/loud', 'a; trigger');
