SELECT setval('number', 500);
SELECT nextval('number');
DROP TABLE "Nowhere";
