/* Rows and schema never disagree: a step whose transaction has ended writes nothing, every write of
 * a row finds the row that it is for, and what a script has no values for is refused. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- transactions that a function ends */

/* How a function ends the transaction of its step, or tries to. */
enum how {
	OR_ROLLBACK,
	PREPARED_ROLLBACK,
	PREPARED_COMMIT,
	PREPARED_BEGIN,
	EXECUTED_END,
	RAISED,
	NATIVE_ROLLBACK,
	NATIVE_COMMIT,
	HOWS
};

struct ending {
	enum how how;
	int tried;
	mig_status inner; /* of the statement, which the function passes over */
};

static mig_status prepare_and_step(mig_step *step, const char *sql)
{
	mig_stmt *stmt = NULL;
	int32_t row;
	mig_status rc = mig_step_prepare(step, sql, &stmt);

	if (!rc)
		rc = mig_stmt_step(stmt, &row);
	mig_stmt_free(stmt);
	return rc;
}

static mig_status end_it(struct ending *e, mig_step *step)
{
	sqlite3 *db;

	e->tried++;
	switch (e->how) {
	case OR_ROLLBACK:
		return mig_step_exec(step, "INSERT OR ROLLBACK INTO k VALUES (2, 'x')");
	case PREPARED_ROLLBACK:
		return prepare_and_step(step, "/* */ ROLLBACK TRANSACTION");
	case PREPARED_COMMIT:
		return prepare_and_step(step, "COMMIT");
	case PREPARED_BEGIN:
		return prepare_and_step(step, "BEGIN");
	case EXECUTED_END:
		return mig_step_exec(step, "END");
	case RAISED:
		return mig_step_exec(step, "CREATE TRIGGER tr BEFORE INSERT ON k BEGIN SELECT "
					   "RAISE(ROLLBACK, 'no'); END; INSERT INTO k VALUES (3, 'y')");
	default:
		db = mig_step_connection(step);
		return sqlite3_exec(db, e->how == NATIVE_COMMIT ? "COMMIT" : "ROLLBACK", NULL, NULL,
				    NULL) ? MIG_ERROR : MIG_OK;
	}
}

static mig_status make_k(void *user, mig_step *step)
{
	(void)user;
	return mig_step_exec(step, "CREATE TABLE k (id INTEGER PRIMARY KEY, v TEXT UNIQUE); "
				   "INSERT INTO k VALUES (1, 'x')");
}

static mig_status make_second(void *user, mig_step *step)
{
	struct ending *e = user;
	mig_status rc = mig_step_exec(step, "CREATE TABLE second (x)");

	if (!rc && e)
		e->inner = end_it(e, step);
	return rc;
}

static mig_status end_in_hook(void *user, mig_step *step)
{
	struct ending *e = user;

	if (!strcmp(mig_step_revision(step), "r2"))
		e->inner = end_it(e, step);
	return MIG_OK;
}

static mig_ctx *with_functions(const struct place *p, sqlite3 *lent, struct ending *e)
{
	mig_open_options o = { .struct_size = sizeof o,
			       .url = lent ? NULL : p->url,
			       .connection = lent,
			       .dialect_name = lent ? "sqlite" : NULL };
	const char *const first[] = { "r1", NULL };
	mig_revision_def r1 = { .struct_size = sizeof r1, .id = "r1", .upgrade = make_k };
	mig_revision_def r2 = { .struct_size = sizeof r2,
				.id = "r2",
				.revises = first,
				.upgrade = make_second,
				.user = e };
	mig_ctx *ctx;

	ok(ctx, mig_open_with(&ctx, &o));
	ok(ctx, mig_add_revision(ctx, &r1));
	ok(ctx, mig_add_revision(ctx, &r2));
	return ctx;
}

