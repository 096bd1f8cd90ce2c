CREATE FUNCTION vat(amount NUMERIC, rate NUMERIC DEFAULT 0.24) RETURNS NUMERIC
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN round(amount * rate, 2);

CREATE FUNCTION order_totals(who TEXT) RETURNS TABLE (orders BIGINT, spent NUMERIC)
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT count(*), sum("total") FROM "Order" WHERE "buyerId" = who;
END;

CREATE PROCEDURE restock(product INTEGER, amount INTEGER)
    LANGUAGE sql
BEGIN ATOMIC
    UPDATE "Product" SET "stock" = "stock" + amount WHERE "id" = product;
    INSERT INTO "StockMove" ("productId", "delta", "reason") VALUES (product, amount, 'restock; by hand');
END;

CALL restock(1, 5);
CALL restock(2, 7);
