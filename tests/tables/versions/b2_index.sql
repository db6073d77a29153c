-- index
--
-- revision: b2
-- revises: a1

-- mig:upgrade dialect=sqlite transaction=no
INSERT INTO things VALUES (1);
VACUUM;
INSERT INTO things VALUES (2);

-- mig:upgrade dialect=postgresql transaction=no
INSERT INTO things VALUES (1);
CREATE INDEX CONCURRENTLY things_id ON things (id);
INSERT INTO things VALUES (2);

-- mig:downgrade dialect=sqlite
DELETE FROM things;

-- mig:downgrade dialect=postgresql
DROP INDEX things_id;
DELETE FROM things;
