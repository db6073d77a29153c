/* Values are kept by a change of their column's type on SQLite, or the change is marked as
 * destructive and stopped: every pair of types, STRICT or not, over awkward values. */
#include "both.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct type {
	const char *name;
	int strict;
	int other; /* another word for one that is here */
} types[] = {
	{ "", 0, 0 },        { "INTEGER", 0, 0 },    { "INT", 0, 1 },
	{ "TEXT", 0, 0 },    { "VARCHAR(3)", 0, 1 }, { "REAL", 0, 0 },
	{ "FLOAT", 0, 1 },   { "BLOB", 0, 0 },       { "NUMERIC", 0, 0 },
	{ "BOOLEAN", 0, 1 }, { "DATE", 0, 1 },       { "ANY", 0, 0 },
	{ "INT", 1, 0 },     { "INTEGER", 1, 1 },    { "REAL", 1, 0 },
	{ "TEXT", 1, 0 },    { "BLOB", 1, 0 },       { "ANY", 1, 0 },
};
enum { TYPES = sizeof types / sizeof *types };

static const char *const values[] = {
	"NULL",      "0",         "5",
	"-7",        "1.0",       "1.5",
	"1e20",      "9e999",     "9223372036854775807",
	"0.3",       "0.1 + 0.2", "9007199254740993",
	"''",        "'5'",       "'5.0'",
	"' 5'",      "'01067'",   "'12345678901234567890'",
	"'1.10'",    "'1e3'",     "'abc'",
	"'2026-01-02'", "'0x10'", "x''",
	"x'35'",     "x'00ff'",   "x'616263'",
	"x'312e35'",
};
enum { VALUES = sizeof values / sizeof *values };

/* Two shapes of table: the row has a number, or its key is the value. */
static const char *const shapes[][2] = {
	{ "CREATE TABLE t (id INTEGER PRIMARY KEY, v %s)%s", "" },
	{ "CREATE TABLE t (v %s PRIMARY KEY, w TEXT) WITHOUT ROWID%s", "," },
};

/* -- what a script does */

enum outcome { DONE, STOPPED, REFUSED };

/* Runs the statements as a run does: a query below "-- mig:check" must return no rows. */
static enum outcome run(sqlite3 *db, const char *sql)
{
	enum outcome outcome = DONE;

	assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
	while (*sql && outcome == DONE) {
		const char *check = strstr(sql, "-- mig:check"), *from = sql;
		sqlite3_stmt *stmt;
		int code, is_check;

		if (sqlite3_prepare_v2(db, sql, -1, &stmt, &sql))
			fail_msg("%s: %s", from, sqlite3_errmsg(db));
		if (!stmt)
			break;
		is_check = check && check < sql;
		code = sqlite3_step(stmt);
		if (code == SQLITE_ROW && is_check)
			outcome = STOPPED;
		else if (code != SQLITE_DONE && code != SQLITE_ROW)
			outcome = REFUSED;
		sqlite3_finalize(stmt);
	}
	assert_int_equal(sqlite3_exec(db, outcome == DONE ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL),
			 SQLITE_OK);
	return outcome;
}

static int take(void *out, int count, char **texts, char **names)
{
	(void)count, (void)names;
	snprintf(out, 200, "%s", texts[0]);
	return 0;
}

static void value_of(sqlite3 *db, char out[200])
{
	strcpy(out, "gone");
	assert_int_equal(sqlite3_exec(db, "SELECT typeof(v) || ' ' || quote(v) FROM t", take, out,
				      NULL),
			 SQLITE_OK);
}

static sqlite3 *open_with(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	return db;
}

/* -- one pair of types */

struct pair {
	const struct type *was, *is;
	char from[200], to[200];
	const char *up, *down;
	int marked, stopped, done;
};

static int is_destructive(const mig_op_list *list)
{
	for (size_t i = 0; i < mig_op_list_count(list); i++)
		if (mig_op_list_at(list, i)->flags & MIG_OP_DESTRUCTIVE)
			return 1;
	return 0;
}

