/* A connection that the host lends comes back as it was, whatever ran on it. */
#include "support.h"

/* -- what a connection is like */

enum { STATE_SIZE = 16384 };

struct state {
	char text[STATE_SIZE];
};

static void note(struct state *s, const char *what, const char *value)
{
	size_t n = strlen(s->text);

	snprintf(s->text + n, STATE_SIZE - n, "%s = %s\n", what, value);
}

/* Everything that a host could notice. Outside a transaction that an error has ended. */
static void look(PGconn *db, struct state *out)
{
	static const char *const queries[] = {
		"SELECT name || '=' || setting FROM pg_settings WHERE setting IS DISTINCT FROM "
		"reset_val OR name IN ('search_path', 'TimeZone') ORDER BY 1",
		"SHOW role",
		"SELECT session_user || ' ' || current_user",
		"SELECT name || ': ' || statement FROM pg_prepared_statements ORDER BY 1",
		"SELECT name FROM pg_cursors ORDER BY 1",
		"SELECT locktype || mode || coalesce(objid::text, '') FROM pg_locks WHERE pid = "
		"pg_backend_pid() AND locktype = 'advisory'",
		"SELECT relname FROM pg_class WHERE relpersistence = 't' ORDER BY 1",
	};
	char number[32];

	out->text[0] = '\0';
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
		note(out, queries[i], ask(db, queries[i]));
	snprintf(number, sizeof number, "%d %d %d %d", (int)PQtransactionStatus(db),
		 PQisnonblocking(db), PQclientEncoding(db), (int)PQpipelineStatus(db));
	note(out, "libpq", number);
}

static int heard;

static void on_notice(void *user, const PGresult *result)
{
	(void)result;
	++*(int *)user;
}

static void prepare_plain(PGconn *db)
{
	(void)db;
}

static void prepare_own(PGconn *db)
{
	static const char *const statements[] = {
		"SET search_path = mine, public",
		"SET client_encoding = 'LATIN1'",
		"SET TimeZone = 'Asia/Tokyo'",
		"SET DateStyle = 'German'",
		"SET statement_timeout = '12345ms'",
		"SET lock_timeout = '54321ms'",
		"SET client_min_messages = 'warning'",
		"SET standard_conforming_strings = off",
		"SET escape_string_warning = off",
		"SET default_transaction_isolation = 'serializable'",
		"CREATE TEMP TABLE theirs (x INTEGER)",
		"PREPARE their_statement AS SELECT 7",
		"SELECT pg_advisory_lock(7)",
		"SET ROLE mig_test_owner",
	};

	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
		pg_exec(db, statements[i]);
	PQsetNoticeReceiver(db, on_notice, &heard);
}

static void prepare_nonblocking(PGconn *db)
{
	assert_int_equal(PQsetnonblocking(db, 1), 0);
}

static const struct {
	const char *name;
	void (*prepare)(PGconn *db);
} hosts[] = {
	{ "a plain one", prepare_plain },
	{ "with settings of its own", prepare_own },
	{ "that does not block", prepare_nonblocking },
};

/* -- what runs on it */

