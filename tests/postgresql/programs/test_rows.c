/* Rows and schema never disagree: a step whose transaction has ended writes nothing, every write of
 * a row finds the row that it is for, and what a script has no values for is refused. */
#include "support.h"

#include <mig/op.h>

/* -- transactions that a function ends */

/* What a function does: through a statement of the step, or on the connection itself. */
struct ending {
	const char *sql;
	enum { EXECUTED, PREPARED, NATIVE } how;
	mig_status want; /* of the run */
	int keeps;       /* the tables of the step stay: nobody can take a COMMIT back */
	mig_status inner;
	int tried;
};

static const struct ending endings[] = {
	{ "ROLLBACK", EXECUTED, MIG_OK, 0, 0, 0 },
	{ "ROLLBACK", PREPARED, MIG_OK, 0, 0, 0 },
	{ "-- x\nCOMMIT AND CHAIN", PREPARED, MIG_OK, 0, 0, 0 },
	{ "abort work", PREPARED, MIG_OK, 0, 0, 0 },
	{ "END", PREPARED, MIG_OK, 0, 0, 0 },
	{ "START TRANSACTION", PREPARED, MIG_OK, 0, 0, 0 },
	{ "PREPARE TRANSACTION 'x'", PREPARED, MIG_OK, 0, 0, 0 },
	{ "ROLLBACK", NATIVE, MIG_ETRANSACTION, 0, 0, 0 },
	{ "COMMIT", NATIVE, MIG_ETRANSACTION, 1, 0, 0 },
	{ "ROLLBACK; BEGIN", NATIVE, MIG_ETRANSACTION, 0, 0, 0 },
	{ "COMMIT; BEGIN", NATIVE, MIG_ETRANSACTION, 1, 0, 0 },
	{ "ROLLBACK AND CHAIN", NATIVE, MIG_ETRANSACTION, 0, 0, 0 },
	{ "SAVEPOINT s; CREATE TABLE third (x INT); ROLLBACK TO s; RELEASE s; RESET ALL", NATIVE,
	  MIG_OK, 0, 0, 0 },
};
enum { ENDINGS = sizeof endings / sizeof *endings };

static mig_status end_it(struct ending *e, mig_step *step)
{
	mig_stmt *stmt = NULL;
	PGresult *result;
	int32_t row;
	mig_status rc;

	e->tried++;
	if (e->how == EXECUTED)
		return mig_step_exec(step, e->sql);
	if (e->how == PREPARED) {
		rc = mig_step_prepare(step, e->sql, &stmt);
		if (!rc)
			rc = mig_stmt_step(stmt, &row);
		mig_stmt_free(stmt);
		return rc;
	}
	result = PQexec(mig_step_connection(step), e->sql);
	assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
	PQclear(result);
	return MIG_OK;
}

static mig_status make_first(void *user, mig_step *step)
{
	(void)user;
	return mig_step_exec(step, "CREATE TABLE first (x INT)");
}

