/* test_statements: rows that a statement changes, and queries of the host's own outside of runs. */
#include "both.h"

#include <stdio.h>
#include <string.h>

typedef mig_status (*step_body)(mig_step *step);

static mig_status call(void *user, mig_step *step)
{
	return (*(const step_body *)user)(step);
}

/* -- rows changed */

static void changes_are(mig_step *step, const char *sql, int64_t want)
{
	int64_t got = -7;

	assert_int_equal(mig_step_exec_changes(step, sql, &got), MIG_OK);
	if (got != want)
		fail_msg("%s: %lld, not %lld", sql, (long long)got, (long long)want);
}

static mig_status count_changes(mig_step *step)
{
	int64_t n = -7;

	changes_are(step, "CREATE TABLE t (x INTEGER, y INTEGER)", 0);
	changes_are(step, "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)", 3);
	changes_are(step, "SELECT * FROM t", 0);
	changes_are(step, "CREATE INDEX i ON t (x)", 0); /* not the rows of the statement before */
	changes_are(step, "UPDATE t SET y = 9 WHERE x > 1", 2);
	changes_are(step, "UPDATE t SET y = 9 WHERE x > 99", 0);
	changes_are(step, "CREATE TABLE u AS SELECT * FROM t", 0);
	changes_are(step, "INSERT INTO t SELECT x + 10, y FROM t; DELETE FROM t WHERE x = 1; SELECT 1;", 4);
	changes_are(step, "DELETE FROM t", 5);
	changes_are(step, " -- nothing\n", 0);
	assert_int_equal(mig_step_exec_changes(step, "COMMIT", &n), MIG_ETRANSACTION);
	assert_int_equal(mig_step_exec_changes(step, "SELECT 1", NULL), MIG_EINVAL);
	assert_int_equal(n, -7);
	return MIG_OK;
}

/* "UPDATE, else INSERT", with one statement that runs several times. */
static mig_status count_of_statement(mig_step *step)
{
	mig_stmt *set;
	int32_t more;

	assert_int_equal(mig_step_exec(step, "CREATE TABLE v (k INTEGER, n INTEGER); "
					     "INSERT INTO v VALUES (1, 0), (2, 0), (2, 0)"),
			 MIG_OK);
	assert_int_equal(mig_step_prepare(step, "UPDATE v SET n = n + 1 WHERE k = $1", &set),
			 MIG_OK);
	for (int64_t k = 0; k < 4; k++) {
		static const int64_t want[] = { 0, 1, 2, 0 };

		assert_int_equal(mig_stmt_bind_int64(set, 1, k), MIG_OK);
		assert_int_equal(mig_stmt_step(set, &more), MIG_OK);
		assert_int_equal(mig_stmt_changes(set), want[k]);
		assert_int_equal(mig_stmt_reset(set), MIG_OK);
	}
	mig_stmt_free(set);
	assert_int_equal(mig_step_prepare(step, "DELETE FROM v RETURNING k", &set), MIG_OK);
	do
		assert_int_equal(mig_stmt_step(set, &more), MIG_OK);
	while (more);
	assert_int_equal(mig_stmt_changes(set), 3);
	mig_stmt_free(set);
	return MIG_OK;
}

static mig_status count_all(mig_step *step)
{
	mig_status rc = count_changes(step);

	return rc ? rc : count_of_statement(step);
}

