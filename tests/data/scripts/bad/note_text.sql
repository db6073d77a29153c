-- m
-- revision: a1

-- mig:upgrade transaction=no
-- mig:idempotent  really
SELECT 1;
