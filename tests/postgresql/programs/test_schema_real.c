/* What schemas of real programs have beyond the usual: functions that call functions, members of
 * extensions, more statements than one message takes. Each change is proved and run both ways. */
#include "change.h"

#define HELPERS                                                                          \
	"CREATE FUNCTION h(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)';" \
	"CREATE FUNCTION f(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT public.h($1)';"

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_portions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
