/* The history on PostgreSQL. No serial columns: what is rolled back leaves gaps in their numbers.
 */
#include "subject.h"

#include <mig/model.h>
#include <mig/op.h>

#define TALLY(key)                                                                          \
	"INSERT INTO tally (k, n) VALUES ('" key "', 1) ON CONFLICT (k) DO UPDATE SET n = " \
	"tally.n + 1"
#define UNTALLY(key)                                                                         \
	"INSERT INTO tally (k, n) VALUES ('" key "', -1) ON CONFLICT (k) DO UPDATE SET n = " \
	"tally.n - 1"

static const char *const r01_up[] = {
	"CREATE TABLE tally (k text PRIMARY KEY, n integer)",
	"CREATE TABLE author (id integer PRIMARY KEY, name text)",
	"INSERT INTO author (id, name) VALUES (1, 'Ann'), (2, 'Bob'), (3, $$C;--'$$)",
	"CREATE TABLE book (id integer PRIMARY KEY, author_id integer REFERENCES author (id) "
	"ON DELETE CASCADE, title text)",
	"INSERT INTO book VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c'), (4, 3, 'd''')",
	"CREATE INDEX book_author ON book (author_id)",
	NULL,
};
static const char *const r01_down[] = { "DROP TABLE book", "DROP TABLE author", "DROP TABLE tally",
					NULL };

/* -- r02: outside a transaction, concurrent builds between short statements and a unit of several
 */

static const char *const r02_up[] = {
	"CREATE TABLE s2 (v text)",
	"INSERT INTO s2 VALUES ('one')",
	TALLY("2.3"),
	"!CREATE INDEX CONCURRENTLY s2_v ON s2 (v)",
	"BEGIN",
	"INSERT INTO s2 VALUES ('two'), ('three')",
	TALLY("2.7"),
	"COMMIT",
	"!CREATE UNIQUE INDEX CONCURRENTLY s2_u ON s2 (v)",
	"ALTER TABLE s2 ADD COLUMN w integer DEFAULT 0",
	"UPDATE s2 SET w = w + 1",
	NULL,
};
static const char *const r02_down[] = {
	UNTALLY("2.7"),
	"!DROP INDEX CONCURRENTLY s2_v",
	"DELETE FROM s2 WHERE v = 'one'",
	"BEGIN",
	UNTALLY("2.3"),
	"DROP TABLE s2",
	"COMMIT",
	NULL,
};

/* -- r03: in C */

static const char *const r03_up[] = {
	"CREATE TABLE c3 (v text)",
	"INSERT INTO c3 VALUES ('first')",
	"INSERT INTO c3 SELECT name FROM author",
	TALLY("3.4"),
	NULL,
};
static const char *const r03_down[] = { UNTALLY("3.4"), "DROP TABLE c3", NULL };

/* -- r04: changes of a table with rows */

static const char *const r04_up[] = {
	"ALTER TABLE author ADD COLUMN country text DEFAULT 'xx'",
	"UPDATE author SET country = country || id",
	"ALTER TABLE author ALTER COLUMN country SET NOT NULL",
	"ALTER TABLE author ADD CONSTRAINT author_name UNIQUE (name)",
	NULL,
};
static const char *const r04_down[] = {
	"ALTER TABLE author DROP CONSTRAINT author_name",
	"ALTER TABLE author DROP COLUMN country",
	NULL,
};

/* -- r05: operations; their statements are what they come to */

static mig_status r05_ops_up(void *user, mig_step *step)
{
	mig_model *m;
	mig_table *t;
	mig_column *title;
	mig_status rc = mig_op_model(step, &m);

	(void)user;
	if (rc)
		return rc;
	t = mig_model_table(m, NULL, "book");
	rc = mig_op_add_column(step, mig_table_column(t, "isbn", "text"));
	title = mig_table_column(t, "title", "text");
	mig_column_not_null(title);
	return rc ? rc : mig_op_alter_column(step, title);
}

static mig_status r05_ops_down(void *user, mig_step *step)
{
	mig_model *m;
	mig_status rc = mig_op_model(step, &m);

	(void)user;
	if (!rc)
		rc = mig_op_drop_column(step, NULL, "book", "isbn");
	return rc ? rc
		  : mig_op_alter_column(step, mig_table_column(mig_model_table(m, NULL, "book"),
							       "title", "text"));
}

static const char *const r05_up[] = { "ALTER TABLE book ADD COLUMN isbn text",
				      "ALTER TABLE book ALTER COLUMN title SET NOT NULL", NULL };
