/* test_sqlite: what only SQLite has: URLs, foreign keys, the lock file, its tokenizer. */
#include "support.h"

#include "dialect/store.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const mig_conformance *const row = &row_sqlite;

static sqlite3 *native(struct base *b)
{
	return b->db.dialect->conn->native(b->db.conn);
}

/* -- URLs */

static mig_status try_url(struct base *b, const char *url, int create)
{
	const mig_conn_options o = {
		.struct_size = sizeof o,
		.url = url,
		.create = create ? MIG_CREATE_MISSING : MIG_CREATE_NEVER,
	};

	return base_open_with(b, row, NULL, &o);
}

static void urls_lead_to_files(void **state)
{
	static const struct {
		const char *format; /* %s: the absolute path of "db 100%.db" */
		int absolute;
	} urls[] = {
		{ "sqlite:%s", 1 },
		{ "sqlite:///db 100%.db", 0 },
		{ "sqlite:db 100%.db", 0 },
		{ "sqlite3:%s", 1 },
		{ "sqlite:///%s", 1 },
		{ "sqlite+pysqlite:///db 100%.db", 0 },
		{ "SQLite:%s", 1 },
		{ "sqlite:%s?mode=ro", 1 },
		{ "sqlite:///db 100%.db?mode=rw&x=y", 0 },
		{ "file:db%20100%25.db", 0 },
		{ "sqlite:file:db%20100%25.db?mode=ro", 0 },
	};
	char path[300], url[400], cwd[300];
	struct base b;
	size_t i;

	(void)state;
	snprintf(path, sizeof path, "%s", scratch("db 100%.db"));
	assert_non_null(getcwd(cwd, sizeof cwd));
	assert_int_equal(chdir(scratch("")), 0);
	assert_int_equal(try_url(&b, "sqlite:db 100%.db", 1), MIG_OK);
	OK(b, base_script(&b, "CREATE TABLE here (x); INSERT INTO here VALUES (42);"));
	base_close(&b);
	for (i = 0; i < sizeof urls / sizeof *urls; i++) {
		const char *mark = strstr(urls[i].format, "%s");

		if (urls[i].absolute)
			snprintf(url, sizeof url, "%.*s%s%s", (int)(mark - urls[i].format),
				 urls[i].format, path, mark + 2);
		else
			snprintf(url, sizeof url, "%s", urls[i].format);
		OK(b, try_url(&b, url, 0));
		assert_int_equal(base_number(&b, "SELECT x FROM here"), 42);
		base_close(&b);
	}
	assert_int_equal(chdir(cwd), 0);
}

static void urls_lead_to_memory(void **state)
{
	static const char *const urls[] = { "sqlite::memory:", "sqlite:///:memory:",   "sqlite://",
					    "file::memory:",   "sqlite:x?mode=memory", NULL };
	const char *const *url;
	struct base b;

	(void)state;
	for (url = urls; *url; url++) {
		OK(b, try_url(&b, *url, 1));
		/* there is nobody to lock out */
		OK(b, b.db.dialect->conn->lock(b.db.conn, &(int32_t){ 0 }));
		OK(b, b.db.dialect->conn->begin(b.db.conn, 1, &(int32_t){ 0 }));
		OK(b, base_script(&b, "CREATE TABLE t (x)"));
		OK(b, b.db.dialect->conn->commit(b.db.conn, 1));
		base_close(&b);
	}
	assert_int_equal(access(":memory:-mig-lock", F_OK), -1);
	assert_int_equal(access("x", F_OK), -1);
}

static void bad_urls_are_refused(void **state)
{
	static const char *const urls[] = { "sqlite:", "sqlite:///", "sqlite://host/db",
					    "sqlite:?mode=ro", NULL };
	const char *const *url;
	struct base b;

	(void)state;
	for (url = urls; *url; url++) {
		assert_int_equal(try_url(&b, *url, 1), MIG_ECONNECT);
		/* a "?" and what follows are not shown */
		assert_int_equal(strncmp(b.err.message, *url, strcspn(*url, "?")), 0);
		base_close(&b);
	}
}

static void fails_at(const char *name, int create, const char *words)
{
	char url[300];
	struct base b;

	snprintf(url, sizeof url, "sqlite:%s", scratch(name));
	assert_int_equal(try_url(&b, url, create), MIG_ECONNECT);
	assert_non_null(strstr(b.err.message, name));
	assert_non_null(strstr(b.err.message, words));
	base_close(&b);
}

