/* test_split: where PostgreSQL's statements end, what kind they are, what is refused. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void statements_end_where_they_end(void **state)
{
	struct span found[MAX_SPANS];
	struct split_case *cases;
	size_t count, i, k, n, statements = 0;

	(void)state;
	cases = cases_read(&count);
	for (i = 0; i < count; i++) {
		const struct split_case *c = &cases[i];

		n = split_all(c->text, c->size, c->standard_strings, found, MAX_SPANS);
		for (k = 0; k < n && k < c->count; k++)
			if (memcmp(&found[k], &c->spans[k], sizeof *found))
				fail_msg("%s: \"%.*s\" instead of \"%.*s\"", c->name,
					 (int)(found[k].to - found[k].from),
					 c->text + found[k].from,
					 (int)(c->spans[k].to - c->spans[k].from),
					 c->text + c->spans[k].from);
		if (n != c->count)
			fail_msg("%s: %zu statements instead of %zu", c->name, n, c->count);
		statements += n;
	}
	assert_true(count >= 12 && statements >= 100);
	cases_free(cases, count);
}

static void there_may_be_no_statement(void **state)
{
	static const char *const texts[] = { "",      " \n",          ";",   " ; ; -- x",
					     "/*;*/", "\xef\xbb\xbf", "-- x" };
	struct span span;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++)
		assert_int_equal(split_all(texts[i], strlen(texts[i]), 1, &span, 1), 0);
}

/* Nothing behind the size given counts, whatever it is. */
static void the_size_is_the_end(void **state)
{
	static const char text[] = "SELECT 1; SELECT 'a' -- b";
	struct span spans[2];

	(void)state;
	assert_int_equal(split_all(text, 8, 1, spans, 2), 1);
	assert_int_equal(spans[0].to, 8);
	assert_int_equal(split_all(text, 17, 1, spans, 2), 2);
	assert_int_equal(spans[1].to, 16);
}

static void what_is_refused(void **state)
{
	static const struct {
		const char *text, *message, *hint;
		size_t offset;
		int off;
	} bad[] = {
		{ "SELECT 'a;", "string is never closed", NULL, 7, 0 },
		{ "SELECT 1; SELECT 'a''", "string is never closed", NULL, 17, 0 },
		{ "SELECT E'\\';", "string is never closed", NULL, 7, 0 },
		{ "SELECT E'a\\", "string is never closed", NULL, 7, 0 },
		{ "SELECT '\\';", "string is never closed", NULL, 7, 1 },
		{ "SELECT 'a'\n'b;", "string is never closed", NULL, 7, 0 },
		{ "SELECT U&'a", "string is never closed", NULL, 7, 0 },
		{ "SELECT \"a;", "name is never closed", NULL, 7, 0 },
		{ "SELECT U&\"a\"\";", "name is never closed", NULL, 7, 0 },
		{ "SELECT $$a;", "dollar quote is never closed", NULL, 7, 0 },
		{ "SELECT $a$ $A$ $$ $ a$;", "dollar quote is never closed", NULL, 7, 0 },
		{ "SELECT 1 /* a;", "comment is never closed", NULL, 9, 0 },
		{ "SELECT 1; /* /* */", "comment is never closed", NULL, 10, 0 },
		{ " /*/", "comment is never closed", NULL, 1, 0 },
		{ "\\connect other\nSELECT 1;", "psql command \\connect", "remove it", 0, 0 },
		{ "SELECT 1 \\gexec", "psql command", "only psql", 9, 0 },
		{ "SELECT (1\\;2);", "psql command", "only psql", 9, 0 },
		{ "-- x\n\\restrict aBc\n", "psql command \\restrict", "pg_dump", 5, 0 },
		{ "\\unrestrict aBc\n", "psql command \\unrestrict", "pg_dump", 0, 0 },
		{ "\\i other.sql\n", "psql command \\i", "statements of that file", 0, 0 },
		{ "\\copy t from 'f'\n", "psql command \\copy", "COPY FROM STDIN", 0, 0 },
		{ "1\t2\n\\.\n", "\\. without COPY", "COPY FROM STDIN", 4, 0 },
		{ "SELECT 1;\nCOPY t FROM stdin;\n1\n2\n", "has no end", "just \\.", 10, 0 },
		{ "COPY t FROM stdin;\n1\n\\.x\n \\.\n", "has no end", "just \\.", 0, 0 },
		{ "COPY t FROM stdin;", "has no end", "just \\.", 0, 0 },
		{ "COPY t FROM stdin", "has no end", "just \\.", 0, 0 },
		{ "COPY t FROM stdin; SELECT 1;\n\\.\n", "in the line", "after", 19, 0 },
	};
	struct mig__pg_split_error error;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		mig_statement st = { .struct_size = sizeof st };
		mig_status rc;

		do
			rc = mig__pg_split_next(bad[i].text, strlen(bad[i].text), st.next,
						!bad[i].off, &st, &error);
		while (!rc && st.size);
		if (rc != MIG_ESYNTAX)
			fail_msg("not refused: %s", bad[i].text);
		if (!strstr(error.message, bad[i].message) || error.offset != bad[i].offset ||
		    !error.hint != !bad[i].hint || (error.hint && !strstr(error.hint, bad[i].hint)))
			fail_msg("%s: %s (%s) at %zu", bad[i].text, error.message,
				 error.hint ? error.hint : "", error.offset);
	}
}

