-- éé
-- revision: a
-- revises: 1a2b, x/y , z

-- mig:upgrade
SELECT 1;
