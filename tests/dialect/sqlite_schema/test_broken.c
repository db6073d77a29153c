/* Models that refer to what is not there. SQLite takes them, and fails when rows are read or
 * written; the comparison refuses them, whether the model is read or run, and whatever the database
 * has. */
#include "both.h"

#include <stdio.h>
#include <string.h>

#define P "CREATE TABLE p (id INTEGER PRIMARY KEY, x INT, y INT UNIQUE, z INT);\n"
#define T "CREATE TABLE t (a INT, b TEXT);\n"

static const struct broken {
	const char *model;
	const char *message; /* a part of it; NULL: the model is sound */
	int32_t line, column;
} cases[] = {
	/* -- foreign keys */
	{ P "CREATE TABLE c (\n a INT REFERENCES q (id));", "foreign key (a) refers to table q", 3,
	  8 },
	{ P "CREATE TABLE c (a INT,\n FOREIGN KEY (a) REFERENCES q);", "refers to table q", 3, 2 },
	{ P "CREATE TABLE c (a INT, CONSTRAINT k FOREIGN KEY (a) REFERENCES p (w));",
	  "foreign key k (a) refers to p.w", 2, 37 },
	{ P "CREATE TABLE c (a INT REFERENCES p (id), b INT REFERENCES p (x));",
	  "foreign key (b) refers to p (x), which is neither its primary key nor unique", 2, 48 },
	{ P "CREATE TABLE c (a INT REFERENCES p (x), b INT REFERENCES p (x));", "key (a)", 2, 23 },
	{ "CREATE TABLE p (a INT); CREATE TABLE c (a INT REFERENCES p);",
	  "refers to p, which has no primary key", 1, 47 },
	{ "CREATE TABLE p (a, b, PRIMARY KEY (a, b)); CREATE TABLE c (a INT REFERENCES p);",
	  "foreign key (a) refers to p, whose primary key has 2 columns", 1, 66 },
	{ "CREATE TABLE p (a INT, b INT, UNIQUE (a, b)); CREATE TABLE c (a INT REFERENCES p (a));",
	  "neither", 1, 69 },
	{ "CREATE TABLE p (a); CREATE UNIQUE INDEX i ON p (a) WHERE a > 1; CREATE TABLE c (a "
	  "REFERENCES p (a));",
	  "neither", 1, 83 },
	{ "CREATE TABLE p (a); CREATE UNIQUE INDEX i ON p (abs(a)); CREATE TABLE c (a REFERENCES "
	  "p (a));",
	  "neither", 1, 76 },
	{ "CREATE TABLE p (a); CREATE INDEX i ON p (a); CREATE TABLE c (a REFERENCES p (a));",
	  "neither", 1, 64 },
	{ "CREATE TABLE p (a TEXT); CREATE UNIQUE INDEX i ON p (a COLLATE nocase); CREATE TABLE c "
	  "(a REFERENCES p (a));",
	  "neither", 1, 91 },
	{ T "CREATE VIEW v AS SELECT a FROM t; CREATE TABLE c (a INT REFERENCES v (a));",
	  "refers to v, which is a view", 2, 57 },
	{ "CREATE TABLE c (a INT REFERENCES \"Q \"\"r\" (id));", "table q \"r", 1, 23 },
	{ "CREATE TABLE c (id INTEGER PRIMARY KEY, a INT REFERENCES C (ID), b REFERENCES c)", NULL,
	  0, 0 },
	{ "CREATE TABLE c (a INT REFERENCES P, b REFERENCES [p] (Y), d REFERENCES \"P\" "
	  "(\"Id\"));" P,
	  NULL, 0, 0 },
	{ "CREATE TABLE p (a, b, c, PRIMARY KEY (b, a)) WITHOUT ROWID; CREATE TABLE c (x, y,"
	  " FOREIGN KEY (x, y) REFERENCES p (a, b), FOREIGN KEY (x, y) REFERENCES p)",
	  NULL, 0, 0 },
	{ "CREATE TABLE p (a TEXT COLLATE nocase, b); CREATE UNIQUE INDEX i ON p (a DESC); CREATE"
	  " TABLE c (a REFERENCES p (a))",
	  NULL, 0, 0 },
	{ "CREATE TABLE p (a TEXT COLLATE nocase, b); CREATE UNIQUE INDEX i ON p (a COLLATE nocase,"
	  " b); CREATE TABLE c (a, b, FOREIGN KEY (b, a) REFERENCES p (b, a))",
	  NULL, 0, 0 },
	{ "CREATE TABLE p (a INT, g INT AS (a + 1) STORED UNIQUE); CREATE TABLE c (a REFERENCES p "
	  "(g))",
	  NULL, 0, 0 },
	{ "CREATE TABLE c (v TEXT REFERENCES mig_version (revision))", NULL, 0, 0 },

	/* -- views */
	{ T "\nCREATE VIEW v AS SELECT c FROM t;", "view v: no such column: c", 3, 1 },
	{ T "CREATE VIEW v AS SELECT * FROM q;", "view v: no such table: q", 2, 1 },
	{ T P "CREATE VIEW v AS SELECT x FROM t;", "view v: no such column: x", 3, 1 },
	{ T "CREATE VIEW w AS SELECT * FROM v;\nCREATE VIEW v AS SELECT c FROM t;",
	  "view v: no such column: c", 3, 1 },
	{ T "CREATE VIEW v AS SELECT a FROM t;\nCREATE VIEW w AS SELECT b FROM v;",
	  "view w: no such column: b", 3, 1 },
	{ T "CREATE VIEW w AS SELECT * FROM V; CREATE VIEW v (x) AS SELECT A FROM main.T;", NULL, 0,
	  0 },
	{ T "CREATE VIEW v AS SELECT rowid, \"no column\", unknown_function(a) FROM t;", NULL, 0,
	  0 },
	{ T "CREATE VIEW v AS SELECT j.value FROM t, json_each(t.b) j, unknown_rows(3);", NULL, 0,
	  0 },
	{ "CREATE VIEW v AS SELECT name FROM sqlite_schema; CREATE VIEW w AS SELECT * FROM "
	  "sqlite_sequence; CREATE VIEW x AS SELECT * FROM mig_version;",
	  NULL, 0, 0 },
	{ "CREATE VIRTUAL TABLE f USING fts5(a); CREATE VIEW v AS SELECT a, rank FROM f; CREATE "
	  "VIEW w AS SELECT id FROM f_content;",
	  NULL, 0, 0 },
	{ "CREATE VIRTUAL TABLE f USING fts5(a); CREATE VIEW v AS SELECT b FROM f;",
	  "view v: no such column: b", 1, 39 },

	/* -- triggers */
	{ T "CREATE TRIGGER g AFTER INSERT ON t BEGIN\n INSERT INTO q VALUES (1); END;",
	  "trigger t.g: no such table: q", 2, 1 },
	{ T "CREATE TRIGGER g AFTER DELETE ON t BEGIN DELETE FROM t WHERE c = old.a; END;",
	  "trigger t.g: no such column: c", 2, 1 },
	{ T "CREATE TRIGGER g AFTER UPDATE OF a ON t BEGIN SELECT new.c; END;",
	  "trigger t.g: no such column: new.c", 2, 1 },
	{ T "CREATE TRIGGER g AFTER UPDATE OF c ON t BEGIN SELECT 1; END;",
	  "trigger t.g: no such column: c", 2, 1 },
	{ T "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO t (a, c) VALUES (1, 2); END;",
	  "trigger t.g: table t has no column named c", 2, 1 },
	{ T "CREATE VIEW v AS SELECT a FROM t;\nCREATE TRIGGER g INSTEAD OF INSERT ON v BEGIN "
	    "INSERT INTO t (a) VALUES (new.b); END;",
	  "trigger v.g: no such column: new.b", 3, 1 },
	{ T P "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO p VALUES (1, 2, 3, 4); END;\n"
	      "CREATE TRIGGER h AFTER INSERT ON p BEGIN UPDATE t SET c = 1; END;",
	  "trigger p.h: no such column: c", 4, 1 },
	{ T "CREATE TRIGGER g AFTER INSERT ON q BEGIN SELECT 1; END;", "no such table", 2, 1 },
	{ T "CREATE VIEW v AS SELECT a, b FROM t; CREATE TRIGGER g INSTEAD OF UPDATE ON V WHEN "
	    "new.a > 1 BEGIN UPDATE T SET A = new.a WHERE rowid = 1; END; CREATE TRIGGER h BEFORE "
	    "UPDATE OF A, \"b\" ON [T] BEGIN SELECT raise(ABORT, 'x'), unknown_function(1); END;",
	  NULL, 0, 0 },
	{ "CREATE TABLE t (a INT, g AS (a + 1), h PRIMARY KEY) WITHOUT ROWID; CREATE TRIGGER g "
	  "AFTER UPDATE OF g ON t BEGIN INSERT INTO t (a, h) VALUES (1, new.h) ON CONFLICT (h) DO "
	  "UPDATE SET a = excluded.a; END; CREATE TRIGGER k AFTER INSERT ON t BEGIN INSERT INTO u "
	  "(x) VALUES (new.g); END; CREATE TABLE u (x);",
	  NULL, 0, 0 },
};

