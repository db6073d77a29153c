-- of another tool
--
-- revision: a1

-- mig:upgrade
CREATE TABLE a (x INTEGER);
-- +micrate Down
DROP TABLE a;
