/* conformance: what every dialect must do, whatever its engine. */
#include "support.h"

static const struct row *const row_all[] = {
#ifdef HAVE_SQLITE
	&row_sqlite,
#endif
#ifdef HAVE_POSTGRESQL
	&row_postgresql,
#endif
};

static void opens_and_reads_a_missing_table(void **state)
{
	const struct row *row = row_of(state);
	mig_cursor *cursor = (mig_cursor *)&cursor;
	struct base b;

	base_open(&b, row, row->fresh(), 1000);
	OK(b, mig__db_read(&b.db, MIG_SQL_READ_VERSION, &cursor));
	assert_null(cursor);
	OK(b, mig__db_read(&b.db, MIG_SQL_READ_HISTORY, &cursor));
	assert_null(cursor);
	OK(b, mig__db_read(&b.db, MIG_SQL_READ_RUNNING, &cursor));
	assert_null(cursor);
	assert_int_equal(b.err.status, MIG_OK);
	assert_null(b.err.message);
	assert_non_null(b.db.dialect->native(b.db.conn));
	base_close(&b);
	mig__db_close(&b.db); /* twice is harmless */
}

static void hands_a_lent_connection_back(void **state)
{
	const struct row *row = row_of(state);
	void *native = row->native_open(row->fresh());
	const mig_dialect *d;
	struct base b;

	OK(b, base_lend(&b, row, native));
	d = b.db.dialect;
	assert_ptr_equal(d->native(b.db.conn), native);
	assert_null(d->detach(b.db.conn)); /* it is the caller's already */
	OK(b, d->run_begin(b.db.conn));
	OK(b, base_lock(&b));
	OK(b, base_begin(&b, 1));
	OK(b, base_script(&b, "CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (1);"));
	OK(b, d->commit(b.db.conn, 1));
	/* what is left open is ended */
	OK(b, base_begin(&b, 1));
	OK(b, base_script(&b, "INSERT INTO t VALUES (2);"));
	base_close(&b);
	assert_true(row->native_unchanged(native));
	row->native_exec(native, "DELETE FROM t WHERE x = 1");
	row->native_close(native);
}

static void refuses_a_connection_inside_a_transaction(void **state)
{
	const struct row *row = row_of(state);
	void *native = row->native_open(row->fresh());
	struct base b;

	OK(b, base_lend(&b, row, native));
	row->native_exec(native, "BEGIN");
	row->native_exec(native, "CREATE TABLE theirs (x INTEGER)");
	assert_int_equal(b.db.dialect->run_begin(b.db.conn), MIG_EMISUSE);
	assert_int_equal(base_begin(&b, 0), MIG_EMISUSE);
	assert_int_equal(base_lock(&b), MIG_EMISUSE);
	base_close(&b);
	row->native_exec(native, "COMMIT"); /* theirs is untouched */
	row->native_exec(native, "INSERT INTO theirs VALUES (1)");
	row->native_close(native);
}

static void undoes_ddl(void **state)
{
	const struct row *row = row_of(state);
	const char *url = row->fresh();
	const mig_dialect *d;
	struct base b;
	int32_t inside;

	base_open(&b, row, url, 1000);
	d = b.db.dialect;
	OK(b, d->run_begin(b.db.conn));
	OK(b, base_begin(&b, 1));
	OK(b, d->in_transaction(b.db.conn, &inside));
	assert_int_equal(inside, 1);
	assert_int_equal(base_begin(&b, 1), MIG_EMISUSE);
	OK(b, base_script(&b, "CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (7);"));
	OK(b, d->rollback(b.db.conn));
	OK(b, d->rollback(b.db.conn)); /* without one it does nothing */
	OK(b, d->in_transaction(b.db.conn, &inside));
	assert_int_equal(inside, 0);
	assert_int_equal(base_script(&b, "SELECT * FROM t;"), MIG_ESQL);
	OK(b, base_begin(&b, 1));
	OK(b, base_script(&b, "CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (7);"));
	OK(b, d->commit(b.db.conn, 1));
	assert_int_not_equal(d->commit(b.db.conn, 1), MIG_OK);
	OK(b, d->run_end(b.db.conn));
	OK(b, d->run_end(b.db.conn));
	base_close(&b);
	base_open(&b, row, url, 1000);
	assert_int_equal(base_number(&b, "SELECT x FROM t"), 7);
	base_close(&b);
}

