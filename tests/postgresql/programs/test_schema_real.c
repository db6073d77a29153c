/* What schemas of real programs have beyond the usual: functions that call functions, members of
 * extensions, more statements than one message takes. Each change is proved and run both ways. */
#include "change.h"

#define HELPERS                                                                          \
	"CREATE FUNCTION h(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)';" \
	"CREATE FUNCTION f(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT public.h($1)';"

#define SEARCH                                                                            \
	"CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, STOPWORDS = 'english');"     \
	"CREATE TEXT SEARCH CONFIGURATION myts (COPY = simple);"                          \
	"ALTER TEXT SEARCH CONFIGURATION myts ALTER MAPPING FOR asciiword WITH d, simple;"
#define OPERATOR                                                                          \
	"CREATE FUNCTION same(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';" \
	"CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = same);"
#define CLASS                                                                             \
	"CREATE FUNCTION cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($2, $1)';" \
	"CREATE OPERATOR CLASS down FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 2 >=, "      \
	"OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 cmp(int, int);"
#define FOREIGN                                                                           \
	"CREATE FOREIGN DATA WRAPPER w OPTIONS (a 'it''s'); CREATE SERVER s FOREIGN DATA WRAPPER w;" \
	"CREATE FOREIGN TABLE ft (a int OPTIONS (b 'c') NOT NULL, \"B\" text) SERVER s OPTIONS (d 'e');"

/* The part of a schema that a change touches needs more than the catalogue says. */
static const struct change copies[] = {
	{ .name = "an index over a function that calls another",
	  .old = HELPERS "CREATE TABLE t (id int PRIMARY KEY, n int, a text);"
			 "CREATE INDEX i ON t (f(a))",
	  .new = HELPERS "CREATE TABLE t (id int PRIMARY KEY, n bigint, a text);"
			 "CREATE INDEX i ON t (f(a))",
	  .has = { "ALTER COLUMN n TYPE bigint" } },
	{ .name = "a new index over a function that is there already, and calls another",
	  .old = HELPERS "CREATE TABLE t (a text); CREATE TABLE u (a text)",
	  .new = HELPERS "CREATE TABLE t (a text); CREATE TABLE u (a text);"
			 "CREATE INDEX i ON t (f(a))",
	  .has = { "CREATE INDEX i" } },
	{ .name = "a function over an extension's",
	  .old = "CREATE EXTENSION fuzzystrmatch; CREATE FUNCTION f(text) RETURNS text IMMUTABLE "
		 "LANGUAGE sql AS 'SELECT public.soundex($1)';"
		 "CREATE TABLE t (a text, g text GENERATED ALWAYS AS (f(a)) STORED);"
		 "CREATE INDEX i ON t (f(a))",
	  .new = "CREATE EXTENSION fuzzystrmatch; CREATE FUNCTION f(text) RETURNS text IMMUTABLE "
		 "LANGUAGE sql AS 'SELECT public.soundex($1)';"
		 "CREATE TABLE t (a text, g text GENERATED ALWAYS AS (f(a)) STORED, n int);"
		 "CREATE INDEX i ON t (f(a))",
	  .has = { "ADD COLUMN n" } },
	{ .name = "a materialized view over plpgsql that reads another table",
	  .old = "CREATE TABLE r (a int); CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS "
		 "'BEGIN RETURN (SELECT count(*) FROM public.r); END';"
		 "CREATE TABLE t (a int); CREATE MATERIALIZED VIEW m AS SELECT f(), a FROM t "
		 "UNION ALL SELECT f(), 1",
	  .new = "CREATE TABLE r (a int); CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS "
		 "'BEGIN RETURN (SELECT count(*) FROM public.r); END';"
		 "CREATE TABLE t (a bigint); CREATE MATERIALIZED VIEW m AS SELECT f(), a FROM t "
		 "UNION ALL SELECT f(), 1",
	  .has = { "CREATE MATERIALIZED VIEW" } },
	{ .name = "an extension with a checked domain",
	  .old = "",
	  .new = "CREATE EXTENSION cube; CREATE EXTENSION earthdistance; CREATE TABLE w (e earth)",
	  .has = { "CREATE EXTENSION earthdistance" } },
	{ .name = "an index over a text search configuration",
	  .old = SEARCH "CREATE TABLE t (a text, n int); CREATE INDEX i ON t USING gin (to_tsvector('myts', a))",
	  .new = SEARCH "CREATE TABLE t (a text, n bigint); CREATE INDEX i ON t USING gin (to_tsvector('myts', a))",
	  .has = { "TYPE bigint" } },
	{ .name = "a view over an operator",
	  .old = OPERATOR "CREATE TABLE t (a text); CREATE VIEW v AS SELECT a FROM t WHERE a === 'x'",
	  .new = OPERATOR "CREATE TABLE t (a varchar(9)); CREATE VIEW v AS SELECT a FROM t WHERE a === 'x'",
	  .has = { "CREATE VIEW" } },
	{ .name = "an index of an operator class",
	  .old = CLASS "CREATE TABLE t (a int, n int); CREATE INDEX i ON t (a down)",
	  .new = CLASS "CREATE TABLE t (a int, n bigint); CREATE INDEX i ON t (a down)",
	  .has = { "TYPE bigint" } },
	{ .name = "a view over a foreign table",
	  .old = FOREIGN "CREATE VIEW v AS SELECT a FROM ft",
	  .new = FOREIGN "CREATE VIEW v AS SELECT a + 1 AS a, \"B\" FROM ft",
	  .has = { "CREATE OR REPLACE VIEW" } },
};
TEST_ALL(copies)