static mig_status make_second(void *user, mig_step *step)
{
	struct ending *e = user;
	mig_status rc = mig_step_exec(step, "CREATE TABLE second (x INT)");

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

static void add_functions(mig_ctx *ctx, struct ending *e)
{
	const char *const first[] = { "r1", NULL };
	mig_revision_def r1 = { .struct_size = sizeof r1, .id = "r1", .upgrade = make_first };
	mig_revision_def r2 = { .struct_size = sizeof r2,
				.id = "r2",
				.revises = first,
				.upgrade = make_second,
				.user = e };

	ok(ctx, mig_add_revision(ctx, &r1));
	ok(ctx, mig_add_revision(ctx, &r2));
}

static void assert_agrees(struct place *p, const struct ending *e, int mode)
{
	mig_ctx *ctx;

	if (e->keeps) {
		assert_string_not_equal(rows(p->db), "r2");
		return;
	}
	assert_string_equal(rows(p->db), mode == MIG_TRANSACTION_REVISION ? "r1" : "none");
	assert_answer(p->db, TABLES, mode == MIG_TRANSACTION_REVISION ? "first" : "");
	ctx = open_place(p, NULL);
	add_functions(ctx, NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_string_equal(rows(p->db), "r2");
	assert_answer(p->db, TABLES, "first|second");
}

static void try_ending(const struct ending *which, int mode, int hook, int lent)
{
	mig_run_options o = { .struct_size = sizeof o, .transaction_mode = mode };
	struct ending e = *which;
	PGconn *db = NULL;
	struct place p;
	mig_ctx *ctx;
	mig_status rc;

	place_begin(&p);
	db = lent ? pg_connect(p.url) : NULL;
	ctx = lent ? lend(db) : open_place(&p, NULL);
	add_functions(ctx, hook ? NULL : &e);
	if (hook)
		ok(ctx, mig_set_step_hooks(ctx, hook == 1 ? end_in_hook : NULL,
					   hook == 2 ? end_in_hook : NULL, &e));
	rc = mig_upgrade_with(ctx, "head", &o);
	assert_int_equal(e.tried, 1);
	if (rc != e.want)
		fail_msg("%s, mode %d, hook %d: %s %s", e.sql, mode, hook, mig_status_name(rc),
			 rc ? mig_error_message(ctx) : "");
	if (e.how != NATIVE)
		assert_int_equal(e.inner, MIG_ETRANSACTION);
	if (rc) {
		assert_string_equal(mig_error_revision(ctx), "r2");
		assert_non_null(mig_error_hint(ctx));
	}
	mig_close(ctx);
	if (rc) {
		assert_agrees(&p, &e, mode);
	} else {
		assert_string_equal(rows(p.db), "r2");
		assert_answer(p.db, TABLES, "first|second");
	}
	if (db)
		assert_int_equal(PQtransactionStatus(db), PQTRANS_IDLE);
	PQfinish(db);
	place_end(&p);
}

static void test_ended_by_a_function(void **state)
{
	(void)state;
	pg_require();
	for (int i = 0; i < ENDINGS; i++)
		for (int mode = 0; mode < 2; mode++)
			try_ending(&endings[i], mode, 0, i % 2 == mode);
}

static void test_ended_by_a_hook(void **state)
{
	(void)state;
	pg_require();
	for (int i = 0; i < ENDINGS; i++)
		for (int hook = 1; hook < 3; hook++)
			try_ending(&endings[i], (i + hook) % 2, hook, 0);
}

/* Between two steps the host itself has a turn, in its progress callback. */
static int32_t begin_another(void *user, const mig_progress *progress)
{
	if (progress->event == MIG_EVENT_STEP_END && !strcmp(progress->revision, "b"))
		PQclear(PQexec(user, "ROLLBACK; BEGIN"));
	return 0;
}

static void test_ended_by_a_callback(void **state)
{
	struct place p;
	mig_ctx *ctx;
	PGconn *db;

	(void)state;
	place_begin(&p);
	db = pg_connect(p.url);
	ctx = lend(db);
	ADD(ctx, .id = "a", .up = "CREATE TABLE a (x INT);");
	ADD(ctx, .id = "b", .revises = "a", .up = "CREATE TABLE b (x INT);");
	ok(ctx, mig_set_progress(ctx, begin_another, db));
	expect(ctx, MIG_ETRANSACTION, mig_upgrade(ctx, "head"));
	assert_string_equal(rows(p.db), "none");
	assert_answer(p.db, TABLES, "");
	ok(ctx, mig_set_progress(ctx, NULL, NULL));
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	PQfinish(db);
	assert_string_equal(rows(p.db), "b");
	assert_answer(p.db, TABLES, "a|b");
	place_end(&p);
}

/* -- rows that a revision changes */

static void assert_tampering(struct place *p, const char *sql, int mode, const char *names)
{
	mig_run_options o = { .struct_size = sizeof o, .transaction_mode = mode };
	mig_ctx *ctx = open_place(p, NULL);

	ADD(ctx, .id = "a", .up = "CREATE TABLE a (x INT);");
	ADD(ctx, .id = "c", .up = "CREATE TABLE c (x INT);");
	ok(ctx, mig_upgrade(ctx, "heads"));
	ADD(ctx, .id = "b", .revises = "a", .up = sql);
	if (names)
		ADD(ctx, .id = "d", .revises = "b", .up = "CREATE TABLE d (x INT);");
	expect(ctx, MIG_EREVISION, mig_upgrade_with(ctx, "heads", &o));
	assert_has(mig_error_message(ctx), names ? names : "revision b");
	assert_non_null(mig_error_hint(ctx));
	if (!names)
		assert_string_equal(mig_error_revision(ctx), "b");
	assert_string_equal(rows(p->db), "a|c");
	assert_answer(p->db, TABLES, "a|c");
	assert_answer(p->db, "SELECT count(*) FROM mig_history", "2");
	mig_close(ctx);
}

static void test_rows_changed_by_a_script(void **state)
{
#define TRIGGER(when, body)                                                                 \
	"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " body " END $$;" \
	"CREATE TRIGGER tr " when " FOR EACH ROW EXECUTE FUNCTION f();"
	static const char *const scripts[] = {
		"DELETE FROM mig_version;",
		"DELETE FROM mig_version WHERE revision = 'c';",
		"INSERT INTO mig_version VALUES ('z', 'z');",
		"UPDATE mig_version SET revision = 'z' WHERE revision = 'c';",
		"UPDATE mig_version SET digest = 'z' WHERE revision = 'c';",
		TRIGGER("BEFORE UPDATE ON mig_version", "RETURN NULL;"),
		TRIGGER("BEFORE INSERT ON mig_history", "RETURN NULL;"),
		TRIGGER("AFTER UPDATE ON mig_version", "DELETE FROM mig_version; RETURN NULL;"),
	};

	(void)state;
	pg_require();
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
		for (int mode = 0; mode < 2; mode++) {
			struct place p;

			place_begin(&p);
			assert_tampering(&p, scripts[i], mode, NULL);
			if (!mode)
				assert_tampering(&p, scripts[i], mode, "revisions b, d");
			place_end(&p);
		}
}

/* -- a section that another process goes on with */

static int32_t meddle(void *user, const mig_progress *progress)
{
	if (progress->event == MIG_EVENT_STATEMENT && progress->statement == 2)
		pg_exec(user, "UPDATE mig_history SET state = 'done' WHERE state = 'running'");
	return 0;
}

static int32_t go_on(void *user, const mig_progress *progress)
{
	if (progress->event == MIG_EVENT_STATEMENT && progress->statement == 2)
		pg_exec(user, "UPDATE mig_history SET statements = statements + 1 WHERE state = "
			      "'running'");
	return 0;
}

static void test_section_of_another(void **state)
{
	static const mig_progress_fn fns[] = { meddle, go_on };

	(void)state;
	pg_require();
	for (size_t i = 0; i < 2; i++) {
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		ctx = open_place(&p, NULL);
		ADD(ctx, .id = "a", .attributes = " transaction=no",
		    .up = "CREATE TABLE one (x INT);\nCREATE TABLE two (x INT);\nCREATE TABLE "
			  "three (x "
			  "INT);");
		ok(ctx, mig_set_progress(ctx, fns[i], p.db));
		expect(ctx, MIG_ELOCKED, mig_upgrade(ctx, "head"));
		assert_has(mig_error_message(ctx), "another one has gone on with it");
		assert_answer(p.db, TABLES, "one");
		assert_string_equal(rows(p.db), "");
		mig_close(ctx);
		place_end(&p);
	}
}

/* -- operations outside a transaction */

/* A new table, and a column that the rows of another one cannot have. */
static mig_status operate(void *user, mig_step *step)
{
	mig_model *m;
	mig_table *t, *u;
	mig_column *c;
	mig_status rc = mig_op_model(step, &m);

	(void)user;
	if (rc)
		return rc;
	u = mig_model_table(m, NULL, "u");
	mig_table_column(u, "y", "integer");
	t = mig_model_table(m, NULL, "t");
	c = mig_table_column(t, "n", "integer");
	mig_column_not_null(c);
	rc = mig_op_create_table(step, u);
	if (!rc)
		rc = mig_op_rename_column(step, NULL, "t", "x", "z");
	return rc ? rc : mig_op_add_column(step, c);
}

/* They belong together: after an error none of them is done, and the next run does all. */
static void test_operations_alone(void **state)
{
	mig_revision_def def = { .struct_size = sizeof def,
				 .id = "a",
				 .upgrade = operate,
				 .no_transaction = 1,
				 .idempotent = 1 };
	struct place p;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE t (x INT); INSERT INTO t VALUES (1)");
	for (int i = 0; i < 3; i++) {
		mig_ctx *ctx = open_place(&p, NULL);

		ok(ctx, mig_add_revision(ctx, &def));
		if (i < 2)
			assert_int_not_equal(mig_upgrade(ctx, "head"), MIG_OK);
		else
			ok(ctx, mig_upgrade(ctx, "head"));
		mig_close(ctx);
		assert_answer(p.db, TABLES, i < 2 ? "t" : "t|u");
		assert_answer(
			p.db,
			"SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE "
			"attrelid = 't'::regclass AND attnum > 0",
			i < 2 ? "x" : "z,n");
		if (i == 1)
			pg_exec(p.db, "DELETE FROM t");
	}
	place_end(&p);
}

/* -- parameters */

static mig_status take_script(void *user, const char *text, size_t size)
{
	(void)user;
	(void)text;
	(void)size;
	return MIG_OK;
}

static void test_parameters_in_scripts(void **state)
{
	static const struct {
		const char *up;
		int line, column;
	} refused[] = {
		{ "SELECT 1;\nSELECT '$1', $1;", 8, 14 },
		{ "CREATE TABLE t (x INT);\nINSERT INTO t VALUES ($2::int);", 8, 23 },
		{ "SELECT $12345;", 7, 8 },
	};
	static const char *const fine[] = {
		("SET search_path = pg_catalog; SELECT '{\"a\":1}'::jsonb ? 'a', "
		 "'{1,2,3}'::int[] @> '{1}', ('{1,2,3}'::int[])[1:2];"),
		"CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';",
		"CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS $$ SELECT $1 $$; SELECT f(1);",
		"CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql RETURN $1 + 1;",
		"CREATE FUNCTION f(int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT $1; END;",
		"PREPARE q (int) AS SELECT $1; EXECUTE q(1); DEALLOCATE q;",
		"CREATE TABLE a$1 (x$2 INT); SELECT x$2 FROM a$1; -- $1\n/* $1 */ SELECT \"x$2\" "
		"FROM a$1;",
	};
	struct place p;

	(void)state;
	place_begin(&p);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		for (int lone = 0; lone < 3; lone++) {
			mig_open_options o = { .script = lone < 2 ? NULL : take_script };
			mig_ctx *ctx = open_place(&p, &o);

			ADD(ctx, .id = "a", .attributes = lone == 1 ? " transaction=no" : "",
			    .up = refused[i].up);
			expect(ctx, MIG_ESYNTAX, mig_upgrade(ctx, "head"));
			if (lone < 2 && (mig_error_line(ctx) != refused[i].line ||
					 mig_error_column(ctx) != refused[i].column))
				fail_msg("%s", mig_error_message(ctx));
			assert_non_null(mig_error_hint(ctx));
			ok(ctx, mig_stamp(ctx, "base"));
			mig_close(ctx);
		}
	place_end(&p);
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
		for (int lone = 0; lone < 2; lone++) {
			mig_ctx *ctx;

			place_begin(&p);
			if (strstr(fine[i], "sql RETURN") || strstr(fine[i], "ATOMIC"))
				if (PQserverVersion(p.db) < 140000) {
					place_end(&p);
					continue;
				}
			ctx = open_place(&p, NULL);
			ADD(ctx, .id = "a", .attributes = lone ? " transaction=no" : "",
			    .up = fine[i]);
			ok(ctx, mig_upgrade(ctx, "head"));
			mig_close(ctx);
			place_end(&p);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ended_by_a_function),
		cmocka_unit_test(test_ended_by_a_hook),
		cmocka_unit_test(test_ended_by_a_callback),
		cmocka_unit_test(test_rows_changed_by_a_script),
		cmocka_unit_test(test_section_of_another),
		cmocka_unit_test(test_operations_alone),
		cmocka_unit_test(test_parameters_in_scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
