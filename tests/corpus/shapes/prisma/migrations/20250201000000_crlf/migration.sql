CREATE TABLE "Crlf" (
  "id" TEXT -- note
);
SELECT 1;
