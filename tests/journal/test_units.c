/* What in a section outside a transaction leans on the session is refused before anything runs,
 * with its place; within one unit it is fine. */
#include "place.h"

#include <stdio.h>
#include <string.h>

enum { BOTH, SQLITE, POSTGRESQL };

static const struct {
	int dialect;
	const char *section; /* begins in line 7 */
	int line, column;    /* 0: it is fine */
	const char *message;
} cases[] = {
	/* refused */
	{ SQLITE, "INSERT INTO t VALUES (1);\nVACUUM;\nINSERT INTO t VALUES (last_insert_rowid());",
	  9, 23, "\"last_insert_rowid\" depends on a statement of an earlier unit" },
	{ SQLITE, "INSERT INTO t VALUES (1);\nINSERT INTO t SELECT 1 + CHANGES ( );", 8, 26,
	  "CHANGES" },
	{ SQLITE, "INSERT INTO t SELECT total_changes();", 7, 22, "total_changes" },
	{ SQLITE, "INSERT INTO t VALUES (1);\nBEGIN;\nINSERT INTO t SELECT changes();\nCOMMIT;", 9,
	  22, "changes" },
	{ SQLITE, "CREATE TABLE k AS SELECT changes() AS x;", 7, 26, "changes" },
	{ SQLITE, "INSERT INTO t SELECT \"changes\"();", 7, 22, "changes" },
	{ SQLITE, "INSERT INTO t SELECT [Last_Insert_Rowid] /* */ ( );", 7, 22,
	  "Last_Insert_Rowid" },
	{ SQLITE, "INSERT INTO t SELECT `total_changes`(*);", 7, 22, "total_changes" },
	{ SQLITE, "BEGIN;\nDELETE FROM t;\nINSERT INTO t SELECT last_insert_rowid();\nCOMMIT;", 9,
	  22, "last_insert_rowid" },
	{ SQLITE, "CREATE TEMP TABLE keep AS SELECT 1 AS x;\nINSERT INTO t SELECT x FROM keep;", 7,
	  19, "\"keep\" is temporary" },
	{ SQLITE, "CREATE TABLE temp.keep (x);", 7, 19, "keep" },
	{ SQLITE,
	  "BEGIN;\nCREATE TEMPORARY TABLE Keep (x);\nCOMMIT;\nINSERT INTO t SELECT x FROM "
	  "\"kEEP\";",
	  10, 29, "is a temporary table of an earlier unit" },
	{ SQLITE, "INSERT INTO t SELECT x FROM temp.keep;", 7, 29, "temp" },
	{ SQLITE,
	  "SAVEPOINT a;\nINSERT INTO t VALUES (1);\nRELEASE a;\nINSERT INTO t SELECT changes();",
	  10, 22, "changes" },
	{ SQLITE, "SAVEPOINT a;\nSAVEPOINT b;\nRELEASE A;\nSAVEPOINT c;\nINSERT INTO t VALUES (1);",
	  10, 1, "ends inside the savepoint that begins here" },
	{ POSTGRESQL, "INSERT INTO t VALUES (nextval('s'));\nINSERT INTO t VALUES (currval('s'));",
	  8, 23, "\"currval\" depends on a statement of an earlier unit" },
	{ POSTGRESQL, "SELECT nextval('s');\nINSERT INTO t SELECT LASTVAL();", 8, 22, "LASTVAL" },
	{ POSTGRESQL, "CREATE TEMP TABLE keep (x INTEGER);\nINSERT INTO keep VALUES (1);", 7, 19,
	  "\"keep\" is temporary" },
	{ POSTGRESQL, "SELECT 1 AS x INTO TEMPORARY keep;", 7, 30, "keep" },
	{ POSTGRESQL, "CREATE TABLE pg_temp.keep (x INTEGER);", 7, 22, "keep" },
	{ POSTGRESQL,
	  "BEGIN;\nCREATE TEMP TABLE keep (x INTEGER);\nCOMMIT;\nINSERT INTO t SELECT x FROM "
	  "\"keep\";",
	  10, 29, "is a temporary table of an earlier unit" },
	{ POSTGRESQL, "INSERT INTO t SELECT x FROM pg_temp.keep;", 7, 29, "pg_temp" },
	{ POSTGRESQL, "BEGIN;\nDECLARE c CURSOR WITH HOLD FOR SELECT 1;\nCOMMIT;\nFETCH c;", 10, 1,
	  "reads a cursor of an earlier unit" },
	{ POSTGRESQL, "BEGIN;\nINSERT INTO t VALUES (1);\nPREPARE TRANSACTION 'x';", 9, 1,
	  "cannot prepare a transaction" },
	{ POSTGRESQL, "BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT AND CHAIN;\nCOMMIT;", 9, 1,
	  "AND CHAIN" },
	{ BOTH, "INSERT INTO t VALUES (1);\nBEGIN;\nINSERT INTO t VALUES (2);", 8, 1,
	  "ends inside the transaction that begins here" },
	{ BOTH, "-- mig:idempotent\nBEGIN;\nCOMMIT;", 7, 4, "leave it out" },
	{ BOTH, "INSERT INTO t VALUES (1);\n-- mig:idempotent\n", 8, 4,
	  "has no statement below it" },
	{ BOTH, "INSERT INTO t\n-- mig:idempotent\nVALUES (1);", 8, 4,
	  "stands inside a statement" },
	/* fine */
	{ SQLITE,
	  "BEGIN;\nINSERT INTO t VALUES (41);\nINSERT INTO t VALUES "
	  "(last_insert_rowid());\nCOMMIT;",
	  0, 0, NULL },
	{ SQLITE,
	  "SAVEPOINT a;\nINSERT INTO t VALUES (1);\nINSERT INTO t SELECT changes();\nRELEASE a;", 0,
	  0, NULL },
	{ SQLITE,
	  "BEGIN;\nCREATE TEMP TABLE keep AS SELECT 1 AS x;\nINSERT INTO t SELECT x FROM "
	  "temp.keep;\nDROP TABLE keep;\nCOMMIT;\nCREATE TABLE keep (x);\nDROP TABLE keep;",
	  0, 0, NULL },
	{ SQLITE,
	  "CREATE TABLE changes(x);\nINSERT INTO changes(x) VALUES (1);\n"
	  "WITH total_changes(x) AS (SELECT 1) INSERT INTO \"changes\" (x) SELECT x FROM "
	  "total_changes;\nDROP TABLE changes;",
	  0, 0, NULL },
	{ SQLITE,
	  "INSERT INTO t VALUES ('changes()');\n-- changes()\n/* last_insert_rowid() */ INSERT "
	  "INTO t "
	  "VALUES ('temp.x');\nCREATE TABLE \"changes\" (changes);\nDROP TABLE changes;",
	  0, 0, NULL },
	{ SQLITE,
	  "CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t WHERE x = last_insert_rowid(); "
	  "END;\nDROP TRIGGER g;",
	  0, 0, NULL },
	{ SQLITE,
	  "SAVEPOINT a;\nSAVEPOINT \"A\";\nINSERT INTO t VALUES (1);\nRELEASE a;\nRELEASE [a];\n"
	  "SAVEPOINT b;\nROLLBACK TO b;\nCOMMIT;",
	  0, 0, NULL },
	{ POSTGRESQL,
	  "BEGIN;\nINSERT INTO t VALUES (nextval('s'));\nINSERT INTO t VALUES "
	  "(currval('s'));\nCOMMIT;",
	  0, 0, NULL },
	{ POSTGRESQL,
	  "BEGIN;\nCREATE TEMP TABLE keep (x INTEGER) ON COMMIT DROP;\nINSERT INTO t SELECT x "
	  "FROM keep;\nCOMMIT;\nBEGIN;\nCREATE TEMP TABLE keep (x INTEGER) ON COMMIT "
	  "DROP;\nCOMMIT;",
	  0, 0, NULL },
	{ POSTGRESQL,
	  "INSERT INTO t SELECT 1 WHERE 'currval()' = $$lastval()$$;\nCREATE FUNCTION f() RETURNS "
	  "bigint LANGUAGE sql AS $$ SELECT lastval() $$;\nDROP FUNCTION f();",
	  0, 0, NULL },
	{ POSTGRESQL, "PREPARE p AS SELECT 1;\nSET app.x = '1';\nVACUUM t;\nEXECUTE p;", 0, 0,
	  NULL },
	{ POSTGRESQL, "SAVEPOINT a;\nINSERT INTO t VALUES (1);\nSAVEPOINT b;\nRELEASE SAVEPOINT a;",
	  0, 0, NULL },
	{ POSTGRESQL, "BEGIN;\nDECLARE c CURSOR FOR SELECT 1;\nFETCH c;\nCOMMIT AND NO CHAIN;", 0,
	  0, NULL },
	{ BOTH, "-- mig:idempotent\nINSERT INTO t VALUES (1);", 0, 0, NULL },
};

