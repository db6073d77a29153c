/* What a rebuild of a SQLite table must not lose: each loss is known of other tools. */
#include "both.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char old_schema[] =
	"CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, a VARCHAR(10) COLLATE NOCASE "
	"CHECK (a <> ''), b INT, CHECK (b > 0), CHECK (b < 1000));"
	"CREATE TABLE s (k TEXT PRIMARY KEY, v INT) STRICT, WITHOUT ROWID;"
	"CREATE TABLE child (id INTEGER PRIMARY KEY, p REFERENCES p(id) ON DELETE CASCADE);"
	"CREATE TABLE tree (id INTEGER PRIMARY KEY, up REFERENCES tree(id), x INT,"
	" g INT GENERATED ALWAYS AS (x * 2) STORED);"
	"CREATE TABLE plain (a TEXT, b TEXT);"
	"CREATE INDEX p_desc ON p (b DESC);"
	"CREATE INDEX p_expr ON p (lower(a));"
	"CREATE VIEW pv AS SELECT a, b FROM p;"
	"CREATE VIEW pvv AS SELECT a FROM pv;"
	"CREATE TRIGGER pt AFTER INSERT ON child BEGIN UPDATE p SET b = b + 1 WHERE id = new.p; "
	"END;"
	"CREATE TRIGGER pv_ins INSTEAD OF INSERT ON pv"
	" BEGIN INSERT INTO p (a, b) VALUES (new.a, new.b); END;"
	"CREATE TRIGGER own AFTER UPDATE ON p BEGIN SELECT 1; END;";

static const char new_schema[] =
	"CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, a VARCHAR(20) COLLATE NOCASE "
	"CHECK (a <> ''), b INT, CHECK (b > 0), CHECK (b < 1000));"
	"CREATE TABLE s (k TEXT PRIMARY KEY, v INT NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;"
	"CREATE TABLE child (id INTEGER PRIMARY KEY, p REFERENCES p(id) ON DELETE CASCADE);"
	"CREATE TABLE tree (id INTEGER PRIMARY KEY, up REFERENCES tree(id), x BIGINT,"
	" g INT GENERATED ALWAYS AS (x * 2) STORED);"
	"CREATE TABLE plain (a TEXT NOT NULL DEFAULT 'none', b TEXT);"
	"CREATE INDEX p_desc ON p (b DESC);"
	"CREATE INDEX p_expr ON p (lower(a));"
	"CREATE VIEW pv AS SELECT a, b FROM p;"
	"CREATE VIEW pvv AS SELECT a FROM pv;"
	"CREATE TRIGGER pt AFTER INSERT ON child BEGIN UPDATE p SET b = b + 1 WHERE id = new.p; "
	"END;"
	"CREATE TRIGGER pv_ins INSTEAD OF INSERT ON pv"
	" BEGIN INSERT INTO p (a, b) VALUES (new.a, new.b); END;"
	"CREATE TRIGGER own AFTER UPDATE ON p BEGIN SELECT 1; END;";

static const char rows[] =
	"INSERT INTO p (a, b) VALUES ('x', 1), ('Y', 2), ('z', 3); DELETE FROM p WHERE id = 3;"
	"INSERT INTO child VALUES (1, 1), (2, 2); INSERT INTO s VALUES ('k', NULL), ('l', 2);"
	"INSERT INTO tree (id, up, x) VALUES (1, NULL, 1), (2, 1, 5);"
	"INSERT INTO plain (rowid, a, b) VALUES (7, NULL, 'b'), (9, 'a', NULL);";

static void generate(const struct base *base, const char *model)
{
	mig_revision_list *list;
	mig_model *m;
	mig_ctx *ctx = open_base(base);

	run_sql(base, "PRAGMA foreign_keys = ON");
	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_sql(m, NULL, "model", model, strlen(model)));
	ok(ctx, mig_autogenerate(ctx, NULL, &list));
	assert_int_equal(mig_revision_list_count(list), 1);
	mig_revision_list_free(list);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

