-- m
-- revision: a
-- statement_timeout: 5 weeks

-- mig:upgrade
