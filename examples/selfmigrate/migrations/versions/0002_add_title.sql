-- add a title
--
-- revision: 0002
-- revises: 0001
-- created: 2026-11-03T09:00:00Z

-- mig:upgrade
ALTER TABLE notes ADD COLUMN title TEXT NOT NULL DEFAULT '';

-- mig:downgrade
ALTER TABLE notes DROP COLUMN title;