/* Whatever the transaction mode left of r1, rows and tables agree, and the next run does the rest. */
static void assert_agrees(const struct place *p, sqlite3 *lent, enum how how, int mode, int hook)
{
	const char *there = ask(p, "SELECT count(*) FROM sqlite_schema WHERE name = 'mig_version'");
	char are[64] = "";
	mig_ctx *ctx;

	/* COMMIT on the connection itself keeps the tables: nobody can take that back */
	if (how != NATIVE_COMMIT) {
		if (!strcmp(there, "1"))
			snprintf(are, sizeof are, "%s", rows(p));
		assert_string_equal(are, mode == MIG_TRANSACTION_REVISION ? "r1" : "");
		assert_string_equal(tables(p), mode == MIG_TRANSACTION_REVISION ? "k" : "");
		ctx = with_functions(p, lent, NULL);
		ok(ctx, mig_upgrade(ctx, "head"));
		mig_close(ctx);
		assert_string_equal(rows(p), "r2");
		assert_string_equal(tables(p), "k|second");
	} else if (!strcmp(there, "1")) {
		assert_string_not_equal(rows(p), "r2");
	}
	(void)hook;
}

static void try_ending(enum how how, int mode, int hook, int lend)
{
	struct ending e = { .how = how };
	mig_run_options o = { .struct_size = sizeof o, .transaction_mode = mode };
	sqlite3 *lent = NULL;
	struct place *p;
	mig_status want = MIG_ETRANSACTION, rc;
	mig_ctx *ctx;
	void *state;

	assert_int_equal(place_new(&state), 0);
	p = state;
	if (lend)
		assert_int_equal(sqlite3_open(p->db, &lent), SQLITE_OK);
	ctx = with_functions(p, lent, hook ? NULL : &e);
	if (hook)
		ok(ctx, mig_set_step_hooks(ctx, hook == 1 ? end_in_hook : NULL,
					   hook == 2 ? end_in_hook : NULL, &e));
	rc = mig_upgrade_with(ctx, "head", &o);
	assert_int_equal(e.tried, 1);
	if (how == PREPARED_ROLLBACK || how == PREPARED_COMMIT || how == PREPARED_BEGIN ||
	    how == EXECUTED_END) {
		/* refused, and the function went on */
		assert_int_equal(e.inner, MIG_ETRANSACTION);
		want = MIG_OK;
	}
	if (rc != want)
		fail_msg("how %d, mode %d, hook %d: %s %s", how, mode, hook, mig_status_name(rc),
			 rc ? mig_error_message(ctx) : "");
	if (want) {
		assert_string_equal(mig_error_revision(ctx), "r2");
		assert_non_null(mig_error_hint(ctx));
		mig_close(ctx);
		assert_agrees(p, lent, how, mode, hook);
	} else {
		mig_close(ctx);
		assert_string_equal(rows(p), "r2");
		assert_string_equal(tables(p), "k|second");
	}
	if (lent) {
		assert_true(sqlite3_get_autocommit(lent));
		sqlite3_close(lent);
	}
	place_free(&state);
}

static void test_ended_by_a_function(void **state)
{
	(void)state;
	for (int how = 0; how < HOWS; how++)
		for (int mode = 0; mode < 2; mode++)
			for (int lend = 0; lend < 2; lend++)
				try_ending((enum how)how, mode, 0, lend);
}

static void test_ended_by_a_hook(void **state)
{
	(void)state;
	for (int how = 0; how < HOWS; how++)
		for (int mode = 0; mode < 2; mode++)
			for (int hook = 1; hook < 3; hook++)
				try_ending((enum how)how, mode, hook, 0);
}

/* A script's own statement that rolls back is its error, and is not followed by rows. */
static void test_ended_by_a_script(void **state)
{
	static const char *const scripts[] = {
		"INSERT OR ROLLBACK INTO k VALUES (2, 'x');",
		"CREATE TRIGGER tr BEFORE INSERT ON k BEGIN SELECT RAISE(ROLLBACK, 'no'); END;\n"
		"INSERT INTO k VALUES (3, 'y');",
	};

	for (size_t i = 0; i < 2; i++) {
		struct place *p = *state;
		mig_ctx *ctx = open_place(p);

		add(ctx, "a", "",
		    "CREATE TABLE k (id INTEGER PRIMARY KEY, v TEXT UNIQUE);\nINSERT INTO k VALUES "
		    "(1, 'x');",
		    NULL);
		add(ctx, "b", "a", scripts[i], NULL);
		assert_int_not_equal(mig_upgrade(ctx, "head"), MIG_OK);
		assert_string_equal(mig_error_revision(ctx), "b");
		mig_close(ctx);
		assert_string_equal(tables(p), "");
		assert_string_equal(ask(p, "SELECT count(*) FROM sqlite_schema"), "0");
	}
}