/* -- scripts */

static void splits(void **state)
{
	const struct row *row = row_of(state);
	const char *expect[] = { row->split_first, row->split_second };
	mig_statement st = { .struct_size = sizeof st };
	struct base b;
	int i;

	base_open(&b, row, row->fresh(), 1000);
	for (i = 0; i < 2; i++) {
		OK(b, b.db.dialect->next_statement(b.db.conn, row->split, strlen(row->split),
						   st.next, &st));
		assert_int_equal(st.size, strlen(expect[i]));
		assert_memory_equal(row->split + st.offset, expect[i], st.size);
		assert_int_equal(st.kind & 0xffff, 0);
	}
	OK(b,
	   b.db.dialect->next_statement(b.db.conn, row->split, strlen(row->split), st.next, &st));
	assert_int_equal(st.size, 0);
	OK(b, b.db.dialect->next_statement(b.db.conn, "", 0, 0, &st));
	assert_int_equal(st.size, 0);
	OK(b,
	   b.db.dialect->next_statement(b.db.conn, row->unclosed, strlen(row->unclosed), 0, &st));
	assert_int_equal(b.db.dialect->next_statement(b.db.conn, row->unclosed,
						      strlen(row->unclosed), st.next, &st),
			 MIG_ESYNTAX);
	assert_int_equal(b.err.offset, row->unclosed_at);
	base_close(&b);
}

static void tells_kinds(void **state)
{
	static const struct {
		const char *sql;
		uint32_t kind;
	} kinds[] = {
		{ "BEGIN;", MIG_STATEMENT_BEGIN },
		{ "commit", MIG_STATEMENT_COMMIT },
		{ "END;", MIG_STATEMENT_COMMIT },
		{ "ROLLBACK;", MIG_STATEMENT_ROLLBACK },
		{ "ROLLBACK TO a;", 0 },
		{ "SAVEPOINT a;", 0 },
		{ "CREATE TABLE t (x INTEGER);", 0 },
	};
	const struct row *row = row_of(state);
	mig_statement st = { .struct_size = sizeof st };
	struct base b;
	size_t i;

	base_open(&b, row, row->fresh(), 1000);
	for (i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		OK(b, b.db.dialect->next_statement(b.db.conn, kinds[i].sql, strlen(kinds[i].sql), 0,
						   &st));
		assert_int_equal(st.kind & 0xffff, kinds[i].kind);
		assert_int_equal(st.size, strlen(kinds[i].sql));
	}
	OK(b, b.db.dialect->next_statement(b.db.conn, "VACUUM", 6, 0, &st));
	assert_true(st.kind & MIG_STATEMENT_LONE);
	base_close(&b);
}

struct seen {
	const char *text;
	char list[400];
	mig_status stop_with;
	int stop_at, count;
};

static mig_status on_statement(void *user, const mig_statement *st)
{
	struct seen *seen = user;

	strncat(seen->list, seen->text + st->offset, st->size);
	strcat(seen->list, "|");
	return ++seen->count == seen->stop_at ? seen->stop_with : MIG_OK;
}

static void runs_scripts(void **state)
{
	static const char text[] = "-- t\nCREATE TABLE t (x INTEGER); ;\n\n"
				   "INSERT INTO t VALUES (1) ; SELECT x FROM t;\n"
				   "INSERT INTO t VALUES (2) -- the end;\n";
	static const char two[] = "INSERT INTO t VALUES (7); INSERT INTO t VALUES (8);";
	const struct row *row = row_of(state);
	struct seen seen = { .text = text };
	struct base b;

	base_open(&b, row, row->fresh(), 1000);
	OK(b, b.db.dialect->run_script(b.db.conn, text, strlen(text), on_statement, &seen));
	assert_string_equal(seen.list, "CREATE TABLE t (x INTEGER);|INSERT INTO t VALUES (1) ;|"
				       "SELECT x FROM t;|INSERT INTO t VALUES (2)|");
	assert_int_equal(base_number(&b, "SELECT sum(x) FROM t"), 3);
	OK(b, base_script(&b, ""));
	OK(b, base_script(&b, " ;;\n-- nothing\n/* at all */"));

	/* the one that the hook stops at is not run; those before may have been */
	seen = (struct seen){ .text = two, .stop_at = 2, .stop_with = MIG_EREVISION };
	assert_int_equal(b.db.dialect->run_script(b.db.conn, two, strlen(two), on_statement, &seen),
			 MIG_EREVISION);
	assert_int_equal(base_number(&b, "SELECT count(*) FROM t WHERE x = 8"), 0);
	base_close(&b);
}