static void changes(const struct base *base)
{
	step_body body = count_all;
	mig_revision_def def = { .struct_size = sizeof def, .id = "a", .upgrade = call, .user = &body };
	mig_ctx *ctx = open_base(base);

	ok(ctx, mig_add_revision(ctx, &def));
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

static mig_status fails_in_script(mig_step *step)
{
	int64_t n;

	return mig_step_exec_changes(step, "DELETE FROM t", &n);
}

static mig_status ignore(void *user, const char *text, size_t size)
{
	(void)user, (void)text, (void)size;
	return MIG_OK;
}

/* A script for the engine's shell cannot know. */
static void changes_in_script(const struct base *base)
{
	step_body body = fails_in_script;
	mig_revision_def def = { .struct_size = sizeof def, .id = "a", .upgrade = call, .user = &body };
	const mig_open_options o = { .struct_size = sizeof o, .url = base->url, .script = ignore };
	mig_ctx *ctx;

	ok(ctx, mig_open_with(&ctx, &o));
	ok(ctx, mig_add_revision(ctx, &def));
	expect(ctx, MIG_EUNSUPPORTED, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

/* -- queries */

static mig_ctx *open_rows(const struct base *base)
{
	run_sql(base, "CREATE TABLE vars (name TEXT, number INTEGER)");
	run_sql(base, "INSERT INTO vars VALUES ('version', 42), ('\xc3\xa4', 1)");
	return open_base(base);
}

static void query(const struct base *base)
{
	mig_ctx *ctx = open_rows(base);
	mig_stmt *q = NULL, *other = NULL;
	int32_t more = 0;

	ok(ctx, mig_query(ctx, "SELECT number, name FROM vars WHERE name = $1", &q));
	ok(ctx, mig_stmt_bind_text(q, 1, "version"));
	ok(ctx, mig_stmt_step(q, &more));
	assert_int_equal(more, 1);
	assert_int_equal(mig_stmt_column_count(q), 2);
	assert_int_equal(mig_stmt_int64(q, 0), 42);
	assert_string_equal(mig_stmt_text(q, 1), "version");
	/* another one while it is open, and questions to the context */
	ok(ctx, mig_query(ctx, "SELECT COUNT(*) FROM vars", &other));
	ok(ctx, mig_stmt_step(other, &more));
	assert_int_equal(mig_stmt_int64(other, 0), 2);
	mig_stmt_free(other);
	ok(ctx, mig_stmt_step(q, &more));
	assert_int_equal(more, 0);
	ok(ctx, mig_stmt_reset(q));
	ok(ctx, mig_stmt_bind_text(q, 1, "\xc3\xa4"));
	ok(ctx, mig_stmt_step(q, &more));
	assert_int_equal(mig_stmt_int64(q, 0), 1);
	mig_stmt_free(q);
	mig_close(ctx);
}

static void query_errors(const struct base *base)
{
	mig_ctx *ctx = open_rows(base);
	mig_stmt *q = (mig_stmt *)1;

	assert_int_equal(mig_query(NULL, "SELECT 1", &q), MIG_EINVAL);
	expect(ctx, MIG_EINVAL, mig_query(ctx, NULL, &q));
	expect(ctx, MIG_EINVAL, mig_query(ctx, "SELECT 1", NULL));
	expect(ctx, MIG_ESQL, mig_query(ctx, "SELECT nothing FROM vars", &q));
	assert_non_null(strstr(mig_error_message(ctx), "nothing"));
	expect(ctx, MIG_EINVAL, mig_query(ctx, "SELECT 1; SELECT 2", &q));
	expect(ctx, MIG_EINVAL, mig_query(ctx, "", &q));
	expect(ctx, MIG_ETRANSACTION, mig_query(ctx, "BEGIN", &q));
	expect(ctx, MIG_ETRANSACTION, mig_query(ctx, "ROLLBACK", &q));
	assert_ptr_equal(q, (mig_stmt *)1);
	mig_close(ctx);

	ok(ctx, mig_open_with(&ctx, &(mig_open_options){ .struct_size = sizeof(mig_open_options) }));
	expect(ctx, MIG_EMISUSE, mig_query(ctx, "SELECT 1", &q));
	mig_close(ctx);
}

/* A run would change what the query reads. */
static void query_and_run(const struct base *base)
{
	static const char text[] = "-- revision: a\n\n-- mig:upgrade\nCREATE TABLE t (x INTEGER);\n";
	mig_ctx *ctx = open_rows(base);
	mig_stmt *q = NULL, *later = NULL;
	mig_revision_list *list;
	int32_t more = 0;

	ok(ctx, mig_add_script(ctx, "a", text, sizeof text - 1));
	ok(ctx, mig_query(ctx, "SELECT number FROM vars ORDER BY number", &q));
	ok(ctx, mig_stmt_step(q, &more));
	expect(ctx, MIG_EMISUSE, mig_upgrade(ctx, "head"));
	assert_non_null(strstr(mig_error_hint(ctx), "mig_stmt_free"));
	expect(ctx, MIG_EBEHIND, mig_verify(ctx, NULL));
	ok(ctx, mig_current(ctx, &list));
	mig_revision_list_free(list);
	ok(ctx, mig_stmt_step(q, &more)); /* goes on where it was */
	assert_int_equal(mig_stmt_int64(q, 0), 42);
	mig_stmt_free(q);
	ok(ctx, mig_upgrade(ctx, "head"));
	/* and what the run has made is there */
	ok(ctx, mig_query(ctx, "SELECT COUNT(*) FROM t", &later));
	ok(ctx, mig_stmt_step(later, &more));
	assert_int_equal(mig_stmt_int64(later, 0), 0);
	mig_stmt_free(later);
	mig_close(ctx);
}

/* Handles may be freed in any order. */
static void query_outlives(const struct base *base)
{
	mig_ctx *ctx = open_rows(base);
	mig_stmt *a = NULL, *b = NULL, *c = NULL;
	int32_t more = 0;

	ok(ctx, mig_query(ctx, "SELECT 1", &a));
	ok(ctx, mig_query(ctx, "SELECT $1", &b));
	ok(ctx, mig_query(ctx, "SELECT 3", &c));
	mig_stmt_free(b);
	ok(ctx, mig_stmt_step(c, &more));
	mig_close(ctx);
	assert_int_equal(mig_stmt_step(a, &more), MIG_EMISUSE);
	assert_int_equal(mig_stmt_reset(a), MIG_EMISUSE);
	assert_int_equal(mig_stmt_bind_int64(a, 1, 1), MIG_EMISUSE);
	assert_int_equal(mig_stmt_column_count(c), 0);
	assert_int_equal(mig_stmt_int64(c, 0), 0);
	assert_null(mig_stmt_text(c, 0));
	assert_int_equal(mig_stmt_changes(c), -1);
	mig_stmt_free(a);
	mig_stmt_free(c);
	assert_int_equal(mig_stmt_changes(NULL), -1);
}

static void query_cancelled(const struct base *base)
{
	mig_ctx *ctx = open_rows(base);
	mig_stmt *q = NULL;
	int32_t more = 0;

	ok(ctx, mig_query(ctx, "SELECT number FROM vars", &q));
	mig_cancel(ctx);
	expect(ctx, MIG_ECANCELLED, mig_stmt_step(q, &more));
	mig_stmt_free(q);
	ok(ctx, mig_query(ctx, "SELECT number FROM vars", &q)); /* it does not stick */
	ok(ctx, mig_stmt_step(q, &more));
	mig_stmt_free(q);
	mig_close(ctx);
}

/* In the host's own transaction, whose changes it sees, and which stays as it is. */
static void query_lent(const struct base *base)
{
	mig_open_options o = { .struct_size = sizeof o, .dialect_name = base->dialect };
	mig_ctx *owner = open_rows(base), *ctx = NULL;
	mig_stmt *q = NULL;
	int32_t more = 0;

	o.connection = mig_connection(owner);
	ok(ctx, mig_open_with(&ctx, &o));
	ok(owner, mig_query(owner, "SELECT number FROM vars WHERE number > 1", &q));
	mig_stmt_free(q);
	ok(ctx, mig_query(ctx, "INSERT INTO vars VALUES ('new', 7)", &q));
	ok(ctx, mig_stmt_step(q, &more));
	assert_int_equal(mig_stmt_changes(q), 1);
	mig_stmt_free(q);
	mig_close(ctx);
	mig_close(owner);
	assert_string_equal(ask_sql(base, "SELECT number FROM vars WHERE name = 'new'"), "7");
}

/* -- a statement of a step that is not freed */

static mig_stmt *kept;

static mig_status keep(mig_step *step)
{
	int32_t more;
	mig_status rc = mig_step_prepare(step, "SELECT $1 + 1", &kept);

	if (!rc)
		rc = mig_stmt_bind_int64(kept, 1, 41);
	return rc ? rc : mig_stmt_step(kept, &more);
}

static void is_over(mig_stmt *stmt)
{
	int32_t more = 7;

	assert_int_equal(mig_stmt_step(stmt, &more), MIG_EMISUSE);
	assert_int_equal(more, 7);
	assert_int_equal(mig_stmt_reset(stmt), MIG_EMISUSE);
	assert_int_equal(mig_stmt_bind_text(stmt, 1, "x"), MIG_EMISUSE);
	assert_int_equal(mig_stmt_column_count(stmt), 0);
	assert_int_equal(mig_stmt_int64(stmt, 0), 0);
	assert_int_equal(mig_stmt_changes(stmt), -1);
}

/* It is over with the run, whether or not that succeeds, and can be freed at any time. */
static void kept_of_step(const struct base *base)
{
	static const char fails[] = "-- revision: b\n-- revises: a\n\n-- mig:upgrade\nSELECT no_such();\n";
	step_body body = keep;
	mig_revision_def def = { .struct_size = sizeof def, .id = "a", .upgrade = call, .user = &body };

	for (int failing = 0; failing < 2; failing++) {
		mig_ctx *ctx = open_base(base);
		mig_stmt *first;

		ok(ctx, mig_add_revision(ctx, &def));
		if (failing) {
			ok(ctx, mig_stamp(ctx, "base"));
			ok(ctx, mig_add_script(ctx, "b", fails, sizeof fails - 1));
		}
		expect(ctx, failing ? MIG_ESQL : MIG_OK, mig_upgrade(ctx, "head"));
		first = kept;
		is_over(first);
		ok(ctx, mig_upgrade(ctx, "a")); /* nothing is in its way */
		if (kept != first)
			mig_stmt_free(kept);
		if (failing)
			mig_stmt_free(first);
		mig_close(ctx);
		if (!failing) {
			is_over(first);
			mig_stmt_free(first);
		}
	}
}

/* -- misuse is told, and changes nothing */

static void query_misused(const struct base *base)
{
	mig_ctx *ctx = open_rows(base);
	mig_stmt *q = NULL;
	int32_t more = 0;

	expect(ctx, MIG_ETRANSACTION, mig_query(ctx, "SAVEPOINT s", &q));
	assert_non_null(strstr(mig_error_message(ctx), "savepoint"));
	expect(ctx, MIG_ETRANSACTION, mig_query(ctx, "RELEASE SAVEPOINT s", &q));
	ok(ctx, mig_query(ctx, "SELECT number FROM vars WHERE number >= $1 ORDER BY number", &q));
	ok(ctx, mig_stmt_bind_int64(q, 1, 1));
	expect(ctx, MIG_EINVAL, mig_stmt_step(q, NULL));
	assert_int_equal(mig_error_status(ctx), MIG_EINVAL);
	assert_non_null(strstr(mig_error_message(ctx), "NULL"));
	ok(ctx, mig_stmt_step(q, &more));
	expect(ctx, MIG_EMISUSE, mig_stmt_bind_int64(q, 1, 2));
	assert_int_equal(mig_error_status(ctx), MIG_EMISUSE);
	assert_non_null(strstr(mig_error_hint(ctx), "mig_stmt_reset"));
	ok(ctx, mig_stmt_step(q, &more)); /* on, not again from the start */
	assert_int_equal(mig_stmt_int64(q, 0), 42);
	ok(ctx, mig_stmt_step(q, &more));
	assert_int_equal(more, 0);
	ok(ctx, mig_stmt_bind_int64(q, 1, 42)); /* done: that resets it, on every engine */
	ok(ctx, mig_stmt_step(q, &more));
	assert_int_equal(more, 1);
	assert_int_equal(mig_stmt_int64(q, 0), 42);
	ok(ctx, mig_stmt_reset(q));
	ok(ctx, mig_stmt_bind_int64(q, 1, 2));
	expect(ctx, MIG_EINVAL, mig_stmt_bind_blob(q, 1, NULL, 3));
	assert_int_equal(mig_error_status(ctx), MIG_EINVAL);
	mig_stmt_free(q);
	mig_close(ctx);
}

#define ON_ALL(name)                          \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                  \
		on_all(name);                 \
	}
ON_ALL(changes)
ON_ALL(changes_in_script)
ON_ALL(query)
ON_ALL(query_errors)
ON_ALL(query_and_run)
ON_ALL(query_outlives)
ON_ALL(query_cancelled)
ON_ALL(query_lent)
ON_ALL(kept_of_step)
ON_ALL(query_misused)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),       cmocka_unit_test(test_changes_in_script),
		cmocka_unit_test(test_query),         cmocka_unit_test(test_query_errors),
		cmocka_unit_test(test_query_and_run), cmocka_unit_test(test_query_outlives),
		cmocka_unit_test(test_query_cancelled), cmocka_unit_test(test_query_lent),
		cmocka_unit_test(test_kept_of_step),  cmocka_unit_test(test_query_misused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
