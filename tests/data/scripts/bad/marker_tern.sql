-- of another tool
--
-- revision: a1

-- mig:upgrade
CREATE TABLE a (x INTEGER);
---- create above / drop below ----
DROP TABLE a;