static void names_the_failing_place(void **state)
{
	static const char text[] =
		"CREATE TABLE t (x INTEGER);\n\n  SELECT x,\n nothing FROM t ;\n";
	static const char late[] =
		"CREATE TABLE u (x INTEGER NOT NULL);\nINSERT INTO u VALUES (NULL)";
	const struct row *row = row_of(state);
	struct base b;

	base_open(&b, row, row->fresh(), 1000);
	assert_int_equal(base_script(&b, text), MIG_ESQL);
	assert_string_equal(b.err.statement, "SELECT x,\n nothing FROM t ;");
	assert_int_equal(b.err.offset, strstr(text, "nothing") - text);
	assert_non_null(strstr(b.err.message, "nothing"));
	assert_null(strchr(b.err.message, '\n'));
	assert_int_not_equal(b.err.native_code, 0);
	assert_int_equal(base_script(&b, late), MIG_ECONSTRAINT);
	assert_string_equal(b.err.statement, "INSERT INTO u VALUES (NULL)");
	assert_int_equal(b.err.offset, strstr(late, "INSERT") - late);
	assert_int_equal(base_script(&b, "SELECT 1; SELEKT 2"), MIG_ESQL);
	assert_string_equal(b.err.statement, "SELEKT 2");
	assert_int_equal(b.err.offset, 10);
	assert_int_not_equal(base_script(&b, "SELECT 'never closed\nat all"), MIG_OK);
	assert_null(strchr(b.err.message, '\n'));
	/* a NUL does not hide what is behind it */
	assert_int_equal(
		b.db.dialect->run_script(b.db.conn, "SELECT 1;\0SELECT 2;", 19, NULL, NULL),
		MIG_ESYNTAX);
	assert_int_equal(b.err.offset, 9);
	base_close(&b);
}

static void refuses_transaction_control(void **state)
{
	const struct row *row = row_of(state);
	const mig_dialect *d;
	const char *const *sql;
	struct base b;
	int32_t inside;

	base_open(&b, row, row->fresh(), 1000);
	d = b.db.dialect;
	OK(b, d->run_begin(b.db.conn));
	for (sql = row->refused; *sql; sql++) {
		OK(b, base_begin(&b, 1));
		assert_int_equal(base_script(&b, *sql), MIG_ETRANSACTION);
		assert_non_null(b.err.statement);
		OK(b, d->in_transaction(b.db.conn, &inside));
		assert_int_equal(inside, 1);
		OK(b, d->rollback(b.db.conn));
		assert_int_equal(base_script(&b, *sql), MIG_ETRANSACTION);
	}
	OK(b, base_begin(&b, 1));
	for (sql = row->allowed; *sql; sql++)
		OK(b, base_script(&b, *sql));
	OK(b, d->in_transaction(b.db.conn, &inside));
	assert_int_equal(inside, 1);
	OK(b, d->run_end(b.db.conn));
	base_close(&b);
}

static void runs_any_single_statement(void **state)
{
	const struct row *row = row_of(state);
	const mig_dialect *d;
	struct base b;
	int32_t inside;

	base_open(&b, row, row->fresh(), 1000);
	d = b.db.dialect;
	OK(b, d->run_statement(b.db.conn, "BEGIN;XXX", 6)); /* no NUL behind it */
	OK(b, d->in_transaction(b.db.conn, &inside));
	assert_int_equal(inside, 1);
	OK(b, d->run_statement(b.db.conn, "CREATE TABLE t (x INTEGER)", 26));
	OK(b, d->run_statement(b.db.conn, "COMMIT", 6));
	OK(b, d->in_transaction(b.db.conn, &inside));
	assert_int_equal(inside, 0);
	assert_int_equal(d->run_statement(b.db.conn, "INSERT INTO u VALUES (1)", 24), MIG_ESQL);
	assert_string_equal(b.err.statement, "INSERT INTO u VALUES (1)");
	assert_int_equal(d->run_statement(b.db.conn, "SELECT 1; SELECT 2", 18), MIG_EINVAL);
	base_close(&b);
}