static void assert_rows(const struct base *base)
{
	/* children are there although their parent was dropped on the way */
	assert_string_equal(ask_sql(base, "SELECT group_concat(id || p) FROM child"), "11,22");
	assert_string_equal(ask_sql(base, "SELECT group_concat(id || a) FROM p"), "1x,2Y");
	assert_string_equal(ask_sql(base, "SELECT group_concat(id || x || g) FROM tree"),
			    "112,2510");
	assert_string_equal(
		ask_sql(base, "SELECT group_concat(rowid || b) FROM plain WHERE b = 'b'"), "7b");
	assert_string_equal(ask_sql(base, "SELECT rowid FROM plain WHERE a = 'a'"), "9");
	/* the number of the row that was deleted is not used again */
	assert_string_equal(ask_sql(base, "SELECT seq FROM sqlite_sequence WHERE name = 'p'"), "3");
	assert_string_equal(ask_sql(base, "SELECT count(*) FROM sqlite_sequence"), "1");
	assert_string_equal(ask_sql(base, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
	assert_string_equal(ask_sql(base, "PRAGMA integrity_check"), "ok");
}

static void assert_schema(const struct base *base)
{
	assert_string_equal(ask_sql(base, "SELECT group_concat(name) FROM (SELECT name FROM "
					  "sqlite_schema WHERE type = 'trigger' ORDER BY name)"),
			    "own,pt,pv_ins");
	assert_string_equal(ask_sql(base, "SELECT group_concat(name) FROM (SELECT name FROM "
					  "sqlite_schema WHERE type = 'view' ORDER BY name)"),
			    "pv,pvv");
	assert_string_equal(ask_sql(base, "SELECT \"desc\" FROM pragma_index_xinfo('p_desc')"),
			    "1");
	assert_string_equal(ask_sql(base,
				    "SELECT count(*) FROM sqlite_schema WHERE name = 'p_expr' AND "
				    "sql LIKE '%lower(a)%'"),
			    "1");
	assert_string_equal(ask_sql(base, "SELECT strict || wr FROM pragma_table_list WHERE name = "
					  "'s'"),
			    "11");
	assert_string_equal(ask_sql(base, "SELECT count(*) FROM p WHERE a = 'y'"), "1");
	assert_string_equal(ask_sql(base,
				    "SELECT count(*) FROM sqlite_schema WHERE name = 'p' AND sql "
				    "LIKE '%CHECK (b > 0)%CHECK (b < 1000)%'"),
			    "1");
	assert_string_equal(ask_sql(base, "SELECT \"table\" FROM pragma_foreign_key_list('tree')"),
			    "tree");
	assert_string_equal(ask_sql(base, "SELECT \"table\" FROM pragma_foreign_key_list('child')"),
			    "p");
	assert_string_equal(ask_sql(base, "SELECT a FROM pvv"), "x");
	assert_string_equal(ask_sql(base, "SELECT count(*) FROM sqlite_schema WHERE name LIKE "
					  "'%_mig_new%' OR sql LIKE '%_mig_new%'"),
			    "0");
}

static void nothing_is_lost(const struct base *base, const void *with)
{
	mig_ctx *ctx;

	(void)with;
	generate(base, old_schema);
	run_sql(base, rows);
	generate(base, new_schema);
	assert_rows(base);
	assert_schema(base);
	assert_string_equal(ask_sql(base, "SELECT v FROM s WHERE k = 'k'"), "0");
	assert_string_equal(ask_sql(base, "SELECT a FROM plain WHERE b = 'b'"), "none");
	ctx = open_base(base);
	ok(ctx, mig_downgrade(ctx, "-1"));
	mig_close(ctx);
	assert_rows(base);
	assert_schema(base);
}

static void test_nothing_is_lost(void **user)
{
	(void)user;
	assert_int_equal(on_one("sqlite", nothing_is_lost, NULL), 1);
}

/* A rebuild that cannot be done leaves nothing behind, and can be tried again. */
static void a_failure_is_whole(const struct base *base, const void *with)
{
	mig_revision_list *list;
	mig_model *m;
	mig_ctx *ctx;
	static const char model[] = "CREATE TABLE t (a INT CHECK (a > 5));";

	(void)with;
	run_sql(base, "CREATE TABLE t (a INT); INSERT INTO t VALUES (3);");
	ctx = open_base(base);
	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_sql(m, NULL, "model", model, strlen(model)));
	ok(ctx, mig_autogenerate(ctx, NULL, &list));
	mig_revision_list_free(list);
	for (int i = 0; i < 2; i++) {
		expect(ctx, MIG_ECONSTRAINT, mig_upgrade(ctx, "head"));
		assert_string_equal(ask_sql(base, "SELECT group_concat(name) FROM sqlite_schema "
						  "WHERE name NOT LIKE 'mig_%'"),
				    "t");
		assert_string_equal(ask_sql(base, "SELECT a FROM t"), "3");
	}
	run_sql(base, "UPDATE t SET a = 6");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask_sql(base, "SELECT a FROM t"), "6");
	mig_close(ctx);
}

