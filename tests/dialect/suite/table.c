/* table: libmig's own tables, read-only databases, and memory that runs out. */
#include "suite.h"

static void read_versions(struct session *b, char *out)
{
	const mig_dialect *d = b->d;
	mig_cursor *cursor;
	mig_value v;
	int32_t more;

	out[0] = '\0';
	OK(*b, suite_read(b, MIG_SQL_READ_VERSION, &cursor));
	CHECK(cursor);
	for (;;) {
		OK(*b, d->conn->step(cursor, &more));
		if (!more)
			break;
		OK(*b, d->conn->column(cursor, 0, MIG_TEXT, &v));
		strcat(out, v.data);
		OK(*b, d->conn->column(cursor, 1, MIG_TEXT, &v));
		strcat(strcat(strcat(out, "="), v.data), " ");
	}
	d->conn->finish(cursor);
}

static void write_2(struct session *b, int32_t which, const char *x, const char *y)
{
	const mig_value v[] = { suite_text(x), suite_text(y) };

	OK(*b, suite_write(b, which, v, 2));
}

static void use_tables(struct session *b)
{
	const mig_value update[] = { suite_text("r3"), suite_text("d3"), suite_text("r1") };
	const mig_value history[] = { suite_text("r1"),
				      suite_text("upgrade"),
				      suite_text("running"),
				      suite_text("d1"),
				      suite_int(0),
				      suite_text(NULL),
				      suite_text("2026-01-02T03:04:05Z"),
				      suite_int(12),
				      suite_text("me@here:1"),
				      suite_text("0.1.0") };
	const mig_value mark[] = { suite_text("done"), suite_int(5), suite_text("dd"),
				   suite_int(99) };
	const mig_value r2 = suite_text("r2");
	const mig_dialect *d = b->d;
	mig_cursor *cursor;
	char rows[200];
	mig_value v;
	int32_t more, i;

	RULE("table_sql: MIG_SQL_CREATE_VERSION and MIG_SQL_CREATE_HISTORY create a table unless "
	     "it is there");
	for (i = 0; i < 2; i++) {
		OK(*b, suite_write(b, MIG_SQL_CREATE_VERSION, NULL, 0));
		OK(*b, suite_write(b, MIG_SQL_CREATE_HISTORY, NULL, 0));
	}
	RULE("table_sql: MIG_SQL_INSERT_VERSION, MIG_SQL_READ_VERSION: revision, digest");
	write_2(b, MIG_SQL_INSERT_VERSION, "r2", "d2");
	write_2(b, MIG_SQL_INSERT_VERSION, "r1", "d1");
	read_versions(b, rows);
	CHECK(!strcmp(rows, "r1=d1 r2=d2 ") || !strcmp(rows, "r2=d2 r1=d1 "));
	RULE("table_sql: MIG_SQL_UPDATE_VERSION: new revision, new digest, old revision; "
	     "MIG_SQL_DELETE_VERSION: revision");
	OK(*b, suite_write(b, MIG_SQL_UPDATE_VERSION, update, 3));
	OK(*b, suite_write(b, MIG_SQL_DELETE_VERSION, &r2, 1));
	read_versions(b, rows);
	SAME(rows, "r3=d3 ");
	RULE("table_sql: MIG_SQL_CLEAR_VERSION: all rows");
	OK(*b, suite_write(b, MIG_SQL_CLEAR_VERSION, NULL, 0));
	read_versions(b, rows);
	SAME(rows, "");

	RULE("table_sql: MIG_SQL_INSERT_HISTORY, MIG_SQL_READ_RUNNING: the row in state running");
	OK(*b, suite_write(b, MIG_SQL_INSERT_HISTORY, history, 10));
	OK(*b, suite_read(b, MIG_SQL_READ_RUNNING, &cursor));
	OK(*b, d->conn->step(cursor, &more));
	EQUAL(more, 1);
	CHECK(d->conn->column_count(cursor) == 6 || d->conn->column_count(cursor) == 8);
	OK(*b, d->conn->column(cursor, 5, MIG_TEXT, &v));
	SAME(v.data, "2026-01-02T03:04:05Z");
	OK(*b, d->conn->column(cursor, 4, MIG_TEXT, &v));
	EQUAL(v.type, MIG_NULL);
	d->conn->finish(cursor);
	RULE("table_sql: MIG_SQL_UPDATE_RUNNING: state, statements, done_digest, duration_us of "
	     "the only row in state running");
	OK(*b, suite_write(b, MIG_SQL_UPDATE_RUNNING, mark, 4));
	OK(*b, suite_read(b, MIG_SQL_READ_RUNNING, &cursor));
	OK(*b, d->conn->step(cursor, &more));
	EQUAL(more, 0);
	d->conn->finish(cursor);
	RULE("table_sql: MIG_SQL_READ_HISTORY: nine columns, oldest first");
	OK(*b, suite_read(b, MIG_SQL_READ_HISTORY, &cursor));
	OK(*b, d->conn->step(cursor, &more));
	EQUAL(d->conn->column_count(cursor), 9);
	OK(*b, d->conn->column(cursor, 2, MIG_TEXT, &v));
	SAME(v.data, "done");
	OK(*b, d->conn->column(cursor, 4, MIG_INTEGER, &v));
	EQUAL(v.integer, 5);
	OK(*b, d->conn->column(cursor, 6, MIG_INTEGER, &v));
	EQUAL(v.integer, 99);
	d->conn->finish(cursor);
}