/* -- rows that a revision changes */

static void assert_tampering(const struct place *p, const char *sql, int mode, const char *names)
{
	mig_run_options o = { .struct_size = sizeof o, .transaction_mode = mode };
	mig_ctx *ctx = open_place(p);

	add(ctx, "a", "", "CREATE TABLE a (x);", "DROP TABLE a;");
	add(ctx, "c", "", "CREATE TABLE c (x);", "DROP TABLE c;");
	ok(ctx, mig_upgrade(ctx, "heads"));
	add(ctx, "b", "a", sql, "");
	if (names)
		add(ctx, "d", "b", "CREATE TABLE d (x);", "DROP TABLE d;");
	expect(ctx, MIG_EREVISION, mig_upgrade_with(ctx, "heads", &o));
	assert_non_null(strstr(mig_error_message(ctx), names ? names : "revision b"));
	assert_non_null(mig_error_hint(ctx));
	if (!names)
		assert_string_equal(mig_error_revision(ctx), "b");
	assert_string_equal(rows(p), "a|c");
	assert_string_equal(tables(p), "a|c");
	assert_string_equal(ask(p, "SELECT count(*) FROM mig_history"), "2");
	mig_close(ctx);
}

static void test_rows_changed_by_a_script(void **state)
{
	static const char *const scripts[] = {
		"DELETE FROM mig_version;",
		"DELETE FROM mig_version WHERE revision = 'c';",
		"INSERT INTO mig_version VALUES ('z', 'z');",
		"UPDATE mig_version SET revision = 'z' WHERE revision = 'c';",
		"UPDATE mig_version SET digest = 'z' WHERE revision = 'c';",
		"UPDATE mig_version SET revision = 'b' WHERE revision = 'a';",
		"CREATE TRIGGER tr BEFORE UPDATE ON mig_version BEGIN SELECT RAISE(IGNORE); END;",
		"CREATE TRIGGER tr BEFORE INSERT ON mig_history BEGIN SELECT RAISE(IGNORE); END;",
		"CREATE TRIGGER tr AFTER UPDATE ON mig_version BEGIN DELETE FROM mig_version; END;",
		"CREATE TEMP TRIGGER tr AFTER UPDATE ON main.mig_version BEGIN DELETE FROM mig_version; END;",
	};

	(void)state;
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
		for (int mode = 0; mode < 2; mode++) {
			void *fresh;

			assert_int_equal(place_new(&fresh), 0);
			assert_tampering(fresh, scripts[i], mode, NULL);
			if (!mode)
				assert_tampering(fresh, scripts[i], mode, "revisions b, d");
			place_free(&fresh);
		}
}

/* A trigger on the history changes the rows after they were compared: the next transaction reads them. */
static void test_rows_changed_after_the_check(void **state)
{
	const mig_run_options each = { .struct_size = sizeof each,
				       .transaction_mode = MIG_TRANSACTION_REVISION };
	static const char *const triggers[] = { "TRIGGER", "TEMP TRIGGER" };
	char sql[200];

	(void)state;
	for (size_t i = 0; i < sizeof triggers / sizeof *triggers; i++) {
		struct place *p;
		void *fresh;
		mig_ctx *ctx;

		assert_int_equal(place_new(&fresh), 0);
		p = fresh;
		ctx = open_place(p);
		add(ctx, "a", "", "CREATE TABLE a (x);", "");
		ok(ctx, mig_upgrade(ctx, "head"));
		snprintf(sql, sizeof sql,
			 "CREATE %s tr AFTER INSERT ON %smig_history BEGIN UPDATE mig_version SET digest = 'z'; "
			 "END;",
			 triggers[i], i ? "main." : "");
		add(ctx, "b", "a", sql, "");
		add(ctx, "c", "b", "CREATE TABLE c (x);", "");
		add(ctx, "d", "c", "CREATE TABLE d (x);", "");
		expect(ctx, MIG_EEDITED, mig_upgrade_with(ctx, "head", &each));
		assert_string_equal(rows(p), "b");
		assert_string_equal(tables(p), i ? "a" : "a|tr");
		mig_close(ctx);
		place_free(&fresh);
	}
}