static const struct {
	const char *name, *sql;
} scripts[] = {
	{ "nothing special", "CREATE TABLE t (x INTEGER);" },
	{ "search_path", "SET search_path = pg_catalog;" },
	{ "no search_path", "SELECT pg_catalog.set_config('search_path', '', false);" },
	{ "SET LOCAL", "SET LOCAL search_path = ''; SET LOCAL TimeZone = 'UTC';" },
	{ "what pg_dump sets",
	  "SET statement_timeout = 0;\nSET lock_timeout = 0;\nSET "
	  "idle_in_transaction_session_timeout = 0;\nSET client_encoding = 'UTF8';\n"
	  "SET standard_conforming_strings = on;\nSELECT pg_catalog.set_config('search_path', '', "
	  "false);\nSET check_function_bodies = false;\nSET xmloption = content;\nSET "
	  "client_min_messages = warning;\nSET row_security = off;\nSET default_tablespace = "
	  "'';\nSET default_table_access_method = heap;" },
	{ "role", "SET ROLE mig_test_owner;" },
	{ "no role", "RESET ROLE;" },
	{ "session authorization", "SET SESSION AUTHORIZATION mig_test_owner;" },
	{ "encoding", "SET client_encoding = 'LATIN9';" },
	{ "NAMES", "SET NAMES 'EUC_JP';" },
	{ "strings", "SET standard_conforming_strings = off; SELECT 'it\\'s; ';" },
	{ "strings back on", "SET standard_conforming_strings = on; SELECT '\\';" },
	{ "time zone", "SET TIME ZONE 'America/Caracas';" },
	{ "characteristics", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;" },
	{ "RESET", "RESET search_path; RESET TimeZone; RESET statement_timeout;" },
	{ "RESET ALL", "RESET ALL;" },
	{ "inside a function",
	  "DO $$ BEGIN PERFORM set_config('search_path', 'pg_catalog', false); SET TimeZone = "
	  "'UTC'; END $$;" },
	{ "a function that sets",
	  "CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET TimeZone = "
	  "'UTC'; SET search_path = ''; END $$;\nSELECT public.f();\nDROP FUNCTION public.f();" },
};

enum how { INSIDE, OUTSIDE, FAILING, FAILING_OUTSIDE, HOW_COUNT };

static const char *const how_names[HOW_COUNT] = { "in a transaction", "transaction=no", "failing",
						  "transaction=no, failing" };

/* Runs the script, and another revision after it that must not notice. */
static void run_script(PGconn *db, const char *sql, enum how how)
{
	const char *attributes = how == OUTSIDE || how == FAILING_OUTSIDE ? " transaction=no" : "";
	int fails = how == FAILING || how == FAILING_OUTSIDE;
	char up[2000];
	mig_ctx *ctx = lend(db);
	mig_status rc;

	snprintf(up, sizeof up, "%s\n%s", sql, fails ? "SELECT 1 / 0;" : "");
	ADD(ctx, .id = "a", .attributes = attributes, .up = up);
	ADD(ctx, .id = "b", .revises = "a",
	    .up = "CREATE TABLE seen AS SELECT current_setting('search_path') AS path, "
		  "current_user AS who;");
	rc = mig_upgrade(ctx, "head");
	if (rc != (fails ? MIG_ESQL : MIG_OK) ||
	    (fails && strcmp(mig_error_sqlstate(ctx), "22012") != 0))
		fail_msg("%s (%s): %s: %s", sql, how_names[how], mig_status_name(rc),
			 mig_error_message(ctx));
	mig_close(ctx);
}

static void check_same(const char *host, const char *script, const char *how,
		       const struct state *before, const struct state *after)
{
	const char *a = before->text, *b = after->text;

	while (*a && *a == *b)
		a++, b++;
	if (*a == *b)
		return;
	while (a > before->text && a[-1] != '\n' && a[-1] != '|')
		a--, b--;
	fail_msg("a host %s, script \"%s\" (%s): was %.100s, is %.100s", host, script, how, a, b);
}

/* The owner may do everything here. */
static void make_world(const struct place *p)
{
	pg_exec(p->db, "DO 'BEGIN CREATE ROLE mig_test_owner; EXCEPTION WHEN duplicate_object OR "
		       "unique_violation THEN NULL; END'");
	pg_exec(p->db, "CREATE SCHEMA mine; GRANT ALL ON SCHEMA public, mine TO mig_test_owner");
	pg_exec(p->db, "DO 'BEGIN EXECUTE format($$GRANT ALL ON DATABASE %I TO mig_test_owner$$, "
		       "current_database()); END'");
}

static void clear_world(const struct place *p)
{
	pg_exec(p->db, "DROP TABLE IF EXISTS mine.mig_version, mine.mig_history, mine.t, "
		       "mine.seen, public.mig_version, public.mig_history, public.t, public.seen");
}

static void test_given_back(void **state)
{
	struct place p;

	(void)state;
	place_begin(&p);
	make_world(&p);
	for (size_t h = 0; h < sizeof hosts / sizeof *hosts; h++)
		for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
			for (enum how how = INSIDE; how < HOW_COUNT; how++) {
				struct state before, after;
				PGconn *db = pg_connect(p.url);

				clear_world(&p);
				hosts[h].prepare(db);
				look(db, &before);
				run_script(db, scripts[i].sql, how);
				look(db, &after);
				check_same(hosts[h].name, scripts[i].name, how_names[how], &before,
					   &after);
				PQfinish(db);
			}
	place_end(&p);
}

/* The second revision ran with what the host had, not with what the first one set. */
static void test_next_revision(void **state)
{
	struct place p;

	(void)state;
	place_begin(&p);
	make_world(&p);
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
		for (enum how how = INSIDE; how <= OUTSIDE; how++) {
			PGconn *db = pg_connect(p.url);
			const char *seen;

			clear_world(&p);
			prepare_own(db);
			run_script(db, scripts[i].sql, how);
			seen = ask(p.db, "SELECT path || ' ' || who FROM mine.seen");
			if (strcmp(seen, "mine, public mig_test_owner") != 0)
				fail_msg("\"%s\" (%s): the next revision sees %s", scripts[i].name,
					 how_names[how], seen);
			PQfinish(db);
		}
	place_end(&p);
}

/* The server does not tell which settings of applications there are. */
static void test_custom_setting(void **state)
{
	static const char *const sql[] = {
		"SELECT 1;",
		"SET app.tenant = 'eight';",
		"SET LOCAL app.tenant = 'eight'; SET search_path = '';",
		"RESET app.tenant;",
		"SET app.of_the_script = 'nine';",
	};
	struct place p;

	(void)state;
	place_begin(&p);
	make_world(&p);
	for (size_t i = 0; i < sizeof sql / sizeof *sql; i++)
		for (enum how how = INSIDE; how < HOW_COUNT; how++) {
			PGconn *db = pg_connect(p.url);
			const char *is;

			clear_world(&p);
			pg_exec(db, "SET app.tenant = 'seven'");
			run_script(db, sql[i], how);
			is = ask(db, "SELECT current_setting('app.tenant') || "
				     "coalesce(current_setting('app.of_the_script', true), '')");
			if (strcmp(is, "seven") != 0)
				fail_msg("%s (%s): %s", sql[i], how_names[how], is);
			PQfinish(db);
		}
	place_end(&p);
}

static void test_no_op(void **state)
{
	struct place p;

	(void)state;
	place_begin(&p);
	make_world(&p);
	for (size_t h = 0; h < sizeof hosts / sizeof *hosts; h++) {
		struct state before, after;
		PGconn *db = pg_connect(p.url);

		clear_world(&p);
		hosts[h].prepare(db);
		run_script(db, "SELECT 1;", INSIDE);
		look(db, &before);
		run_script(db, "SELECT 1;", INSIDE);
		look(db, &after);
		check_same(hosts[h].name, "no-op", "", &before, &after);
		PQfinish(db);
	}
	place_end(&p);
}

/* -- LATIN1 outside, UTF-8 inside */

static void test_encoding(void **state)
{
	struct place p;
	PGconn *db;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	db = pg_connect(p.url);
	pg_exec(db, "SET client_encoding = 'LATIN1'");
	ctx = lend(db);
	ADD(ctx, .id = "a",
	    .up = "CREATE TABLE \"größe\" (x TEXT);\nINSERT INTO \"größe\" VALUES ('日本 😀');");
	ADD(ctx, .id = "b", .revises = "a", .attributes = " transaction=no",
	    .up = "INSERT INTO \"größe\" VALUES ('日本');");
	ok(ctx, mig_upgrade(ctx, "head"));
	ADD(ctx, .id = "c", .revises = "b", .up = "SELECT 'ä', \"€\" FROM \"größe\";");
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "c.sql:7:13: revision c: column \"€\" does not exist");
	mig_close(ctx);
	assert_answer(db, "SHOW client_encoding", "LATIN1");
	PQfinish(db);
	assert_answer(p.db, "SELECT x FROM \"größe\" ORDER BY length(x)", "日本|日本 😀");
	place_end(&p);
}

