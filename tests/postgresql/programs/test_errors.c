/* What is told when the server refuses something, and what it says while all is well. */
#include "support.h"

/* Everything that is known of an error. Parts of texts; NULL: there is none. */
struct failure {
	const char *name, *up;
	mig_status status;
	const char *sqlstate;
	int line, column; /* the script's first line is 7 */
	const char *statement, *message, *detail, *hint;
};

static const struct failure failures[] = {
	{ "syntax", "CREATE TABLE u (x INTEGER);\n  CREATE TABEL v (x INTEGER);", MIG_ESQL, "42601",
	  8, 10, "CREATE TABEL v (x INTEGER)", "syntax error at or near \"TABEL\"", NULL, NULL },
	{ "syntax at the end", "SELECT 1 +;", MIG_ESQL, "42601", 7, 11, "SELECT 1 +",
	  "syntax error", NULL, NULL },
	{ "unknown column", "INSERT INTO t (x) VALUES (1);\nSELECT x,\n\tnmae FROM t;", MIG_ESQL,
	  "42703", 9, 2, "SELECT x,", "column \"nmae\" does not exist", NULL, "\"t.name\"" },
	{ "unknown table, after comments",
	  "/* one */ -- two;\nSELECT ';'; /* three; */\nSELECT * FROM nothing;", MIG_ESQL, "42P01",
	  9, 15, "SELECT * FROM nothing", "relation \"nothing\" does not exist", NULL, NULL },
	{ "characters, not bytes", "SELECT 'größe';\nSELECT '日本語', '😀';\nSELECT 'ä', ü FROM t;",
	  MIG_ESQL, "42703", 9, 13, "SELECT 'ä', ü FROM t", "\"ü\"", NULL, NULL },
	{ "unique", "INSERT INTO t VALUES (1, 'a');\n  INSERT INTO t VALUES (1, 'b');",
	  MIG_ECONSTRAINT, "23505", 8, 3, "INSERT INTO t VALUES (1, 'b')", "t_pkey",
	  "Key (x)=(1) already exists", NULL },
	{ "not null", "INSERT INTO t (name) VALUES ('a');", MIG_ECONSTRAINT, "23502", 7, 1,
	  "INSERT INTO t", "null value in column \"x\"", "Failing row contains", NULL },
	{ "foreign key", "SELECT 1;\nINSERT INTO child VALUES (7);", MIG_EFOREIGN_KEY, "23503", 8,
	  1, "INSERT INTO child", "child_x_fkey", "Key (x)=(7) is not present", NULL },
	{ "deferred, at COMMIT", "INSERT INTO late VALUES (7);", MIG_EFOREIGN_KEY, "23503", 0, 0,
	  NULL, "late_x_fkey", "Key (x)=(7) is not present", NULL },
	{ "in a DO block",
	  "SELECT 1;\nDO $$\nBEGIN\n\tPERFORM 1;\n\tPERFORM * FROM nothing;\nEND $$;", MIG_ESQL,
	  "42P01", 8, 1, "DO $$", "relation \"nothing\" does not exist",
	  "PL/pgSQL function inline_code_block line 4 at PERFORM", NULL },
	{ "in a function", "SELECT 1; SELECT divide(1, 0);", MIG_ESQL, "22012", 7, 11,
	  "SELECT divide(1, 0)", "division by zero", "PL/pgSQL function divide", NULL },
	{ "RAISE with everything",
	  "DO $$ BEGIN RAISE EXCEPTION 'no %', 'way' USING ERRCODE = 'AB123', DETAIL = 'so so', "
	  "HINT = 'try harder'; END $$;",
	  MIG_ESQL, "AB123", 7, 1, "DO $$", "no way", "so so", "try harder" },
	{ "body of a function",
	  "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n"
	  "\tRETRUN 1;\nEND $$;",
	  MIG_ESQL, "42601", 9, 2, "CREATE FUNCTION f()", "syntax error at or near \"RETRUN\"",
	  NULL, NULL },
	{ "bad COPY data", "SELECT 1;\nCOPY t FROM STDIN;\n1\ta\nsix\tb\n\\.\nSELECT 2;", MIG_ESQL,
	  "22P02", 8, 1, "COPY t FROM STDIN", "invalid input syntax for type integer: \"six\"",
	  "line 2, column x", NULL },
	{ "COPY data of too few columns", "COPY t FROM STDIN;\n1\n\\.\n", MIG_ESQL, "22P04", 7, 1,
	  "COPY t FROM STDIN", "missing data for column \"name\"", "line 1", NULL },
	{ "read only", "SET TRANSACTION READ ONLY;\nDELETE FROM t;", MIG_EREADONLY, "25006", 8, 1,
	  "DELETE FROM t", "cannot execute DELETE", NULL, NULL },
	{ "enum value used at once",
	  "ALTER TYPE mood ADD VALUE 'glad';\nINSERT INTO felt VALUES ('glad');", MIG_ETRANSACTION,
	  "55P04", 8, 26, "INSERT INTO felt", "glad", NULL, "later revision" },
	{ "begins a transaction", "SELECT 1;\nBEGIN;", MIG_ETRANSACTION, NULL, 8, 1, "BEGIN",
	  "transaction", NULL, "transaction=no" },
	{ "open quote", "SELECT 1;\nSELECT 'abc;\n", MIG_ESYNTAX, NULL, 8, 8, NULL, "", NULL,
	  NULL },
	{ "psql command", "SELECT 1;\n\\connect other\nSELECT 2;", MIG_ESYNTAX, NULL, 8, 1, NULL,
	  "connect", NULL, NULL },
};

