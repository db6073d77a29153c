-- m
-- revision: a1

-- mig:idempotent
-- mig:upgrade transaction=no
SELECT 1;
