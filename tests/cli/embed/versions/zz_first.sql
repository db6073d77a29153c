-- first ??= one é "quoted" \n
--
-- revision: aaaa
-- created: 2026-11-22T20:49:00Z

-- mig:upgrade
CREATE TABLE a (t TEXT DEFAULT '??/\0 12');
-- mig:downgrade
DROP TABLE a;