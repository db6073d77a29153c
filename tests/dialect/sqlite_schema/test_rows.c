/* What becomes of rows when a SQLite table is changed, up and down again. */
#include "both.h"

#include <sqlite3.h>
#include <string.h>

/* STRICT is there from 3.37 on; with DQS=0 nothing in double quotes is a string. */
static int can_have(const char *model)
{
	if (strstr(model, "STRICT") && sqlite3_libversion_number() < 3037000)
		return 0;
	return !strstr(model, "\"b\"\"c\"") || !sqlite3_compileoption_used("DQS=0");
}

static const struct change {
	const char *old, *rows, *model;
	const char *query, *up,
		*down;           /* what it answers after the way up, and after the way down */
	const char *has, *lacks; /* what the upgrade's SQL says, and does not; NULL: anything */
} changes[] = {
	/* -- the numbers of rows */
	{ "CREATE TABLE t (a INT, b)", "INSERT INTO t (rowid, a) VALUES (5, 1), (9, 2)",
	  "CREATE TABLE t (a TEXT, b)", "SELECT group_concat(rowid || typeof(a)) FROM t",
	  "5text,9text", "5integer,9integer", "_mig_new_t", NULL },
	{ "CREATE TABLE t (rowid INT, a INT)", "INSERT INTO t (oid, rowid, a) VALUES (5, 3, 1)",
	  "CREATE TABLE t (rowid INT, a TEXT)", "SELECT oid || rowid FROM t", "53", "53", NULL,
	  NULL },
	{ "CREATE TABLE t (rowid INT, _rowid_ INT, oid INT, a INT)",
	  "INSERT INTO t VALUES (5, 3, 1, 4)",
	  "CREATE TABLE t (rowid INT, _rowid_ INT, oid INT, a TEXT)",
	  "SELECT rowid || _rowid_ || oid || a FROM t", "5314", "5314", NULL, NULL },
	{ "CREATE TABLE t (a INT)", "INSERT INTO t (rowid, a) VALUES (5, 1), (9, 2)",
	  "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT)",
	  "SELECT group_concat(rowid || a) FROM t", "51,92", "51,92", NULL, NULL },
	{ "CREATE TABLE t (id INTEGER PRIMARY KEY, a)", "INSERT INTO t VALUES (5, 'x')",
	  "CREATE TABLE t (id TEXT PRIMARY KEY, a)", "SELECT rowid || id || a FROM t", "55x", "55x",
	  NULL, NULL },
	{ "CREATE TABLE t (id INTEGER PRIMARY KEY DESC, a INT)",
	  "INSERT INTO t (rowid, id) VALUES (5, 1), (6, NULL)",
	  "CREATE TABLE t (id INTEGER PRIMARY KEY DESC, a TEXT)",
	  "SELECT group_concat(rowid || coalesce(id, '-')) FROM t", "51,6-", "51,6-", NULL, NULL },
	{ "CREATE TABLE t (k TEXT PRIMARY KEY, a INT) WITHOUT ROWID",
	  "INSERT INTO t VALUES ('k', 1)", "CREATE TABLE t (k TEXT PRIMARY KEY, a INT)",
	  "SELECT rowid || k || a FROM t WHERE 1 = 1", "1k1", NULL, NULL, NULL },

	/* -- values */
	{ "CREATE TABLE t (a, b INT)", "INSERT INTO t VALUES (NULL, 1), ('x', 2)",
	  "CREATE TABLE t (a NOT NULL DEFAULT 'd', b INT)",
	  "SELECT group_concat(coalesce(a, '-') || b) FROM t", "d1,x2", "d1,x2", NULL, NULL },
	{ "CREATE TABLE t (a, b INT)", "INSERT INTO t VALUES (NULL, 1)",
	  "CREATE TABLE t (a NOT NULL DEFAULT \"Some\", b INT)", "SELECT a || b FROM t", "Some1",
	  "Some1", NULL, NULL },
	{ "CREATE TABLE t (a INT) STRICT", "INSERT INTO t VALUES (12)",
	  "CREATE TABLE t (a TEXT) STRICT", "SELECT typeof(a) || a FROM t", "text12", "integer12",
	  "CAST(a AS text)", NULL },
	{ "CREATE TABLE t (a INT, b INT AS (a * 2) STORED)", "INSERT INTO t VALUES (4)",
	  "CREATE TABLE t (a INT, b INT)", "SELECT a || b FROM t", "48", "48", NULL,
	  "destructive" },
	{ "CREATE TABLE t (a INT, b INT AS (a * 2))", "INSERT INTO t VALUES (4)",
	  "CREATE TABLE t (a INT, b INT AS (a * 3) STORED, c TEXT AS (b) VIRTUAL)",
	  "SELECT a || b FROM t", "412", "48", NULL, NULL },
	{ "CREATE TABLE t (a INT, b INT)", "INSERT INTO t VALUES (4, 5)",
	  "CREATE TABLE t (a INT, b INT AS (a * 2))", "SELECT a || b FROM t", "48", "48",
	  "-- destructive", NULL },
	{ "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b INT)",
	  "INSERT INTO t VALUES (41, 1); DELETE FROM t",
	  "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT)",
	  "SELECT group_concat(name || seq) FROM sqlite_sequence", "t41", "t41", NULL, NULL },

	/* -- what a table does with rows that do not fit is not done to the rows that are there */
	{ "CREATE TABLE t (a INT, b INT)", "INSERT INTO t VALUES (1, 1), (2, 2)",
	  "CREATE TABLE t (a INT UNIQUE ON CONFLICT REPLACE, b INT)", "SELECT count(*) FROM t", "2",
	  "2", "INSERT OR ABORT", NULL },

	/* -- ALTER TABLE where it can do it */
	{ "CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)",
	  "CREATE TABLE t (a INT, b TEXT NOT NULL DEFAULT 'x' CHECK (b <> ''), c INT AS (a + 1))",
	  "SELECT a FROM t", "1", "1", "ADD COLUMN b TEXT NOT NULL DEFAULT 'x' CHECK (b <> '')",
	  "_mig_new" },
	{ "CREATE TABLE t (a INT, b INT)", "INSERT INTO t VALUES (1, 2)", "CREATE TABLE t (a INT)",
	  "SELECT a FROM t", "1", "1", "DROP COLUMN b", "_mig_new" },
	{ "CREATE TABLE t (a INT, b INT, c INT)", "INSERT INTO t VALUES (1, 2, 3)",
	  "CREATE TABLE t (a INT)", "SELECT a FROM t", "1", "1", NULL, "DROP COLUMN" },
	{ "CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)",
	  "CREATE TABLE t (a INT, b TEXT DEFAULT CURRENT_TIMESTAMP)", "SELECT b IS NOT NULL FROM t",
	  "1", NULL, NULL, "ADD COLUMN" },
	{ "CREATE TABLE t (a INT UNIQUE)", "INSERT INTO t VALUES (1)",
	  "CREATE TABLE t (a INT UNIQUE, b INT DEFAULT 0 REFERENCES t (a))", NULL, NULL, NULL, NULL,
	  "ADD COLUMN" },
	{ "CREATE TABLE t (a INT UNIQUE)", "INSERT INTO t VALUES (1)",
	  "CREATE TABLE t (a INT UNIQUE, b INT REFERENCES t (a))", "SELECT a FROM t", "1", "1",
	  "ADD COLUMN", "_mig_new" },
	{ "CREATE TABLE t (a INT, \"b\"\"c\" INT); CREATE VIEW v AS SELECT \"b\"\"c\" FROM t",
	  "INSERT INTO t VALUES (1, 2)",
	  "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT \"b\"\"c\" FROM t", "SELECT a FROM t",
	  "1", "1", NULL, "DROP COLUMN" },

	/* -- what stands around the table */
	{ "CREATE TABLE t (a INT); CREATE TABLE _mig_new_t (x); CREATE INDEX _mig_new1_i ON t (a)",
	  "INSERT INTO t VALUES (1); INSERT INTO _mig_new_t VALUES ('kept')",
	  "CREATE TABLE t (a TEXT); CREATE TABLE _mig_new_t (x); CREATE INDEX _mig_new1_i ON t (a)",
	  "SELECT x || a FROM _mig_new_t, t", "kept1", "kept1", "_mig_new2_t", NULL },
	{ "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT);"
	  "CREATE VIRTUAL TABLE f USING fts5(b, content = t, content_rowid = id);"
	  "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO f (rowid, b) VALUES (new.id, "
	  "new.b);"
	  " END",
	  "INSERT INTO t VALUES (3, 1, 'hello world'), (8, 2, 'other words')",
	  "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);"
	  "CREATE VIRTUAL TABLE f USING fts5(b, content = t, content_rowid = id);"
	  "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO f (rowid, b) VALUES (new.id, "
	  "new.b);"
	  " END",
	  "SELECT rowid || b FROM f WHERE f MATCH 'words'", "8other words", "8other words", NULL,
	  NULL },
	{ "CREATE TABLE log (n INT);"
	  "CREATE TABLE t (a INT, b INT);"
	  "CREATE TRIGGER ti AFTER INSERT ON t BEGIN INSERT INTO log VALUES (1); END;"
	  "CREATE TRIGGER td AFTER DELETE ON t BEGIN INSERT INTO log VALUES (2); END",
	  "INSERT INTO t VALUES (1, 2)",
	  "CREATE TABLE log (n INT);"
	  "CREATE TABLE t (a INT, b TEXT);"
	  "CREATE TRIGGER ti AFTER INSERT ON t BEGIN INSERT INTO log VALUES (1); END;"
	  "CREATE TRIGGER td AFTER DELETE ON t BEGIN INSERT INTO log VALUES (2); END",
	  "SELECT group_concat(n) FROM log", "1", "1", NULL, NULL },
	{ "CREATE TABLE t (a INT, b INT); CREATE VIEW broken_v AS SELECT x FROM missing",
	  "INSERT INTO t VALUES (1, 2)",
	  "CREATE TABLE t (a INT, b TEXT); CREATE VIEW broken_v AS SELECT x FROM missing",
	  "SELECT a || b FROM t", "12", "12", NULL, NULL },
};

