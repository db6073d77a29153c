-- index
-- revision: 0004
-- revises: 0003

-- mig:upgrade
CREATE INDEX book_title ON book (title);

-- mig:downgrade
DROP INDEX book_title;
