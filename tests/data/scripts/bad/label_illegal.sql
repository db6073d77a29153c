-- revision: a
-- branch_labels: good, b@d

-- mig:upgrade
SELECT 1;