/* A real number in an INTEGER column is found by the comparison, and not worth a mark on every
 * INTEGER that becomes TEXT; nor is what a cast to STRICT makes of text in such a column. */
static int may_be_unmarked(const struct pair *p, const char *before)
{
	return !strncmp(p->was->name, "INT", 3) &&
	       (!strcmp(p->is->name, "TEXT") || !strncmp(p->is->name, "VARCHAR", 7)) &&
	       (!strncmp(before, "real", 4) || !strncmp(before, "blob", 4));
}

static void try_value(struct pair *p, const char *value)
{
	char sql[400], before[200], after[200];
	sqlite3 *db = open_with(p->from);
	enum outcome outcome;

	snprintf(sql, sizeof sql, "INSERT INTO t (v) VALUES (%s)", value);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL)) { /* the old table does not take it */
		sqlite3_close(db);
		return;
	}
	value_of(db, before);
	outcome = run(db, p->up);
	if (outcome == DONE && run(db, p->down) != DONE)
		fail_msg("%s; %s: %s goes up and not down", p->from, p->to, before);
	value_of(db, after);
	if (strcmp(before, after) != 0)
		fail_msg("%s; %s: %s became %s", p->from, p->to, before, after);
	if (outcome == STOPPED && !p->marked && !may_be_unmarked(p, before))
		fail_msg("%s; %s: %s is stopped, and nothing was marked", p->from, p->to, before);
	p->stopped += outcome == STOPPED;
	p->done += outcome == DONE;
	sqlite3_close(db);
}

static void try_pair(struct pair *p)
{
	sqlite3 *db = open_with(p->from);
	mig_open_options o = { .struct_size = sizeof o,
			       .connection = db,
			       .dialect_name = "sqlite" };
	mig_op_list *list;
	mig_model *m;
	mig_ctx *ctx;

	assert_int_equal(mig_open_with(&ctx, &o), MIG_OK);
	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_sql(m, NULL, "model", p->to, strlen(p->to)));
	ok(ctx, mig_diff(ctx, NULL, &list));
	p->up = mig_op_list_sql(list, MIG_UPGRADE, NULL);
	p->down = mig_op_list_sql(list, MIG_DOWNGRADE, NULL);
	p->marked = is_destructive(list);
	for (int i = 0; i < VALUES; i++)
		try_value(p, values[i]);
	mig_op_list_free(list);
	mig_close(ctx);
	sqlite3_close(db);
}

static void write_table(char out[200], const char *const shape[2], const struct type *type)
{
	char strict[20];

	snprintf(strict, sizeof strict, "%s STRICT", shape[1]);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(out, 200, shape[0], type->name, type->strict ? strict : "");
#pragma GCC diagnostic pop
}

static void test_matrix(void **user)
{
	int done = 0, stopped = 0, unmarked = 0;

	(void)user;
	for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
		for (size_t i = 0; i < TYPES; i++)
			for (size_t k = 0; k < TYPES; k++) {
				struct pair p = { .was = &types[i], .is = &types[k] };

				if (i == k || (s && (types[i].other || types[k].other)))
					continue;
				write_table(p.from, shapes[s], &types[i]);
				write_table(p.to, shapes[s], &types[k]);
				try_pair(&p);
				done += p.done;
				stopped += p.stopped;
				unmarked += !p.marked;
				/* something of each is always kept: at least what is of both types */
				if (!p.done)
					fail_msg("%s; %s: nothing is kept", p.from, p.to);
			}
	/* neither all is stopped, nor all marked */
	printf("%d values kept, %d stopped; %d pairs without a mark\n", done, stopped, unmarked);
	assert_true(done > 7000);
	assert_true(stopped > 1500);
	assert_true(unmarked > 150);
}

/* -- a run */

static void write_model(mig_ctx *ctx, const char *sql)
{
	mig_revision_list *list;
	mig_model *m;

	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_sql(m, NULL, "model", sql, strlen(sql)));
	ok(ctx, mig_autogenerate(ctx, NULL, &list));
	assert_int_equal(mig_revision_list_count(list), 1);
	mig_revision_list_free(list);
}