static mig_status count_row(void *user, const mig_version_row *r)
{
	(void)r;
	++*(int *)user;
	return MIG_OK;
}

static void files_that_cannot_be_opened(void **state)
{
	int32_t there;
	int rows = 0;
	char url[300];
	struct base b;
	FILE *f;

	(void)state;
	fails_at("no-such-folder/db", 1, "No such file");
	fails_at("not-there.db", 0, "No such file");
	assert_int_equal(access(scratch("not-there.db"), F_OK), -1);
	assert_int_equal(mkdir(scratch("folder"), 0700), 0);
	fails_at("folder", 1, "unable to open");

	f = fopen(scratch("text.db"), "w");
	assert_non_null(f);
	fprintf(f, "%0999d", 0);
	fclose(f);
	snprintf(url, sizeof url, "sqlite:%s", scratch("text.db"));
	assert_int_equal(try_url(&b, url, 1), MIG_OK); /* nothing has been read */
	assert_int_equal(mig__tables_read_rows(&b.db, count_row, &rows, &there), MIG_ECONNECT);
	assert_non_null(strstr(b.err.message, "text.db"));
	assert_int_equal(b.err.native_code, SQLITE_NOTADB);
	base_close(&b);
}

static void detaches(void **state)
{
	const char *url = row->fresh();
	struct base b;
	sqlite3 *db;

	(void)state;
	base_open(&b, row, url, 100);
	db = b.db.dialect->conn->detach(b.db.conn);
	assert_non_null(db);
	OK(b, b.db.dialect->conn->begin(b.db.conn, 1, &(int32_t){ 0 })); /* works on until it is closed */
	OK(b, base_script(&b, "CREATE TABLE t (x)"));
	OK(b, b.db.dialect->conn->commit(b.db.conn, 1));
	base_close(&b);
	row->native_exec(db, "INSERT INTO t VALUES (1)");
	row->native_close(db);
}

/* -- foreign keys */

struct world {
	struct base b;
	const mig_dialect *d;
};

static void world_open(struct world *w, const char *setup)
{
	base_open(&w->b, row, row->fresh(), 100);
	w->d = w->b.db.dialect;
	OK(w->b, base_script(&w->b, setup));
	OK(w->b, w->d->conn->run_begin(w->b.db.conn));
	OK(w->b, w->d->conn->begin(w->b.db.conn, 1, &(int32_t){ 0 }));
}

/* Runs it and commits: the status. A failed transaction is rolled back, and another begun. */
static mig_status world_commit(struct world *w, const char *script)
{
	mig_status rc;

	OK(w->b, base_script(&w->b, script));
	rc = w->d->conn->commit(w->b.db.conn, 1);
	if (rc) {
		int32_t inside;

		OK(w->b, w->d->conn->in_transaction(w->b.db.conn, &inside));
		assert_int_equal(inside, 1);
		assert_int_equal(w->d->conn->rollback(w->b.db.conn), MIG_OK);
	}
	assert_int_equal(w->d->conn->begin(w->b.db.conn, 1, &(int32_t){ 0 }), MIG_OK);
	return rc;
}

static void world_close(struct world *w)
{
	OK(w->b, w->d->conn->run_end(w->b.db.conn));
	base_close(&w->b);
}

static const char family[] =
	"PRAGMA foreign_keys = ON;"
	"CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);"
	"CREATE TABLE child (id INTEGER PRIMARY KEY, name TEXT, parent_id INTEGER"
	"	REFERENCES parent ON DELETE CASCADE);"
	"INSERT INTO parent VALUES (1, 'a'), (2, 'b');"
	"INSERT INTO child VALUES (10, 'x', 1), (11, 'y', 2), (12, 'z', NULL);";

static const char rebuild_parent[] =
	"CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
	"INSERT INTO new_parent SELECT id, name FROM parent;"
	"DROP TABLE parent;"
	"ALTER TABLE new_parent RENAME TO parent;";

static void a_rebuild_keeps_the_children(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, family);
	assert_int_equal(base_number(&w.b, "PRAGMA foreign_keys"), 0);
	assert_int_equal(world_commit(&w, rebuild_parent), MIG_OK);
	assert_int_equal(base_number(&w.b, "SELECT count(*) FROM child"), 3);
	OK(w.b, w.d->conn->run_end(w.b.db.conn));
	assert_int_equal(base_number(&w.b, "PRAGMA foreign_keys"), 1);
	/* and it cascades again */
	OK(w.b, base_script(&w.b, "DELETE FROM parent WHERE id = 1"));
	assert_int_equal(base_number(&w.b, "SELECT count(*) FROM child"), 2);
	base_close(&w.b);
}

