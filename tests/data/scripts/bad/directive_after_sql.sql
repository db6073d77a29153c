-- add email
--
-- revision: 3f2a
-- revises: 1a2b

-- mig:upgrade
-- a comment may name -- mig:downgrade
CREATE TABLE x (a int); -- mig:downgrade
DROP TABLE x;