/* More functions than one portion of a copy has, each over one that comes later by name; the index
 * has all of them copied. */
static void test_portions(void **state)
{
	enum { FUNCTIONS = 600, EACH = 160 };
	char *old = room_for(FUNCTIONS * EACH), *new;
	struct change c = { .name = "600 functions", .has = { "SELECT 2", "CREATE INDEX j" } };
	size_t n = 0;

	(void)state;
	n += (size_t)sprintf(old, "SET check_function_bodies = off;" HELPERS
				     "CREATE TABLE t (a text); CREATE INDEX i ON t (f(a));");
	for (int i = 0; i < FUNCTIONS; i++)
		n += (size_t)sprintf(old + n,
				     "CREATE FUNCTION f%03d() RETURNS int LANGUAGE sql "
				     "AS 'SELECT public.f%03d()';",
				     i, i + 1);
	sprintf(old + n, "CREATE FUNCTION f%d() RETURNS int LANGUAGE sql AS 'SELECT 1'", FUNCTIONS);
	new = long_text(old, 0, "; CREATE INDEX j ON t (a)");
	new[strlen(old) - 2] = '2';
	c.old = old;
	c.new = new;
	test_change(&c);
	free(old);
	free(new);
}

#define STOOD                                                                           \
	"INSERT INTO t (x) SELECT 'a' FROM generate_series(1, 40); DELETE FROM t WHERE id > 3"
#define NEXT "SELECT nextval(pg_get_serial_sequence('t', 'id'))"

