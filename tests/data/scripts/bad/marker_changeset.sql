-- of another tool
--
-- revision: a1

-- mig:upgrade
CREATE TABLE a (x INTEGER);
--changeset ada@1:2 runOnChange
DROP TABLE a;
