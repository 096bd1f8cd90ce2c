SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
INSERT INTO seats SELECT id, count(*) OVER () FROM organizations;
CREATE TABLE audit.isolation AS SELECT current_setting('transaction_isolation') AS level;
