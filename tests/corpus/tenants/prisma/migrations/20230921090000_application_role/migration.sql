DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'corpus_app') THEN CREATE ROLE corpus_app; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
GRANT USAGE ON SCHEMA public, billing TO corpus_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO corpus_app;
GRANT SELECT ON ALL TABLES IN SCHEMA billing TO corpus_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA billing TO corpus_app;
REVOKE ALL ON _prisma_migrations FROM corpus_app;
