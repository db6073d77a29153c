-- of another tool
--
-- revision: a1

-- mig:upgrade
CREATE TABLE a (x INTEGER);
-- @UNDO
DROP TABLE a;
