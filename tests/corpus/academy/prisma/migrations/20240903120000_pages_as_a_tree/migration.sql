CREATE TABLE "Page" ("id" SERIAL PRIMARY KEY, "path" TEXT UNIQUE NOT NULL, "html" TEXT NOT NULL, "parent" INTEGER REFERENCES "Page" ON DELETE SET NULL);
INSERT INTO "Page" ("path", "html") VALUES
('/', '<p style="color: red; margin: 0;">Αρχική</p> -- not a comment'),
('/about', '<script>/* nor; this */ let a = "$$"; let b = ''x''; </script>'),
('/faq', $html$<p>Costs: $5; $body$ and $$ may stand here; it's "fine"</p>$html$);
UPDATE "Page" SET "parent" = (SELECT "id" FROM "Page" WHERE "path" = '/') WHERE "path" <> '/';