static void assert_has(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" is not in: %s", part, text ? text : "(null)");
}

/* The run stops before the old table goes, and names the rows. */
static void a_run_stops(const struct base *base, const void *with)
{
	mig_ctx *ctx;

	(void)with;
	run_sql(base, "CREATE TABLE t (id INTEGER PRIMARY KEY, zip TEXT, x INT);"
		      "INSERT INTO t VALUES (1, '1', 1), (2, '01067', 2), (3, 'it''s', 3),"
		      " (4, '1e3', 4), (5, '007', 5), (6, NULL, 6);");
	ctx = open_base(base);
	write_model(ctx, "CREATE TABLE t (id INTEGER PRIMARY KEY, zip INTEGER, x INT);");
	for (int32_t mode = 0; mode < 2; mode++) {
		mig_run_options o = { .struct_size = sizeof o };

		o.transaction_mode = mode;
		expect(ctx, MIG_ECHECK, mig_upgrade_with(ctx, "head", &o));
		assert_has(mig_error_message(ctx),
			   "table t would not keep its values: 3 rows: (2, '01067', 1067), (4, "
			   "'1e3', 1000), (5, '007', 7)");
		assert_has(mig_error_hint(ctx), "remove the check");
		assert_true(mig_error_line(ctx) > 10);
		assert_non_null(mig_error_revision(ctx));
		assert_string_equal(ask_sql(base, "SELECT group_concat(zip) FROM t"),
				    "1,01067,it's,1e3,007");
		assert_string_equal(ask_sql(base, "SELECT count(*) FROM sqlite_schema WHERE name "
						  "LIKE '%mig_new%'"),
				    "0");
	}
	run_sql(base, "UPDATE t SET zip = CAST(zip AS INTEGER) WHERE id IN (2, 4, 5)");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask_sql(base, "SELECT group_concat(typeof(zip)) FROM t"),
			    "integer,integer,text,integer,integer,null");
	mig_close(ctx);
}

static void test_a_run_stops(void **user)
{
	(void)user;
	assert_int_equal(on_one("sqlite", a_run_stops, NULL), 1);
}

/* Operations of a revision in C stop in the same way. */
static mig_status make_a_number(void *user, mig_step *step)
{
	mig_model *m;
	mig_status rc = mig_op_model(step, &m);

	(void)user;
	if (rc)
		return rc;
	return mig_op_alter_column(step,
				   mig_table_column(mig_model_table(m, NULL, "t"), "v", "integer"));
}

static void an_operation_stops(const struct base *base, const void *with)
{
	const mig_revision_def def = { .struct_size = sizeof def,
				       .id = "c1",
				       .upgrade = make_a_number };
	mig_ctx *ctx;

	(void)with;
	run_sql(base, "CREATE TABLE t (a TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID;"
		      "INSERT INTO t VALUES ('x', '12345678901234567890'), ('y', '2');");
	ctx = open_base(base);
	ok(ctx, mig_add_revision(ctx, &def));
	expect(ctx, MIG_ECHECK, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "('x', '12345678901234567890', 1.234567890123456");
	assert_has(mig_error_hint(ctx), "change the values before");
	assert_string_equal(ask_sql(base, "SELECT v FROM t WHERE a = 'x'"), "12345678901234567890");
	run_sql(base, "DELETE FROM t WHERE a = 'x'");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask_sql(base, "SELECT typeof(v) FROM t"), "integer");
	mig_close(ctx);
}

static void test_an_operation_stops(void **user)
{
	(void)user;
	assert_int_equal(on_one("sqlite", an_operation_stops, NULL), 1);
}

