INSERT INTO "Page" ("path", "html") VALUES (E'/c:\\temp', E'line\none\ttab \'quoted\'; \x41 \u03a9 \U0001F41D');
INSERT INTO "Page" ("path", "html") VALUES ('/raw', 'C:\new\; it ends with a backslash\');
INSERT INTO "Page" ("path", "html") VALUES ('/joined', 'first; '
-- a comment between; its quote ' counts for nothing
'second');
