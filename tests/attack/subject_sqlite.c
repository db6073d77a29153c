/* The history on SQLite. A down script is the exact reverse: it leaves the database as if the up
 * script had never run. */
#include "subject.h"

#include <mig/model.h>
#include <mig/op.h>

/* Counts a statement that would otherwise leave no trace if it ran twice. */
#define TALLY(key) \
	"INSERT INTO tally (k, n) VALUES ('" key "', 1) ON CONFLICT (k) DO UPDATE SET n = n + 1"
#define UNTALLY(key) \
	"INSERT INTO tally (k, n) VALUES ('" key "', -1) ON CONFLICT (k) DO UPDATE SET n = n - 1"

/* Rows that fill some pages, so that a cache of a few pages spills in the middle. */
#define FILL(table, count)                                                                      \
	"INSERT INTO " table " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n " \
	"WHERE i < " #count ") SELECT i, printf('%0200d', i) FROM n"

#define TABLE(name) "CREATE TABLE " name " (id INTEGER PRIMARY KEY, v TEXT)"

/* -- r01: the tables that the others change */

static const char *const r01_up[] = {
	"CREATE TABLE tally (k TEXT PRIMARY KEY, n INTEGER)",
	"CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT)",
	"INSERT INTO author (id, name) VALUES (1, 'Ann'), (2, 'Bob'), (3, 'C;--')",
	"CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES author (id) "
	"ON DELETE CASCADE, title TEXT)",
	"INSERT INTO book (author_id, title) VALUES (1, 'a'), (1, 'b'), (2, 'c'), (3, 'd''')",
	"CREATE INDEX book_author ON book (author_id)",
	NULL,
};
static const char *const r01_down[] = { "DROP TABLE book", "DROP TABLE author", "DROP TABLE tally",
					NULL };

/* -- r02: outside a transaction, with a unit of several statements and a VACUUM */

static const char *const r02_up[] = {
	TABLE("s2"),
	"INSERT INTO s2 (v) VALUES ('one')",
	TALLY("2.3"),
	"CREATE INDEX s2_v ON s2 (v)",
	"BEGIN",
	"INSERT INTO s2 (v) VALUES ('two'), ('three')",
	TALLY("2.7"),
	"COMMIT",
	"ALTER TABLE s2 ADD COLUMN w INTEGER",
	"!VACUUM",
	"UPDATE s2 SET w = ifnull(w, 0) + id",
	NULL,
};
static const char *const r02_down[] = {
	UNTALLY("2.7"), "DROP INDEX s2_v", "!VACUUM",       "DELETE FROM s2 WHERE v = 'one'",
	"BEGIN",        UNTALLY("2.3"),    "DROP TABLE s2", "COMMIT",
	NULL,
};

/* -- r03: in C */

static const char *const r03_up[] = {
	TABLE("c3"),
	"INSERT INTO c3 (v) VALUES ('first')",
	"INSERT INTO c3 (v) SELECT name FROM author",
	TALLY("3.4"),
	NULL,
};
static const char *const r03_down[] = { UNTALLY("3.4"), "DROP TABLE c3", NULL };

/* -- r04: a rebuild as `mig migrate` writes it, of a table that another one references */

static const char *const r04_up[] = {
	"CREATE TABLE author_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT "
	"NULL "
	"DEFAULT 'xx')",
	"INSERT INTO author_new (id, name) SELECT id, name FROM author",
	"DROP TABLE author",
	"ALTER TABLE author_new RENAME TO author",
	"CREATE UNIQUE INDEX author_name ON author (name)",
	NULL,
};
static const char *const r04_down[] = {
	"CREATE TABLE author_old (id INTEGER PRIMARY KEY, name TEXT)",
	"INSERT INTO author_old (id, name) SELECT id, name FROM author",
	"DROP TABLE author",
	"ALTER TABLE author_old RENAME TO author",
	NULL,
};

/* -- r05: a rebuild by operations, of a table that references another one; its statements are what
 *    the operations come to */

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

#define BOOK(name, title, more)                                                                    \
	"CREATE TABLE " name " (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES author (id) " \
	"ON DELETE CASCADE, title TEXT" title more ")"

static const char *const r05_up[] = {
	BOOK("book_new", " NOT NULL", ", isbn TEXT"),
	"INSERT INTO book_new (id, author_id, title) SELECT id, author_id, title FROM book",
	"DROP TABLE book",
	"ALTER TABLE book_new RENAME TO book",
	"CREATE INDEX book_author ON book (author_id)",
	NULL,
};
static const char *const r05_down[] = {
	BOOK("book_new", "", ""),
	"INSERT INTO book_new (id, author_id, title) SELECT id, author_id, title FROM book",
	"DROP TABLE book",
	"ALTER TABLE book_new RENAME TO book",
	"CREATE INDEX book_author ON book (author_id)",
	NULL,
};

