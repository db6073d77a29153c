-- revision: a
-- branch_labels: été a€b

-- mig:upgrade
SELECT 1;
