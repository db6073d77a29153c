-- revision: a
-- depends_on: a+1

-- mig:upgrade
SELECT 1;
