/* Scripts as people write them, and as programs do. */
#include "support.h"

/* Upgrades a fresh database to the script, in a transaction and outside; asks a question then. */
static void assert_script(const char *up, const char *question, const char *answer, int since)
{
	static const char *const attributes[] = { "", " transaction=no" };

	for (int lone = 0; lone < 2; lone++) {
		struct place p;
		char unit[500];
		mig_ctx *ctx;

		place_begin(&p);
		if (is_left_out(p.db, since, up)) {
			place_end(&p);
			return;
		}
		ctx = open_place(&p, NULL);
		/* a temporary table does not outlive the unit that makes it */
		snprintf(unit, sizeof unit, "BEGIN; %.400s\nCOMMIT;", up);
		ADD(ctx, .id = "a", .attributes = attributes[lone],
		    .up = lone && strstr(up, "CREATE TEMP") ? unit : up);
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_answer(p.db, question, answer);
		mig_close(ctx);
		place_end(&p);
	}
}

static void test_forms(void **state)
{
	static const struct {
		const char *up, *question, *answer;
	} cases[] = {
		{ "", "SELECT count(*) FROM mig_version", "1" },
		{ "-- nothing\n/* at all; */\n;;;", "SELECT count(*) FROM mig_version", "1" },
		{ "CREATE TABLE t (x TEXT);\nCOPY t FROM "
		  "STDIN;\na;b\n\\N\n'\\t'\n--mig\n\\.\nINSERT "
		  "INTO t VALUES ('last');\n",
		  "SELECT x FROM t", "a;b|NULL|'\t'|--mig|last" },
		{ "CREATE TABLE t (x INT, y TEXT);\nCOPY t (x, y) FROM STDIN WITH (FORMAT csv);\n"
		  "1,\"a\nb\"\n2,;\n\\.\n",
		  "SELECT replace(y, E'\\n', '/') FROM t ORDER BY x", "a/b|;" },
		{ "CREATE TABLE t (x INT);\nCOPY t FROM STDIN;\n\\.\nCOPY t FROM STDIN;\n1\n\\.\n",
		  "SELECT count(*) FROM t", "1" },
		{ "CREATE TABLE U&\"d!0061t!+000061\" UESCAPE '!' (x INT); INSERT INTO data VALUES "
		  "(1);",
		  "SELECT x FROM data", "1" },
		{ "CREATE TABLE t AS SELECT U&'a;\\003b' AS x;", "SELECT x FROM t", "a;;" },
		{ "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $_1$\nBEGIN RETURN "
		  "$$a;b$$; "
		  "END;\n$_1$;\nCREATE TABLE t AS SELECT f() AS x;",
		  "SELECT x FROM t", "a;b" },
		{ "CREATE TABLE t (x TEXT); CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; "
		  "SELECT "
		  "2);\nINSERT INTO t VALUES ('x');",
		  "SELECT x FROM t", "x" },
		{ "CREATE TABLE t AS SELECT 'a' -- ;\n'b' AS x;", "SELECT x FROM t", "ab" },
		{ "CREATE TABLE t AS SELECT E'it\\'s;' || '\\' AS x;", "SELECT x FROM t",
		  "it's;\\" },
		{ "CREATE TABLE t AS SELECT /* /* ; */ ; */ 'ok' AS x", "SELECT x FROM t", "ok" },
		{ "CREATE TABLE \"begin\" (\"commit\" INT); -- COMMIT;\nSELECT \"commit\" AS "
		  "\"end\" "
		  "FROM \"begin\";",
		  "SELECT count(*) FROM \"begin\"", "0" },
		{ "CREATE TABLE t (x INT); COPY t TO STDOUT; TABLE t; VALUES (1), (2); EXPLAIN "
		  "SELECT "
		  "1;",
		  "SELECT count(*) FROM t", "0" },
		{ "PREPARE q AS SELECT 1; EXECUTE q; DEALLOCATE q; CREATE TABLE t (x INT);",
		  "SELECT count(*) FROM t", "0" },
		{ "CREATE TEMP TABLE temporary (x INT); INSERT INTO temporary VALUES (7); CREATE "
		  "TABLE "
		  "t AS TABLE temporary;",
		  "SELECT x FROM t", "7" },
		{ "LISTEN something; NOTIFY something, 'told'; CREATE TABLE t (x INT);",
		  "SELECT count(*) FROM t", "0" },
	}, since_14[] = {
		{ "CREATE FUNCTION one() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT "
		  "CASE "
		  "WHEN true THEN 7 END; END;\nCREATE TABLE t AS SELECT one() AS x;",
		  "SELECT x FROM t", "7" },
		{ "CREATE PROCEDURE p(INOUT a int) LANGUAGE sql BEGIN ATOMIC SELECT a + 1; END; "
		  "CALL "
		  "p(1);",
		  "SELECT count(*) FROM pg_proc WHERE proname = 'p'", "1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_script(cases[i].up, cases[i].question, cases[i].answer, 0);
	for (size_t i = 0; i < sizeof since_14 / sizeof *since_14; i++)
		assert_script(since_14[i].up, since_14[i].question, since_14[i].answer, 14);
}

static void test_savepoints(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a",
	    .up = "SAVEPOINT s; CREATE TABLE t (x INT); ROLLBACK TO SAVEPOINT s; RELEASE s; CREATE "
		  "TABLE u (x INT);");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_answer(p.db, TABLES, "u");
	mig_close(ctx);
	place_end(&p);
}

static void test_refused(void **state)
{
	static const struct {
		const char *up;
		mig_status status;
		int line, column;
		const char *message;
	} cases[] = {
		{ "SELECT 1;\n\\connect other\n", MIG_ESYNTAX, 8, 1, "\\connect" },
		{ "\\i more.sql\n", MIG_ESYNTAX, 7, 1, "\\i" },
		{ "SELECT 1 \\gset\n", MIG_ESYNTAX, 7, 10, "psql" },
		{ "\\set x 1\nSELECT :x;", MIG_ESYNTAX, 7, 1, "\\set" },
		{ "COPY t FROM STDIN;\n1\n", MIG_ESYNTAX, 7, 1, "" },
		{ "SELECT 1;\n  START TRANSACTION;", MIG_ETRANSACTION, 8, 3, "transaction" },
		{ "SELECT 1; COMMIT;", MIG_ETRANSACTION, 7, 11, "transaction" },
		{ "SELECT 1; END;", MIG_ETRANSACTION, 7, 11, "transaction" },
		{ "ABORT;", MIG_ETRANSACTION, 7, 1, "transaction" },
		{ "ROLLBACK;", MIG_ETRANSACTION, 7, 1, "transaction" },
		{ "PREPARE TRANSACTION 'x';", MIG_ETRANSACTION, 7, 1, "" },
		{ "COMMIT AND CHAIN;", MIG_ETRANSACTION, 7, 1, "transaction" },
		{ "SELECT (1;\n", MIG_ESYNTAX, 0, 0, "" },
		{ "SELECT $x$ 1;\n", MIG_ESYNTAX, 7, 8, "" },
		{ "SELECT 1 /* open", MIG_ESYNTAX, 7, 10, "" },
		{ "DO $$ BEGIN COMMIT; END $$;", MIG_ETRANSACTION, 7, 1, "invalid transaction" },
	};
	struct place p;

	(void)state;
	place_begin(&p);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mig_ctx *ctx = open_place(&p, NULL);
		mig_status rc;

		ADD(ctx, .id = "a", .up = cases[i].up);
		rc = mig_upgrade(ctx, "head");
		if (rc != cases[i].status && (rc != MIG_ESQL || cases[i].line))
			fail_msg("%s: %s: %s", cases[i].up, mig_status_name(rc),
				 mig_error_message(ctx));
		assert_has(mig_error_message(ctx), cases[i].message);
		if (cases[i].line && (mig_error_line(ctx) != cases[i].line ||
				      mig_error_column(ctx) != cases[i].column))
			fail_msg("%s: %s", cases[i].up, mig_error_message(ctx));
		assert_string_equal(rows(p.db), "none");
		mig_close(ctx);
	}
	place_end(&p);
}

