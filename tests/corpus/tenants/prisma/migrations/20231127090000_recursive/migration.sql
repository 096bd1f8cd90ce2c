CREATE TABLE tree (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES tree, depth INTEGER);
INSERT INTO tree SELECT i, nullif(i / 2, 0) FROM generate_series(1, 31) AS i;
WITH RECURSIVE walk(id, depth) AS (
    SELECT id, 0 FROM tree WHERE parent IS NULL
    UNION ALL
    SELECT t.id, w.depth + 1 FROM tree AS t JOIN walk AS w ON t.parent = w.id
) SEARCH DEPTH FIRST BY id SET place CYCLE id SET looped USING trail
UPDATE tree SET depth = walk.depth FROM walk WHERE walk.id = tree.id;
