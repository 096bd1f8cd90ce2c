CREATE PROCEDURE add_points(n INTEGER) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE "Order" SET "points" = "points" + n;
    COMMIT;
    UPDATE "Order" SET "points" = 0 WHERE "points" < 0;
    ROLLBACK;
END $$;