static const char *const r05_down[] = { "ALTER TABLE book DROP COLUMN isbn",
					"ALTER TABLE book ALTER COLUMN title DROP NOT NULL", NULL };

/* -- r06: functions, views, types */

static const char *const r06_up[] = {
	"CREATE FUNCTION twice(v text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT v || v; $$",
	"CREATE VIEW titles AS SELECT a.name, b.title FROM author a JOIN book b ON b.author_id = "
	"a.id",
	"CREATE TYPE mood AS ENUM ('good', 'bad')",
	"CREATE TABLE t6 AS SELECT i, twice(i::text) AS v FROM generate_series(1, 200) i",
	NULL,
};
static const char *const r06_down[] = { "DROP TABLE t6", "DROP TYPE mood", "DROP VIEW titles",
					"DROP FUNCTION twice(text)", NULL };

/* -- r07: outside a transaction, what the engine does in several steps of its own */

static const char *const r07_up[] = {
	"!CREATE INDEX CONCURRENTLY t6_v ON t6 (twice(v))",
	"INSERT INTO t6 VALUES (0, 'x')",
	"!DROP INDEX CONCURRENTLY book_author",
	TALLY("7.4"),
	"!REINDEX INDEX CONCURRENTLY t6_v",
	"UPDATE tally SET n = n + 1 WHERE k = '7.4'",
	NULL,
};
static const char *const r07_down[] = {
	"UPDATE tally SET n = n - 1 WHERE k = '7.4'",
	"!CREATE INDEX CONCURRENTLY book_author ON book (author_id)",
	UNTALLY("7.4"),
	"!DROP INDEX CONCURRENTLY t6_v",
	"DELETE FROM t6 WHERE i = 0",
	NULL,
};

/* -- r08: in C */

static const char *const r08_up[] = { "INSERT INTO c3 VALUES ('eight'), ('eight')", TALLY("8.2"),
				      NULL };
static const char *const r08_down[] = { UNTALLY("8.2"), "DELETE FROM c3 WHERE v = 'eight'", NULL };

/* -- r09: the head is outside a transaction, so that a program can be wrong about being there */

static const char *const r09_up[] = {
	"CREATE TABLE s9 (v text)",
	"DO $$ BEGIN INSERT INTO s9 VALUES ('do'); END $$",
	TALLY("9.3"),
	"!CREATE INDEX CONCURRENTLY s9_v ON s9 (v)",
	"INSERT INTO s9 VALUES ('x')",
	NULL,
};
static const char *const r09_down[] = {
	UNTALLY("9.3"),
	"DELETE FROM s9 WHERE v = 'do'",
	"!DROP INDEX CONCURRENTLY s9_v",
	"DROP TABLE s9",
	NULL,
};

static const struct revision revisions[] = {
	{ "r01", WORK_PLAIN, r01_up, r01_down, NULL, NULL },
	{ "r02", WORK_SPLIT, r02_up, r02_down, NULL, NULL },
	{ "r03", WORK_C, r03_up, r03_down, NULL, NULL },
	{ "r04", WORK_PLAIN, r04_up, r04_down, NULL, NULL },
	{ "r05", WORK_C, r05_up, r05_down, r05_ops_up, r05_ops_down },
	{ "r06", WORK_PLAIN, r06_up, r06_down, NULL, NULL },
	{ "r07", WORK_SPLIT, r07_up, r07_down, NULL, NULL },
	{ "r08", WORK_C, r08_up, r08_down, NULL, NULL },
	{ "r09", WORK_SPLIT, r09_up, r09_down, NULL, NULL },
};

const struct subject subject_postgresql = { "postgresql", revisions,
					    sizeof(revisions) / sizeof(revisions[0]) };

/* The same without sections outside a transaction: what works behind a pooler in transaction mode.
 */
static const char *const r08_plain_up[] = { TALLY("8.2"), NULL };
static const char *const r08_plain_down[] = { UNTALLY("8.2"), NULL };

static const struct revision plain[] = {
	{ "r01", WORK_PLAIN, r01_up, r01_down, NULL, NULL },
	{ "r03", WORK_C, r03_up, r03_down, NULL, NULL },
	{ "r04", WORK_PLAIN, r04_up, r04_down, NULL, NULL },
	{ "r05", WORK_C, r05_up, r05_down, r05_ops_up, r05_ops_down },
	{ "r06", WORK_PLAIN, r06_up, r06_down, NULL, NULL },
	{ "r08", WORK_PLAIN, r08_plain_up, r08_plain_down, NULL, NULL },
};

const struct subject subject_postgresql_plain = { "postgresql", plain,
						  sizeof(plain) / sizeof(plain[0]) };
