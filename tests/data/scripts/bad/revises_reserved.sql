-- revision: a
-- revises: base

-- mig:upgrade
SELECT 1;
