DO $outer$
BEGIN
    BEGIN
        PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN
        EXECUTE 'CREATE TABLE caught (what TEXT); INSERT INTO caught VALUES (''zero; caught'')';
    END;
    EXECUTE $inner$ DO $deepest$ BEGIN INSERT INTO caught VALUES ('deep; $$'); END $deepest$ $inner$;
END
$outer$;
