DO $do$
BEGIN
    CREATE ROLE corpus_reporting NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        RAISE NOTICE 'the role is there; fine';
END
$do$;
GRANT USAGE ON SCHEMA public TO corpus_reporting;
GRANT SELECT ON "Order", "OrderItem", "Product" TO corpus_reporting;
GRANT SELECT ("id", "role"), UPDATE ("role") ON "User" TO corpus_reporting WITH GRANT OPTION;
REVOKE UPDATE ("role") ON "User" FROM corpus_reporting;
REVOKE EXECUTE ON FUNCTION vat(NUMERIC, NUMERIC) FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO corpus_reporting;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO corpus_reporting;