/* -- notices */

static void on_processed(void *user, const char *message)
{
	(void)message;
	++*(int *)user;
}

#define LOUD "DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; END $$;"

/* A receiver of the host's own keeps hearing; its processor is silent during the run, and hears
 * again after it. */
static void test_notices(void **state)
{
	int received = 0, processed = 0;
	struct place p;
	struct log log;
	PGconn *db;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	db = pg_connect(p.url);
	PQsetNoticeReceiver(db, on_notice, &received);
	ctx = lend(db);
	log_to(ctx, &log);
	ADD(ctx, .id = "a", .up = LOUD);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(received, 2);
	assert_string_equal(log.text, "");
	mig_close(ctx);
	pg_exec(db, LOUD);
	assert_int_equal(received, 4);
	PQfinish(db);

	db = pg_connect(p.url);
	PQsetNoticeProcessor(db, on_processed, &processed);
	ctx = lend(db);
	log_to(ctx, &log);
	ADD(ctx, .id = "a", .up = LOUD);
	ADD(ctx, .id = "b", .revises = "a", .up = LOUD);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(processed, 0);
	assert_string_equal(log.text, "1 server: one\n2 server: two\n");
	pg_exec(db, LOUD); /* between two calls */
	assert_int_equal(processed, 2);
	mig_close(ctx);
	pg_exec(db, LOUD);
	assert_int_equal(processed, 4);
	PQfinish(db);
	place_end(&p);
}

