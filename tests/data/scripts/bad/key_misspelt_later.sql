-- add email
--
-- revision: 3f2a
-- revises: 1a2b
-- branch-labels: x

-- mig:upgrade
SELECT 1;
