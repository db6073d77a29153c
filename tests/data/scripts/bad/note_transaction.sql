-- m
-- revision: a1

-- mig:upgrade
--   mig:idempotent
SELECT 1;