/* The names of triggers, views and indexes that a rebuild has to keep are the script's affair; that
 * nothing but the table itself is touched is ours. */
static void foreign_keys_come_back_after_errors(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, family);
	assert_int_equal(base_script(&w.b, "DROP TABLE parent; SELECT nothing;"), MIG_ESQL);
	OK(w.b, w.d->conn->run_end(w.b.db.conn)); /* rolls back as well */
	assert_int_equal(base_number(&w.b, "PRAGMA foreign_keys"), 1);
	assert_int_equal(base_number(&w.b, "SELECT count(*) FROM parent"), 2);
	base_close(&w.b);
}

static void new_violations_are_refused(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, family);
	assert_int_equal(world_commit(&w, "DELETE FROM parent WHERE id = 2"), MIG_EFOREIGN_KEY);
	assert_string_equal(w.b.err.message,
			    "1 foreign key violation: child row 11 (parent_id = 2) "
			    "has no parent in parent");
	assert_int_equal(base_number(&w.b, "SELECT count(*) FROM parent"), 2);
	assert_int_equal(world_commit(&w,
				      "INSERT INTO child (parent_id) VALUES (3),(4),(5),(6),(7),"
				      "('long text that is cut somewhere in the middle of it')"),
			 MIG_EFOREIGN_KEY);
	assert_non_null(strstr(w.b.err.message, "6 foreign key violations: child row 13 "
						"(parent_id = 3) has no parent in parent; "));
	assert_non_null(strstr(w.b.err.message, "; and 1 more"));
	assert_int_equal(world_commit(&w, "DROP TABLE parent"), MIG_EFOREIGN_KEY);
	assert_non_null(strstr(w.b.err.message, "2 foreign key violations"));
	/* unchecked, it is let through */
	OK(w.b, base_script(&w.b, "DELETE FROM parent WHERE id = 2"));
	OK(w.b, w.d->conn->commit(w.b.db.conn, 0));
	assert_int_equal(base_number(&w.b, "SELECT count(*) FROM child"), 3);
	world_close(&w);
}

static const char orphans[] =
	"CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);"
	"CREATE TABLE child (rowid TEXT, k INTEGER, parent_id REFERENCES parent);"
	"CREATE TABLE w (k PRIMARY KEY, parent_id REFERENCES parent) WITHOUT ROWID;"
	"INSERT INTO child VALUES ('q', 1, 91), ('q', 2, 92), ('q', 3, 92), ('q', 4, 'x');"
	"INSERT INTO w VALUES (1, 91), (2, 92);";

static void old_violations_are_known_again(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, orphans);
	/* every row gets another number */
	assert_int_equal(
		world_commit(&w,
			     "CREATE TABLE n (rowid TEXT, k INTEGER, parent_id REFERENCES parent);"
			     "INSERT INTO n SELECT * FROM child ORDER BY k DESC;"
			     "DROP TABLE child; ALTER TABLE n RENAME TO child;"),
		MIG_OK);
	assert_int_equal(world_commit(&w, "UPDATE w SET k = k + 10"), MIG_OK);
	/* one more of the same is one too many */
	assert_int_equal(world_commit(&w, "INSERT INTO child VALUES ('q', 5, 92)"),
			 MIG_EFOREIGN_KEY);
	assert_non_null(strstr(w.b.err.message, "1 foreign key violation: child row "));
	assert_non_null(strstr(w.b.err.message, "(parent_id = 92)"));
	assert_int_equal(world_commit(&w, "INSERT INTO w VALUES (3, 92)"), MIG_EFOREIGN_KEY);
	assert_string_equal(w.b.err.message, "1 foreign key violation: w has no parent in parent");
	/* another value in the place of an old one is new */
	assert_int_equal(world_commit(&w, "UPDATE child SET parent_id = '91' || 'a' WHERE k = 1"),
			 MIG_EFOREIGN_KEY);
	/* what was mended stays mended */
	assert_int_equal(world_commit(&w, "UPDATE child SET parent_id = NULL WHERE k = 1"), MIG_OK);
	assert_int_equal(world_commit(&w, "UPDATE child SET parent_id = 91 WHERE k = 1"),
			 MIG_EFOREIGN_KEY);
	world_close(&w);
}

