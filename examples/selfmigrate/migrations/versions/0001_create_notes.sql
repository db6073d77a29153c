-- create notes
--
-- revision: 0001
-- revises:
-- created: 2026-11-02T09:00:00Z

-- mig:upgrade
CREATE TABLE notes (
	id INTEGER PRIMARY KEY,
	body TEXT NOT NULL,
	written_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO notes (body) VALUES
	('Groceries' || char(10) || 'Bread, olives, tea.'),
	('Call the library' || char(10) || 'The book on sails is due on Friday.');

-- mig:downgrade
DROP TABLE notes;
