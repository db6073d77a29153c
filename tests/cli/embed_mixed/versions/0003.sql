-- shelves
-- revision: 0003
-- revises: 0002

-- mig:upgrade
CREATE TABLE shelf AS SELECT title FROM book;

-- mig:downgrade
DROP TABLE shelf;
