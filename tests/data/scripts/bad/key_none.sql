-- add email
--
-- revision: 3f2a
-- revises: 1a2b
-- and some text

-- mig:upgrade
SELECT 1;