static void test_a_failure_is_whole(void **user)
{
	(void)user;
	assert_int_equal(on_one("sqlite", a_failure_is_whole, NULL), 1);
}

/* -- a table that is written out of its parts */

static mig_status drop_the_check(void *user, mig_step *step)
{
	(void)user;
	return mig_op_drop_constraint(step, NULL, "t", "short");
}

/* Words in quotes that are strings, names that are keywords, actions that do not hold. */
static void parts_keep_their_meaning(const struct base *base, const void *with)
{
	const mig_revision_def def = { .struct_size = sizeof def,
				       .id = "c1",
				       .upgrade = drop_the_check };
	mig_ctx *ctx;

	(void)with;
	run_sql(base,
		"CREATE TABLE p (x PRIMARY KEY);"
		"CREATE TABLE t (raise INT UNIQUE, cast INT PRIMARY KEY, current_date INT UNIQUE,"
		" a TEXT CHECK (a <> \"new\"), b TEXT AS (a || \"x y\"),"
		" c TEXT AS (\"lower\"(\"a\") || \"x\") STORED,"
		" d REFERENCES p (x) ON INSERT CASCADE,"
		" e REFERENCES p ON UPDATE CASCADE ON UPDATE NO ACTION,"
		" CONSTRAINT short CHECK (length(\"t\".\"a\") < 9));"
		"INSERT INTO t (raise, cast, current_date, a) VALUES (1, 2, 3, 'Text');");
	ctx = open_base(base);
	ok(ctx, mig_add_revision(ctx, &def));
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_string_equal(ask_sql(base, "SELECT \"raise\" || t.\"cast\" || \"current_date\" || a || b || c "
					  "FROM t"),
			    "123TextTextx ytextx");
	assert_string_equal(ask_sql(base, "SELECT group_concat(on_update || on_delete) FROM "
					  "pragma_foreign_key_list('t')"),
			    "NO ACTIONNO ACTION,NO ACTIONNO ACTION");
	assert_string_equal(ask_sql(base, "SELECT group_concat(name) FROM pragma_table_info('t') "
					  "WHERE pk"),
			    "cast");
	run_sql(base, "INSERT OR IGNORE INTO t (cast, a) VALUES (7, 'new'), (8, 'a longer text'), "
		      "(9, 'y')");
	assert_string_equal(ask_sql(base, "SELECT group_concat(\"cast\") FROM t"), "2,8,9");
}

static void test_parts_keep_their_meaning(void **user)
{
	(void)user;
	assert_int_equal(on_one("sqlite", parts_keep_their_meaning, NULL), 1);
}

/* -- thousands of constraints with the same text */

static void twins_are_read_in_no_time(const struct base *base, const void *with)
{
	enum { CHECKS = 8000 };
	static const char check[] = ", CHECK (a > 0)";
	char *model = calloc(CHECKS + 2, sizeof check), *end = model;
	clock_t began = clock();
	mig_op_list *list;
	mig_model *m;
	mig_ctx *ctx;

	(void)with;
	assert_non_null(model);
	end = stpcpy(end, "CREATE TABLE t (a INT");
	for (int i = 0; i < CHECKS; i++)
		end = stpcpy(end, check);
	stpcpy(end, ")");
	run_sql(base, model);
	ctx = open_base(base);
	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_sql(m, NULL, "model", model, strlen(model)));
	ok(ctx, mig_diff(ctx, NULL, &list));
	assert_int_equal(mig_op_list_count(list), 0);
	mig_op_list_free(list);
	mig_close(ctx);
	free(model);
	/* it was two minutes; 0.1 s now */
	assert_true((clock() - began) / CLOCKS_PER_SEC < 20);
}

static void test_twins_are_read_in_no_time(void **user)
{
	(void)user;
	assert_int_equal(on_one("sqlite", twins_are_read_in_no_time, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_lost),
		cmocka_unit_test(test_a_failure_is_whole),
		cmocka_unit_test(test_parts_keep_their_meaning),
		cmocka_unit_test(test_twins_are_read_in_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
