-- add email
--
-- revision: 3f2a
-- revises: 1a2b
-- revises: 9

-- mig:upgrade
SELECT 1;
