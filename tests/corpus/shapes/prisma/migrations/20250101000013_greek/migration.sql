CREATE TABLE "Προϊόν" ("κωδικός" TEXT PRIMARY KEY, "όνομα" TEXT NOT NULL DEFAULT 'ελιές; λάδι');
COMMENT ON TABLE "Προϊόν" IS 'Ό,τι πουλά ο παραγωγός — 100% ελληνικό 🫒';
INSERT INTO "Προϊόν" VALUES ('α1', 'Θυμαρίσιο μέλι');
