/* Differences that ALTER makes and nothing shows but the catalogue. Each is proved and run both ways. */
#include "change.h"

#define PAIR "CREATE TABLE p (a int PRIMARY KEY); CREATE TABLE c (a int CONSTRAINT f REFERENCES p);"
#define ENABLED "SELECT string_agg(DISTINCT tgenabled::text, '') FROM pg_trigger WHERE tgconstraint <> 0"

/* Only a superuser may disable these: the way back does not. */
static const struct change keys[] = {
	{ .name = "a foreign key whose triggers are disabled",
	  .old = PAIR "ALTER TABLE c DISABLE TRIGGER ALL",
	  .new = PAIR,
	  .has = { "DROP CONSTRAINT f", "ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES" },
	  .question = ENABLED,
	  .up = "O",
	  .down = "O" },
	{ .name = "only where it refers to",
	  .old = PAIR "ALTER TABLE p DISABLE TRIGGER ALL",
	  .new = PAIR,
	  .question = ENABLED,
	  .up = "O",
	  .down = "O" },
	{ .name = "of a replica",
	  .old = PAIR "ALTER TABLE c DISABLE TRIGGER ALL; DO $$ DECLARE n name; BEGIN FOR n IN SELECT tgname FROM "
		      "pg_trigger WHERE tgrelid = 'c'::regclass LOOP EXECUTE format('ALTER TABLE c ENABLE REPLICA "
		      "TRIGGER %I', n); END LOOP; END $$",
	  .new = PAIR,
	  .question = ENABLED,
	  .up = "O",
	  .down = "O" },
};
TEST_ALL(keys)

