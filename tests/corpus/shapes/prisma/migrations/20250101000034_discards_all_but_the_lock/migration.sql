DEALLOCATE ALL;
SET LOCAL statement_timeout = '5min';
CREATE TABLE public."Last" ("id" INTEGER PRIMARY KEY);