/* As the model, but in a way that it has to be run, and not only read. */
static const char *to_run(const char *model)
{
	static char text[4096];

	snprintf(text, sizeof text, "%s\n; CREATE TABLE IF NOT EXISTS made_by_running (a);", model);
	return text;
}

static void compare(mig_ctx *ctx, const struct broken *c, const char *model)
{
	mig_op_list *list = NULL;
	mig_status rc = mig_diff(ctx, NULL, &list);
	const char *message = mig_error_message(ctx);

	mig_op_list_free(list);
	if (rc != (c->message ? MIG_ESQL : MIG_OK))
		fail_msg("%s\n%s: %s", model, mig_status_name(rc), rc ? message : "no error");
	if (!rc)
		return;
	if (!strstr(message, c->message) || strncmp(message, "model.sql:", 10) != 0)
		fail_msg("%s\nexpected: %s\nis:       %s", model, c->message, message);
	if (mig_error_line(ctx) != c->line || mig_error_column(ctx) != c->column ||
	    strcmp(mig_error_file(ctx), "model.sql") != 0)
		fail_msg("%s\n%s\nexpected: %d:%d", model, message, (int)c->line, (int)c->column);
	if (!strstr(message, "no such table: main.q"))
		assert_non_null(mig_error_hint(ctx));
}