/* -- standard_conforming_strings */

static void test_nonstandard_strings(void **state)
{
	struct place p;
	mig_ctx *ctx;
	mig_open_options o = { .version_table = "it's \\ $1" };

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "DO 'BEGIN EXECUTE format($$ALTER DATABASE %I SET "
		      "standard_conforming_strings = off$$, current_database()); END'");
	for (int lone = 0; lone < 2; lone++) {
		static const char *const attributes[] = { "", " transaction=no" };
		static const char *const ids[] = { "a", "b" };

		ctx = open_place(&p, &o);
		ADD(ctx, .id = ids[lone], .attributes = attributes[lone],
		    .up = "CREATE TABLE t AS SELECT 'it\\'s; \\\\' AS x;\nSET "
			  "standard_conforming_strings = on;\nINSERT INTO t VALUES ('\\');\nSET "
			  "standard_conforming_strings = off;\nINSERT INTO t VALUES ('\\';');",
		    .down = "DROP TABLE t;");
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_answer(p.db, "SELECT x FROM t", "it's; \\|\\|';");
		ok(ctx, mig_downgrade(ctx, "base"));
		mig_close(ctx);
	}
	place_end(&p);
}

/* -- large ones */

static char *repeat(const char *format, int count, size_t *size)
{
	size_t room = (strlen(format) + 20) * (size_t)count + 1;
	char *text = room_for(room);
	size_t n = 0;

	text[0] = '\0';
	for (int i = 0; i < count; i++) {
		const char *mark = strchr(format, '#');

		n += (size_t)snprintf(text + n, room - n, "%.*s%d%s", (int)(mark - format), format,
				      i, mark + 1);
	}
	*size = n;
	return text;
}