static void others_may_write_between_transactions(void **state)
{
	struct world w;
	sqlite3 *other;

	(void)state;
	world_open(&w, orphans);
	assert_int_equal(sqlite3_open(sqlite3_db_filename(native(&w.b), "main"), &other),
			 SQLITE_OK);
	OK(w.b, w.d->conn->commit(w.b.db.conn, 1));
	row->native_exec(other, "INSERT INTO child VALUES ('q', 5, 77)");
	OK(w.b, w.d->conn->begin(w.b.db.conn, 1, &(int32_t){ 0 })); /* theirs is an old one now */
	assert_int_equal(world_commit(&w, "CREATE TABLE u (x)"), MIG_OK);
	world_close(&w);
	row->native_close(other);
}

static void many_violations_need_little_memory(void **state)
{
	struct world w;

	(void)state;
	world_open(&w,
		   "CREATE TABLE p (id INTEGER PRIMARY KEY);"
		   "CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p);"
		   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 120000)"
		   "INSERT INTO c SELECT i, i FROM n;");
	assert_int_equal(world_commit(&w, "CREATE TABLE n (id INTEGER PRIMARY KEY, p REFERENCES p);"
					  "INSERT INTO n SELECT -id, p FROM c;"
					  "DROP TABLE c; ALTER TABLE n RENAME TO c;"),
			 MIG_OK);
	assert_int_equal(world_commit(&w, "INSERT INTO c VALUES (1, -1)"), MIG_EFOREIGN_KEY);
	world_close(&w);
}

/* A key that does not fit its parent's columns stops PRAGMA foreign_key_check altogether. */
static void mismatched_keys_are_survived(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT);"
		       "CREATE TABLE bad (n REFERENCES p (name));"
		       "CREATE TABLE c (p REFERENCES p);"
		       "INSERT INTO bad VALUES ('x');");
	assert_int_equal(world_commit(&w, "CREATE TABLE t (x)"), MIG_OK);
	assert_int_equal(world_commit(&w, "INSERT INTO c VALUES (5)"), MIG_EFOREIGN_KEY);
	assert_non_null(strstr(w.b.err.message, "c row 1 (p = 5)"));
	assert_int_equal(world_commit(&w, "CREATE TABLE worse (n REFERENCES p (name));"
					  "INSERT INTO worse VALUES ('x')"),
			 MIG_OK);
	assert_int_equal(w.b.warnings, 1); /* of the new one, once */
	assert_non_null(strstr(w.b.last_log, "mismatch - \"worse\""));
	assert_int_equal(world_commit(&w, "INSERT INTO worse VALUES ('x')"), MIG_OK);
	assert_int_equal(w.b.warnings, 1);
	assert_int_equal(world_commit(&w, "CREATE UNIQUE INDEX i ON p (name); DELETE FROM bad"),
			 MIG_EFOREIGN_KEY); /* now the rows of worse can be checked */
	assert_non_null(strstr(w.b.err.message, "2 foreign key violations: worse row 1"));
	world_close(&w);
}

/* What a handle of the host's own does in the transaction is checked as well. */
static void nothing_escapes_the_check(void **state)
{
	const mig_value two = mig__value_int(2);
	const char *sql = "DELETE FROM parent WHERE id = $1";
	mig_cursor *cursor;
	int32_t more;
	struct world w;

	(void)state;
	world_open(&w, family);
	assert_int_equal(world_commit(&w, "CREATE TABLE a (p REFERENCES parent);"
					  "CREATE INDEX i ON a (p); ALTER TABLE a ADD COLUMN q"),
			 MIG_OK);
	assert_int_equal(world_commit(&w, "WITH x AS (SELECT 2 AS id) DELETE FROM parent "
					  "WHERE id IN (SELECT id FROM x)"),
			 MIG_EFOREIGN_KEY);
	OK(w.b, w.d->conn->prepare(w.b.db.conn, sql, strlen(sql), 0, &cursor));
	OK(w.b, w.d->conn->bind(cursor, 1, &two));
	OK(w.b, w.d->conn->step(cursor, &more));
	w.d->conn->finish(cursor);
	assert_int_equal(world_commit(&w, ""), MIG_EFOREIGN_KEY);
	assert_int_equal(world_commit(&w, "ALTER TABLE a RENAME TO b;"
					  "INSERT INTO b VALUES (7, 7)"),
			 MIG_EFOREIGN_KEY);
	row->native_exec(native(&w.b), "DELETE FROM parent WHERE id = 2");
	assert_int_equal(world_commit(&w, ""), MIG_EFOREIGN_KEY);
	world_close(&w);
}