/* -- cursors */

static mig_value of_text(const char *text)
{
	return mig__value_text(text);
}

static void values_come_back(void **state)
{
	const struct row *row = row_of(state);
	mig_value in[5] = { mig__value_int(INT64_MIN),
			    { .type = MIG_REAL, .real = -0.5 },
			    of_text("a 'quoted' \xc3\xa4"),
			    { .type = MIG_BLOB, .data = "\0\1\2", .size = 3 },
			    { .type = MIG_NULL } };
	const mig_dialect *d;
	mig_cursor *cursor;
	struct base b;
	mig_value v;
	int32_t more, i;

	base_open(&b, row, row->fresh(), 1000);
	d = b.db.dialect;
	OK(b, d->prepare(b.db.conn, row->values, strlen(row->values), 1, &cursor));
	assert_int_equal(d->column_count(cursor), 5);
	for (i = 0; i < 5; i++)
		OK(b, d->bind(cursor, i + 1, &in[i]));
	assert_int_equal(d->bind(cursor, 0, &in[0]), MIG_EINVAL);
	assert_int_equal(d->bind(cursor, 6, &in[0]), MIG_EINVAL);
	assert_int_equal(d->column(cursor, 0, MIG_NULL, &v), MIG_EMISUSE);
	OK(b, d->step(cursor, &more));
	assert_int_equal(more, 1);
	OK(b, d->column(cursor, 0, MIG_NULL, &v));
	assert_int_equal(v.type, MIG_INTEGER);
	assert_true(v.integer == INT64_MIN);
	OK(b, d->column(cursor, 0, MIG_TEXT, &v));
	assert_string_equal(v.data, "-9223372036854775808");
	OK(b, d->column(cursor, 1, MIG_NULL, &v));
	assert_int_equal(v.type, MIG_REAL);
	assert_true(v.real > -0.51 && v.real < -0.49);
	OK(b, d->column(cursor, 2, MIG_NULL, &v));
	assert_int_equal(v.type, MIG_TEXT);
	assert_string_equal(v.data, in[2].data);
	assert_int_equal(v.size, in[2].size);
	OK(b, d->column(cursor, 3, MIG_NULL, &v));
	assert_int_equal(v.type, MIG_BLOB);
	assert_int_equal(v.size, 3);
	assert_memory_equal(v.data, "\0\1\2", 3);
	OK(b, d->column(cursor, 4, MIG_NULL, &v));
	assert_int_equal(v.type, MIG_NULL);
	OK(b, d->column(cursor, 4, MIG_TEXT, &v));
	assert_int_equal(v.type, MIG_NULL);
	assert_null(v.data);
	assert_int_equal(d->column(cursor, 5, MIG_NULL, &v), MIG_EINVAL);
	assert_int_equal(d->column(cursor, -1, MIG_NULL, &v), MIG_EINVAL);
	OK(b, d->step(cursor, &more));
	assert_int_equal(more, 0);
	OK(b, d->step(cursor, &more));
	assert_int_equal(more, 0);

	/* again, with the other parameters as they were */
	OK(b, d->reset(cursor));
	in[0] = mig__value_int(42);
	OK(b, d->bind(cursor, 1, &in[0]));
	OK(b, d->step(cursor, &more));
	OK(b, d->column(cursor, 0, MIG_INTEGER, &v));
	assert_int_equal(v.integer, 42);
	OK(b, d->column(cursor, 2, MIG_TEXT, &v));
	assert_string_equal(v.data, in[2].data);
	d->finish(cursor);
	d->finish(NULL);
	base_close(&b);
}