/* -- a section that another process goes on with */

/* At a statement of a process that has lost its lock, as if it had been stopped there: the file of the
 * lock is deleted, and another one finishes the section. */
struct lost {
	const struct place *p;
	uint64_t at; /* 0: before the section begins */
	int met;
};

static void add_section(mig_ctx *ctx)
{
	add_text(ctx, "-- one\n--\n-- revision: a\n-- revises:\n\n-- mig:upgrade "
		      "transaction=no\nCREATE TABLE IF NOT EXISTS n (x);\nINSERT INTO n VALUES "
		      "(1);\nINSERT INTO n VALUES (2);\nINSERT INTO n VALUES (3);\n\n-- mig:downgrade "
		      "transaction=no\nINSERT INTO n VALUES (4);\nINSERT INTO n VALUES (5);\nINSERT INTO n "
		      "VALUES (6);\n");
}

static int32_t lose(void *user, const mig_progress *progress)
{
	struct lost *l = user;
	char lock[200];
	mig_ctx *other;

	if (l->met || progress->event != (l->at ? MIG_EVENT_STATEMENT : MIG_EVENT_STEP_BEGIN) ||
	    (l->at && progress->statement != l->at))
		return 0;
	l->met = 1;
	snprintf(lock, sizeof lock, "%s-mig-lock", l->p->db);
	assert_int_equal(unlink(lock), 0);
	other = open_place(l->p);
	add_section(other);
	ok(other, progress->direction == MIG_DOWNGRADE ? mig_downgrade(other, "base")
						       : mig_upgrade(other, "head"));
	mig_close(other);
	return 0;
}

static void test_section_of_another(void **state)
{
	(void)state;
	for (int down = 0; down < 2; down++)
		for (uint64_t at = 0; at < 4; at++) {
			struct lost l = { .at = at };
			struct place *p;
			void *fresh;
			mig_ctx *ctx;

			assert_int_equal(place_new(&fresh), 0);
			l.p = p = fresh;
			ctx = open_place(p);
			add_section(ctx);
			if (down)
				ok(ctx, mig_upgrade(ctx, "head"));
			ok(ctx, mig_set_progress(ctx, lose, &l));
			expect(ctx, MIG_ELOCKED,
			       down ? mig_downgrade(ctx, "base") : mig_upgrade(ctx, "head"));
			assert_int_equal(l.met, 1);
			assert_non_null(mig_error_hint(ctx));
			mig_close(ctx);
			/* each statement once */
			assert_string_equal(ask(p, "SELECT x FROM n ORDER BY rowid"),
					    down ? "1|2|3|4|5|6" : "1|2|3");
			assert_string_equal(rows(p), down ? "" : "a");
			assert_string_equal(ask(p, "SELECT count(*) FROM mig_history WHERE state = "
						   "'running'"),
					    "0");
			place_free(&fresh);
		}
}

/* -- parameters */

static void test_parameters_in_scripts(void **state)
{
	static const struct {
		const char *up;
		int line, column;
	} cases[] = {
		{ "CREATE TABLE t (x);\nINSERT INTO t VALUES (:x);", 8, 23 },
		{ "CREATE TABLE t (x, y);\nINSERT INTO t VALUES ('a', ?);", 8, 28 },
		{ "CREATE TABLE t (x, y);\n  INSERT INTO t /* ? */ VALUES (':x', $1);", 8, 39 },
		{ "CREATE TABLE t (x);\nINSERT INTO t VALUES (@p);", 8, 23 },
		{ "CREATE TABLE t (x);\nINSERT INTO t VALUES (?7);", 8, 23 },
	};
	static const char *const attributes[] = { "", " transaction=no" };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int lone = 0; lone < 2; lone++) {
			char text[1000];
			struct place *p;
			void *fresh;
			mig_ctx *ctx;

			assert_int_equal(place_new(&fresh), 0);
			p = fresh;
			ctx = open_place(p);
			snprintf(text, sizeof text,
				 "-- one\n--\n-- revision: a\n-- revises:\n\n-- mig:upgrade%s\n%s\n",
				 attributes[lone], cases[i].up);
			add_text(ctx, text);
			expect(ctx, MIG_ESYNTAX, mig_upgrade(ctx, "head"));
			if (mig_error_line(ctx) != cases[i].line ||
			    mig_error_column(ctx) != cases[i].column)
				fail_msg("%s", mig_error_message(ctx));
			assert_non_null(mig_error_hint(ctx));
			if (!lone)
				assert_string_equal(tables(p), "");
			mig_close(ctx);
			place_free(&fresh);
		}
}

