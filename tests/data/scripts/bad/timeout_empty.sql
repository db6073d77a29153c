-- m
-- revision: a
-- lock_timeout:

-- mig:upgrade