static void diff(const struct base *base, const struct broken *c, const char *model)
{
	mig_ctx *ctx = open_base(base);
	mig_model *m;

	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_sql(m, NULL, "model.sql", model, strlen(model)));
	compare(ctx, c, model);
	mig_close(ctx);
}

static void fresh(const struct base *base, const void *with)
{
	const struct broken *c = with;

	diff(base, c, c->model);
	diff(base, c, to_run(c->model));
}

/* The database has the same mistake, so nothing differs. */
static void same(const struct base *base, const void *with)
{
	const struct broken *c = with;

	run_sql(base, c->model);
	diff(base, c, c->model);
}

static void test_models(void **user)
{
	(void)user;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(on_one("sqlite", fresh, &cases[i]));
		if (!strstr(cases[i].model, "ON q "))
			assert_true(on_one("sqlite", same, &cases[i]));
	}
}

/* -- what is left alone */

static void left_alone(const struct base *base, const void *with)
{
	static const char *const out[] = { "old_*", NULL }, *const in[] = { "new_*", NULL };
	static const struct {
		const char *model, *message;
	} tries[] = {
		{ "CREATE TABLE new_t (a REFERENCES old_p, b REFERENCES OLD_P (id))", NULL },
		{ "CREATE VIEW new_v AS SELECT id FROM old_p", NULL },
		{ "CREATE TABLE new_t (a); CREATE TRIGGER g AFTER INSERT ON new_t BEGIN INSERT "
		  "INTO "
		  "old_p (x) VALUES (1); END;",
		  NULL },
		{ "CREATE TABLE old_t (a REFERENCES q)", NULL },
		{ "CREATE TABLE new_t (a REFERENCES old_p (x))", "neither" },
		{ "CREATE TABLE new_t (a REFERENCES old_p (y))", "refers to old_p.y" },
		{ "CREATE TABLE new_t (a REFERENCES old_q)", "refers to table old_q" },
		{ "CREATE VIEW new_v AS SELECT y FROM old_p", "no such column: y" },
	};

	(void)with;
	run_sql(base, "CREATE TABLE old_p (id INTEGER PRIMARY KEY, x INT)");
	for (size_t i = 0; i < 2 * (sizeof tries / sizeof *tries); i++) {
		struct broken c = { .message = tries[i / 2].message, .line = 1, .column = 1 };
		mig_diff_options o = { .struct_size = sizeof o };
		mig_ctx *ctx = open_base(base);
		mig_op_list *list = NULL;
		mig_model *m;
		mig_status rc;

		o.exclude = i % 2 ? NULL : out;
		o.include = i % 2 ? in : NULL;
		ok(ctx, mig_model_of(ctx, &m));
		ok(ctx, mig_model_sql(m, NULL, "model.sql", tries[i / 2].model,
				      strlen(tries[i / 2].model)));
		rc = mig_diff(ctx, &o, &list);
		if (rc != (c.message ? MIG_ESQL : MIG_OK) ||
		    (rc && !strstr(mig_error_message(ctx), c.message)))
			fail_msg("%s\n%s: %s", tries[i / 2].model, mig_status_name(rc),
				 mig_error_message(ctx));
		mig_op_list_free(list);
		mig_close(ctx);
	}
	/* not left alone, it goes, and the key is broken */
	diff(base, &(struct broken){ .message = "refers to table old_p", .line = 1, .column = 23 },
	     "CREATE TABLE new_t (a REFERENCES old_p)");
}