/* A model with a view of nothing is refused, unless the view is left alone. */
static mig_ctx *with_model(const struct base *base, const char *sql)
{
	static const char *const alone[] = { "broken_*", NULL };
	mig_diff_options o = { .struct_size = sizeof o, .exclude = alone };
	mig_ctx *ctx = open_base(base);
	mig_model *m;

	ok(ctx, mig_set_diff_options(ctx, &o));
	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_sql(m, NULL, "model", sql, strlen(sql)));
	return ctx;
}

static void check_sql(mig_ctx *ctx, const struct change *c)
{
	mig_op_list *list;
	const char *sql;

	ok(ctx, mig_diff(ctx, NULL, &list));
	sql = mig_op_list_sql(list, MIG_UPGRADE, NULL);
	if ((c->has && !strstr(sql, c->has)) || (c->lacks && strstr(sql, c->lacks)))
		fail_msg("%s\n%s\nwith \"%s\", without \"%s\":\n%s", c->old, c->model,
			 c->has ? c->has : "", c->lacks ? c->lacks : "", sql);
	mig_op_list_free(list);
}

static void check_answer(const struct base *base, const struct change *c, const char *want)
{
	const char *answer = c->query && want ? ask_sql(base, c->query) : "";

	if (c->query && want && strcmp(answer, want) != 0)
		fail_msg("%s\n%s\n%s: %s, not %s", c->old, c->model, c->query, answer, want);
}

