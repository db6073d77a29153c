-- books
-- revision: 0001
-- revises: 

-- mig:upgrade
CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT);

-- mig:downgrade
DROP TABLE book;
