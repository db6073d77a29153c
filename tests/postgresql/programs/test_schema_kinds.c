/* Kinds that are compared by their definition: each comes, changes and goes, both ways; what is made of
 * one is made anew with it. Each change is proved and run. */
#include "change.h"

#include <stdio.h>

/* A database with `base` alone, with `one`, and with `other`. */
static const struct kind {
	const char *name, *base, *one, *other;
	const char *has; /* part of the SQL that makes one of the other, or NULL */
	int since;
} kinds[] = {
	{ "a text search dictionary", "", "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple)",
	  "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, STOPWORDS = 'english')",
	  "DROP TEXT SEARCH DICTIONARY public.d", 0 },
	{ "a text search configuration under an index",
	  "CREATE TABLE t (a text)",
	  "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple);"
	  "CREATE INDEX i ON t USING gin (to_tsvector('c', a))",
	  "CREATE TEXT SEARCH CONFIGURATION c (COPY = english);"
	  "CREATE INDEX i ON t USING gin (to_tsvector('c', a))",
	  "CREATE INDEX i", 0 },
	{ "a text search template", "", "CREATE TEXT SEARCH TEMPLATE t (LEXIZE = dsimple_lexize)",
	  "CREATE TEXT SEARCH TEMPLATE t (INIT = dsimple_init, LEXIZE = dsimple_lexize)", NULL, 0 },
	{ "a text search parser", "",
	  "CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)",
	  "CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, "
	  "LEXTYPES = prsd_lextype, HEADLINE = prsd_headline)",
	  NULL, 0 },
	{ "an operator under a view",
	  "CREATE FUNCTION same(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2'",
	  "CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = same);"
	  "CREATE VIEW v AS SELECT 'a' === 'b' AS x; COMMENT ON OPERATOR === (text, text) IS 'same; \n as'",
	  "CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = same, COMMUTATOR = ===, HASHES);"
	  "CREATE VIEW v AS SELECT 'a' === 'b' AS x",
	  "DROP VIEW", 0 },
	{ "operators that negate each other",
	  "CREATE FUNCTION same(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';"
	  "CREATE FUNCTION other(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 <> $2'",
	  "CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = same);"
	  "CREATE OPERATOR !== (LEFTARG = text, RIGHTARG = text, FUNCTION = other)",
	  "CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = same, NEGATOR = !==);"
	  "CREATE OPERATOR !== (LEFTARG = text, RIGHTARG = text, FUNCTION = other, NEGATOR = ===)",
	  NULL, 0 },
	{ "an operator class under an index",
	  "CREATE FUNCTION cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($2, $1)';"
	  "CREATE TABLE t (a int)",
	  "CREATE OPERATOR CLASS down FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, "
	  "OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 cmp(int, int); CREATE INDEX i ON t (a down)",
	  "CREATE OPERATOR CLASS down FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, "
	  "OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int); CREATE INDEX i ON t (a down)",
	  "CREATE INDEX i", 0 },
	{ "an operator family", "", "CREATE OPERATOR FAMILY f USING btree",
	  "CREATE OPERATOR FAMILY f USING btree; ALTER OPERATOR FAMILY f USING btree ADD OPERATOR 1 < (int4, int8), "
	  "FUNCTION 1 btint48cmp(int4, int8)",
	  "ALTER OPERATOR FAMILY", 0 },
	{ "a cast", "", "CREATE CAST (text AS point) WITH INOUT",
	  "CREATE CAST (text AS point) WITH INOUT AS ASSIGNMENT", "DROP CAST (text AS point)", 0 },
	{ "a conversion", "", "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
	  "CREATE DEFAULT CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8", NULL, 0 },
	{ "a foreign data wrapper and what it has", "",
	  "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; COMMENT ON SERVER s IS 'far';"
	  "CREATE USER MAPPING FOR PUBLIC SERVER s; CREATE FOREIGN TABLE f (a int) SERVER s;"
	  "GRANT USAGE ON FOREIGN SERVER s TO PUBLIC; CREATE VIEW v AS SELECT a FROM f",
	  "CREATE FOREIGN DATA WRAPPER w OPTIONS (a 'it''s'); CREATE SERVER s VERSION '2' FOREIGN DATA WRAPPER w "
	  "OPTIONS (host 'h'); CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (u 'v');"
	  "CREATE FOREIGN TABLE f (a int OPTIONS (b 'c') NOT NULL, \"B\" text DEFAULT 'q', CHECK (a > 0)) SERVER s "
	  "OPTIONS (d 'e'); GRANT SELECT ON f TO PUBLIC; CREATE VIEW v AS SELECT a FROM f",
	  "DROP FOREIGN TABLE public.f", 0 },
	{ "a publication", "CREATE TABLE t (a int PRIMARY KEY, b int); CREATE TABLE u (a int)",
	  "CREATE PUBLICATION p FOR TABLE t", "CREATE PUBLICATION p FOR TABLE t, u WITH (publish = 'insert')",
	  "FOR TABLE", 0 },
	{ "a publication with a list and a filter", "CREATE TABLE t (a int PRIMARY KEY, b int)",
	  "CREATE PUBLICATION p FOR TABLES IN SCHEMA public",
	  "CREATE PUBLICATION p FOR TABLE t (a) WHERE (a > 1) WITH (publish_via_partition_root)",
	  "FOR TABLE ONLY public.t (a) WHERE ((a > 1))", 15 },
	{ "a language", "", "CREATE LANGUAGE l HANDLER plpgsql_call_handler",
	  "CREATE TRUSTED LANGUAGE l HANDLER plpgsql_call_handler VALIDATOR plpgsql_validator", NULL, 0 },
	{ "an access method", "", "CREATE ACCESS METHOD m TYPE INDEX HANDLER bthandler",
	  "CREATE ACCESS METHOD m TYPE INDEX HANDLER hashhandler", "DROP ACCESS METHOD", 0 },
	{ "a transform",
	  "CREATE LANGUAGE l HANDLER plpgsql_call_handler;"
	  "CREATE FUNCTION f(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'int4_sum'",
	  "CREATE TRANSFORM FOR int LANGUAGE l (FROM SQL WITH FUNCTION f(internal))",
	  "CREATE TRANSFORM FOR bigint LANGUAGE l (FROM SQL WITH FUNCTION f(internal))", NULL, 0 },
	{ "default privileges", "CREATE TABLE t (a int)",
	  "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC",
	  "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;"
	  "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO PUBLIC",
	  "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC", 0 },
};

static char *join(const char *base, const char *more)
{
	char *text = room_for(strlen(base) + strlen(more) + 2);

	sprintf(text, "%s%s%s", base, *base && *more ? ";" : "", more);
	return text;
}

static void change_from_to(const struct kind *k, const char *from, const char *to, const char *has)
{
	char *old = join(k->base, from), *new = join(k->base, to);
	struct change c = { .name = k->name, .old = old, .new = new, .has = { has }, .since = k->since };

	test_change(&c);
	free(old);
	free(new);
}

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		change_from_to(&kinds[i], "", kinds[i].one, NULL);
		change_from_to(&kinds[i], kinds[i].one, kinds[i].other, kinds[i].has);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_kinds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