static void test_many_statements(void **state)
{
	enum { COUNT = 20000 };
	struct place p;
	mig_ctx *ctx;
	size_t size;
	char *up = repeat("INSERT INTO t VALUES (#);\n", COUNT, &size);

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE t (x INTEGER)");
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", .up = up);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_answer(p.db, "SELECT count(*) || ' ' || sum(x) FROM t", "20000 199990000");
	assert_answer(p.db, "SELECT statements FROM mig_history", "20000");
	mig_close(ctx);

	/* an error far inside is found */
	memcpy(strstr(up, "(19876)"), "(1987x)", 7);
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "b", .up = up);
	mig_close(ctx);
	ctx = open_place(&p, &(mig_open_options){ .version_table = "other" });
	ADD(ctx, .id = "b", .up = up);
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_int_equal(mig_error_line(ctx), 7 + 19876);
	assert_string_equal(mig_error_statement(ctx), "INSERT INTO t VALUES (1987x);");
	mig_close(ctx);
	assert_answer(p.db, "SELECT count(*) FROM t", "20000");
	free(up);
	place_end(&p);
}

/* Several messages' worth, with the error in the last of them. */
static void test_large_script(void **state)
{
	enum { COUNT = 5000 };
	char format[1100] = "INSERT INTO t VALUES (#, '";
	struct place p;
	mig_ctx *ctx;
	size_t size, n = strlen(format);
	char *up;

	(void)state;
	memset(format + n, 'x', 1000);
	memcpy(format + n + 1000, "');\n", 5);
	up = repeat(format, COUNT, &size);
	assert_true(size > 5000000);
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE t (x INTEGER PRIMARY KEY, y TEXT)");
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", .up = up);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_answer(p.db, "SELECT count(*) || ' ' || sum(length(y)) FROM t", "5000 5000000");
	mig_close(ctx);

	pg_exec(p.db, "DELETE FROM t WHERE x <> 4990");
	ctx = open_place(&p, &(mig_open_options){ .version_table = "other" });
	ADD(ctx, .id = "b", .up = up);
	expect(ctx, MIG_ECONSTRAINT, mig_upgrade(ctx, "head"));
	assert_int_equal(mig_error_line(ctx), 7 + 4990);
	assert_int_equal(mig_error_column(ctx), 1);
	mig_close(ctx);
	assert_answer(p.db, "SELECT count(*) FROM t", "1");
	free(up);
	place_end(&p);
}

/* One statement of many megabytes, and one line of COPY data. */
static void test_large_statement(void **state)
{
	enum { SIZE = 12000000 };
	char *insert = long_text("INSERT INTO t VALUES ('", SIZE, "');\nSELECT nothing;");
	char *copy = long_text("COPY t FROM STDIN;\nfirst\n", SIZE, "\n\\.\n");
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE t (x TEXT)");
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", .up = copy);
	ADD(ctx, .id = "b", .revises = "a", .up = insert);
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_int_equal(mig_error_line(ctx), 8);
	assert_int_equal(mig_error_column(ctx), 8);
	ok(ctx, mig_upgrade(ctx, "a"));
	assert_answer(p.db, "SELECT length(x) FROM t", "5|12000000");
	mig_close(ctx);
	free(insert);
	free(copy);
	place_end(&p);
}

/* -- many revisions */

static void test_many_revisions(void **state)
{
	enum { COUNT = 500 };
	static const int32_t modes[] = { MIG_TRANSACTION_RUN, MIG_TRANSACTION_REVISION };

	(void)state;
	for (size_t m = 0; m < 2; m++) {
		mig_run_options run = { .struct_size = sizeof run, .transaction_mode = modes[m] };
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		pg_exec(p.db, "CREATE TABLE t (x INTEGER)");
		ctx = open_place(&p, NULL);
		for (int i = 0; i < COUNT; i++) {
			char id[16], parent[16] = "", up[64], down[64];

			snprintf(id, sizeof id, "r%d", i);
			if (i)
				snprintf(parent, sizeof parent, "r%d", i - 1);
			snprintf(up, sizeof up, "INSERT INTO t VALUES (%d);", i);
			snprintf(down, sizeof down, "DELETE FROM t WHERE x = %d;", i);
			ADD(ctx, .id = id, .revises = parent, .up = up, .down = down);
		}
		ok(ctx, mig_upgrade_with(ctx, "head", &run));
		assert_string_equal(rows(p.db), "r499");
		assert_answer(p.db, "SELECT count(*) FROM t", "500");
		ok(ctx, mig_downgrade_with(ctx, "r99", &run));
		assert_answer(p.db, "SELECT count(*) FROM t", "100");
		ok(ctx, mig_downgrade_with(ctx, "base", &run));
		assert_answer(p.db, "SELECT count(*) FROM t", "0");
		assert_answer(p.db, "SELECT count(*) FROM mig_history", "1000");
		mig_close(ctx);
		place_end(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),           cmocka_unit_test(test_savepoints),
		cmocka_unit_test(test_refused),         cmocka_unit_test(test_nonstandard_strings),
		cmocka_unit_test(test_many_statements), cmocka_unit_test(test_large_script),
		cmocka_unit_test(test_large_statement), cmocka_unit_test(test_many_revisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
