/* What the reader of CREATE statements takes for equal is looked at once more: by libmig itself, in another
 * way, and here by SQLite, whose programs for the same statements on both tables have to be the same. */
#include "api/ctx.h"
#include "dialect/sqlite/sql/tokens.h"
#include "migrate/autogen.h"

#include <mig/model.h>

/* cmocka needs these in front of it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum seen {
	SAME,       /* no difference */
	DIFFERS,    /* operations */
	OVERLOOKED, /* no operation, but the second opinion */
	FAILS
};

static mig_ctx *ctx;

static mig_status run(const char *name, const char *text, struct mig__schema *out)
{
	struct mig__db scratch = { .err = &ctx->err };
	mig_status rc = mig__scratch_open(&ctx->db, &scratch);

	if (!rc)
		rc = mig__scratch_script(&scratch, name, text, strlen(text));
	if (!rc)
		rc = mig__inspect(&scratch, out);
	mig__scratch_close(&scratch);
	return rc;
}

/* As a model is: read, and run only if that is not enough. */
static mig_status read_or_run(const char *text, struct mig__schema *out)
{
	mig_schema_sink sink = mig__schema_sink(out);
	const mig_script_text script = { sizeof script, text, strlen(text) };
	const mig_script_text *const scripts[] = { &script };
	int32_t done = 0;
	mig_status rc = ctx->db.dialect->schema->read_script(ctx->db.conn, scripts, 1, NULL, &sink, &done);

	if (!rc && done)
		return mig__schema_done(out);
	mig__schema_finish(out);
	return rc ? rc : run("new", text, out);
}

static enum seen look(const char *old, const char *new)
{
	struct mig__autogen a = { .db = &ctx->db, .alloc = &ctx->alloc, .err = &ctx->err, .unproved = 1 };
	enum seen seen = SAME;
	mig_status rc;

	mig__error_clear(&ctx->err);
	rc = run("old", old, &a.live);
	mig__schema_init(&a.model, &ctx->alloc, &ctx->err);
	a.model.fold = 1;
	if (!rc)
		rc = read_or_run(new, &a.model);
	if (!rc)
		rc = mig__autogen(&a);
	if (rc == MIG_EPROOF && strstr(mig_error_message(ctx), "in what libmig does not know"))
		seen = OVERLOOKED;
	else if (rc)
		seen = FAILS;
	else if (mig__autogen_any(&a))
		seen = DIFFERS;
	mig__autogen_finish(&a);
	return seen;
}

#define P "CREATE TABLE p (a INT, b TEXT, UNIQUE (a, b), PRIMARY KEY (a));\n"

