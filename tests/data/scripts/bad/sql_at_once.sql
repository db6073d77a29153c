-- add email
--
-- revision: 3f2a
-- revises: 1a2b
SELECT 1;

-- mig:upgrade
SELECT 1;
