-- readers, in a branch of their own
-- revision: 0005
-- revises: 0001

-- mig:upgrade
CREATE TABLE reader (id INTEGER PRIMARY KEY);

-- mig:downgrade
DROP TABLE reader;