/* Sequences go on where they stood, or where the one before them stood: 40 numbers were given. */
static const struct change positions[] = {
	{ .name = "a serial becomes a uuid",
	  .old = "CREATE TABLE t (id serial PRIMARY KEY, a text)",
	  .new = "CREATE TABLE t (id uuid PRIMARY KEY DEFAULT (md5(random()::text)::uuid), a text)",
	  .has = { "DROP DEFAULT", "DROP SEQUENCE", "TYPE uuid", "SET DEFAULT (md5(" } },
	{ .name = "a serial becomes an identity",
	  .old = "CREATE TABLE t (id serial PRIMARY KEY, x text)",
	  .new = "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x text)",
	  .rows = STOOD,
	  .question = NEXT,
	  .up = "41",
	  .down = "42" },
	{ .name = "an identity becomes a serial, and wider",
	  .old = "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, x text)",
	  .new = "CREATE TABLE t (id bigserial PRIMARY KEY, x text)",
	  .rows = STOOD,
	  .question = NEXT,
	  .up = "41",
	  .down = "42" },
	{ .name = "a serial with a sequence of another name becomes an identity",
	  .old = "CREATE SEQUENCE s; CREATE TABLE t (id int NOT NULL DEFAULT nextval('s'), x text);"
		 "ALTER SEQUENCE s OWNED BY t.id",
	  .new = "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY, x text)",
	  .rows = STOOD,
	  .question = NEXT,
	  .up = "41",
	  .down = "42" },
	{ .name = "a column gets another sequence, and another type",
	  .old = "CREATE SEQUENCE s1; CREATE TABLE t (id smallint NOT NULL DEFAULT nextval('s1'),"
		 "x text); ALTER SEQUENCE s1 OWNED BY t.id",
	  .new = "CREATE SEQUENCE s2; CREATE TABLE t (id bigint NOT NULL DEFAULT nextval('s2'),"
		 "x text); ALTER SEQUENCE s2 OWNED BY t.id",
	  .rows = STOOD,
	  .question = NEXT,
	  .up = "41",
	  .down = "42" },
	{ .name = "a sequence goes to another table, and the column gets one of its own",
	  .old = "CREATE TABLE t (id serial PRIMARY KEY, x text)",
	  .new = "CREATE TABLE t (id int PRIMARY KEY, x text);"
		 "CREATE SEQUENCE t_id_seq1 AS integer OWNED BY t.id;"
		 "ALTER TABLE t ALTER id SET DEFAULT nextval('t_id_seq1');"
		 "CREATE TABLE u (id int NOT NULL); CREATE SEQUENCE t_id_seq AS integer OWNED BY u.id;"
		 "ALTER TABLE u ALTER id SET DEFAULT nextval('t_id_seq')",
	  .rows = STOOD,
	  .lacks = { "pg_get_serial_sequence" },
	  .question = NEXT,
	  .up = "41",
	  .down = "42" },
	{ .name = "an identity's options change",
	  .old = "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY, x text)",
	  .new = "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY (START 7 CACHE 1 "
		 "MAXVALUE 1000), x text)",
	  .rows = STOOD,
	  .question = NEXT,
	  .up = "41",
	  .down = "42" },
	{ .name = "an identity of a new range, in one statement",
	  .old = "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY (MINVALUE -200 MAXVALUE "
		 "-10 START -200 INCREMENT 5), x text)",
	  .new = "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY (MINVALUE -100 MAXVALUE "
		 "-10 START -100 INCREMENT 5), x text)",
	  .rows = "INSERT INTO t (x) VALUES ('a'), ('b')",
	  .question = NEXT,
	  .up = "-100",
	  .down = "-95" },
	{ .name = "a column that is numbered from now on goes on after its values",
	  .old = "CREATE TABLE t (id int NOT NULL, x text)",
	  .new = "CREATE TABLE t (id serial, x text)",
	  .rows = "INSERT INTO t VALUES (7, 'a')",
	  .has = { "max(id)" } },
};
TEST_ALL(positions)

/* What is right only in one order. */
static const struct change orders[] = {
	{ .name = "tables that refer to each other become unlogged",
	  .old = "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY REFERENCES a);"
		 "CREATE TABLE c (id int REFERENCES b)",
	  .new = "CREATE UNLOGGED TABLE a (id int PRIMARY KEY);"
		 "CREATE UNLOGGED TABLE b (id int PRIMARY KEY REFERENCES a);"
		 "CREATE UNLOGGED TABLE c (id int REFERENCES b)",
	  .question = "SELECT string_agg(relpersistence::text, '') FROM pg_class "
		      "WHERE relname IN ('a', 'b', 'c')",
	  .up = "uuu",
	  .down = "ppp" },
	{ .name = "a replica identity over a column that is not null from now on",
	  .old = "CREATE TABLE t (id int PRIMARY KEY, b int); CREATE UNIQUE INDEX tu ON t (b)",
	  .new = "CREATE TABLE t (id int PRIMARY KEY, b int NOT NULL); CREATE UNIQUE INDEX tu ON t (b);"
		 "ALTER TABLE t REPLICA IDENTITY USING INDEX tu; ALTER TABLE t CLUSTER ON tu",
	  .question = "SELECT relreplident FROM pg_class WHERE relname = 't'",
	  .up = "i",
	  .down = "d" },
	{ .name = "the comment of schema public comes back",
	  .old = "CREATE TABLE t (id int)",
	  .new = "CREATE TABLE t (id int); COMMENT ON SCHEMA public IS 'ours'",
	  .question = "SELECT obj_description('public'::regnamespace)",
	  .up = "ours",
	  .down = "standard public schema" },
};
TEST_ALL(orders)

