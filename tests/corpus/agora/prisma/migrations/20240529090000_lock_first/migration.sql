LOCK TABLE "Order", "OrderItem" IN SHARE ROW EXCLUSIVE MODE;
UPDATE "Order" AS o SET "total" = (SELECT sum("quantity" * "price") / 100.0 FROM "OrderItem" WHERE "orderId" = o."id") WHERE o."status" = 'CART' AND EXISTS (SELECT FROM "OrderItem" WHERE "orderId" = o."id");