/* -- r06: many pages in one transaction */

static const char *const r06_up[] = {
	TABLE("f6"),
	FILL("f6", 150),
	"CREATE INDEX f6_v ON f6 (v)",
	"UPDATE f6 SET v = v || 'x' WHERE id % 7 = 0",
	NULL,
};
static const char *const r06_down[] = { "DROP TABLE f6", NULL };

/* -- r07: outside a transaction, short statements */

static const char *const r07_up[] = {
	"DELETE FROM f6 WHERE id % 10 <> 0",
	TABLE("s7"),
	TALLY("7.3"),
	"INSERT INTO s7 (v) VALUES ('x')",
	"INSERT INTO s7 (v) VALUES ('x')",
	"SAVEPOINT a",
	"UPDATE s7 SET v = v || 'y'",
	"INSERT INTO s7 (v) VALUES ('saved')",
	"RELEASE a",
	NULL,
};
static const char *const r07_down[] = {
	"UPDATE s7 SET v = v || 'z'",
	UNTALLY("7.3"),
	"DROP TABLE s7",
	"INSERT INTO f6 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
	"150) SELECT i, printf('%0200d', i) || iif(i % 7 = 0, 'x', '') FROM n WHERE i % 10 <> 0",
	NULL,
};

/* -- r08: a rebuild outside a transaction, as one unit */

static const char *const r08_up[] = {
	"INSERT INTO c3 (v) VALUES ('eight')",
	"BEGIN",
	"CREATE TABLE c3_new (id INTEGER PRIMARY KEY, v TEXT NOT NULL)",
	"INSERT INTO c3_new SELECT id, v FROM c3",
	"DROP TABLE c3",
	"ALTER TABLE c3_new RENAME TO c3",
	"COMMIT",
	TALLY("8.8"),
	NULL,
};
static const char *const r08_down[] = {
	UNTALLY("8.8"),
	"BEGIN",
	"CREATE TABLE c3_old (id INTEGER PRIMARY KEY, v TEXT)",
	"INSERT INTO c3_old SELECT id, v FROM c3",
	"DROP TABLE c3",
	"ALTER TABLE c3_old RENAME TO c3",
	"COMMIT",
	"DELETE FROM c3 WHERE v = 'eight'",
	NULL,
};

/* -- r09: views and triggers */

static const char *const r09_up[] = {
	"CREATE VIEW titles AS SELECT a.name, b.title FROM author a JOIN book b ON b.author_id = "
	"a.id",
	"CREATE TRIGGER book_counts AFTER INSERT ON book BEGIN UPDATE tally SET n = n + 1 WHERE k "
	"= "
	"'book'; END",
	"INSERT INTO tally (k, n) VALUES ('book', 1)",
	"INSERT INTO book (author_id, title) VALUES (2, 'e')",
	NULL,
};
static const char *const r09_down[] = {
	"DROP TRIGGER book_counts",
	"DROP VIEW titles",
	"DELETE FROM book WHERE title = 'e'",
	"DELETE FROM tally WHERE k = 'book'",
	NULL,
};

/* -- r10: in C, with rows of some pages */

static const char *const r10_up[] = { TABLE("c10"), FILL("c10", 60), TALLY("10.3"), NULL };
static const char *const r10_down[] = { UNTALLY("10.3"), "DROP TABLE c10", NULL };

/* -- r10b: in C and outside a transaction: it may run again from its start, and looks at what is
 * there. What the operations do is whole or not there; the statements are what it all comes to. */

static const char *const r10b_up[] = {
	TABLE("x10"),
	"BEGIN",
	"CREATE TABLE c10_new (id INTEGER PRIMARY KEY, v TEXT NOT NULL, w TEXT)",
	"INSERT INTO c10_new (id, v) SELECT id, v FROM c10",
	"DROP TABLE c10",
	"ALTER TABLE c10_new RENAME TO c10",
	"COMMIT",
	"INSERT OR REPLACE INTO x10 VALUES (1, 'x')",
	NULL,
};
static const char *const r10b_down[] = {
	"BEGIN",
	"CREATE TABLE c10_new (id INTEGER PRIMARY KEY, v TEXT)",
	"INSERT INTO c10_new (id, v) SELECT id, v FROM c10",
	"DROP TABLE c10",
	"ALTER TABLE c10_new RENAME TO c10",
	"COMMIT",
	"DROP TABLE x10",
	NULL,
};

static mig_status has_column(mig_step *step, int32_t *found)
{
	mig_stmt *stmt = NULL;
	mig_status rc = mig_step_prepare(
		step, "SELECT 1 FROM pragma_table_info('c10') WHERE name = 'w'", &stmt);

	if (!rc)
		rc = mig_stmt_step(stmt, found);
	mig_stmt_free(stmt);
	return rc;
}

