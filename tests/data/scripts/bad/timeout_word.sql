-- m
-- revision: a
-- lock_timeout: soon

-- mig:upgrade
