-- reads nothing and writes nothing; the server's own file
COPY (SELECT 1) TO '/dev/null';
CREATE TABLE "Copied" ("line" TEXT);
COPY "Copied" FROM '/dev/null';