/* -- not at rest */

static mig_ctx *lend_with_work(PGconn *db)
{
	mig_ctx *ctx = lend(db);

	ADD(ctx, .id = "a", .up = "CREATE TABLE t (x INTEGER);");
	return ctx;
}

static void test_inside_a_transaction(void **state)
{
	struct place p;
	PGconn *db;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	db = pg_connect(p.url);
	ctx = lend_with_work(db);
	pg_exec(db, "BEGIN; CREATE TABLE host (x INTEGER)");
	expect(ctx, MIG_EMISUSE, mig_upgrade(ctx, "head"));
	assert_has(mig_error_hint(ctx), "commit or roll back first");
	expect(ctx, MIG_EMISUSE, mig_stamp(ctx, "head"));
	expect(ctx, MIG_EMISUSE, mig_ensure_version(ctx));
	assert_int_equal(PQtransactionStatus(db), PQTRANS_INTRANS);
	pg_exec(db, "INSERT INTO host VALUES (1); COMMIT");
	assert_answer(p.db, TABLES, "host");

	/* with nothing to do, it is as good as any other reader */
	ok(ctx, mig_upgrade(ctx, "head"));
	pg_exec(db, "BEGIN; INSERT INTO host VALUES (2)");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(PQtransactionStatus(db), PQTRANS_INTRANS);
	pg_exec(db, "COMMIT");
	assert_answer(p.db, "SELECT count(*) FROM host", "2");
	mig_close(ctx);
	PQfinish(db);
	place_end(&p);
}

/* A transaction that an error has ended is the host's to roll back. */
static void test_inside_a_failed_transaction(void **state)
{
	struct place p;
	PGconn *db;
	mig_ctx *ctx;

	(void)state;
	for (int there = 0; there < 2; there++) {
		place_begin(&p);
		db = pg_connect(p.url);
		ctx = lend_with_work(db);
		if (there)
			ok(ctx, mig_upgrade(ctx, "head"));
		pg_exec(db, "BEGIN");
		PQclear(PQexec(db, "SELECT 1 / 0"));
		assert_true(mig_upgrade(ctx, "head") != MIG_OK);
		assert_int_equal(PQtransactionStatus(db), PQTRANS_INERROR);
		pg_exec(db, "ROLLBACK");
		ok(ctx, mig_upgrade(ctx, "head"));
		mig_close(ctx);
		PQfinish(db);
		place_end(&p);
	}
}

