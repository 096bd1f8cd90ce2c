UPDATE organizations SET name = name || ' Α.Ε.;' WHERE plan = 'pro';
DELETE FROM memberships WHERE user_email = 'user3@example.com' AND organization_id IN (SELECT id FROM organizations WHERE plan = 'free');
INSERT INTO memberships SELECT id, 'auditor@example.com', 'auditor' FROM organizations WHERE plan = 'enterprise';
