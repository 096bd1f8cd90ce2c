CREATE TABLE audit.log (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_name TEXT NOT NULL,
    operation CHAR(1) NOT NULL,
    old_row JSONB,
    new_row JSONB
);

CREATE OR REPLACE FUNCTION audit.record() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = audit, pg_temp
AS $function$
DECLARE
    op CONSTANT CHAR(1) := left(TG_OP, 1);
BEGIN
    EXECUTE $q$ INSERT INTO audit.log (table_name, operation, old_row, new_row) VALUES ($1, $2, $3, $4); $q$
    USING TG_TABLE_NAME, op,
        CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END,
        CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    RETURN coalesce(NEW, OLD);
END;
$function$;

CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON organizations FOR EACH ROW EXECUTE FUNCTION audit.record();
CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON memberships FOR EACH ROW EXECUTE FUNCTION audit.record();
