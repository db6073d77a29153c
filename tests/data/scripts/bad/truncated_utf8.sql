-- add email
--
-- revision: 3f2a
-- revises: 1a2b

-- mig:upgrade
-- â‚