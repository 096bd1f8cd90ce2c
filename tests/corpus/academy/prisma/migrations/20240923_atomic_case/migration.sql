CREATE FUNCTION grade(points INTEGER) RETURNS TEXT LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    ;
    SELECT CASE WHEN points > 90 THEN 'Α;' WHEN points > 70 THEN CASE points % 2 WHEN 0 THEN 'Β' ELSE 'Β;' END ELSE 'Γ' END;
    -- END; is not the end
END;
CREATE TABLE "Grade" AS SELECT i AS points, grade(i) AS g FROM generate_series(60, 100, 5) AS i;