/* Texts that mean the same. */
static const char *const equal[][2] = {
	{ "CREATE TABLE t (a INT, b TEXT)", "create table \"T\" ( [a] int ,\n/* c */ `b` text -- d\n)" },
	{ "CREATE TABLE t (a INT, b TEXT)", "CREATE TABLE t (b TEXT, a INT)" },
	{ "CREATE TABLE t (a INTEGER PRIMARY KEY, b)", "CREATE TABLE t (a \"INTEGER\", b, PRIMARY KEY (a))" },
	{ "CREATE TABLE t (a INTEGER PRIMARY KEY ASC, b)", "CREATE TABLE t (a INTEGER PRIMARY KEY, b)" },
	{ "CREATE TABLE t (a UNIQUE, b)", "CREATE TABLE t (a, b, UNIQUE (a))" },
	{ "CREATE TABLE t (a CHECK (a > 0), b)", "CREATE TABLE t (a, b, CHECK (A > 0))" },
	{ "CREATE TABLE t (a CONSTRAINT x UNIQUE, b)", "CREATE TABLE t (a, b, CONSTRAINT X UNIQUE (a))" },
	{ "CREATE TABLE t (a NOT NULL DEFAULT 1 COLLATE nocase)", "CREATE TABLE t (a COLLATE NOCASE DEFAULT 1 NOT NULL)" },
	{ "CREATE TABLE t (a NULL, b)", "CREATE TABLE t (a, b)" },
	{ "CREATE TABLE t (a NOT NULL ON CONFLICT ABORT)", "CREATE TABLE t (a NOT NULL)" },
	{ "CREATE TABLE t (a CONSTRAINT n NOT NULL)", "CREATE TABLE t (a NOT NULL)" },
	{ "CREATE TABLE t (a UNIQUE ON CONFLICT ABORT)", "CREATE TABLE t (a UNIQUE)" },
	{ "CREATE TABLE t (a DEFAULT \"It's\")", "CREATE TABLE t (a DEFAULT 'It''s')" },
	{ "CREATE TABLE t (a DEFAULT Word)", "CREATE TABLE t (a DEFAULT 'Word')" },
	{ "CREATE TABLE t (a DEFAULT NULL, b DEFAULT true)", "CREATE TABLE t (a DEFAULT null, b DEFAULT TRUE)" },
	{ "CREATE TABLE t (a DEFAULT -1)", "CREATE TABLE t (a DEFAULT - 1)" },
	{ "CREATE TABLE t (a DEFAULT 1 DEFAULT 2)", "CREATE TABLE t (a DEFAULT 2)" },
	{ "CREATE TABLE t (a, b AS (a + 1))", "CREATE TABLE t (a, b GENERATED ALWAYS AS (a+1) VIRTUAL)" },
	{ "CREATE TABLE t (a, b INT AS (a + 1) STORED)", "CREATE TABLE t (a, b INT GENERATED ALWAYS AS (a + 1) STORED)" },
	{ P "CREATE TABLE t (a REFERENCES p, b)", P "CREATE TABLE t (a, b, FOREIGN KEY (a) REFERENCES \"P\")" },
	{ P "CREATE TABLE t (a REFERENCES p (a) ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED)",
	  P "CREATE TABLE t (a, FOREIGN KEY (a) REFERENCES p (a) ON UPDATE SET NULL ON DELETE CASCADE DEFERRABLE "
	    "INITIALLY DEFERRED)" },
	{ P "CREATE TABLE t (a REFERENCES p (a) ON DELETE NO ACTION NOT DEFERRABLE)", P "CREATE TABLE t (a REFERENCES p (a))" },
	{ P "CREATE TABLE t (a REFERENCES p (a) NOT NULL)", P "CREATE TABLE t (a NOT NULL REFERENCES p (a))" },
	{ "CREATE TABLE t (a PRIMARY KEY, b) WITHOUT ROWID", "CREATE TABLE t (a PRIMARY KEY, b) without  rowid" },
	{ "CREATE TABLE t (a, b, CHECK (a > 0) CHECK (b > 0))", "CREATE TABLE t (a, b, CHECK (b > 0), CHECK (a > 0))" },
	{ "CREATE TABLE t (a, b); CREATE INDEX i ON t (a) WHERE b > 1",
	  "CREATE TABLE t (a, b); CREATE INDEX i ON \"t\" (\"a\") where B > 1" },
	{ "CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t", "CREATE TABLE t (a); CREATE VIEW v as select A from T" },
};

static void test_equal(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof equal / sizeof *equal; i++)
		for (int back = 0; back < 2; back++)
			if (look(equal[i][back], equal[i][!back]) != SAME)
				fail_msg("%s\n%s\n%s", equal[i][back], equal[i][!back], mig_error_message(ctx));
}

