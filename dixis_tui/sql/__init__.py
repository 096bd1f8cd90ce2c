"""SQL as text and as a syntax tree, without any database. The only importer of postgast (libpg_query)."""