/* Tables whose rows are hard to find again, or hard to name. Nothing is lost, so nothing stops. */
static void odd_tables_pass(const struct base *base, const void *with)
{
	mig_ctx *ctx;

	(void)with;
	run_sql(base, "CREATE TABLE o (rowid, _rowid_, oid, n INT);"
		      "INSERT INTO o VALUES (1, 'a', x'00', NULL), (1, 'a', x'00', NULL);"
		      "CREATE TABLE n (\"o\" TEXT COLLATE NOCASE, b, PRIMARY KEY (\"o\" DESC, b))"
		      " WITHOUT ROWID;"
		      "INSERT INTO n VALUES ('A', 1), ('b', 2);"
		      "CREATE TABLE \"a \"\"b\nc\" (\"group\" INT, v TEXT);"
		      "INSERT INTO \"a \"\"b\nc\" VALUES (1, 'x'), (NULL, NULL);"
		      "CREATE TABLE k (a INT, b TEXT); INSERT INTO k VALUES (3, 'c'), (1, 'a');");
	ctx = open_base(base);
	write_model(ctx, "CREATE TABLE o (rowid, _rowid_, oid, n BIGINT NOT NULL DEFAULT 7);"
			 "CREATE TABLE n (\"o\" TEXT, b, PRIMARY KEY (b, \"o\")) WITHOUT ROWID;"
			 "CREATE TABLE \"a \"\"b\nc\" (\"group\" INT, v VARCHAR(9));"
			 "CREATE TABLE k (a INTEGER PRIMARY KEY, b VARCHAR(9));");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask_sql(base, "SELECT group_concat(n) FROM o"), "7,7");
	assert_string_equal(ask_sql(base, "SELECT group_concat(\"o\" || b) FROM n"), "A1,b2");
	assert_string_equal(ask_sql(base, "SELECT group_concat(a || b) FROM k"), "1a,3c");
	ok(ctx, mig_downgrade(ctx, "base"));
	assert_string_equal(ask_sql(base, "SELECT group_concat(\"o\" || b) FROM n"), "b2,A1");
	mig_close(ctx);
}

static void test_odd_tables_pass(void **user)
{
	(void)user;
	assert_int_equal(on_one("sqlite", odd_tables_pass, NULL), 1);
}

/* As many columns as SQLite takes. */
static void wide_tables_pass(const struct base *base, const void *with)
{
	enum { COLUMNS = 1900, ROOM = COLUMNS * 16 };
	char *sql = malloc(ROOM), *end;
	mig_ctx *ctx;

	(void)with;
	assert_non_null(sql);
	for (int pass = 0; pass < 2; pass++) {
		end = sql + sprintf(sql, "CREATE TABLE t (id INTEGER PRIMARY KEY");
		for (int i = 0; i < COLUMNS; i++)
			end += sprintf(end, ", c%d%s", i, pass ? " TEXT" : "");
		strcpy(end, ")");
		if (!pass)
			run_sql(base, sql);
	}
	run_sql(base, "INSERT INTO t (id, c7) VALUES (1, 'x')");
	ctx = open_base(base);
	write_model(ctx, sql);
	ok(ctx, mig_upgrade(ctx, "head"));
	run_sql(base, "UPDATE t SET c1899 = '1'");
	ok(ctx, mig_downgrade(ctx, "base"));
	assert_string_equal(ask_sql(base, "SELECT c7 || c1899 FROM t"), "x1");
	mig_close(ctx);
	free(sql);
}

static void test_wide_tables_pass(void **user)
{
	(void)user;
	assert_int_equal(on_one("sqlite", wide_tables_pass, NULL), 1);
}

/* -- checks by hand */

static void add_text(mig_ctx *ctx, const char *how, const char *check)
{
	char text[900];

	snprintf(text, sizeof text,
		 "-- one\n-- revision: a\n\n-- mig:upgrade%s\n"
		 "CREATE TABLE t (id integer, v text);\n"
		 "INSERT INTO t VALUES (1, 'a'), (2, 'b');\n"
		 "%s\nINSERT INTO t VALUES (3, 'c');\n\n-- mig:downgrade\nDROP TABLE t;\n",
		 how, check);
	ok(ctx, mig_add_script(ctx, "a.sql", text, strlen(text)));
}

