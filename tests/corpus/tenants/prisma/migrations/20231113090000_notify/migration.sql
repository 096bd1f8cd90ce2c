LISTEN tenants;
NOTIFY tenants, 'migrated; α';
SELECT pg_notify('tenants', 'again');
UNLISTEN *;