static void change(const struct base *base, const void *with)
{
	const struct change *c = with;
	mig_revision_list *list;
	mig_ctx *ctx;

	run_sql(base, c->old);
	run_sql(base, c->rows);
	ctx = with_model(base, c->model);
	check_sql(ctx, c);
	if (c->query) {
		ok(ctx, mig_autogenerate(ctx, NULL, &list));
		assert_int_equal(mig_revision_list_count(list), 1);
		mig_revision_list_free(list);
		ok(ctx, mig_upgrade(ctx, "head"));
		check_answer(base, c, c->up);
		ok(ctx, mig_downgrade(ctx, "-1"));
		check_answer(base, c, c->down);
	}
	mig_close(ctx);
}

static void test_rows_stay(void **user)
{
	(void)user;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
		if (can_have(changes[i].model))
			assert_int_equal(on_one("sqlite", change, &changes[i]), 1);
}

/* -- rows that do not fit */

static const struct refusal {
	const char *old, *rows, *model, *query, *answer;
} refusals[] = {
	{ "CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1), (1)",
	  "CREATE TABLE t (a INT UNIQUE ON CONFLICT REPLACE)", "SELECT count(*) FROM t", "2" },
	{ "CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1), (1)",
	  "CREATE TABLE t (a INT UNIQUE ON CONFLICT IGNORE)", "SELECT count(*) FROM t", "2" },
	{ "CREATE TABLE t (a INT, b INT)", "INSERT INTO t VALUES (1, 2), (1, NULL)",
	  "CREATE TABLE t (a INT, b INT NOT NULL ON CONFLICT IGNORE)", "SELECT count(*) FROM t",
	  "2" },
	{ "CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)",
	  "CREATE TABLE t (a INT, b INT NOT NULL)", "SELECT count(*) FROM t", "1" },
	{ "CREATE TABLE t (a TEXT)", "INSERT INTO t VALUES (x'01')",
	  "CREATE TABLE t (a TEXT) STRICT", "SELECT hex(a) FROM t", "01" },
	{ "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (p INT)",
	  "INSERT INTO t VALUES (7)",
	  "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (p INT REFERENCES p (id))",
	  "SELECT p FROM t", "7" },
};

