/* cursor: parameters, rows and values. */
#include "suite.h"

static void values_come_back(const mig_conformance *row)
{
	mig_value in[5] = { suite_int(INT64_MIN),
			    { .type = MIG_REAL, .real = -0.5 },
			    suite_text("a 'quoted' \xc3\xa4"),
			    { .type = MIG_BLOB, .data = "\0\1\2", .size = 3 },
			    { .type = MIG_NULL } };
	const mig_dialect *d;
	mig_cursor *cursor;
	struct session b;
	mig_value v;
	int32_t more, i;

	suite_open(&b, row, row->fresh(), 1000);
	d = b.d;
	RULE("prepare: parameters are $1, $2, … in order");
	OK(b, d->conn->prepare(b.conn, row->values, strlen(row->values), 1, &cursor));
	EQUAL(d->conn->column_count(cursor), 5);
	for (i = 0; i < 5; i++)
		OK(b, d->conn->bind(cursor, i + 1, &in[i]));
	RULE("bind: index from 1; MIG_EINVAL out of range");
	FAILS(b, d->conn->bind(cursor, 0, &in[0]), MIG_EINVAL);
	FAILS(b, d->conn->bind(cursor, 6, &in[0]), MIG_EINVAL);
	RULE("column: MIG_EMISUSE without a current row");
	FAILS(b, d->conn->column(cursor, 0, MIG_NULL, &v), MIG_EMISUSE);
	RULE("step: 1 in *has_row, or 0 at the end");
	OK(b, d->conn->step(cursor, &more));
	EQUAL(more, 1);
	RULE("column: as the engine types it; converted when as is not MIG_NULL; NULL stays NULL");
	OK(b, d->conn->column(cursor, 0, MIG_NULL, &v));
	EQUAL(v.type, MIG_INTEGER);
	CHECK(v.integer == INT64_MIN);
	OK(b, d->conn->column(cursor, 0, MIG_TEXT, &v));
	SAME(v.data, "-9223372036854775808");
	OK(b, d->conn->column(cursor, 1, MIG_NULL, &v));
	EQUAL(v.type, MIG_REAL);
	CHECK(v.real > -0.51 && v.real < -0.49);
	OK(b, d->conn->column(cursor, 2, MIG_NULL, &v));
	EQUAL(v.type, MIG_TEXT);
	SAME(v.data, in[2].data);
	EQUAL(v.size, in[2].size);
	OK(b, d->conn->column(cursor, 3, MIG_NULL, &v));
	EQUAL(v.type, MIG_BLOB);
	EQUAL(v.size, 3);
	CHECK(memcmp(v.data, "\0\1\2", 3) == 0);
	OK(b, d->conn->column(cursor, 4, MIG_NULL, &v));
	EQUAL(v.type, MIG_NULL);
	OK(b, d->conn->column(cursor, 4, MIG_TEXT, &v));
	EQUAL(v.type, MIG_NULL);
	CHECK(!v.data);
	RULE("column: MIG_EINVAL out of range");
	FAILS(b, d->conn->column(cursor, 5, MIG_NULL, &v), MIG_EINVAL);
	FAILS(b, d->conn->column(cursor, -1, MIG_NULL, &v), MIG_EINVAL);
	RULE("step: 0 in *has_row at the end, and again behind it");
	OK(b, d->conn->step(cursor, &more));
	EQUAL(more, 0);
	OK(b, d->conn->step(cursor, &more));
	EQUAL(more, 0);

	RULE("reset: ready to run again; parameters stay");
	OK(b, d->conn->reset(cursor));
	in[0] = suite_int(42);
	OK(b, d->conn->bind(cursor, 1, &in[0]));
	OK(b, d->conn->step(cursor, &more));
	OK(b, d->conn->column(cursor, 0, MIG_INTEGER, &v));
	EQUAL(v.integer, 42);
	OK(b, d->conn->column(cursor, 2, MIG_TEXT, &v));
	SAME(v.data, in[2].data);
	d->conn->finish(cursor);
	RULE("finish: NULL allowed");
	d->conn->finish(NULL);
	suite_close(&b);
}

static void cursors_tell_errors(const mig_conformance *row)
{
	const char *insert = "INSERT INTO t VALUES ($1)";
	const mig_value null = { .type = MIG_NULL }, one = suite_int(1);
	const mig_dialect *d;
	mig_cursor *cursor;
	struct session b;
	int32_t more;

	suite_open(&b, row, row->fresh(), 1000);
	d = b.d;
	OK(b, suite_script(&b, "CREATE TABLE t (x INTEGER NOT NULL)"));
	RULE("prepare: an error in the SQL is MIG_ESQL, with its place in the text");
	FAILS(b, d->conn->prepare(b.conn, "SELECT y FROM t", 15, 0, &cursor), MIG_ESQL);
	if (row->exact_places)
		EQUAL(b.err.offset, 7);
	RULE("prepare: MIG_EINVAL unless it is one statement");
	FAILS(b, d->conn->prepare(b.conn, "SELECT 1; SELECT 2", 18, 0, &cursor), MIG_EINVAL);
	FAILS(b, d->conn->prepare(b.conn, " -- none\n", 9, 0, &cursor), MIG_EINVAL);
	OK(b, d->conn->prepare(b.conn, insert, strlen(insert), 1, &cursor));
	RULE("step: a constraint that fails is MIG_ECONSTRAINT; the cursor can be bound and run "
	     "again");
	OK(b, d->conn->bind(cursor, 1, &null));
	FAILS(b, d->conn->step(cursor, &more), MIG_ECONSTRAINT);
	SAME(b.err.statement, insert);
	OK(b, d->conn->bind(cursor, 1, &one));
	OK(b, d->conn->step(cursor, &more));
	EQUAL(more, 0);
	d->conn->finish(cursor);
	EQUAL(suite_number(&b, "SELECT count(*) FROM t"), 1);
	suite_close(&b);
}

/* Runs one statement; how many rows it says to have written. */
static int64_t written(struct session *b, const char *sql)
{
	int64_t count = -7;
	mig_cursor *cursor;
	int32_t more = 1;

	OK(*b, b->d->conn->prepare(b->conn, sql, strlen(sql), 0, &cursor));
	while (more)
		OK(*b, b->d->conn->step(cursor, &more));
	OK(*b, b->d->conn->affected(cursor, &count));
	b->d->conn->finish(cursor);
	return count;
}

static void writes_are_counted(const mig_conformance *row)
{
	struct session b;

	suite_open(&b, row, row->fresh(), 1000);
	if (SLOT(b.d, conn, affected)) {
		RULE("affected: how many rows the statement has inserted, changed or deleted; of others 0");
		EQUAL(written(&b, "CREATE TABLE t (x INTEGER)"), 0);
		EQUAL(written(&b, "INSERT INTO t VALUES (1), (2), (3)"), 3);
		EQUAL(written(&b, "SELECT x FROM t"), 0);
		EQUAL(written(&b, "CREATE TABLE u (x INTEGER)"), 0);
		EQUAL(written(&b, "UPDATE t SET x = 9 WHERE x > 1"), 2);
		EQUAL(written(&b, "DELETE FROM t WHERE x = 0"), 0);
	}
	suite_close(&b);
}

const struct suite_case suite_cursor_cases[] = {
	CASE(values_come_back),
	CASE(writes_are_counted),
	CASE(cursors_tell_errors),
	{ NULL, NULL },
};
