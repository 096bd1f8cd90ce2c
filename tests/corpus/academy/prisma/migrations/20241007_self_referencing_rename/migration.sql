ALTER TABLE "Page" RENAME TO "page_tmp";
ALTER TABLE "page_tmp" RENAME TO "page";
CREATE VIEW "Page" AS SELECT "id", "path", "state" FROM "page";