static mig_status alter_c10(mig_step *step, int up)
{
	mig_model *m;
	mig_table *t;
	mig_column *v;
	mig_status rc = mig_op_model(step, &m);

	if (rc)
		return rc;
	t = mig_model_table(m, NULL, "c10");
	if (up)
		rc = mig_op_add_column(step, mig_table_column(t, "w", "text"));
	else
		rc = mig_op_drop_column(step, NULL, "c10", "w");
	v = mig_table_column(t, "v", "text");
	if (up)
		mig_column_not_null(v);
	return rc ? rc : mig_op_alter_column(step, v);
}

static mig_status r10b_run_up(void *user, mig_step *step)
{
	int32_t found = 0;
	mig_status rc =
		mig_step_exec(step, "CREATE TABLE IF NOT EXISTS x10 (id INTEGER PRIMARY KEY, "
				    "v TEXT)");

	(void)user;
	if (!rc)
		rc = has_column(step, &found);
	if (!rc && !found)
		rc = alter_c10(step, 1);
	return rc ? rc : mig_step_exec(step, "INSERT OR REPLACE INTO x10 VALUES (1, 'x')");
}

static mig_status r10b_run_down(void *user, mig_step *step)
{
	int32_t found = 0;
	mig_status rc = has_column(step, &found);

	(void)user;
	if (!rc && found)
		rc = alter_c10(step, 0);
	return rc ? rc : mig_step_exec(step, "DROP TABLE IF EXISTS x10");
}

/* -- r11: the head is outside a transaction, so that a program can be wrong about being there */

static const char *const r11_up[] = {
	TABLE("s11"),  "INSERT INTO s11 (v) VALUES ('x')",
	TALLY("11.3"), "INSERT INTO s11 (v) VALUES ('x')",
	NULL,
};
static const char *const r11_down[] = { UNTALLY("11.3"), "DELETE FROM s11 WHERE id = 1",
					"DROP TABLE s11", NULL };

static const struct revision revisions[] = {
	{ "r01", WORK_PLAIN, r01_up, r01_down, NULL, NULL },
	{ "r02", WORK_SPLIT, r02_up, r02_down, NULL, NULL },
	{ "r03", WORK_C, r03_up, r03_down, NULL, NULL },
	{ "r04", WORK_REBUILD, r04_up, r04_down, NULL, NULL },
	{ "r05", WORK_REBUILD | WORK_C, r05_up, r05_down, r05_ops_up, r05_ops_down },
	{ "r06", WORK_PLAIN, r06_up, r06_down, NULL, NULL },
	{ "r07", WORK_SPLIT, r07_up, r07_down, NULL, NULL },
	{ "r08", WORK_SPLIT | WORK_REBUILD, r08_up, r08_down, NULL, NULL },
	{ "r09", WORK_C, r09_up, r09_down, NULL, NULL },
	{ "r10", WORK_C, r10_up, r10_down, NULL, NULL },
	{ "r10b", WORK_SPLIT | WORK_C | WORK_REBUILD, r10b_up, r10b_down, r10b_run_up,
	  r10b_run_down },
	{ "r11", WORK_SPLIT, r11_up, r11_down, NULL, NULL },
};

/* The same without C: what a bundle can hold. */
static const struct revision scripts[] = {
	{ "r01", WORK_PLAIN, r01_up, r01_down, NULL, NULL },
	{ "r02", WORK_SPLIT, r02_up, r02_down, NULL, NULL },
	{ "r03", WORK_PLAIN, r03_up, r03_down, NULL, NULL },
	{ "r04", WORK_REBUILD, r04_up, r04_down, NULL, NULL },
	{ "r05", WORK_REBUILD, r05_up, r05_down, NULL, NULL },
	{ "r06", WORK_PLAIN, r06_up, r06_down, NULL, NULL },
	{ "r07", WORK_SPLIT, r07_up, r07_down, NULL, NULL },
	{ "r08", WORK_SPLIT | WORK_REBUILD, r08_up, r08_down, NULL, NULL },
	{ "r09", WORK_PLAIN, r09_up, r09_down, NULL, NULL },
	{ "r10", WORK_PLAIN, r10_up, r10_down, NULL, NULL },
	{ "r11", WORK_SPLIT, r11_up, r11_down, NULL, NULL },
};

const struct subject subject_sqlite_scripts = { "sqlite", scripts,
						sizeof(scripts) / sizeof(scripts[0]) };

const struct subject subject_sqlite = { "sqlite", revisions,
					sizeof(revisions) / sizeof(revisions[0]) };
