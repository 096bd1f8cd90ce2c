CREATE TYPE "OrderStatus" AS ENUM ('PENDING', 'PAID');
CREATE TABLE "Order" (
    "id" SERIAL NOT NULL,
    "status" "OrderStatus" NOT NULL DEFAULT 'PENDING',
    "total" DECIMAL(10,2) NOT NULL DEFAULT 0,
    CONSTRAINT "Order_pkey" PRIMARY KEY ("id")
);
