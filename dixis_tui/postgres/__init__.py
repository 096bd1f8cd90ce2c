"""PostgreSQL: URLs, sessions, catalog, dump, restore, the embedded server. The only importer of psycopg."""
