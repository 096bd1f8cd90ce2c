CREATE PUBLICATION tenants FOR TABLE organizations (id, name, owner_email), TABLE usage_paid WHERE (hits > 0);
ALTER PUBLICATION tenants SET (publish = 'insert, update');
ALTER TABLE usage REPLICA IDENTITY FULL;
