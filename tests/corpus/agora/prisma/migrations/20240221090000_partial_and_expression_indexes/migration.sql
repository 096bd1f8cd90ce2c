CREATE UNIQUE INDEX "Producer_lower_name_key" ON "Producer" (lower("name"));
CREATE INDEX "Order_open_idx" ON "Order" ("placedAt") INCLUDE ("total") WHERE "status" IN ('PLACED', 'PAID') AND "total" > 0;
CREATE INDEX "Order_day_idx" ON "Order" (date_trunc('day', "placedAt"), ("total" * 100)) WITH (fillfactor = 90);
CREATE INDEX "User_email_prefix_idx" ON "User" ("email" DESC NULLS LAST);