static void cursors_tell_errors(void **state)
{
	const struct row *row = row_of(state);
	const char *insert = "INSERT INTO t VALUES ($1)";
	const mig_value null = { .type = MIG_NULL }, one = mig__value_int(1);
	const mig_dialect *d;
	mig_cursor *cursor;
	struct base b;
	int32_t more;

	base_open(&b, row, row->fresh(), 1000);
	d = b.db.dialect;
	OK(b, base_script(&b, "CREATE TABLE t (x INTEGER NOT NULL)"));
	assert_int_equal(d->prepare(b.db.conn, "SELECT y FROM t", 15, 0, &cursor), MIG_ESQL);
	assert_int_equal(b.err.offset, 7);
	assert_int_equal(d->prepare(b.db.conn, "SELECT 1; SELECT 2", 18, 0, &cursor), MIG_EINVAL);
	assert_int_equal(d->prepare(b.db.conn, " -- none\n", 9, 0, &cursor), MIG_EINVAL);
	OK(b, d->prepare(b.db.conn, insert, strlen(insert), 1, &cursor));
	OK(b, d->bind(cursor, 1, &null));
	assert_int_equal(d->step(cursor, &more), MIG_ECONSTRAINT);
	assert_string_equal(b.err.statement, insert);
	OK(b, d->bind(cursor, 1, &one));
	OK(b, d->step(cursor, &more));
	assert_int_equal(more, 0);
	d->finish(cursor);
	assert_int_equal(base_number(&b, "SELECT count(*) FROM t"), 1);
	base_close(&b);
}

/* -- libmig's own tables */

static void read_versions(struct base *b, char *out)
{
	const mig_dialect *d = b->db.dialect;
	mig_cursor *cursor;
	mig_value v;
	int32_t more;

	out[0] = '\0';
	OK(*b, mig__db_read(&b->db, MIG_SQL_READ_VERSION, &cursor));
	assert_non_null(cursor);
	for (;;) {
		OK(*b, d->step(cursor, &more));
		if (!more)
			break;
		OK(*b, d->column(cursor, 0, MIG_TEXT, &v));
		strcat(out, v.data);
		OK(*b, d->column(cursor, 1, MIG_TEXT, &v));
		strcat(strcat(strcat(out, "="), v.data), " ");
	}
	d->finish(cursor);
}

static void write_2(struct base *b, int32_t which, const char *x, const char *y)
{
	const mig_value v[] = { of_text(x), of_text(y) };

	OK(*b, mig__db_write(&b->db, which, v, 2));
}

static void use_tables(struct base *b)
{
	const mig_value update[] = { of_text("r3"), of_text("d3"), of_text("r1") };
	const mig_value history[] = { of_text("r1"),
				      of_text("upgrade"),
				      of_text("running"),
				      of_text("d1"),
				      mig__value_int(0),
				      of_text(NULL),
				      of_text("2026-01-02T03:04:05Z"),
				      mig__value_int(12),
				      of_text("me@here:1"),
				      of_text("0.1.0") };
	const mig_value mark[] = { of_text("done"), mig__value_int(5), of_text("dd"),
				   mig__value_int(99) };
	const mig_value r2 = of_text("r2");
	const mig_dialect *d = b->db.dialect;
	mig_cursor *cursor;
	char rows[200];
	mig_value v;
	int32_t more, i;

	for (i = 0; i < 2; i++) { /* twice is harmless */
		OK(*b, mig__db_write(&b->db, MIG_SQL_CREATE_VERSION, NULL, 0));
		OK(*b, mig__db_write(&b->db, MIG_SQL_CREATE_HISTORY, NULL, 0));
	}
	write_2(b, MIG_SQL_INSERT_VERSION, "r2", "d2");
	write_2(b, MIG_SQL_INSERT_VERSION, "r1", "d1");
	read_versions(b, rows);
	assert_true(!strcmp(rows, "r1=d1 r2=d2 ") || !strcmp(rows, "r2=d2 r1=d1 "));
	OK(*b, mig__db_write(&b->db, MIG_SQL_UPDATE_VERSION, update, 3));
	OK(*b, mig__db_write(&b->db, MIG_SQL_DELETE_VERSION, &r2, 1));
	read_versions(b, rows);
	assert_string_equal(rows, "r3=d3 ");
	OK(*b, mig__db_write(&b->db, MIG_SQL_CLEAR_VERSION, NULL, 0));
	read_versions(b, rows);
	assert_string_equal(rows, "");

	OK(*b, mig__db_write(&b->db, MIG_SQL_INSERT_HISTORY, history, 10));
	OK(*b, mig__db_read(&b->db, MIG_SQL_READ_RUNNING, &cursor));
	OK(*b, d->step(cursor, &more));
	assert_int_equal(more, 1);
	assert_int_equal(d->column_count(cursor), 6);
	OK(*b, d->column(cursor, 5, MIG_TEXT, &v));
	assert_string_equal(v.data, "2026-01-02T03:04:05Z");
	OK(*b, d->column(cursor, 4, MIG_TEXT, &v));
	assert_int_equal(v.type, MIG_NULL);
	d->finish(cursor);
	OK(*b, mig__db_write(&b->db, MIG_SQL_UPDATE_RUNNING, mark, 4));
	OK(*b, mig__db_read(&b->db, MIG_SQL_READ_RUNNING, &cursor));
	OK(*b, d->step(cursor, &more));
	assert_int_equal(more, 0);
	d->finish(cursor);
	OK(*b, mig__db_read(&b->db, MIG_SQL_READ_HISTORY, &cursor));
	OK(*b, d->step(cursor, &more));
	assert_int_equal(d->column_count(cursor), 9);
	OK(*b, d->column(cursor, 2, MIG_TEXT, &v));
	assert_string_equal(v.data, "done");
	OK(*b, d->column(cursor, 4, MIG_INTEGER, &v));
	assert_int_equal(v.integer, 5);
	OK(*b, d->column(cursor, 6, MIG_INTEGER, &v));
	assert_int_equal(v.integer, 99);
	d->finish(cursor);
}

