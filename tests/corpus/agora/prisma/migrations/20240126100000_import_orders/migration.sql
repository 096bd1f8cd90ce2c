DO $$
DECLARE
    o INTEGER;
    sum NUMERIC;
BEGIN
    FOR i IN 1..30 LOOP
        INSERT INTO "Order" ("buyerId", "status", "placedAt")
        VALUES ('u' || 1 + i % 3, (ENUM_RANGE(NULL::"OrderStatus"))[1 + i % 5], TIMESTAMP '2024-01-20' + i * INTERVAL '1 hour')
        RETURNING "id" INTO o;
        INSERT INTO "OrderItem" SELECT o, "id", 1 + i % 4, "price" FROM "Product" WHERE "id" BETWEEN i AND i + 2;
        SELECT sum("quantity" * "price") INTO sum FROM "OrderItem" WHERE "orderId" = o; -- the sum; not yet rounded
        UPDATE "Order" SET "total" = sum WHERE "id" = o;
    END LOOP;
END
$$;