/* A way back that cannot be made does not keep from the way up; the script and the log say why. */
static void test_no_way_back(void **state)
{
	static const struct change c = {
		.name = "an enum's value that a partition key may have",
		.old = "CREATE TYPE st AS ENUM ('a'); CREATE TABLE p (s st) PARTITION BY LIST (s)",
		.new = "CREATE TYPE st AS ENUM ('a', 'b'); CREATE TABLE p (s st) PARTITION BY LIST (s)",
	};
	mig_revision_options revision = { .struct_size = sizeof revision, .message = "b" };
	mig_autogenerate_options options = { .struct_size = sizeof options, .revision = &revision };
	char dir[] = "/tmp/mig-real-XXXXXX";
	struct log log = { .size = 0 };
	mig_revision_list *made;
	struct place p;
	mig_model *model;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, c.old);
	assert_non_null(mkdtemp(dir));
	ctx = open_place(&p, NULL);
	log_to(ctx, &log);
	ok(ctx, mig_add_directory(ctx, dir));
	ok(ctx, mig_model_of(ctx, &model));
	ok(ctx, mig_model_sql(model, NULL, "new", c.new, strlen(c.new)));
	ok(ctx, mig_autogenerate(ctx, &options, &made));
	assert_int_equal(mig_revision_list_count(made), 1);
	assert_has(log.text, "the upgrade has no way back");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_answer(p.db, "SELECT enum_range(NULL::st)", "{a,b}");
	expect(ctx, MIG_EIRREVERSIBLE, mig_downgrade(ctx, "base"));
	remove(mig_revision_file(mig_revision_list_at(made, 0)));
	mig_revision_list_free(made);
	mig_close(ctx);
	remove(dir);
	place_end(&p);
}

/* -- new values of an enum that are used at once */

/* The value comes in a revision of its own. The other one keeps its transaction: rows that forbid its
 * last statement undo all of it, and the next run goes on after the first. */
