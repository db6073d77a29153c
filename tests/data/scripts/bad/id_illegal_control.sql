-- add
-- revision: a[31m

-- mig:upgrade
SELECT 1;