static void nul_bytes_are_refused(void **state)
{
#define NUL(text, offset)                     \
	{                                     \
		text, sizeof text - 1, offset \
	}
	static const struct {
		const char *text;
		size_t size, offset;
	} bad[] = {
		NUL("\0SELECT 1", 0),
		NUL("SELECT 1;\0", 9),
		NUL("SELECT 1 \0", 9),
		NUL("SELECT 1\0;", 8),
		NUL("SELECT '\0'", 8),
		NUL("SELECT '\0", 8),
		NUL("SELECT E'\\\0'", 10),
		NUL("SELECT $$\0$$", 9),
		NUL("SELECT \"\0\"", 8),
		NUL("SELECT 1 -- \0\n;", 12),
		NUL("/* \0 */;", 3),
		NUL("/* \0", 3),
		NUL("COPY t FROM stdin;\na\0\n\\.\n", 20),
	};
#undef NUL
	struct mig__pg_split_error error;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		mig_statement st = { .struct_size = sizeof st };
		mig_status rc;

		do
			rc = mig__pg_split_next(bad[i].text, bad[i].size, st.next, 1, &st, &error);
		while (!rc && st.size);
		assert_int_equal(rc, MIG_ESYNTAX);
		assert_non_null(strstr(error.message, "NUL"));
		assert_int_equal(error.offset, bad[i].offset);
	}
}

enum {
	BEGINS = MIG_STATEMENT_BEGIN,
	COMMITS = MIG_STATEMENT_COMMIT,
	UNDOES = MIG_STATEMENT_ROLLBACK,
	SESSION = MIG_STATEMENT_SESSION,
	LONE = MIG_STATEMENT_LONE,
	LEXING = MIG__PG_LEXING,
	DATA = MIG__PG_COPY_DATA
};

