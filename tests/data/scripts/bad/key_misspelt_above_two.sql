-- add
--
-- depend_on: abc
-- author: me
-- revision: 3f

-- mig:upgrade
SELECT 1;