static void keeps_its_tables(const mig_conformance *row)
{
	struct session b;

	suite_open(&b, row, row->fresh(), 1000);
	RULE("table_sql: NULL for a number that it does not know");
	CHECK(!b.d->store->table_sql(b.conn, 0));
	CHECK(!b.d->store->table_sql(b.conn, 9999));
	use_tables(&b);
	suite_close(&b);
}

/* Runs a text of a dialect for scripts, with a value for $1. */
static mig_status run_own(struct session *s, int32_t which, const char *value)
{
	const char *text = s->d->store->table_sql(s->conn, which), *at = text ? strstr(text, "$1") : NULL;
	size_t size = 0, room = 2;
	mig_status rc;
	char *sql;

	if (!text)
		SKIP("it has no texts for scripts");
	room += strlen(text);
	for (const char *p = at; p; p = strstr(p + 2, "$1"))
		room += strlen(value) + 2;
	sql = malloc(room);
	CHECK(sql != NULL);
	for (; at; text = at + 2, at = strstr(text, "$1"))
		size += (size_t)snprintf(sql + size, room - size, "%.*s'%s'", (int)(at - text), text,
					 value);
	snprintf(sql + size, room - size, "%s;", text);
	rc = suite_script(s, sql);
	free(sql);
	return rc;
}

static void begins_scripts_where_they_should(const mig_conformance *row)
{
	const char *url = row->fresh();
	const mig_value running[] = { suite_text("a"),
				      suite_text("upgrade"),
				      suite_text("running"),
				      suite_text(NULL),
				      suite_int(0),
				      suite_text(NULL),
				      suite_text("2026-01-02T03:04:05Z"),
				      suite_int(0),
				      suite_text(NULL),
				      suite_text(NULL) };
	struct session s;
	int rows;

	for (rows = 0; rows < 3; rows++) {
		static const char *const places[] = { "base", "b", "a, b" };
		const mig_value ids[2][2] = { { suite_text("b"), suite_text("1") },
					      { suite_text("a"), suite_text("2") } };

		suite_open(&s, row, url, 1000);
		OK(s, suite_write(&s, MIG_SQL_CREATE_VERSION, NULL, 0));
		OK(s, suite_write(&s, MIG_SQL_CREATE_HISTORY, NULL, 0));
		if (rows)
			OK(s, suite_write(&s, MIG_SQL_INSERT_VERSION, ids[rows - 1], 2));
		RULE("table_sql: MIG_SQL_EXPECT_VERSION: fails unless the ids are these");
		OK(s, suite_begin(&s, 0));
		OK(s, run_own(&s, MIG_SQL_EXPECT_VERSION, places[rows]));
		CHECK(run_own(&s, MIG_SQL_EXPECT_VERSION, places[(rows + 1) % 3]) != MIG_OK);
		OK(s, s.d->conn->rollback(s.conn));
		suite_close(&s);
	}
	suite_open(&s, row, url, 1000);
	OK(s, suite_begin(&s, 0));
	OK(s, suite_write(&s, MIG_SQL_INSERT_HISTORY, running, 10));
	RULE("table_sql: MIG_SQL_EXPECT_VERSION: knows a row in state running");
	OK(s, run_own(&s, MIG_SQL_EXPECT_VERSION, "a, b, unfinished"));
	CHECK(run_own(&s, MIG_SQL_EXPECT_VERSION, "a, b") != MIG_OK);
	OK(s, s.d->conn->rollback(s.conn));
	suite_close(&s);
}

static void quotes_table_names(const mig_conformance *row)
{
	const mig_conn_options o = {
		.struct_size = sizeof o,
		.url = row->fresh(),
		.version_table = "a \"b\"; DROP TABLE x; --",
		.history_table = "select",
		.lock_timeout_ms = 1000,
		.create = MIG_CREATE_MISSING,
	};
	struct session b;
	int32_t there;

	OK(b, suite_open_with(&b, row, NULL, &o));
	RULE("table_exists: 1 if the table of options->version_table or history_table is there, "
	     "otherwise 0");
	OK(b, b.d->store->table_exists(b.conn, MIG_SQL_READ_VERSION, &there));
	EQUAL(there, 0);
	use_tables(&b);
	RULE("table_exists: of names that need quotes");
	OK(b, b.d->store->table_exists(b.conn, MIG_SQL_READ_VERSION, &there));
	EQUAL(there, 1);
	OK(b, b.d->store->table_exists(b.conn, MIG_SQL_READ_HISTORY, &there));
	EQUAL(there, 1);
	suite_close(&b);
}

