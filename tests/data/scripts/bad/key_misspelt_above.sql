-- add
--
-- revise: abc
-- revision: 3f

-- mig:upgrade
SELECT 1;