static void check_text(const struct failure *f, const char *what, const char *text,
		       const char *part)
{
	if (part ? !text || !strstr(text, part) : !!text)
		fail_msg("%s: the %s is \"%s\", not \"%s\"", f->name, what, text ? text : "(null)",
			 part ? part : "(null)");
}

static void check_failure(const struct failure *f, const mig_ctx *ctx)
{
	const char *statement = mig_error_statement(ctx);
	char place[64];

	snprintf(place, sizeof place, "b.sql:%d:%d: revision b: ", f->line, f->column);
	if (mig_error_line(ctx) != f->line || mig_error_column(ctx) != f->column)
		fail_msg("%s: at %d:%d, not %d:%d: %s", f->name, (int)mig_error_line(ctx),
			 (int)mig_error_column(ctx), f->line, f->column, mig_error_message(ctx));
	check_text(f, "message", mig_error_message(ctx), f->message);
	check_text(f, "SQLSTATE", mig_error_sqlstate(ctx), f->sqlstate);
	check_text(f, "detail", mig_error_detail(ctx), f->detail);
	if (f->hint)
		check_text(f, "hint", mig_error_hint(ctx), f->hint);
	if (f->statement && (!statement || strncmp(statement, f->statement, strlen(f->statement))))
		fail_msg("%s: the statement is \"%s\"", f->name, statement ? statement : "(null)");
	if (f->line) {
		check_text(f, "message", mig_error_message(ctx), place);
		check_text(f, "file", mig_error_file(ctx), "b.sql");
		check_text(f, "revision", mig_error_revision(ctx), "b");
	}
}

static void make_world(const struct place *p)
{
	pg_exec(p->db, "CREATE TABLE t (x INTEGER PRIMARY KEY, name TEXT);"
		       "CREATE TABLE child (x INTEGER REFERENCES t);"
		       "CREATE TABLE late (x INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED);"
		       "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE felt (m mood);"
		       "CREATE FUNCTION divide(a INT, b INT) RETURNS INT LANGUAGE plpgsql AS "
		       "$$ BEGIN RETURN a / b; END $$");
}

static void test_failures(void **state)
{
	struct place p;

	(void)state;
	place_begin(&p);
	make_world(&p);
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		const struct failure *f = &failures[i];
		mig_ctx *ctx = open_place(&p, NULL);
		mig_status rc;

		ADD(ctx, .id = "a", .up = "CREATE TABLE before (x INTEGER);");
		ADD(ctx, .id = "b", .revises = "a", .up = f->up);
		rc = mig_upgrade(ctx, "head");
		if (rc != f->status)
			fail_msg("%s: %s, not %s: %s", f->name, mig_status_name(rc),
				 mig_status_name(f->status), mig_error_message(ctx));
		check_failure(f, ctx);
		/* nothing of it is left, and the connection can go on */
		assert_string_equal(rows(p.db), "none");
		assert_answer(p.db, TABLES, "child|felt|late|t");
		assert_answer(mig_connection(ctx), "SELECT count(*) FROM t", "0");
		mig_close(ctx);
	}
	place_end(&p);
}

