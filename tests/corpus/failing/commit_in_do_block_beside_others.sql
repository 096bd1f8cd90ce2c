INSERT INTO "Producer" ("id") VALUES (30);
DO $$ BEGIN INSERT INTO "Producer" ("id") VALUES (31); COMMIT; END $$;
