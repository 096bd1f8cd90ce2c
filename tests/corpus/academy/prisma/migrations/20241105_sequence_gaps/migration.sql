CREATE SEQUENCE "ticket" START 7;
SELECT nextval('"ticket"'), nextval('"ticket"');
SELECT setval('"ticket"', 50, false);
CREATE TABLE "Ticket" ("n" INTEGER DEFAULT nextval('"ticket"'), "k" INTEGER);
INSERT INTO "Ticket" ("k") VALUES (currval('"ticket"')), (lastval());
ALTER SEQUENCE "ticket" RESTART WITH 70;