/* The same places outside a transaction, where each statement is sent alone. What ran before
 * stays. */
static void test_failures_outside_a_transaction(void **state)
{
	static const char *const same[] = {
		"syntax",        "unknown column", "characters, not bytes", "unique",
		"in a DO block", "bad COPY data",  "body of a function",    "open quote"
	};

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		const struct failure *f = failures;
		struct place p;
		mig_ctx *ctx;

		while (strcmp(f->name, same[i]) != 0)
			f++;
		place_begin(&p);
		make_world(&p);
		ctx = open_place(&p, NULL);
		ADD(ctx, .id = "b", .attributes = " transaction=no", .up = f->up);
		assert_int_equal(mig_upgrade(ctx, "head"), f->status);
		check_failure(f, ctx);
		mig_close(ctx);
		place_end(&p);
	}
}

/* A folder: the file is named as the user knows it. */
static void test_file(void **state)
{
	char folder[] = "/tmp/mig-errors-XXXXXX", path[100];
	struct place p;
	mig_ctx *ctx;
	FILE *file;

	(void)state;
	place_begin(&p);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/1_first.sql", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("\xef\xbb\xbf-- first\r\n--\r\n-- revision: a\r\n\r\n-- mig:upgrade\r\n"
	      "SELECT 'ä',\r\n\tnothing;\r\n",
	      file);
	fclose(file);
	ctx = open_place(&p, NULL);
	ok(ctx, mig_add_directory(ctx, folder));
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_string_equal(mig_error_file(ctx), path);
	assert_int_equal(mig_error_line(ctx), 7);
	assert_int_equal(mig_error_column(ctx), 2);
	mig_close(ctx);
	remove(path);
	remove(folder);
	place_end(&p);
}

/* A server counts in its own characters, which are bytes in SQL_ASCII. */
static void test_encodings(void **state)
{
	static const char *const encodings[] = { "SQL_ASCII", "LATIN1", "UTF8", "EUC_JP" };

	(void)state;
	for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
		char sql[300], parameters[200];
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		snprintf(sql, sizeof sql,
			 "CREATE DATABASE %s_encoded ENCODING '%s' TEMPLATE template0 LC_COLLATE "
			 "'C' LC_CTYPE 'C'",
			 PQdb(p.db), encodings[i]);
		pg_exec(p.db, sql);
		snprintf(parameters, sizeof parameters, "client_encoding=LATIN1&dbname=%s_encoded",
			 PQdb(p.db));
		ctx = open_url(url_with(&p, parameters));
		ADD(ctx, .id = "a", .up = "CREATE TABLE t (x TEXT);\nINSERT INTO t VALUES ('÷');");
		ADD(ctx, .id = "b", .revises = "a",
		    .up = "SELECT '÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷÷';\nSELECT '÷', "
			  "nothing FROM t;\nSELECT 1;");
		expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
		if (mig_error_line(ctx) != 8 || mig_error_column(ctx) != 13)
			fail_msg("%s: %s", encodings[i], mig_error_message(ctx));
		ok(ctx, mig_upgrade(ctx, "a"));
		assert_answer(mig_connection(ctx), "SELECT x FROM t", "÷");
		mig_close(ctx);
		snprintf(sql, sizeof sql, "DROP DATABASE %s_encoded", PQdb(p.db));
		pg_exec(p.db, sql);
		place_end(&p);
	}
}

/* -- what a role may not do */

