-- add email
--
-- revision: 3f2a
-- revises: 1a2b
--  author: me

-- mig:upgrade
SELECT 1;