static void attached_databases_are_checked(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, "ATTACH ':memory:' AS \"o ther\";"
		       "CREATE TABLE \"o ther\".p (id INTEGER PRIMARY KEY);"
		       "CREATE TABLE \"o ther\".c (p REFERENCES p)");
	assert_int_equal(world_commit(&w, "INSERT INTO c VALUES (5)"), MIG_EFOREIGN_KEY);
	assert_int_equal(world_commit(&w, "INSERT INTO p VALUES (5); INSERT INTO c VALUES (5)"),
			 MIG_OK);
	world_close(&w);
}

static void warns_of_dead_pragmas(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, family);
	OK(w.b, base_script(&w.b, "PRAGMA user_version = 3; PRAGMA table_info(foreign_keys)"));
	assert_int_equal(w.b.warnings, 0);
	OK(w.b, base_script(&w.b, "pragma main . /**/ Foreign_Keys = OFF; PRAGMA journal_mode;"));
	assert_int_equal(w.b.warnings, 1);
	assert_string_equal(w.b.last_log, "PRAGMA foreign_keys has no effect inside a transaction");
	world_close(&w);
}

/* -- the lock file */

static void the_lock_file_goes(void **state)
{
	char path[320], url[300];
	struct base a, b;

	(void)state;
	snprintf(url, sizeof url, "%s", row->fresh());
	snprintf(path, sizeof path, "%s-mig-lock", url + strlen("sqlite:"));
	base_open(&a, row, url, 100);
	base_open(&b, row, url, 100);
	OK(a, a.db.dialect->conn->begin(a.db.conn, 1, &(int32_t){ 0 }));
	OK(a, base_script(&a, "CREATE TABLE t (x)"));
	OK(a, a.db.dialect->conn->commit(a.db.conn, 1));
	assert_int_equal(access(path, F_OK), -1); /* none for transactions */
	OK(a, a.db.dialect->conn->lock(a.db.conn, &(int32_t){ 0 }));
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(b.db.dialect->conn->begin(b.db.conn, 1, &(int32_t){ 0 }), MIG_ELOCKED);
	{
		char words[40];

		snprintf(words, sizeof words, "locked by process %ld", (long)getpid());
		assert_non_null(strstr(b.err.message, words));
	}
	OK(a, a.db.dialect->conn->unlock(a.db.conn));
	assert_int_equal(access(path, F_OK), -1);
	/* one that a killed process has left is taken over */
	assert_int_equal(close(creat(path, 0600)), 0);
	OK(b, b.db.dialect->conn->begin(b.db.conn, 1, &(int32_t){ 0 }));
	OK(b, b.db.dialect->conn->rollback(b.db.conn));
	OK(b, b.db.dialect->conn->lock(b.db.conn, &(int32_t){ 0 }));
	base_close(&b);
	assert_int_equal(access(path, F_OK), -1);
	/* a link is not followed */
	assert_int_equal(symlink("/nonexistent/x", path), 0);
	assert_int_equal(a.db.dialect->conn->lock(a.db.conn, &(int32_t){ 0 }), MIG_EIO);
	unlink(path);
	base_close(&a);
}

static void *finish_reading(void *stmt)
{
	pause_ms(150);
	sqlite3_finalize(stmt);
	return NULL;
}