static const struct {
	const char *text;
	int kind;
} kinds[] = {
	{ "SELECT 1", 0 },
	{ "CREATE TABLE begin (vacuum int)", 0 },
	{ "INSERT INTO t VALUES ('VACUUM')", 0 },
	{ "WITH vacuum AS (SELECT 1) SELECT 2", 0 },
	{ "EXPLAIN SELECT 1", 0 },
	{ "(SELECT 1)", 0 },
	{ "\"begin\"", 0 },

	{ "BEGIN", BEGINS },
	{ "begin/**/work;", BEGINS },
	{ "Begin Isolation Level Serializable;", BEGINS },
	{ "START -- x\nTRANSACTION READ ONLY;", BEGINS },
	{ "COMMIT;", COMMITS },
	{ "COMMIT AND CHAIN;", COMMITS },
	{ "END TRANSACTION;", COMMITS },
	{ "PREPARE TRANSACTION 'a';", COMMITS },
	{ "ROLLBACK;", UNDOES },
	{ "ROLLBACK WORK AND NO CHAIN;", UNDOES },
	{ "ABORT;", UNDOES },
	{ "SAVEPOINT a;", MIG_STATEMENT_SAVEPOINT },
	{ "RELEASE a;", MIG_STATEMENT_RELEASE },
	{ "CALL a();", MIG_STATEMENT_PROCEDURE },
	{ "ROLLBACK TO a;", LEXING },
	{ "ROLLBACK TRANSACTION TO SAVEPOINT a;", LEXING },
	{ "COMMIT PREPARED 'a';", LONE },
	{ "ROLLBACK PREPARED 'a';", LONE },

	{ "SET search_path = a;", SESSION },
	{ "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;", SESSION },
	{ "SET SESSION search_path TO a;", SESSION },
	{ "SET ROLE a;", SESSION },
	{ "SET my.var = 1;", SESSION },
	{ "SET LOCAL search_path = a;", 0 },
	{ "SET TRANSACTION READ ONLY;", 0 },
	{ "SET CONSTRAINTS ALL DEFERRED;", 0 },
	{ "RESET search_path;", SESSION },
	{ "RESET ALL;", SESSION | LEXING },
	{ "DISCARD TEMP;", SESSION },
	{ "DISCARD ALL;", SESSION | LONE | LEXING },
	{ "PREPARE a AS SELECT 1;", SESSION },
	{ "DEALLOCATE a;", SESSION },
	{ "LISTEN a;", SESSION },
	{ "UNLISTEN *;", SESSION },
	{ "NOTIFY a;", 0 },
	{ "LOAD 'a';", SESSION },
	{ "SELECT pg_catalog.set_config('search_path', '', false);", SESSION },
	{ "SELECT 'set_config', $$set_config$$, \"set_config\";", 0 },
	{ "UPDATE t SET a = 1;", 0 },
	{ "ALTER TABLE t SET SCHEMA a;", 0 },

	{ "SET standard_conforming_strings = off;", SESSION | LEXING },
	{ "SET \"Standard_Conforming_Strings\" TO off;", SESSION | LEXING },
	{ "SET LOCAL standard_conforming_strings = off;", LEXING },
	{ "SELECT set_config('standard_conforming_strings', 'off', true);", SESSION | LEXING },
	{ "DO $$ BEGIN SET standard_conforming_strings = off; END $$;",
	  MIG_STATEMENT_PROCEDURE | LEXING },
	{ "SELECT 1 /* standard_conforming_strings */;", 0 },

	{ "VACUUM;", LONE },
	{ "VACUUM (FULL) t;", LONE },
	{ "ANALYZE t;", 0 },
	{ "CHECKPOINT;", 0 },
	{ "CREATE INDEX CONCURRENTLY ON t (a);", LONE },
	{ "create unique index concurrently if not exists i on t (a);", LONE },
	{ "CREATE INDEX i ON t (a);", 0 },
	{ "CREATE INDEX \"concurrently\" ON t (a);", 0 },
	{ "CREATE INDEX i ON \"concurrently\" (concurrently);", 0 },
	{ "DROP INDEX CONCURRENTLY IF EXISTS i;", LONE },
	{ "DROP INDEX i, \"concurrently\";", 0 },
	{ "REINDEX INDEX CONCURRENTLY i;", LONE },
	{ "REINDEX (VERBOSE) TABLE CONCURRENTLY t;", LONE },
	{ "REINDEX (VERBOSE, CONCURRENTLY) TABLE t;", LONE },
	{ "REINDEX (CONCURRENTLY on) INDEX i;", LONE },
	{ "REINDEX (CONCURRENTLY off, VERBOSE) INDEX i;", 0 },
	{ "REINDEX (CONCURRENTLY 'False') TABLE t;", 0 },
	{ "REINDEX TABLE t;", 0 },
	{ "REINDEX TABLE s.concurrently;", 0 },
	{ "REINDEX TABLE database;", 0 },
	{ "REINDEX DATABASE;", LONE },
	{ "REINDEX DATABASE d;", LONE },
	{ "REINDEX (VERBOSE, TABLESPACE pg_default) SCHEMA s;", LONE },
	{ "REINDEX SYSTEM d;", LONE },
	{ "CLUSTER", LONE },
	{ "CLUSTER VERBOSE;", LONE },
	{ "CLUSTER (VERBOSE);", LONE },
	{ "CLUSTER t;", 0 },
	{ "CLUSTER (VERBOSE) t USING i;", 0 },
	{ "CREATE DATABASE d;", LONE },
	{ "DROP DATABASE IF EXISTS d;", LONE },
	{ "ALTER DATABASE d SET TABLESPACE ts;", LONE },
	{ "ALTER DATABASE d SET work_mem = '1MB';", 0 },
	{ "CREATE TABLESPACE ts LOCATION '/tmp/ts';", LONE },
	{ "DROP TABLESPACE ts;", LONE },
	{ "ALTER SYSTEM SET work_mem = '1MB';", LONE },
	{ "ALTER TABLE ONLY s.t DETACH PARTITION s.p CONCURRENTLY;", LONE },
	{ "ALTER TABLE partition DETACH PARTITION p CONCURRENTLY;", LONE },
	{ "ALTER TABLE t DETACH PARTITION p;", 0 },
	{ "ALTER TABLE t DETACH PARTITION p FINALIZE;", 0 },
	{ "ALTER TABLE t DETACH PARTITION \"concurrently\";", 0 },
	{ "ALTER TABLE t DETACH PARTITION s.concurrently;", 0 },
	{ "CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p;", LONE },
	{ "CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p WITH (create_slot);", LONE },
	{ "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (create_slot = false);", 0 },
	{ "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (x=1, connect=off);", 0 },
	{ "DROP SUBSCRIPTION s;", LONE },
	{ "ALTER SUBSCRIPTION s REFRESH PUBLICATION;", LONE },
	{ "ALTER SUBSCRIPTION s SET PUBLICATION p;", LONE },
	{ "ALTER SUBSCRIPTION s ADD PUBLICATION p WITH (refresh = false);", 0 },
	{ "ALTER SUBSCRIPTION s DISABLE;", 0 },
	{ "ALTER TYPE t ADD VALUE 'a';", 0 },

	{ "COPY t FROM stdin;\n\\.\n", DATA },
	{ "COPY t (a) FROM STDIN WITH (FORMAT csv);\n1\n\\.", DATA },
	{ "COPY t FROM '/tmp/f';", 0 },
	{ "COPY t TO STDOUT;", 0 },
};