static const char *header =
	"-- a\n--\n-- revision: a\n-- revises:\n\n-- mig:upgrade transaction=no\n";

static int concerns(size_t i)
{
	return cases[i].dialect == BOTH || (cases[i].dialect == POSTGRESQL) == on_postgresql;
}

static mig_status add_case(mig_ctx *ctx, size_t i)
{
	char text[2000];
	int n = snprintf(text, sizeof text, "%s%s\n", header, cases[i].section);

	return mig_add_script(ctx, "a.sql", text, (size_t)n);
}

static void check_error(mig_ctx *ctx, size_t i, mig_status rc)
{
	if (rc != MIG_ETRANSACTION && rc != MIG_ESYNTAX)
		fail_msg("%s: %s", cases[i].section, rc ? mig_error_message(ctx) : "not refused");
	assert_has(mig_error_message(ctx), cases[i].message);
	if (mig_error_line(ctx) != cases[i].line || mig_error_column(ctx) != cases[i].column)
		fail_msg("%s: %s", cases[i].section, mig_error_message(ctx));
	assert_string_equal(mig_error_file(ctx), "a.sql");
}

static void test_runs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct place p;
		mig_plan *plan;
		mig_ctx *ctx;
		mig_status rc;

		if (!concerns(i))
			continue;
		place_begin(&p);
		tell(&p, "CREATE TABLE t (x INTEGER)");
		if (on_postgresql)
			tell(&p, "CREATE SEQUENCE s");
		ok(ctx, mig_open(&ctx, p.url));
		ok(ctx, add_case(ctx, i));
		rc = mig_upgrade(ctx, "head");
		if (!cases[i].line && rc)
			fail_msg("%s: %s", cases[i].section, mig_error_message(ctx));
		if (cases[i].line) {
			check_error(ctx, i, rc);
			check_error(ctx, i, mig_plan_upgrade(ctx, "head", &plan));
			assert_answer(&p, "SELECT count(*) FROM t", "0");
			assert_string_equal(rows(&p), "none");
		} else {
			assert_string_equal(rows(&p), "a");
		}
		mig_close(ctx);
		place_end(&p);
	}
}

