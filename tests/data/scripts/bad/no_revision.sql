-- add email
-- revises: 1a2b

-- mig:upgrade
SELECT 1;