static void kinds_of_statements(void **state)
{
	struct mig__pg_split_error error;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(kinds); i++) {
		mig_statement st = { .struct_size = sizeof st };

		assert_int_equal(
			mig__pg_split_next(kinds[i].text, strlen(kinds[i].text), 0, 1, &st, &error),
			MIG_OK);
		assert_int_equal(st.size, strlen(kinds[i].text));
		if (st.kind != (uint32_t)kinds[i].kind)
			fail_msg("%s: %#x instead of %#x", kinds[i].text, st.kind,
				 (unsigned)kinds[i].kind);
	}
}

static void data_of_copy(void **state)
{
	static const struct {
		const char *text, *data;
	} copies[] = {
		{ "COPY t FROM stdin;\n1\t2\n3\t4\n\\.\n", "1\t2\n3\t4\n" },
		{ "COPY t FROM stdin;\n\\.\n", "" },
		{ "COPY t FROM stdin;\n\n\\.", "\n" },
		{ "COPY t FROM stdin;\r\n1\r\n\\.\r\n", "1\r\n" },
		{ "COPY \"a;\" FROM stdin (DELIMITER ';'); -- x\n1\n\\.\n", "1\n" },
		{ "COPY t FROM stdin (DELIMITER '\\');\n'\n;\n\\.\n", "'\n;\n" },
		{ "COPY t FROM stdin (QUOTE '\\'');\n1\n\\.\n", "1\n" }, /* read with escapes */
	};
	size_t i, data, size;

	(void)state;
	for (i = 0; i < COUNT(copies); i++) {
		mig__pg_split_copy(copies[i].text, strlen(copies[i].text), &data, &size);
		assert_int_equal(size, strlen(copies[i].data));
		assert_memory_equal(copies[i].text + data, copies[i].data, size);
	}
	mig__pg_split_copy("SELECT 1;", 9, &data, &size);
	assert_int_equal(data, 9);
	assert_int_equal(size, 0);
}

