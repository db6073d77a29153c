-- mig:is great
-- revision: a

-- mig:upgrade
SELECT 1;
