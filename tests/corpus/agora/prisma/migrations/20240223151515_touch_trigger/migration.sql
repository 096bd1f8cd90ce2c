CREATE FUNCTION "setUpdatedAt"() RETURNS trigger
LANGUAGE plpgsql
AS $body$
BEGIN
    -- a ; in a comment, a $$ beside it, and a 'quote
    IF NEW IS DISTINCT FROM OLD THEN
        NEW."updatedAt" := CURRENT_TIMESTAMP;
    END IF;
    RETURN NEW;
END;
$body$;

CREATE TRIGGER "User_setUpdatedAt"
BEFORE UPDATE ON "User"
FOR EACH ROW
WHEN (OLD.* IS DISTINCT FROM NEW.*)
EXECUTE FUNCTION "setUpdatedAt"();
