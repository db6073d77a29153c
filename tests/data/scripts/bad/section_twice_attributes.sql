-- add email
--
-- revision: 3f2a
-- revises: 1a2b

-- mig:upgrade
-- mig:downgrade dialect=a database=b
-- mig:downgrade database=b dialect=a
