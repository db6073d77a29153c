-- more
--
-- revision: c3
-- revises: b2

-- mig:upgrade
CREATE TABLE more (id INTEGER);

-- mig:downgrade
DROP TABLE more;
