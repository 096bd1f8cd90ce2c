CREATE TABLE audit.queries AS SELECT 1 AS n, length(current_query()) AS asked;
INSERT INTO audit.queries SELECT 2, length(current_query());
