CREATE TABLE audit.ddl (n SERIAL, tag TEXT, object TEXT);
CREATE FUNCTION audit.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit.ddl (tag, object) SELECT command_tag, object_identity FROM pg_event_trigger_ddl_commands() ORDER BY 2;
END;
$$;
CREATE EVENT TRIGGER on_ddl ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE INDEX') EXECUTE FUNCTION audit.on_ddl();
