INSERT INTO "Lesson" ("courseId", "position", "title", "body")
SELECT 1, 100 + i, 'Επανάληψη ' || i, repeat('κείμενο; ', i) FROM generate_series(1, 60) AS i
ON CONFLICT ("courseId", "position") DO NOTHING;
INSERT INTO "Lesson" VALUES (2, 900, 'α', ';'), (2, 901, 'β', ''';'''), (2, 902, 'γ', E'\';'), (2, 903, 'δ', $$;'$$), (2, 904, 'ε', $δ$;$$;$δ$);
