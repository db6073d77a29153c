-- revision: a
-- revision: b

-- mig:upgrade
SELECT 1;
