-- Revision: abc

-- mig:upgrade
