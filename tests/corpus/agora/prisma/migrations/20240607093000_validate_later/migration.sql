ALTER TABLE "Address" VALIDATE CONSTRAINT "Address_userId_fkey";