static void test_values_apart(void **state)
{
	static const char old[] = "CREATE TYPE e AS ENUM ('a', 'c');"
				  "CREATE TABLE t (id int, x e DEFAULT 'a', p int)";
	static const char new[] = "CREATE TYPE e AS ENUM ('a', 'b', 'c'); COMMENT ON TYPE e IS 'E';"
				  "CREATE TABLE t (id int, x e DEFAULT 'b', p bigint, y int NOT NULL)";
	mig_revision_options revision = { .struct_size = sizeof revision,
					  .message = "use b",
					  .rev_id = "useb" };
	mig_autogenerate_options options = { .struct_size = sizeof options, .revision = &revision };
	char dir[] = "/tmp/mig-real-XXXXXX";
	mig_revision_list *made;
	const mig_revision *apart, *rest;
	struct place p;
	mig_model *model;
	mig_op_list *none;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, old);
	pg_exec(p.db, "INSERT INTO t VALUES (1)");
	assert_non_null(mkdtemp(dir));
	ctx = open_place(&p, NULL);
	ok(ctx, mig_add_directory(ctx, dir));
	ok(ctx, mig_model_of(ctx, &model));
	ok(ctx, mig_model_sql(model, NULL, "new", new, strlen(new)));
	ok(ctx, mig_autogenerate(ctx, &options, &made));
	assert_int_equal(mig_revision_list_count(made), 2);
	apart = mig_revision_list_at(made, 0);
	rest = mig_revision_list_at(made, 1);
	assert_non_null(apart);
	assert_non_null(rest);
	assert_string_equal(mig_revision_id(rest), "useb");
	assert_string_equal(mig_revision_parent(rest, 0), mig_revision_id(apart));
	assert_string_equal(mig_revision_summary(apart), "use b: alter enum e");
	assert_has(mig_revision_text(apart, NULL), "upgrade dialect=postgresql transaction=no");
	assert_null(strstr(mig_revision_text(rest, NULL), "transaction=no"));

	expect(ctx, MIG_ECONSTRAINT, mig_upgrade(ctx, "head"));
	assert_string_equal(rows(p.db), mig_revision_id(apart));
	assert_answer(p.db, "SELECT enum_range(NULL::e)", "{a,b,c}");
	assert_answer(p.db, "SELECT pg_typeof(p) FROM t", "integer"); /* none of the rest */
	mig_close(ctx);

	/* another process, as after a kill between the two */
	pg_exec(p.db, "DELETE FROM t");
	ctx = open_place(&p, NULL);
	ok(ctx, mig_add_directory(ctx, dir));
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_model_of(ctx, &model));
	ok(ctx, mig_model_sql(model, NULL, "new", new, strlen(new)));
	ok(ctx, mig_diff(ctx, NULL, &none));
	assert_int_equal(mig_op_list_count(none), 0);
	mig_op_list_free(none);
	ok(ctx, mig_downgrade(ctx, mig_revision_id(apart)));
	assert_answer(p.db, "SELECT enum_range(NULL::e)", "{a,b,c}");
	ok(ctx, mig_downgrade(ctx, "base"));
	assert_answer(p.db, "SELECT enum_range(NULL::e)", "{a,c}");
	assert_answer(p.db, "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 "
			    "AND NOT attisdropped", "3");
	for (size_t i = 0; i < 2; i++)
		remove(mig_revision_file(mig_revision_list_at(made, i)));
	mig_revision_list_free(made);
	mig_close(ctx);
	remove(dir);
	place_end(&p);
}

/* Where something is renamed as well. */
static void test_values_apart_renamed(void **state)
{
	static const struct change c = {
		.name = "a renamed table", .old = "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (x e DEFAULT 'a');"
						  "CREATE VIEW v AS SELECT x FROM t",
		.new = "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE u (x e DEFAULT 'b');"
		       "CREATE VIEW v AS SELECT x FROM u WHERE x <> 'b'"
	};
	static const char *const renames[] = { "t=u", NULL };
	mig_diff_options o = { .struct_size = sizeof o, .renames = renames };
	struct place p;
	mig_model *model;
	mig_op_list *list;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, c.old);
	ctx = open_place(&p, NULL);
	ok(ctx, mig_model_of(ctx, &model));
	ok(ctx, mig_model_sql(model, NULL, "new", c.new, strlen(c.new)));
	ok(ctx, mig_diff(ctx, &o, &list));
	assert_string_equal(mig_op_list_text(list, 0), "alter enum e");
	assert_has(mig_op_list_sql(list, MIG_UPGRADE, NULL), "ADD VALUE IF NOT EXISTS 'b'");
	assert_has(mig_op_list_sql(list, MIG_UPGRADE, NULL), "RENAME TO u");
	assert_has(mig_op_list_sql(list, MIG_DOWNGRADE, NULL), "RENAME TO t");
	ADD(ctx, .id = "a", .attributes = " transaction=no", .up = mig_op_list_sql(list, MIG_UPGRADE, NULL),
	    .down = mig_op_list_sql(list, MIG_DOWNGRADE, NULL));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_answer(p.db, "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'u'::regclass",
		      "'b'::e");
	ok(ctx, mig_downgrade(ctx, "base"));
	assert_answer(p.db, "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 't'::regclass",
		      "'a'::e");
	mig_op_list_free(list);
	mig_close(ctx);
	place_end(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_portions),
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_no_way_back),
		cmocka_unit_test(test_values_apart),
		cmocka_unit_test(test_values_apart_renamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