/* What cannot be made anew so easily is named. */
static void test_named(void **state)
{
	static const struct {
		const char *old, *new, *named;
	} cases[] = {
		{ "CREATE TABLE t (a int CONSTRAINT k UNIQUE DEFERRABLE); ALTER TABLE t DISABLE TRIGGER ALL",
		  "CREATE TABLE t (a int CONSTRAINT k UNIQUE DEFERRABLE)",
		  "triggers of constraint k of public.t, which are not enabled as usual (ALTER TABLE public.t ENABLE "
		  "TRIGGER ALL enables them)" },
		{ "CREATE TABLE p (a int PRIMARY KEY); CREATE TABLE t (a int CONSTRAINT f REFERENCES p) PARTITION BY LIST "
		  "(a); CREATE TABLE q PARTITION OF t DEFAULT; ALTER TABLE q DISABLE TRIGGER ALL",
		  "CREATE TABLE p (a int PRIMARY KEY); CREATE TABLE t (a int CONSTRAINT f REFERENCES p) PARTITION BY LIST "
		  "(a); CREATE TABLE q PARTITION OF t DEFAULT",
		  "triggers of constraint f of public.q" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct change c = { .name = cases[i].named, .old = cases[i].old, .new = cases[i].new };
		struct place p;
		mig_op_list *list;
		mig_ctx *ctx;
		const char *named;

		place_begin(&p);
		pg_exec(p.db, c.old);
		list = change_diff(&p, &c, &ctx);
		named = mig_op_list_uncovered(list, 0);
		if (!named || strncmp(named, c.name, strlen(c.name)) != 0)
			fail_msg("%s: %s", c.name, named ? named : "nothing");
		mig_op_list_free(list);
		mig_close(ctx);
		place_end(&p);
	}
}

#define TWO "CREATE TABLE t (a int, b text); CREATE INDEX i ON t (a, lower(b), (a + 1)); "
#define TARGETS \
	"SELECT string_agg(attnum || '=' || attstattarget, ' ' ORDER BY attnum) FROM pg_attribute " \
	"WHERE attrelid = 'i'::regclass AND attstattarget >= 0"

static const struct change statistics[] = {
	{ .name = "statistics of an index's expressions",
	  .old = TWO "ALTER INDEX i ALTER COLUMN 3 SET STATISTICS 7",
	  .new = TWO "ALTER INDEX i ALTER COLUMN 2 SET STATISTICS 500",
	  .has = { "ALTER INDEX public.i ALTER COLUMN 2 SET STATISTICS 500",
		   "ALTER INDEX public.i ALTER COLUMN 3 SET STATISTICS -1" },
	  .lacks = { "DROP", "CREATE" },
	  .question = TARGETS,
	  .up = "2=500",
	  .down = "3=7" },
	{ .name = "of an index that is new",
	  .old = "CREATE TABLE t (a int, b text); CREATE INDEX i ON t ((a + 2));",
	  .new = TWO "ALTER INDEX i ALTER COLUMN 2 SET STATISTICS 0",
	  .question = TARGETS,
	  .up = "2=0",
	  .down = "NULL" },
};
TEST_ALL(statistics)

#define ALL(f)                                                                                     \
	"CREATE EXTENSION citext; CREATE TABLE t (a int); CREATE INDEX i ON t (a);"                   \
	"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT " f "';"                             \
	"CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"            \
	"CREATE TRIGGER w BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g();"                      \
	"CREATE PROCEDURE p() LANGUAGE sql AS ''; CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;"
#define DEPENDS                                                                                         \
	"ALTER FUNCTION f() DEPENDS ON EXTENSION citext; ALTER PROCEDURE p() DEPENDS ON EXTENSION citext;" \
	"ALTER TRIGGER w ON t DEPENDS ON EXTENSION citext; ALTER INDEX i DEPENDS ON EXTENSION citext;"     \
	"ALTER MATERIALIZED VIEW m DEPENDS ON EXTENSION citext"
#define COUNT "SELECT count(*) FROM pg_depend WHERE deptype = 'x'"

static const struct change extensions[] = {
	{ .name = "what depends on an extension",
	  .old = ALL("1"),
	  .new = ALL("1") DEPENDS,
	  .has = { "ALTER FUNCTION public.f() DEPENDS ON EXTENSION citext" },
	  .lacks = { "DROP", "CREATE" },
	  .question = COUNT,
	  .up = "5",
	  .down = "0",
	  .since = 13 },
	{ .name = "and is altered",
	  .old = ALL("1") DEPENDS,
	  .new = ALL("2") DEPENDS,
	  .question = COUNT,
	  .up = "5",
	  .down = "5",
	  .since = 13 },
	{ .name = "and is new, with the extension",
	  .old = "CREATE TABLE u (a int)",
	  .new = ALL("1") DEPENDS,
	  .question = COUNT,
	  .up = "5",
	  .down = "0",
	  .since = 13 },
};
TEST_ALL(extensions)

#define TOAST "SELECT reloptions::text FROM pg_class WHERE oid = (SELECT reltoastrelid FROM pg_class WHERE relname = 't')"

static const struct change toasts[] = {
	{ .name = "options of a TOAST table",
	  .old = "CREATE TABLE t (a int, b text) WITH (toast.autovacuum_enabled = false)",
	  .new = "CREATE TABLE t (a int, b text); ALTER TABLE t SET (toast.autovacuum_vacuum_threshold = 9)",
	  .has = { "RESET (toast.autovacuum_enabled)", "SET (toast.autovacuum_vacuum_threshold='9')" },
	  .question = TOAST,
	  .up = "{autovacuum_vacuum_threshold=9}",
	  .down = "{autovacuum_enabled=false}" },
	{ .name = "which are not there",
	  .old = "CREATE TABLE t (a int, b text) WITH (toast.autovacuum_enabled = false)",
	  .new = "CREATE TABLE t (a int, b text)",
	  .has = { "RESET (toast.autovacuum_enabled)" },
	  .question = TOAST,
	  .up = "NULL",
	  .down = "{autovacuum_enabled=false}" },
};
TEST_ALL(toasts)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_toasts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
