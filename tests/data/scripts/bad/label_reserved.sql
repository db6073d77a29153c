-- revision: a
-- branch_labels: current

-- mig:upgrade
SELECT 1;