/* Without a database, for check and embed. */
static void test_sections_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mig_open_options o = { .struct_size = sizeof o,
				       .url = on_postgresql ? "postgresql:" : "sqlite:",
				       .offline = 1 };
		mig_ctx *ctx;
		mig_status rc;

		if (!concerns(i))
			continue;
		ok(ctx, mig_open_with(&ctx, &o));
		ok(ctx, add_case(ctx, i));
		rc = mig_check_sections(ctx);
		if (cases[i].line)
			check_error(ctx, i, rc);
		else if (rc)
			fail_msg("%s: %s", cases[i].section, mig_error_message(ctx));
		mig_close(ctx);
	}
}

/* A unit is run whole or not at all, whatever it is killed in. */
static void test_killed_in_units(void **state)
{
	static const struct revision units[] = {
		{ .id = "a",
		  .attributes = " transaction=no",
		  .up = "CREATE TABLE t (x INTEGER);\nSAVEPOINT one;\nINSERT INTO t VALUES (1);\n"
			"SAVEPOINT two;\nINSERT INTO t VALUES (2);\nRELEASE two;\nRELEASE "
			"one;\nVACUUM;\n"
			"BEGIN;\nINSERT INTO t VALUES (3);\nINSERT INTO t VALUES (4);\nCOMMIT;\n"
			"INSERT INTO t VALUES (5);" },
		{ 0 },
	};

	(void)state;
	for (uint64_t n = 1; n <= 13; n++) {
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		assert_int_equal(killed_at(&p, units, UP, "head", "a", n), 1);
		if (there(&p, "t"))
			assert_answer(&p, "SELECT count(*) FROM t",
				      n <= 7    ? "0"
				      : n <= 12 ? "2"
						: "4");
		ctx = open_with(&p, units);
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_answer(&p, "SELECT x FROM t ORDER BY x", "1|2|3|4|5");
		mig_close(ctx);
		place_end(&p);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_sections_alone),
		cmocka_unit_test(test_killed_in_units),
	};

	if (argc < 2 || !places_are(argv[1]))
		return 77;
	return cmocka_run_group_tests_name(argv[1], tests, NULL, NULL);
}
