INSERT INTO "Course" ("title", "publishedAt") VALUES ('Εισαγωγή στη μελισσοκομία', '2024-09-02'), ('Olive oil; a primer', NULL);
INSERT INTO "Lesson" ("courseId", "position", "title") SELECT c."id", p, 'Μάθημα ' || p FROM "Course" AS c, generate_series(1, 6) AS p;
