-- m
-- revision: a
-- lock_timeout: 25d

-- mig:upgrade
