CREATE RULE "Page_insert" AS ON INSERT TO "Page" DO INSTEAD INSERT INTO "page" ("path", "html", "state") VALUES (NEW."path", '', NEW."state");
CREATE RULE "Page_nothing" AS ON DELETE TO "Page" DO INSTEAD NOTHING;
INSERT INTO "Page" ("path", "state") VALUES ('/ruled', 'LIVE');
DELETE FROM "Page";