/* A reader keeps a commit waiting in the rollback journal mode. */
static void a_commit_waits_for_readers(void **state)
{
	const char *url = row->fresh();
	sqlite3_stmt *stmt;
	pthread_t thread;
	sqlite3 *reader;
	struct base b;

	(void)state;
	base_open(&b, row, url, 5000);
	OK(b, base_script(&b, "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)"));
	assert_int_equal(sqlite3_open(url + strlen("sqlite:"), &reader), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(reader, "SELECT x FROM t", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(pthread_create(&thread, NULL, finish_reading, stmt), 0);
	OK(b, b.db.dialect->conn->begin(b.db.conn, 1, &(int32_t){ 0 }));
	OK(b, base_script(&b, "INSERT INTO t VALUES (3)"));
	OK(b, b.db.dialect->conn->commit(b.db.conn, 1));
	assert_true(b.waits > 1);
	pthread_join(thread, NULL);
	row->native_close(reader);
	base_close(&b);
}

/* -- splitting: SQLite itself is the oracle */

static void put(char *out, const char *piece)
{
	strcat(out, piece);
}

static uint32_t seed = 20261122;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % sides;
}

static void add_blank(char *out)
{
	static const char *const blanks[] = { " ",       "\n",       "\t",
					      "/* ; */", "-- ; '\n", "/***/",
					      "\r\n",    "/*/ ; */", " \xef\xbb\xbf",
					      "\f",      " -- [\n " };

	const char *blank = blanks[dice(sizeof blanks / sizeof *blanks)];

	/* a byte order mark is a letter before 3.36 */
	put(out, *blank == ' ' && sqlite3_libversion_number() < 3036000 ? " " : blank);
}

static void add_expression(char *out, int depth)
{
	static const char *const atoms[] = { "';'",   "\"t;\"",   "[t;]", "`t;`",     "x'3b'",
					     "1e5",   "$end",     ":end", "@a",       "?1",
					     "''''",  "'--'",     "'/*'", "$a::b(;)", "1 - - 2",
					     "2 / 1", "\xc3\xa4", "t",    "\"\"\";\"" };
	static const size_t count = sizeof atoms / sizeof *atoms;

	if (depth && !dice(3)) {
		put(out, "CASE WHEN ");
		add_expression(out, depth - 1);
		add_blank(out);
		put(out, "THEN ");
		add_expression(out, depth - 1);
		put(out, " END");
		return;
	}
	put(out, atoms[dice((uint32_t)count)]);
}

static void add_statement(char *out)
{
	static const char *const triggers[] = { "CREATE TRIGGER", "create temp trigger",
						"CREATE/**/TEMPORARY -- x\nTRIGGER",
						"EXPLAIN CREATE TRIGGER",
						"EXPLAIN QUERY PLAN CREATE TRIGGER" };
	uint32_t kind = dice(8);
	char name[40];

	if (kind < 3) {
		put(out, triggers[dice(5)]);
		snprintf(name, sizeof name, " [tr;%u] AFTER INSERT ON t", dice(1000000));
		put(out, name);
		if (dice(2))
			put(out, " WHEN CASE WHEN 1 THEN 1 END");
		put(out, " BEGIN");
		do {
			add_blank(out);
			put(out, "SELECT CASE WHEN 1 THEN ';' END");
			add_blank(out);
			put(out, ";");
		} while (dice(2));
		add_blank(out);
		put(out, dice(2) ? "END" : "end");
	} else if (kind == 3) {
		put(out, "INSERT INTO one SELECT ");
		add_expression(out, 0);
	} else if (kind == 4) {
		put(out, "EXPLAIN SELECT ");
		add_expression(out, 1);
	} else {
		put(out, "SELECT ");
		add_expression(out, 2);
		if (dice(2))
			put(out, " AS [end]");
	}
	if (kind >= 3)
		put(out, " FROM t");
	while (!dice(3))
		add_blank(out);
}

static void compare_with_sqlite(struct base *b, sqlite3 *db, const char *text)
{
	mig_statement st = { .struct_size = sizeof st };
	size_t size = strlen(text);
	const char *at = text, *tail;
	sqlite3_stmt *stmt;
	int code;

	for (;;) {
		OK(*b, b->db.dialect->conn->next_statement(b->db.conn, text, size, st.next, &st));
		code = sqlite3_prepare_v3(db, at, -1, 0, &stmt, &tail);
		sqlite3_finalize(stmt);
		if (code != SQLITE_OK)
			fail_msg("%s in: %s", sqlite3_errmsg(db), at);
		if (!stmt) {
			assert_int_equal(st.size, 0);
			return;
		}
		if (*tail && text + st.next != tail)
			fail_msg("%.*s| is not |%.*s", (int)st.size, text + st.offset,
				 (int)(tail - at), at);
		/* it stands on its own as well */
		code = sqlite3_prepare_v3(db, text + st.offset, (int)st.size, 0, &stmt, NULL);
		assert_true(code == SQLITE_OK && stmt);
		sqlite3_finalize(stmt);
		at = tail;
	}
}

static void splits_as_sqlite_does(void **state)
{
	char text[20000];
	sqlite3 *db;
	struct base b;
	int round, i, n;

	(void)state;
	base_open(&b, row, "sqlite::memory:", 0);
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	row->native_exec(db, "CREATE TABLE t (t, \"t;\", \"\"\";\", [end], \"\xc3\xa4\");"
			     "CREATE TABLE one (x)");
	for (round = 0; round < 1500; round++) {
		text[0] = '\0';
		n = (int)dice(6);
		for (i = 0; i < n; i++) {
			while (!dice(2))
				add_blank(text);
			if (!dice(4))
				put(text, ";");
			add_statement(text);
			put(text, i + 1 < n || dice(2) ? ";" : "");
		}
		while (!dice(2))
			add_blank(text);
		compare_with_sqlite(&b, db, text);
	}
	sqlite3_close(db);
	base_close(&b);
}

/* Processor time for reading and running a text of count statements. */
static double split_time(struct base *b, int count)
{
	static const char one[] = "SELECT 'x' /* y */; -- z\n";
	const size_t each = sizeof one - 1, size = (size_t)count * each;
	mig_statement st = { .struct_size = sizeof st };
	char *text = malloc(size + 1);
	clock_t began = clock();
	int i;

	assert_non_null(text);
	for (i = 0; i < count; i++)
		memcpy(text + (size_t)i * each, one, each);
	text[size] = '\0';
	for (i = 0; i < count; i++) {
		OK(*b, b->db.dialect->conn->next_statement(b->db.conn, text, size, st.next, &st));
		assert_int_equal(st.offset, (size_t)i * each);
	}
	OK(*b, base_script(b, text));
	free(text);
	return (double)(clock() - began);
}

/* Sixteen times the text takes about sixteen times as long, not 256 times. */
static void splits_in_linear_time(void **state)
{
	struct base b;
	double small;

	(void)state;
	base_open(&b, row, "sqlite::memory:", 0);
	split_time(&b, 2000);
	small = split_time(&b, 2000);
	assert_true(split_time(&b, 32000) < small * 80 + CLOCKS_PER_SEC / 10);
	base_close(&b);
}

/* -- what is sent */

/* NULL: SQLite has none (OMIT_TRACE, which is not among the options that it tells). */
typedef int (*trace_fn)(sqlite3 *, unsigned, int (*)(unsigned, void *, void *, void *), void *);

static trace_fn find_trace(void)
{
	trace_fn trace;

	*(void **)&trace = dlsym(RTLD_DEFAULT, "sqlite3_trace_v2");
	return trace;
}

static int count_statement(unsigned what, void *user, void *stmt, void *sql)
{
	(void)what;
	(void)stmt;
	(void)sql;
	++*(int *)user;
	return 0;
}

static void at_head_is_one_statement(void **state)
{
	const mig_row_change change = { sizeof change, NULL, "r", "d" }, *const at = &change;
	const mig_rows_write write = { .struct_size = sizeof write, .changes = &at, .change_count = 1 };
	const char *url = row->fresh();
	struct base b;
	int sent = 0, rows = 0, i;
	int32_t there;
	trace_fn trace = find_trace();

	(void)state;
	if (!trace)
		skip();
	base_open(&b, row, url, 100);
	OK(b, b.db.dialect->conn->begin(b.db.conn, 0, &(int32_t){ 0 })); /* nothing is written outside of one */
	OK(b, mig__tables_create(&b.db, NULL));
	OK(b, mig__tables_write_rows(&b.db, &write, NULL));
	OK(b, b.db.dialect->conn->commit(b.db.conn, 0));
	base_close(&b);
	base_open(&b, row, url, 100);
	trace(native(&b), SQLITE_TRACE_STMT, count_statement, &sent);
	for (i = 1; i <= 2; i++) {
		OK(b, mig__tables_read_rows(&b.db, count_row, &rows, &there));
		assert_int_equal(rows, i);
		assert_int_equal(sent, i);
	}
	base_close(&b);
}

static void a_transaction_sends_little(void **state)
{
	struct base b;
	int sent = 0;
	trace_fn trace = find_trace();

	(void)state;
	if (!trace)
		skip();
	base_open(&b, row, row->fresh(), 100);
	trace(native(&b), SQLITE_TRACE_STMT, count_statement, &sent);
	OK(b, b.db.dialect->conn->run_begin(b.db.conn));
	assert_int_equal(sent, 0);
	OK(b, b.db.dialect->conn->begin(b.db.conn, 0, &(int32_t){ 0 }));
	assert_int_equal(sent, 1);
	OK(b, base_script(&b, "CREATE TABLE t (x); CREATE INDEX i ON t (x)"));
	sent = 0;
	OK(b, b.db.dialect->conn->commit(b.db.conn, 0));
	OK(b, b.db.dialect->conn->run_end(b.db.conn));
	assert_int_equal(sent, 1);
	base_close(&b);
}

/* SQLite quotes the script, and the core makes one line of it. */
static void messages_are_one_line(void **state)
{
	struct base b;

	(void)state;
	base_open(&b, row, "sqlite::memory:", 0);
	assert_int_equal(base_script(&b, "SELECT 'never closed\nat all"), MIG_ESQL);
	assert_non_null(strstr(b.err.message, "closed at all"));
	assert_null(strchr(b.err.message, '\n'));
	base_close(&b);
}

static void schemas_are_attached_databases(void **state)
{
	const mig_row_change change = { sizeof change, NULL, "r", "d" }, *const at = &change;
	const mig_rows_write write = { .struct_size = sizeof write, .changes = &at, .change_count = 1 };
	void *db = row->native_open(row->fresh());
	const mig_conn_options o = {
		.struct_size = sizeof o,
		.native = db,
		.schema = "other one",
	};
	int32_t there;
	int rows = 0;
	struct base b;

	(void)state;
	row->native_exec(db, "ATTACH ':memory:' AS \"other one\"; CREATE TABLE mig_version (x)");
	OK(b, base_open_with(&b, row, NULL, &o));
	OK(b, mig__tables_read_rows(&b.db, count_row, &rows, &there)); /* not the one in main */
	assert_int_equal(there, 0);
	OK(b, b.db.dialect->conn->begin(b.db.conn, 0, &(int32_t){ 0 })); /* nothing is written outside of one */
	OK(b, mig__tables_create(&b.db, NULL));
	OK(b, mig__tables_write_rows(&b.db, &write, NULL));
	OK(b, b.db.dialect->conn->commit(b.db.conn, 0));
	assert_int_equal(base_number(&b, "SELECT count(*) FROM \"other one\".mig_version"), 1);
	base_close(&b);
	assert_true(row->native_unchanged(db));
	row->native_close(db);
}

/* An interrupt that the host makes for reasons of its own is no cancel. */
static void *interrupt_soon(void *db)
{
	pause_ms(100);
	sqlite3_interrupt(db);
	return NULL;
}

static void a_foreign_interrupt_is_an_error(void **state)
{
	pthread_t thread;
	struct base b;

	(void)state;
	base_open(&b, row, row->fresh(), 100);
	assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, native(&b)), 0);
	assert_int_equal(base_script(&b, row->slow), MIG_ESQL);
	assert_int_equal(b.err.native_code, SQLITE_INTERRUPT);
	pthread_join(thread, NULL);
	base_close(&b);
}

