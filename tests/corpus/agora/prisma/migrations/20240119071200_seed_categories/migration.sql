WITH roots AS (
    INSERT INTO "Category" ("slug", "name") VALUES ('meli', 'Μέλι'), ('ladi', 'Ελαιόλαδο'), ('tyri', 'Τυρί')
    RETURNING "id", "slug"
), children AS (
    INSERT INTO "Category" ("slug", "name", "parentId")
    SELECT "slug" || '-bio', 'Βιολογικό', "id" FROM roots
    RETURNING "id", "parentId"
)
INSERT INTO "_CategoryToProduct" ("A", "B")
SELECT children."id", "Product"."id" FROM children JOIN "Product" ON "Product"."id" % 3 = children."id" % 3;