static void assert_check(const struct base *base, const char *how, const char *check,
			 mig_status status, const char *message)
{
	mig_ctx *ctx = open_base(base);

	add_text(ctx, how, check);
	expect(ctx, status, mig_upgrade(ctx, "head"));
	if (status)
		assert_has(mig_error_message(ctx), message);
	if (status == MIG_ECHECK || status == MIG_ESYNTAX) {
		assert_int_equal(mig_error_line(ctx), 7);
		assert_int_equal(mig_error_column(ctx), 4);
		assert_string_equal(mig_error_file(ctx), "a.sql");
		assert_string_equal(mig_error_revision(ctx), "a");
	}
	if (status)
		ok(ctx, mig_stamp(ctx, "base"));
	else
		assert_string_equal(ask_sql(base, "SELECT count(*) FROM t"), "3");
	mig_close(ctx);
	run_sql(base, "DROP TABLE IF EXISTS t");
	ctx = open_base(base);
	add_text(ctx, how, check);
	ok(ctx, mig_stamp(ctx, "base"));
	mig_close(ctx);
}

static void checks_by_hand(const struct base *base)
{
	static const char *const hows[] = { "", " transaction=no" };
	const char *const bare[] = {
		"-- mig:check none\nVACUUM;",
		"-- mig:check none\nBEGIN;\nSELECT 1;\nCOMMIT;",
		"BEGIN;\n-- mig:check none\nCOMMIT;",
		"BEGIN;\n-- mig:check none\nROLLBACK;",
		strcmp(base->dialect, "sqlite") != 0 ? "-- mig:check none\nSET work_mem = '1MB';"
						     : "-- mig:check none\nPRAGMA table_info(t);",
	};

	for (int i = 0; i < 2; i++) {
		const char *how = hows[i];

		assert_check(base, how, "-- mig:check no b\nSELECT * FROM t WHERE v = 'z';", MIG_OK,
			     NULL);
		assert_check(base, how, "-- mig:check no b\nSELECT * FROM t WHERE v > 'a';",
			     MIG_ECHECK, "a.sql:7:4: revision a: no b: 1 row: (2, 'b')");
		assert_check(base, how,
			     "-- mig:check none\n/* one */ WITH w AS (SELECT id FROM t) SELECT id "
			     "FROM w;",
			     MIG_ECHECK, "none: 2 rows: 1, 2");
		assert_check(base, how, "-- mig:check none\n-- mig:check two\nSELECT 1;",
			     MIG_ESYNTAX, "no query stands below \"mig:check\"");
		assert_check(base, how, "-- mig:check none\nDELETE FROM t;", MIG_EINVAL,
			     "a.sql:8:1: revision a: the statement of a check must be a query");
	}
	/* these are not run in a transaction of libmig's */
	for (size_t i = 0; i < sizeof bare / sizeof *bare; i++)
		assert_check(base, " transaction=no", bare[i], MIG_EINVAL, "must be a query");
	if (strcmp(base->dialect, "sqlite") != 0) {
		run_sql(base, "CREATE FUNCTION mig_writes() RETURNS int LANGUAGE plpgsql AS "
			      "'BEGIN DELETE FROM t; RETURN 2; END'");
		assert_check(base, "", "-- mig:check none\nSELECT * FROM t WHERE mig_writes() = 2;",
			     MIG_EREADONLY, "read-only transaction");
	} else {
		assert_check(base, "",
			     "-- mig:check none\nWITH w AS (SELECT 1) DELETE FROM t WHERE id = 1;",
			     MIG_EINVAL, "must be a query");
	}
}

static void test_checks_by_hand(void **user)
{
	(void)user;
	on_all(checks_by_hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matrix),           cmocka_unit_test(test_a_run_stops),
		cmocka_unit_test(test_an_operation_stops), cmocka_unit_test(test_odd_tables_pass),
		cmocka_unit_test(test_wide_tables_pass), cmocka_unit_test(test_checks_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