static void test_unread_result(void **state)
{
	struct place p;
	PGconn *db;
	mig_ctx *ctx;
	PGresult *result;

	(void)state;
	place_begin(&p);
	db = pg_connect(p.url);
	ctx = lend_with_work(db);
	assert_int_equal(PQsendQuery(db, "SELECT * FROM generate_series(1, 10)"), 1);
	expect(ctx, MIG_EMISUSE, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "in the middle of");
	result = PQgetResult(db);
	assert_int_equal(PQntuples(result), 10);
	PQclear(result);
	assert_null(PQgetResult(db));
	ok(ctx, mig_upgrade(ctx, "head"));

	result = PQexec(db, "COPY t FROM STDIN");
	assert_int_equal(PQresultStatus(result), PGRES_COPY_IN);
	PQclear(result);
	expect(ctx, MIG_EMISUSE, mig_downgrade(ctx, "base"));
	assert_int_equal(PQputCopyData(db, "5\n", 2), 1);
	assert_int_equal(PQputCopyEnd(db, NULL), 1);
	PQclear(PQgetResult(db));
	assert_null(PQgetResult(db));
	assert_answer(p.db, "SELECT x FROM t", "5");
	mig_close(ctx);
	PQfinish(db);
	place_end(&p);
}

static void test_pipeline_mode(void **state)
{
	struct place p;
	PGconn *db;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	db = pg_connect(p.url);
	ctx = lend_with_work(db);
	assert_int_equal(PQenterPipelineMode(db), 1);
	expect(ctx, MIG_EMISUSE, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "pipeline");
	assert_int_equal(PQpipelineStatus(db), PQ_PIPELINE_ON);
	assert_int_equal(PQexitPipelineMode(db), 1);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	PQfinish(db);
	place_end(&p);
}

static void test_closed_connection(void **state)
{
	struct place p;
	PGconn *db;
	mig_open_options o = { .struct_size = sizeof o, .dialect_name = "postgresql" };
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	db = PQconnectdb("host=/no/server");
	o.connection = db;
	assert_int_equal(mig_open_with(&ctx, &o), MIG_ECONNECT);
	mig_close(ctx);
	PQfinish(db);

	db = pg_connect(p.url);
	ctx = lend_with_work(db);
	PQclear(PQexec(db, "SELECT pg_terminate_backend(pg_backend_pid())"));
	expect(ctx, MIG_ECONNECT, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	PQfinish(db);
	place_end(&p);
}

/* A message that is larger than the socket takes at once. */
static void test_large_message_without_blocking(void **state)
{
	enum { SIZE = 3 << 20 };
	char *insert = long_text("INSERT INTO t VALUES ('", SIZE, "');");
	char *copy = long_text("COPY t FROM STDIN;\n", SIZE, "\n\\.\n");
	struct place p;
	PGconn *db;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE t (x TEXT)");
	db = pg_connect(p.url);
	prepare_nonblocking(db);
	ctx = lend(db);
	ADD(ctx, .id = "a", .up = insert);
	ADD(ctx, .id = "b", .revises = "a", .up = copy);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(PQisnonblocking(db), 1);
	mig_close(ctx);
	PQfinish(db);
	assert_answer(p.db, "SELECT length(x) FROM t", "3145728|3145728");
	free(insert);
	free(copy);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_given_back),
		cmocka_unit_test(test_next_revision),
		cmocka_unit_test(test_custom_setting),
		cmocka_unit_test(test_no_op),
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_notices),
		cmocka_unit_test(test_inside_a_transaction),
		cmocka_unit_test(test_inside_a_failed_transaction),
		cmocka_unit_test(test_unread_result),
		cmocka_unit_test(test_pipeline_mode),
		cmocka_unit_test(test_closed_connection),
		cmocka_unit_test(test_large_message_without_blocking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
