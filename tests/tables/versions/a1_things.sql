-- things
--
-- revision: a1
-- revises:

-- mig:upgrade
CREATE TABLE things (id INTEGER);

-- mig:downgrade
DROP TABLE things;
