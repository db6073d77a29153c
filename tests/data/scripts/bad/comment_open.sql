-- add email
--
-- revision: 3f2a
-- revises: 1a2b

  /* open

-- mig:upgrade
SELECT 1;
