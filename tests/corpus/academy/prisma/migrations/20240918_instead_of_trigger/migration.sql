CREATE FUNCTION "addPage"() RETURNS TRIGGER AS '
BEGIN
    INSERT INTO "Page" ("path", "html") VALUES (NEW."trail", ''made; here'');
    RETURN NEW;
END;
' LANGUAGE plpgsql;
CREATE TRIGGER "Crumbs_insert" INSTEAD OF INSERT ON "Crumbs" FOR EACH ROW EXECUTE PROCEDURE "addPage"();
INSERT INTO "Crumbs" ("trail") VALUES ('/crumb');
