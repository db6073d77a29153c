-- add
-- revision: 3f-a

-- mig:upgrade
SELECT 1;