/* The module gets its arguments as they are written. */
static void test_overlooked(void **state)
{
	static const char *const pairs[][2] = {
		{ "CREATE VIRTUAL TABLE f USING fts5(a, tokenize=\"unicode61 separators 'X'\")",
		  "CREATE VIRTUAL TABLE f USING fts5(a, tokenize=\"unicode61 separators 'x'\")" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		for (int back = 0; back < 2; back++) {
			assert_int_equal(look(pairs[i][back], pairs[i][back]), SAME);
			assert_int_equal(look(pairs[i][back], pairs[i][!back]), OVERLOOKED);
			assert_non_null(strstr(mig_error_message(ctx), "table f: has \"using fts5 ( a , tokenize ="));
		}
}

/* -- what SQLite makes of two texts */

static void add(char *out, size_t size, const char *format, ...)
{
	size_t used = strlen(out);
	va_list args;

	va_start(args, format);
	vsnprintf(out + used, size - used, format, args);
	va_end(args);
}

/* Opcodes and operands; an error's text is as the constraint was written. */
static void explain(sqlite3 *db, const char *sql, char *out, size_t size)
{
	sqlite3_stmt *stmt;
	char text[300];

	snprintf(text, sizeof text, "EXPLAIN %s", sql);
	if (sqlite3_prepare_v2(db, text, -1, &stmt, NULL) != SQLITE_OK) {
		add(out, size, "%s\n", sqlite3_errmsg(db));
		return;
	}
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *opcode = (const char *)sqlite3_column_text(stmt, 1);

		/* a step of a trigger is traced with its text */
		for (int i = 1; i < 7 && strcmp(opcode, "Trace") != 0; i++)
			if (i != 5 || (strcmp(opcode, "Halt") != 0 && strcmp(opcode, "HaltIfNull") != 0))
				add(out, size, "%s ", sqlite3_column_text(stmt, i));
		add(out, size, "\n");
	}
	sqlite3_finalize(stmt);
}

/* 0: SQLite does not take the text. */
static int compiled(const char *schema, char *out, size_t size)
{
	static const char *const statements[] = {
		"INSERT INTO t DEFAULT VALUES",
		"UPDATE t SET a = 1, b = 2, c = 3",
		"DELETE FROM t",
		"SELECT a, b, c FROM t WHERE a = '1' AND b = '2' AND c = '3' ORDER BY a, b, c",
	};
	sqlite3 *db;
	int ok;

	out[0] = '\0';
	sqlite3_open(":memory:", &db);
	ok = sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK;
	sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
	for (size_t i = 0; ok && i < sizeof statements / sizeof *statements; i++)
		explain(db, statements[i], out, size);
	sqlite3_close(db);
	for (char *p = out; *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	return ok;
}

/* -- texts that are nearly the same */

static const char *const schemas[] = {
	"CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT NOT NULL ON CONFLICT REPLACE DEFAULT 'X' COLLATE "
	"nocase, c REAL UNIQUE ON CONFLICT IGNORE CHECK (c > 1.5))",
	"CREATE TABLE t (a INT, b VARCHAR (10) NULL, c AS (a || b) STORED, CONSTRAINT k PRIMARY KEY (a DESC, b COLLATE "
	"nocase) ON CONFLICT ROLLBACK, CHECK (a <> b)) WITHOUT ROWID",
	"CREATE TABLE p (x INT PRIMARY KEY, y INT UNIQUE); CREATE TABLE t (a INT REFERENCES p (y) ON DELETE SET NULL ON "
	"UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED, b INT DEFAULT -1 NOT NULL, c, CONSTRAINT f FOREIGN KEY (b) "
	"REFERENCES p ON DELETE SET DEFAULT)",
	"CREATE TABLE t (a, b, c); CREATE UNIQUE INDEX i ON t (a COLLATE nocase DESC, lower(b)) WHERE c IS NOT NULL; "
	"CREATE TRIGGER g AFTER UPDATE OF b ON t WHEN old.a > 1 BEGIN DELETE FROM t WHERE c = 'X'; END",
};

static const char *const words[] = { "NOT NULL",  "NULL",    "UNIQUE",	"DESC",	     "ASC",
				     "VIRTUAL",	  "STORED",  "1",	"COLLATE nocase", "DEFAULT 5",
				     "INTEGER",	  "ON CONFLICT FAIL", "CHECK (a)", "PRIMARY KEY", "DEFERRABLE",
				     "ON DELETE NO ACTION", "NOT NULL ON CONFLICT IGNORE", "\"A\"" };
enum { DROPPED, DOUBLED, QUOTED, CAPITALS, FIRST_WORD };

/* The text with its nth token changed; 0: there is none. */
static int change(const char *text, int n, int how, char *out, size_t size)
{
	struct mig__sqlite_token t = mig__sqlite_token(text);
	int at = (int)t.size;

	while (t.kind && n--)
		t = mig__sqlite_token(mig__sqlite_behind(t));
	if (!t.kind)
		return 0;
	at = (int)t.size;
	snprintf(out, size, "%.*s ", (int)(t.at - text), text);
	if (how == DOUBLED)
		add(out, size, "%.*s %.*s", at, t.at, at, t.at);
	else if (how == QUOTED)
		add(out, size, "\"%.*s\"", at, t.at);
	else if (how == CAPITALS)
		for (int i = 0; i < at; i++)
			add(out, size, "%c", t.at[i] >= 'a' && t.at[i] <= 'z' ? t.at[i] - 32 : t.at[i]);
	else if (how >= FIRST_WORD)
		add(out, size, "%.*s %s", at, t.at, words[how - FIRST_WORD]);
	add(out, size, " %s", t.at + t.size);
	return 1;
}

static void test_nearly_the_same(void **state)
{
	static char is[60000], was[60000], text[2000];
	const int kinds = FIRST_WORD + (int)(sizeof words / sizeof *words);
	int tried = 0, same = 0;

	(void)state;
	if (sqlite3_compileoption_used("OMIT_EXPLAIN"))
		skip();
	for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
		assert_true(compiled(schemas[i], was, sizeof was));
		assert_int_equal(look(schemas[i], schemas[i]), SAME);
		for (int how = 0; how < kinds; how++)
			for (int n = 0; change(schemas[i], n, how, text, sizeof text); n++) {
				enum seen seen;

				if (!compiled(text, is, sizeof is))
					continue;
				seen = look(schemas[i], text);
				tried++;
				same += seen == SAME;
				if (seen == SAME && strcmp(is, was) != 0)
					fail_msg("SQLite does not take these for the same:\n%s\n%s", schemas[i], text);
				if (seen == OVERLOOKED)
					fail_msg("the reader overlooks:\n%s\n%s", text, mig_error_message(ctx));
			}
	}
	print_message("%d texts, %d the same\n", tried, same);
	assert_true(same > 100);
}

/* -- a reader that overlooks something */

/* SQLite's own, without attributes of one key. */
static struct {
	const char *key;
	const mig_schema_sink *sink;
} blind;

static mig_status object(void *user, const mig_object *o, uint32_t parent, uint32_t *number)
{
	mig_attribute kept[12];
	mig_object without = *o;

	(void)user;
	without.attributes = kept;
	without.attribute_count = 0;
	for (size_t i = 0; i < o->attribute_count; i++)
		if (strcmp(o->attributes[i].key, blind.key) != 0)
			kept[without.attribute_count++] = o->attributes[i];
	return blind.sink->object(blind.sink->user, &without, parent, number);
}

static mig_schema_sink blinded(const mig_schema_sink *sink)
{
	mig_schema_sink out = *sink;

	blind.sink = sink;
	out.object = object;
	return out;
}

static mig_status inspect_blindly(mig_conn *conn, const mig_schema_sink *sink)
{
	const mig_schema_sink with = blinded(sink);

	return mig_dialect_sqlite()->schema->inspect(conn, &with);
}

static mig_status read_blindly(mig_conn *conn, const mig_script_text *const *scripts, size_t count,
			       const mig_object *declared, const mig_schema_sink *sink, int32_t *done)
{
	const mig_schema_sink with = blinded(sink);

	return mig_dialect_sqlite()->schema->read_script(conn, scripts, count, declared, &with, done);
}

#define C "CREATE TABLE p (x INT PRIMARY KEY);"

static const struct {
	const char *key, *old, *new;
} unseen[] = {
	{ "type", "CREATE TABLE t (a INT)", "CREATE TABLE t (a TEXT)" },
	{ "collation", "CREATE TABLE t (a TEXT)", "CREATE TABLE t (a TEXT COLLATE nocase)" },
	{ "not_null", "CREATE TABLE t (a INT)", "CREATE TABLE t (a INT NOT NULL)" },
	{ "not_null_conflict", "CREATE TABLE t (a INT NOT NULL)", "CREATE TABLE t (a INT NOT NULL ON CONFLICT IGNORE)" },
	{ "generated_kind", "CREATE TABLE t (a, b AS (a))", "CREATE TABLE t (a, b AS (a) STORED)" },
	{ "generated", "CREATE TABLE t (a, b AS (a))", "CREATE TABLE t (a, b AS (a || 'X'))" },
	{ "expression", "CREATE TABLE t (a DEFAULT 'x')", "CREATE TABLE t (a DEFAULT 'X')" },
	{ "order", "CREATE TABLE t (a INT PRIMARY KEY)", "CREATE TABLE t (a INT PRIMARY KEY DESC)" },
	{ "autoincrement", "CREATE TABLE t (a INTEGER PRIMARY KEY)", "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)" },
	{ "conflict", "CREATE TABLE t (a UNIQUE)", "CREATE TABLE t (a UNIQUE ON CONFLICT REPLACE)" },
	{ "on_delete", C "CREATE TABLE t (a REFERENCES p)", C "CREATE TABLE t (a REFERENCES p ON DELETE CASCADE)" },
	{ "on_update", C "CREATE TABLE t (a REFERENCES p ON UPDATE CASCADE)",
	  C "CREATE TABLE t (a REFERENCES p ON UPDATE SET NULL)" },
	{ "deferrable", C "CREATE TABLE t (a REFERENCES p)",
	  C "CREATE TABLE t (a REFERENCES p DEFERRABLE INITIALLY DEFERRED)" },
	{ "without_rowid", "CREATE TABLE t (a PRIMARY KEY)", "CREATE TABLE t (a PRIMARY KEY) WITHOUT ROWID" },
	{ "where", "CREATE TABLE t (a); CREATE INDEX i ON t (a)", "CREATE TABLE t (a); CREATE INDEX i ON t (a) WHERE a" },
	{ "columns", "CREATE TABLE t (a); CREATE INDEX i ON t (a)", "CREATE TABLE t (a); CREATE INDEX i ON t (a DESC)" },
	{ "query", "CREATE VIEW v AS SELECT 1 AS a", "CREATE VIEW v AS SELECT 2 AS a" },
	{ "definition", "CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
	  "CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 2; END" },
	{ "virtual", "CREATE VIRTUAL TABLE f USING fts5(a)", "CREATE VIRTUAL TABLE f USING fts5(b)" },
};

static void compare(const mig_dialect *dialect, const char *key, const char *old, const char *new, mig_status want)
{
	const mig_open_options options = { .struct_size = sizeof options, .url = "sqlite::memory:", .dialect = dialect };
	mig_model *model = NULL;
	mig_op_list *list = NULL;
	mig_ctx *own;
	mig_status rc;

	blind.key = key;
	assert_int_equal(mig_open_with(&own, &options), MIG_OK);
	assert_int_equal(own->db.dialect->conn->run_script(own->db.conn, old, strlen(old), NULL, NULL), MIG_OK);
	assert_int_equal(mig_model_of(own, &model), MIG_OK);
	assert_int_equal(mig_model_sql(model, NULL, "new", new, strlen(new)), MIG_OK);
	rc = mig_diff(own, NULL, &list);
	if (rc != want || mig_op_list_count(list))
		fail_msg("%s: %s: %s\n%s\n%s", key, mig_status_name(rc), rc ? mig_error_message(own) : "", old, new);
	mig_op_list_free(list);
	mig_close(own);
}

static void test_blind(void **state)
{
	mig_dialect_schema schema = *mig_dialect_sqlite()->schema;
	mig_dialect dialect = *mig_dialect_sqlite();

	(void)state;
	schema.inspect = inspect_blindly;
	schema.read_script = read_blindly;
	schema.holds_script = NULL;
	dialect.schema = &schema;
	for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
		for (int back = 0; back < 2; back++) {
			const char *from = back ? unseen[i].new : unseen[i].old;
			const char *to = back ? unseen[i].old : unseen[i].new;

			compare(&dialect, unseen[i].key, from, to, MIG_EPROOF);
			compare(&dialect, unseen[i].key, from, from, MIG_OK);
		}
}

/* -- what needs no reading at all */

static int holds(const char *old, const char *new)
{
	const mig_script_text script = { sizeof script, new, strlen(new) };
	const mig_script_text *const scripts[] = { &script };
	const mig_dialect *d = mig_dialect_sqlite();
	int32_t same = -1;
	mig_ctx *own;

	assert_int_equal(mig_open(&own, "sqlite::memory:"), MIG_OK);
	if (d->conn->run_script(own->db.conn, old, strlen(old), NULL, NULL))
		fail_msg("%s: %s", old, mig_error_message(own));
	if (mig_ensure_version(own)) /* libmig's own tables do not count */
		fail_msg("%s: %s", old, mig_error_message(own));
	assert_int_equal(d->schema->holds_script(own->db.conn, scripts, 1, &same), MIG_OK);
	mig_close(own);
	return same;
}

#define K "CREATE TABLE k (x INT, id INTEGER (1) PRIMARY KEY, u UNIQUE)"
#define I "; CREATE INDEX i ON k (x)"

static void test_verbatim(void **state)
{
	static const char *const same[][2] = {
		{ K I, "-- a model\n" K I " ;\n" },
		{ K I, "create  table k (x INT, id INTEGER (1) PRIMARY KEY, u UNIQUE); CREATE INDEX /* c */ i ON k (x)" },
		{ K "; CREATE TABLE c (a INT REFERENCES k (id), b references K(U))",
		  "CREATE TABLE c (a INT REFERENCES k (id), b references K(U));" K },
		{ "CREATE TABLE c (a INT PRIMARY KEY, b REFERENCES c (a))", "CREATE TABLE c (a INT PRIMARY KEY, b REFERENCES c (a))" },
	};
	static const char *const unsure[][2] = {
		{ K I, K },
		{ K, K I },
		{ K I, K "; CREATE UNIQUE INDEX i ON k (x)" },
		{ "CREATE TABLE t (a DEFAULT 'x')", "CREATE TABLE t (a DEFAULT 'X')" },
		{ "CREATE TABLE t (a)", "CREATE TABLE t (a) STRICT" },
		{ "CREATE TABLE t (a)", "CREATE TEMP TABLE t (a)" },
		{ "CREATE TABLE t (a)", "CREATE TABLE IF NOT EXISTS t (a)" },
		{ "CREATE TABLE t (a)", "CREATE TABLE t (a); DROP TABLE t" },
		{ "CREATE TABLE t (a)", "CREATE TABLE t (a); CREATE TABLE t (a)" },
		{ "CREATE TABLE t (a)", "CREATE TABLE t (a); INSERT INTO t VALUES (1)" },
		{ "CREATE TABLE t (a)", "CREATE TABLE t (a); 'open" },
		{ "CREATE VIEW v AS SELECT b FROM t", "CREATE VIEW v AS SELECT b FROM t" },
		{ K "; CREATE TABLE c (a REFERENCES k (x))", K "; CREATE TABLE c (a REFERENCES k (x))" },
		{ K "; CREATE TABLE c (a REFERENCES k)", K "; CREATE TABLE c (a REFERENCES k)" },
		{ K "; CREATE TABLE c (a REFERENCES k (lost))", K "; CREATE TABLE c (a REFERENCES k (lost))" },
		{ "CREATE TABLE c (a REFERENCES q (id))", "CREATE TABLE c (a REFERENCES q (id))" },
		{ "CREATE TABLE p (a, b UNIQUE); CREATE TABLE c (a REFERENCES p (a))",
		  "CREATE TABLE p (a, b UNIQUE); CREATE TABLE c (a REFERENCES p (a))" },
		{ "CREATE VIRTUAL TABLE f USING fts5(a)", "CREATE VIRTUAL TABLE f USING fts5(a)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		if (holds(same[i][0], same[i][1]) != 1)
			fail_msg("%s\n%s", same[i][0], same[i][1]);
	for (size_t i = 0; i < sizeof unsure / sizeof *unsure; i++)
		if (holds(unsure[i][0], unsure[i][1]) != 0)
			fail_msg("%s\n%s", unsure[i][0], unsure[i][1]);
}

static int open_memory(void **state)
{
	(void)state;
	return mig_open(&ctx, "sqlite::memory:") != MIG_OK;
}

static int close_memory(void **state)
{
	(void)state;
	mig_close(ctx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_overlooked),
		cmocka_unit_test(test_blind),
		cmocka_unit_test(test_verbatim),
		cmocka_unit_test(test_nearly_the_same),
	};

	return cmocka_run_group_tests_name("sqlite schema second", tests, open_memory, close_memory);
}
