-- add
-- revison: abc

-- mig:upgrade
SELECT 1;
