-- add
-- revision: a b

-- mig:upgrade
SELECT 1;
