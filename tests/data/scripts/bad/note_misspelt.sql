-- m
-- revision: a1

-- mig:upgrade transaction=no
-- mig:idempotend
SELECT 1;
