INSERT INTO "Release" VALUES ('then ' || current_setting('app.release'));
INSERT INTO "Release" VALUES (current_setting('statement_timeout'));
RESET statement_timeout;