static void words_one_by_one(void **state)
{
	static const struct {
		const char *text;
		int quoted, symbol;
	} expected[] = {
		{ "Create", 0, 0 },      { "\"a \"\"b\"", '"', 0 }, { ".", 0, '.' },
		{ "x$1", 0, 0 },         { "(", 0, '(' },           { "1.5e-3", '\'', 0 },
		{ ",", 0, ',' },         { "E'\\''", '\'', 0 },     { ":", 0, ':' },
		{ ":", 0, ':' },         { "int", 0, 0 },           { ")", 0, ')' },
		{ "$a$;$a$", '\'', 0 },  { "U&\"x\"", '"', 0 },     { "$1", '\'', 0 },
		{ "1", '\'', 0 },        { "..", 0, '.' },          { "2", '\'', 0 },
		{ "'a'\n'b'", '\'', 0 }, { ";", 0, ';' },
	};
	static const char text[] = " Create/**/\"a \"\"b\".x$1(1.5e-3,E'\\''::int) $a$;$a$ "
				   "U&\"x\"$1 1..2 -- c\n'a'\n'b';-- end";
	struct mig__pg_word word;
	size_t at = 0, i;

	(void)state;
	for (i = 0; i < COUNT(expected); i++) {
		assert_true(mig__pg_word_next(text, sizeof text - 1, &at, 1, &word));
		assert_int_equal(word.size, strlen(expected[i].text));
		assert_memory_equal(word.text, expected[i].text, word.size);
		assert_int_equal(word.quoted, expected[i].quoted);
		assert_int_equal(word.symbol, expected[i].symbol);
		assert_int_equal(mig__pg_word_is(&word, "CREATE"), i == 0);
	}
	assert_false(mig__pg_word_next(text, sizeof text - 1, &at, 1, &word));
	at = 0;
	assert_false(mig__pg_word_next("'open", 5, &at, 1, &word));
}

/* Reading any of these byte by byte for every byte would take hours. */
static void long_texts_take_linear_time(void **state)
{
	static const struct {
		const char *head, *part, *tail;
		size_t statements; /* a part: 0 or 1; SIZE_MAX: an error */
	} texts[] = {
		{ "", "SELECT 1;\n", "", 1 },
		{ "", "/* ; */ -- ;\n", "", 0 },
		{ "SELECT ", "$a", "", 0 },
		{ "SELECT $b$ ", "$a$", " $b$", 0 },
		{ "SELECT ", "$$;$$ ", "", 0 },
		{ "SELECT $b", "$", "", SIZE_MAX },
		{ "SELECT ", "'a;' \n ", "", 0 },
		{ "SELECT ", "'a' -- ;\n", "", 0 },
		{ "SELECT ", "\n", "1", 0 },
		{ "", "/*", "", SIZE_MAX },
		{ "SELECT ", "/*/", "", SIZE_MAX },
		{ "SELECT ", "-+", "1", 0 },
		{ "SELECT ", "(", ";", 0 },
		{ "ALTER TABLE ", "partition ", "", 0 },
		{ "ALTER DATABASE ", "set ", "", 0 },
		{ "REINDEX ", "(concurrently ", "", 0 },
		{ "CREATE SUBSCRIPTION ", "connect = create_slot ", "", 0 },
		{ "CREATE FUNCTION f() ", "BEGIN ATOMIC ", "", 0 },
		{ "CREATE FUNCTION f() ", "BEGIN ", "", 0 },
		{ "SELECT '", "standard_conforming_", "'", 0 },
		{ "COPY t FROM stdin;\n", "\\\n", "\\.\n", 0 },
		{ "", "COPY t FROM stdin;\n\\.\n", "", 1 },
	};
	const size_t size = 1 << 20;
	char *text = malloc(size + 100);
	size_t i, n, parts, count;

	(void)state;
	assert_non_null(text);
	for (i = 0; i < COUNT(texts); i++) {
		mig_statement st = { .struct_size = sizeof st };
		struct mig__pg_split_error error;
		mig_status rc;

		n = (size_t)sprintf(text, "%s", texts[i].head);
		for (parts = 0; n < size; parts++)
			n += (size_t)sprintf(text + n, "%s", texts[i].part);
		n += (size_t)sprintf(text + n, "%s", texts[i].tail);
		for (count = 0;; count++) {
			rc = mig__pg_split_next(text, n, st.next, 1, &st, &error);
			if (rc || !st.size)
				break;
		}
		assert_int_equal(rc, texts[i].statements == SIZE_MAX ? MIG_ESYNTAX : MIG_OK);
		if (!rc)
			assert_int_equal(count, texts[i].statements ? parts : *texts[i].head != 0);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_end_where_they_end),
		cmocka_unit_test(there_may_be_no_statement),
		cmocka_unit_test(the_size_is_the_end),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(nul_bytes_are_refused),
		cmocka_unit_test(kinds_of_statements),
		cmocka_unit_test(data_of_copy),
		cmocka_unit_test(words_one_by_one),
		cmocka_unit_test(long_texts_take_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