static mig_status take_script(void *user, const char *text, size_t size)
{
	(void)user;
	(void)text;
	(void)size;
	return MIG_OK;
}

static void test_parameters_in_recorded_scripts(void **state)
{
	static const char *const attributes[] = { "", " transaction=no" };
	struct place *p = *state;

	for (int lone = 0; lone < 2; lone++) {
		const mig_open_options o = {
			.struct_size = sizeof o, .url = p->url, .script = take_script
		};
		char text[1000];
		mig_ctx *ctx;

		ok(ctx, mig_open_with(&ctx, &o));
		snprintf(text, sizeof text,
			 "-- one\n--\n-- revision: a\n-- revises:\n\n-- mig:upgrade%s\nSELECT :x;\n",
			 attributes[lone]);
		add_text(ctx, text);
		expect(ctx, MIG_ESYNTAX, mig_upgrade(ctx, "head"));
		mig_close(ctx);
	}
}

static const char *prepared;
static mig_status inner;

static mig_status prepare_it(void *user, mig_step *step)
{
	mig_stmt *stmt = NULL;

	(void)user;
	inner = mig_step_prepare(step, prepared, &stmt);
	mig_stmt_free(stmt);
	return inner;
}

static void test_parameters_of_functions(void **state)
{
	static const struct {
		const char *sql;
		mig_status want;
	} cases[] = {
		{ "SELECT $1", MIG_OK },	       { "SELECT $2, $1, $2", MIG_OK },
		{ "SELECT ?", MIG_EINVAL },	       { "SELECT ?1", MIG_EINVAL },
		{ "SELECT :x", MIG_EINVAL },	       { "SELECT @x", MIG_EINVAL },
		{ "SELECT $x", MIG_EINVAL },	       { "SELECT $2", MIG_EINVAL },
		{ "SELECT $1, $3", MIG_EINVAL },       { "SELECT $0", MIG_EINVAL },
		{ "SELECT $01", MIG_EINVAL },	       { "SELECT $1, ?", MIG_EINVAL },
		{ "SELECT $99999999999", MIG_EINVAL }, { "SELECT $1::x", MIG_EINVAL },
	};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mig_revision_def def = { .struct_size = sizeof def, .id = "a", .upgrade = prepare_it };
		mig_ctx *ctx = open_place(p);
		mig_status rc;

		prepared = cases[i].sql;
		ok(ctx, mig_add_revision(ctx, &def));
		rc = mig_upgrade(ctx, "head");
		if (rc != cases[i].want || inner != cases[i].want)
			fail_msg("%s: %s", prepared, mig_status_name(rc));
		if (!rc)
			ok(ctx, mig_stamp(ctx, "base"));
		mig_close(ctx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ended_by_a_function),
		cmocka_unit_test(test_ended_by_a_hook),
		cmocka_unit_test_setup_teardown(test_ended_by_a_script, place_new, place_free),
		cmocka_unit_test(test_rows_changed_by_a_script),
		cmocka_unit_test(test_rows_changed_after_the_check),
		cmocka_unit_test(test_section_of_another),
		cmocka_unit_test(test_parameters_in_scripts),
		cmocka_unit_test_setup_teardown(test_parameters_in_recorded_scripts, place_new,
						place_free),
		cmocka_unit_test_setup_teardown(test_parameters_of_functions, place_new, place_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