static void keeps_its_tables(void **state)
{
	const struct row *row = row_of(state);
	struct base b;

	base_open(&b, row, row->fresh(), 1000);
	assert_null(b.db.dialect->table_sql(b.db.conn, 0));
	assert_null(b.db.dialect->table_sql(b.db.conn, 9999));
	use_tables(&b);
	base_close(&b);
}

static void quotes_table_names(void **state)
{
	const struct row *row = row_of(state);
	const mig_conn_options o = {
		.struct_size = sizeof o,
		.url = row->fresh(),
		.version_table = "a \"b\"; DROP TABLE x; --",
		.history_table = "select",
		.lock_timeout_ms = 1000,
		.create = 1,
	};
	struct base b;
	int32_t there;

	OK(b, base_open_with(&b, row, NULL, &o));
	OK(b, b.db.dialect->table_exists(b.db.conn, MIG_SQL_READ_VERSION, &there));
	assert_int_equal(there, 0);
	use_tables(&b);
	OK(b, b.db.dialect->table_exists(b.db.conn, MIG_SQL_READ_VERSION, &there));
	assert_int_equal(there, 1);
	OK(b, b.db.dialect->table_exists(b.db.conn, MIG_SQL_READ_HISTORY, &there));
	assert_int_equal(there, 1);
	base_close(&b);
}

/* A table of that name with other columns is an error, not a missing table. */
static void a_foreign_table_is_an_error(void **state)
{
	const struct row *row = row_of(state);
	mig_cursor *cursor;
	struct base b;

	base_open(&b, row, row->fresh(), 1000);
	OK(b, base_script(&b, "CREATE TABLE mig_version (x INTEGER);"));
	assert_int_equal(mig__db_read(&b.db, MIG_SQL_READ_VERSION, &cursor), MIG_ESQL);
	assert_non_null(strstr(b.err.message, "revision"));
	base_close(&b);
}

static void reads_a_read_only_database(void **state)
{
	const struct row *row = row_of(state);
	char url[256], rows[200];
	struct base b;

	if (!row->read_only_url)
		return;
	snprintf(url, sizeof url, "%s", row->fresh());
	base_open(&b, row, url, 1000);
	OK(b, mig__db_write(&b.db, MIG_SQL_CREATE_VERSION, NULL, 0));
	write_2(&b, MIG_SQL_INSERT_VERSION, "r1", "d1");
	base_close(&b);
	base_open(&b, row, row->read_only_url(url), 1000);
	read_versions(&b, rows);
	assert_string_equal(rows, "r1=d1 ");
	assert_int_equal(base_begin(&b, 1), MIG_EREADONLY);
	assert_non_null(b.err.hint);
	assert_int_equal(base_script(&b, "CREATE TABLE t (x INTEGER)"), MIG_EREADONLY);
	base_close(&b);
}

/* -- out of memory, at each allocation in turn */