static void refuse(const struct base *base, const void *with)
{
	const struct refusal *r = with;
	mig_revision_list *list;
	mig_ctx *ctx;

	run_sql(base, r->old);
	run_sql(base, r->rows);
	ctx = with_model(base, r->model);
	ok(ctx, mig_autogenerate(ctx, NULL, &list));
	mig_revision_list_free(list);
	if (!mig_upgrade(ctx, "head"))
		fail_msg("%s\n%s\nis done although rows do not fit", r->old, r->model);
	assert_string_equal(ask_sql(base, r->query), r->answer);
	assert_string_equal(ask_sql(base, "SELECT count(*) FROM sqlite_schema WHERE name LIKE "
					  "'\\_mig%' ESCAPE '\\'"),
			    "0");
	mig_close(ctx);
}

static void test_rows_that_do_not_fit(void **user)
{
	(void)user;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		if (can_have(refusals[i].model))
			assert_int_equal(on_one("sqlite", refuse, &refusals[i]), 1);
}

/* -- operations that are left out */

/* Leaves out what is said of columns c and d, of the check k, and of the index i. */
static int32_t leave_out(void *user, const mig_op *op, int32_t direction)
{
	const mig_object *o = op->to ? op->to : op->from;

	(void)user, (void)direction;
	return strchr("cdki", o->name[0]) == NULL;
}

/* A rebuild for the sake of others must not do them. */
static void left_out(const struct base *base, const void *with)
{
	static const mig_diff_options options = { .struct_size = sizeof options,
						  .operation_fn = leave_out,
						  .unproved = 1 };
	mig_op_list *list;
	mig_ctx *ctx;

	(void)with;
	run_sql(base, "CREATE TABLE t (c INT DEFAULT 1, a INT, e INT, CONSTRAINT k CHECK (a > 0),"
		      " UNIQUE (a)); CREATE INDEX i ON t (a);"
		      "INSERT INTO t VALUES (1, 2, 3)");
	ctx = with_model(base, "CREATE TABLE t (a TEXT, b INT DEFAULT (1 + 1), d INT NOT NULL,"
			       " CONSTRAINT k CHECK (a > 5));"
			       "CREATE INDEX i ON t (b);");
	ok(ctx, mig_diff(ctx, &options, &list));
	run_sql(base, mig_op_list_sql(list, MIG_UPGRADE, NULL));
	mig_op_list_free(list);
	assert_string_equal(ask_sql(base, "SELECT group_concat(name || ' ' || type || ' ' || "
					  "coalesce(dflt_value, '')) FROM pragma_table_info('t')"),
			    "c INT 1,a TEXT ,b INT 1 + 1");
	assert_string_equal(ask_sql(base, "SELECT c || a || b FROM t"), "122");
	assert_string_equal(ask_sql(base, "SELECT sql LIKE '%(a > 0)%' AND sql NOT LIKE '%UNIQUE%'"
					  " FROM sqlite_schema WHERE name = 't'"),
			    "1");
	assert_string_equal(ask_sql(base, "SELECT name FROM pragma_index_info('i')"), "a");
	mig_close(ctx);
}

static void test_left_out(void **user)
{
	(void)user;
	assert_int_equal(on_one("sqlite", left_out, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_stay),
		cmocka_unit_test(test_rows_that_do_not_fit),
		cmocka_unit_test(test_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
