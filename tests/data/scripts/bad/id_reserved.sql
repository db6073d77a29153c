-- revision: heads

-- mig:upgrade
SELECT 1;
