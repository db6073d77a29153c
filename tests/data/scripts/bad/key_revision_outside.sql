-- add email

-- revision: 3f2a

-- mig:upgrade
SELECT 1;