struct budget {
	int left;
	int live;
};

static void *limited(void *user, void *ptr, size_t size)
{
	struct budget *budget = user;

	if (!size) {
		budget->live -= ptr != NULL;
		free(ptr);
		return NULL;
	}
	if (budget->left-- <= 0)
		return NULL;
	budget->live += !ptr;
	return realloc(ptr, size);
}

static mig_status whole_story(struct base *b, const struct row *row, const struct mig__alloc *alloc,
			      const char *url)
{
	const mig_conn_options o = {
		.struct_size = sizeof o,
		.url = url,
		.lock_timeout_ms = 1000,
		.create = 1,
	};
	const mig_value v[] = { of_text("r"), of_text("d") };
	const char *script = "CREATE TABLE IF NOT EXISTS p (x INTEGER PRIMARY KEY);"
			     "CREATE TABLE IF NOT EXISTS c (p INTEGER REFERENCES p);";
	mig_cursor *cursor = NULL;
	const mig_dialect *d;
	mig_status rc = base_open_with(b, row, alloc, &o);

	if (rc)
		return rc;
	d = b->db.dialect;
	rc = mig__db_read(&b->db, MIG_SQL_READ_VERSION, &cursor);
	d->finish(cursor);
	if (!rc)
		rc = d->run_begin(b->db.conn);
	if (!rc)
		rc = base_lock(b);
	if (!rc)
		rc = base_begin(b, 1);
	if (!rc)
		rc = mig__db_write(&b->db, MIG_SQL_CREATE_VERSION, NULL, 0);
	if (!rc)
		rc = mig__db_write(&b->db, MIG_SQL_CLEAR_VERSION, NULL, 0);
	if (!rc)
		rc = mig__db_write(&b->db, MIG_SQL_INSERT_VERSION, v, 2);
	if (!rc)
		rc = d->run_script(b->db.conn, script, strlen(script), NULL, NULL);
	if (!rc)
		rc = d->commit(b->db.conn, 1);
	if (!rc)
		rc = d->unlock(b->db.conn);
	if (!rc)
		rc = d->run_end(b->db.conn);
	return rc;
}

static void survives_without_memory(void **state)
{
	const struct row *row = row_of(state);
	struct budget budget = { 0 };
	const struct mig__alloc alloc = { limited, &budget };
	const char *url = row->fresh();
	struct base b;
	mig_status rc = MIG_ENOMEM;
	int n;

	for (n = 0; rc; n++) {
		assert_true(n < 2000);
		budget.left = n;
		rc = whole_story(&b, row, &alloc, url);
		if (rc)
			assert_int_equal(rc, MIG_ENOMEM);
		base_close(&b);
		assert_int_equal(budget.live, 0);
	}
	assert_true(n > 10);
}

static const struct test tests[] = {
	TEST(opens_and_reads_a_missing_table),
	TEST(hands_a_lent_connection_back),
	TEST(refuses_a_connection_inside_a_transaction),
	TEST(undoes_ddl),
	TEST(splits),
	TEST(tells_kinds),
	TEST(runs_scripts),
	TEST(names_the_failing_place),
	TEST(refuses_transaction_control),
	TEST(runs_any_single_statement),
	TEST(values_come_back),
	TEST(cursors_tell_errors),
	TEST(keeps_its_tables),
	TEST(quotes_table_names),
	TEST(a_foreign_table_is_an_error),
	TEST(reads_a_read_only_database),
	TEST(survives_without_memory),
	{ NULL, NULL },
};

/* Runs a list of tests, which ends with an empty entry, on one dialect. */
static int run_list(const struct row *row, const struct test *list)
{
	struct CMUnitTest all[64] = { { 0 } };
	size_t n;

	for (n = 0; list[n].name; n++)
		all[n] = (struct CMUnitTest){
			.name = list[n].name,
			.test_func = list[n].fn,
			.initial_state = (void *)(uintptr_t)row,
		};
	return _cmocka_run_group_tests(row->name, all, n, NULL, NULL);
}

int main(void)
{
	int failed = 0;
	size_t r;

	for (r = 0; r < sizeof row_all / sizeof *row_all; r++) {
		failed += run_list(row_all[r], tests);
		failed += run_list(row_all[r], lock_tests);
	}
	return failed != 0;
}
