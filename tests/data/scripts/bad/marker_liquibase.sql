-- of another tool
--
-- revision: a1

-- mig:upgrade
CREATE TABLE a (x INTEGER);
--liquibase formatted sql
DROP TABLE a;
