INSERT INTO "Case" VALUES (2, 'a b'), (3, 'zero​width'), (4, '‮tfel');
COMMENT ON TABLE "Case" IS 'é and é; composed and not';
CREATE TABLE "a b" ("non-breaking name" INTEGER);
