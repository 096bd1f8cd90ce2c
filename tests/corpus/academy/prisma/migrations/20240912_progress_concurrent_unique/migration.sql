CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "Student_όνομα_key"
    ON "Student" ("όνομα" COLLATE "C")
    -- the last word; no semicolon