/* During a run, the poll is asked in the middle of a statement. */
static void polls_while_working(void **state)
{
	struct base b;

	(void)state;
	if (sqlite3_compileoption_used("OMIT_PROGRESS_CALLBACK"))
		skip();
	base_open(&b, row, row->fresh(), 100);
	OK(b, b.db.dialect->conn->run_begin(b.db.conn));
	b.stop = 20;
	assert_int_equal(base_script(&b, row->slow), MIG_ECANCELLED);
	assert_true(b.works >= 20);
	base_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_lead_to_files),
		cmocka_unit_test(urls_lead_to_memory),
		cmocka_unit_test(bad_urls_are_refused),
		cmocka_unit_test(files_that_cannot_be_opened),
		cmocka_unit_test(detaches),
		cmocka_unit_test(a_rebuild_keeps_the_children),
		cmocka_unit_test(foreign_keys_come_back_after_errors),
		cmocka_unit_test(new_violations_are_refused),
		cmocka_unit_test(old_violations_are_known_again),
		cmocka_unit_test(others_may_write_between_transactions),
		cmocka_unit_test(many_violations_need_little_memory),
		cmocka_unit_test(mismatched_keys_are_survived),
		cmocka_unit_test(nothing_escapes_the_check),
		cmocka_unit_test(attached_databases_are_checked),
		cmocka_unit_test(warns_of_dead_pragmas),
		cmocka_unit_test(the_lock_file_goes),
		cmocka_unit_test(a_commit_waits_for_readers),
		cmocka_unit_test(splits_as_sqlite_does),
		cmocka_unit_test(splits_in_linear_time),
		cmocka_unit_test(at_head_is_one_statement),
		cmocka_unit_test(a_transaction_sends_little),
		cmocka_unit_test(messages_are_one_line),
		cmocka_unit_test(schemas_are_attached_databases),
		cmocka_unit_test(a_foreign_interrupt_is_an_error),
		cmocka_unit_test(polls_while_working),
	};

	return cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
}
