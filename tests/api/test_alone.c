/* Operations of mig/op.h in a revision outside a transaction: whatever happens to the process, the
 * table is there with its rows, old or new, and the next run finishes. */
#include "support.h"

#include <mig/op.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* One rebuild, a rename that comes before it, and a new table. */
static mig_status up(void *user, mig_step *step)
{
	mig_model *m;
	mig_table *t, *u;
	mig_column *c;
	mig_status rc = mig_op_model(step, &m);

	(void)user;
	if (rc)
		return rc;
	t = mig_model_table(m, NULL, "t");
	c = mig_table_column(t, "x", "text");
	mig_column_not_null(c);
	u = mig_model_table(m, NULL, "u");
	mig_table_column(u, "y", "integer");
	rc = mig_op_create_table(step, u);
	if (!rc)
		rc = mig_op_alter_column(step, c);
	return rc ? rc : mig_op_rename_column(step, NULL, "t", "x", "z");
}

static mig_status run(sqlite3 *db, char *message, size_t size)
{
	mig_open_options o = { .struct_size = sizeof o,
			       .connection = db,
			       .dialect_name = "sqlite" };
	mig_revision_def def = {
		.struct_size = sizeof def, .id = "r1", .upgrade = up, .no_transaction = 1, .idempotent = 1
	};
	mig_ctx *ctx = NULL;
	mig_status rc = mig_open_with(&ctx, &o);

	if (!rc)
		rc = mig_add_revision(ctx, &def);
	if (!rc)
		rc = mig_upgrade(ctx, "head");
	if (rc && message)
		snprintf(message, size, "%s", mig_error_message(ctx));
	mig_close(ctx);
	return rc;
}

static int left;

static int die_at_last(unsigned kind, void *user, void *stmt, void *sql)
{
	(void)kind;
	(void)user;
	(void)stmt;
	(void)sql;
	if (!left--)
		raise(SIGKILL);
	return 0;
}

/* The run in a child, which dies at its statement number `at`; whether it died. */
static int dies_at(const struct place *p, int at)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		sqlite3 *db;
		mig_status rc;

		left = at;
		if (sqlite3_open(p->db, &db))
			_exit(1);
		sqlite3_trace_v2(db, SQLITE_TRACE_STMT, die_at_last, NULL);
		rc = run(db, NULL, 0);
		sqlite3_close(db);
		_exit(rc ? 2 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return 1;
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return 0;
}

static void make(const struct place *p, const char *value)
{
	char sql[200];

	unlink(p->db);
	snprintf(sql, sizeof sql,
		 "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO t (x) VALUES (%s);",
		 value);
	tell(p, sql);
}

static void finish(const struct place *p)
{
	char message[500] = "";
	sqlite3 *db;
	mig_status rc;

	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	rc = run(db, message, sizeof message);
	sqlite3_close(db);
	if (rc)
		fail_msg("%s", message);
	assert_string_equal(rows(p), "r1");
	assert_string_equal(tables(p), "t|u");
	assert_string_equal(ask(p, "SELECT z FROM t"), "v");
	assert_string_equal(
		ask(p, "SELECT \"notnull\" FROM pragma_table_info('t') WHERE name = 'z'"), "1");
}

static void test_killed_anywhere(void **state)
{
	struct place *p = *state;
	int at;

	for (at = 0; make(p, "'v'"), dies_at(p, at); at++) {
		const char *are = tables(p);

		if (!strcmp(are, "t"))
			assert_string_equal(ask(p, "SELECT x FROM t"), "v");
		else if (!strcmp(are, "t|u"))
			assert_string_equal(ask(p, "SELECT z FROM t"), "v");
		else
			fail_msg("killed at statement %d: %s", at, are);
		if (!strcmp(are, "t"))
			finish(p);
	}
	assert_true(at > 20);
}

/* A copy that fails leaves no half-made table, however often it is tried. */
static void test_failing_copy(void **state)
{
	struct place *p = *state;
	char message[500];
	sqlite3 *db;

	make(p, "NULL");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
		assert_int_not_equal(run(db, message, sizeof message), MIG_OK);
		assert_true(sqlite3_get_autocommit(db));
		sqlite3_close(db);
		assert_string_equal(tables(p), "t");
		assert_string_equal(ask(p, "SELECT x FROM t"), "NULL");
	}
	tell(p, "UPDATE t SET x = 'v'");
	finish(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_killed_anywhere, place_new, place_free),
		cmocka_unit_test_setup_teardown(test_failing_copy, place_new, place_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