static void test_left_alone(void **user)
{
	(void)user;
	assert_true(on_one("sqlite", left_alone, NULL));
}

/* -- models in C, alone and with SQL */

static void refused(mig_ctx *ctx, const char *message)
{
	mig_op_list *list;

	expect(ctx, MIG_ESQL, mig_diff(ctx, NULL, &list));
	if (!strstr(mig_error_message(ctx), message))
		fail_msg("expected: %s\nis:       %s", message, mig_error_message(ctx));
}

static void in_c(const struct base *base, const void *with)
{
	static const char audit[] = "CREATE TABLE audit (u INT REFERENCES users, v INT REFERENCES "
				    "users (email));";
	mig_ctx *ctx = open_base(base);
	mig_op_list *list;
	mig_table *users, *orders;
	mig_model *m;

	(void)with;
	ok(ctx, mig_model_of(ctx, &m));
	users = mig_model_table(m, NULL, "users");
	mig_column_primary_key(mig_table_column(users, "id", "integer"));
	mig_column_unique(mig_table_column(users, "email", "text"));
	mig_table_column(users, "name", "text");
	orders = mig_model_table(m, NULL, "orders");
	mig_column_references(mig_table_column(orders, "u", "integer"), "users", "id", NULL);
	mig_column_references(mig_table_column(orders, "v", "text"), "users", "email", NULL);
	mig_model_view(m, NULL, "names", "SELECT name FROM users");
	ok(ctx, mig_model_sql(m, NULL, "audit.sql", audit, sizeof audit - 1));
	ok(ctx, mig_diff(ctx, NULL, &list));
	mig_op_list_free(list);
	mig_column_references(mig_table_column(orders, "w", "text"), "users", "name", NULL);
	refused(ctx, "table orders: foreign key");
	mig_close(ctx);

	ctx = open_base(base);
	ok(ctx, mig_model_of(ctx, &m));
	orders = mig_model_table(m, NULL, "orders");
	mig_column_references(mig_table_column(orders, "u", "integer"), "users", "id", NULL);
	refused(ctx, "refers to table users");
	mig_close(ctx);

	ctx = open_base(base);
	ok(ctx, mig_model_of(ctx, &m));
	mig_table_column(mig_model_table(m, NULL, "orders"), "u", "integer");
	mig_model_view(m, NULL, "names", "SELECT name FROM orders");
	refused(ctx, "view names: no such column: name");
	mig_close(ctx);
}

static void test_in_c(void **user)
{
	(void)user;
	assert_true(on_one("sqlite", in_c, NULL));
}

/* -- size: neither keys nor views nor triggers cost more the more there are */

static void large(const struct base *base, const void *with)
{
	enum { COUNT = 1000 };
	static char text[COUNT * 256];
	size_t n = 0;
	mig_ctx *ctx = open_base(base);
	mig_op_list *list;
	mig_model *m;

	(void)with;
	for (int i = 0; i < COUNT; i++)
		n += (size_t)snprintf(text + n, sizeof text - n,
				      "CREATE TABLE t%d (id INTEGER PRIMARY KEY, a INT REFERENCES "
				      "t%d (id));\n",
				      i, (i + 1) % COUNT);
	run_sql(base, text);
	n += (size_t)snprintf(text + n, sizeof text - n,
			      "CREATE TABLE last (a INT REFERENCES t0 (a));");
	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_sql(m, NULL, "model.sql", text, n));
	expect(ctx, MIG_ESQL, mig_diff(ctx, NULL, &list));
	assert_int_equal(mig_error_line(ctx), COUNT + 1);
	mig_close(ctx);
}

static void test_large(void **user)
{
	(void)user;
	assert_true(on_one("sqlite", large, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_models),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_in_c),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
