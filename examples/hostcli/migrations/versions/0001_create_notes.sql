-- create notes
--
-- revision: 0001
-- revises:

-- mig:upgrade
CREATE TABLE notes (
	id INTEGER NOT NULL,
	text VARCHAR(200) NOT NULL,
	CONSTRAINT pk_notes PRIMARY KEY (id)
);

-- mig:downgrade
DROP TABLE notes;
