-- add
-- revision:

-- mig:upgrade
SELECT 1;
