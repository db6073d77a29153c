-- add email
--
-- revision: 3f2a
-- revises: 1a2b

-- a comment
--   depends_on: 77

-- mig:upgrade
SELECT 1;