static void test_permission(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE t (x INTEGER);"
		      "DO 'BEGIN CREATE ROLE mig_test_guest LOGIN; EXCEPTION WHEN duplicate_object "
		      "OR unique_violation THEN NULL; END'; GRANT ALL ON SCHEMA public TO "
		      "mig_test_guest");
	ctx = open_url(url_with(&p, "user=mig_test_guest"));
	ADD(ctx, .id = "a", .up = "SELECT 1;\nDROP TABLE t;");
	expect(ctx, MIG_EPERMISSION, mig_upgrade(ctx, "head"));
	assert_string_equal(mig_error_sqlstate(ctx), "42501");
	assert_has(mig_error_message(ctx), "a.sql:8:1: revision a: must be owner of table t");
	mig_close(ctx);
	assert_string_equal(rows(p.db), "none");

	pg_exec(p.db, "REVOKE ALL ON SCHEMA public FROM mig_test_guest, public;"
		      "GRANT USAGE ON SCHEMA public TO mig_test_guest");
	ctx = open_url(url_with(&p, "user=mig_test_guest"));
	ADD(ctx, .id = "a", .up = "SELECT 1;");
	expect(ctx, MIG_EPERMISSION, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "schema public");
	mig_close(ctx);
	place_end(&p);
}

static void test_read_only(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_url(url_with(&p, "options=-cdefault_transaction_read_only%3Don"));
	ADD(ctx, .id = "a", .up = "CREATE TABLE t (x INTEGER);");
	expect(ctx, MIG_EREADONLY, mig_upgrade(ctx, "head"));
	assert_has(mig_error_hint(ctx), "default_transaction_read_only");
	assert_string_equal(rows(p.db), "none");
	mig_close(ctx);
	place_end(&p);
}

/* -- the server goes away */

static void test_connection_lost(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", .up = "CREATE TABLE t (x INTEGER);");
	ADD(ctx, .id = "b", .revises = "a", .up = "SELECT pg_terminate_backend(pg_backend_pid());");
	expect(ctx, MIG_ECONNECT, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "terminating connection");
	expect(ctx, MIG_ECONNECT, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_string_equal(rows(p.db), "none");
	assert_answer(p.db, TABLES, "");

	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", .up = "CREATE TABLE t (x INTEGER);");
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	place_end(&p);
}

/* -- notices */

static const char talking[] = "DO $$ BEGIN RAISE DEBUG 'whispered'; RAISE NOTICE 'said'; RAISE "
			      "WARNING 'cried' USING HINT "
			      "= 'run'; RAISE INFO 'told'; END $$;\nDROP TABLE IF EXISTS nothing;";

static void test_notices(void **state)
{
	static const char *const wanted[] = { "1 server: said\n", "2 server: cried — run\n",
					      "1 server: told\n",
					      "1 server: table \"nothing\" does not exist" };
	struct place p;
	struct log log;

	(void)state;
	for (int lone = 0; lone < 2; lone++) {
		mig_ctx *ctx;

		place_begin(&p);
		ctx = open_place(&p, NULL);
		log_to(ctx, &log);
		ADD(ctx, .id = "a", .attributes = lone ? " transaction=no" : "", .up = talking);
		ok(ctx, mig_upgrade(ctx, "head"));
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
			assert_int_equal(count_of(log.text, wanted[i]), 1);
		assert_null(strstr(log.text, "whispered"));
		/* the tables of libmig's own are not worth a word */
		assert_null(strstr(log.text, "mig_"));
		mig_close(ctx);
		place_end(&p);
	}
}

/* Somebody else made the tables a moment ago, or there is one of the two. */
static void test_no_notice_of_our_tables(void **state)
{
	struct place p;
	struct log log;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	ok(ctx, mig_ensure_version(ctx));
	pg_exec(p.db, "DROP TABLE mig_history");
	log_to(ctx, &log);
	ADD(ctx, .id = "a", .up = "CREATE TABLE IF NOT EXISTS t (x INTEGER);");
	ADD(ctx, .id = "b", .revises = "a", .up = "CREATE TABLE IF NOT EXISTS t (x INTEGER);");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(log.text, "1 server: relation \"t\" already exists, skipping\n");
	ok(ctx, mig_ensure_version(ctx));
	assert_null(strstr(log.text, "mig_"));
	mig_close(ctx);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_failures_outside_a_transaction),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_permission),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_connection_lost),
		cmocka_unit_test(test_notices),
		cmocka_unit_test(test_no_notice_of_our_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
