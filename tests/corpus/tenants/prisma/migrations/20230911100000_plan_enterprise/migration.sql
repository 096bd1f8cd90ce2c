ALTER TYPE plan ADD VALUE IF NOT EXISTS 'enterprise' AFTER 'team';
