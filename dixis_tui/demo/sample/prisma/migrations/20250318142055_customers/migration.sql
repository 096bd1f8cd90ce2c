-- CreateTable
CREATE TABLE "Customer" (
    "id" SERIAL NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "phone" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Customer_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Customer_email_key" ON "Customer"("email");

-- Written by hand: whoever has ordered becomes a customer. (Όποιος έχει παραγγείλει γίνεται πελάτης.)
INSERT INTO "Customer" ("email", "name", "createdAt")
SELECT lower("customerEmail"), min("customerName"), min("createdAt")
FROM "Order"
GROUP BY lower("customerEmail");

ALTER TABLE "Order" ADD COLUMN "customerId" INTEGER;

UPDATE "Order" SET "customerId" = c."id" FROM "Customer" AS c WHERE c."email" = lower("customerEmail");

ALTER TABLE "Order"
    ALTER COLUMN "customerId" SET NOT NULL,
    DROP COLUMN "customerEmail",
    DROP COLUMN "customerName";

-- CreateIndex
CREATE INDEX "Order_customerId_idx" ON "Order"("customerId");

-- AddForeignKey
ALTER TABLE "Order" ADD CONSTRAINT "Order_customerId_fkey" FOREIGN KEY ("customerId") REFERENCES "Customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