/* A table of that name with other columns is an error, not a missing table. */
static void a_foreign_table_is_an_error(const mig_conformance *row)
{
	mig_cursor *cursor;
	struct session b;

	suite_open(&b, row, row->fresh(), 1000);
	OK(b, suite_script(&b, "CREATE TABLE mig_version (x INTEGER);"));
	RULE("table_exists: a table of that name with other columns is there, and reading it an "
	     "error");
	FAILS(b, suite_read(&b, MIG_SQL_READ_VERSION, &cursor), MIG_ESQL);
	CHECK(strstr(b.err.message, "revision"));
	suite_close(&b);
}

static void reads_a_read_only_database(const mig_conformance *row)
{
	char url[1000], rows[200];
	struct session b;

	if (!row->read_only_url)
		SKIP("no read_only_url");
	snprintf(url, sizeof url, "%s", row->fresh());
	suite_open(&b, row, url, 1000);
	OK(b, suite_write(&b, MIG_SQL_CREATE_VERSION, NULL, 0));
	write_2(&b, MIG_SQL_INSERT_VERSION, "r1", "d1");
	suite_close(&b);
	RULE("open: a database that cannot be written can be read");
	suite_open(&b, row, row->read_only_url(url), 1000);
	read_versions(&b, rows);
	SAME(rows, "r1=d1 ");
	RULE("begin, run_script: MIG_EREADONLY where the database cannot be written, with a hint");
	FAILS(b, suite_begin(&b, 1), MIG_EREADONLY);
	CHECK(b.err.has_hint);
	FAILS(b, suite_script(&b, "CREATE TABLE t (x INTEGER)"), MIG_EREADONLY);
	suite_close(&b);
}

/* -- out of memory, at each allocation in turn */

static mig_status whole_story(struct session *b, const mig_conformance *row, struct budget *budget,
			      const char *url)
{
	const mig_conn_options o = {
		.struct_size = sizeof o,
		.url = url,
		.lock_timeout_ms = 1000,
		.create = MIG_CREATE_MISSING,
	};
	const mig_value v[] = { suite_text("r"), suite_text("d") };
	const char *script = "CREATE TABLE IF NOT EXISTS p (x INTEGER PRIMARY KEY);"
			     "CREATE TABLE IF NOT EXISTS c (p INTEGER REFERENCES p);";
	mig_cursor *cursor = NULL;
	const mig_dialect *d;
	mig_status rc = suite_open_with(b, row, budget, &o);

	if (rc)
		return rc;
	d = b->d;
	rc = suite_read(b, MIG_SQL_READ_VERSION, &cursor);
	d->conn->finish(cursor);
	if (!rc)
		rc = d->conn->run_begin(b->conn);
	if (!rc)
		rc = suite_lock(b);
	if (!rc || rc == MIG_EUNSUPPORTED)
		rc = suite_begin(b, 1);
	if (!rc)
		rc = suite_write(b, MIG_SQL_CREATE_VERSION, NULL, 0);
	if (!rc)
		rc = suite_write(b, MIG_SQL_CLEAR_VERSION, NULL, 0);
	if (!rc)
		rc = suite_write(b, MIG_SQL_INSERT_VERSION, v, 2);
	if (!rc)
		rc = d->conn->run_script(b->conn, script, strlen(script), NULL, NULL);
	if (!rc)
		rc = d->conn->commit(b->conn, 1);
	if (!rc)
		rc = d->conn->unlock(b->conn);
	if (!rc)
		rc = d->conn->run_end(b->conn);
	return rc;
}

static void survives_without_memory(const mig_conformance *row)
{
	const char *url = row->fresh();
	struct budget budget = { 0 };
	struct session b;
	mig_status rc = MIG_ENOMEM;
	int n;

	for (n = 0; rc; n++) {
		CHECK(n < 2000);
		budget.left = n;
		rc = whole_story(&b, row, &budget, url);
		RULE("host: MIG_ENOMEM when realloc_fn returns NULL, and nothing else goes wrong");
		if (rc)
			EQUAL(rc, MIG_ENOMEM);
		suite_close(&b);
		RULE("close: everything that came from realloc_fn is given back");
		EQUAL(budget.live, 0);
	}
}

const struct suite_case suite_table_cases[] = {
	CASE(keeps_its_tables),
	CASE(begins_scripts_where_they_should),
	CASE(quotes_table_names),
	CASE(a_foreign_table_is_an_error),
	CASE(reads_a_read_only_database),
	CASE(survives_without_memory),
	{ NULL, NULL },
};
