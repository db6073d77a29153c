/* What the command line shows of a PostgreSQL database. Usage: test_pg_cli MIG */
#include "support.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *mig;

/* A folder with revisions, beside a database that MIG_URL names. */
struct site {
	struct place place;
	char folder[64];
};

static void site_begin(struct site *s)
{
	PQconninfoOption *options;
	char url[URL_SIZE], path[100];
	size_t n;

	place_begin(&s->place);
	options = PQconninfoParse(s->place.url, NULL);
	n = (size_t)snprintf(url, sizeof url,
			     "postgresql://postgres:s3cret@/%s?x=", PQdb(s->place.db));
	n -= 2;
	for (PQconninfoOption *o = options; o->keyword; o++)
		if (o->val && strcmp(o->keyword, "dbname") != 0 && strcmp(o->keyword, "user") != 0)
			n += (size_t)snprintf(url + n, sizeof url - n, "%s%s=%s",
					      url[n - 1] == '?' ? "" : "&", o->keyword, o->val);
	PQconninfoFree(options);
	setenv("MIG_URL", url, 1);
	snprintf(s->folder, sizeof s->folder, "/tmp/mig-cli-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(path, sizeof path, "%s/versions", s->folder);
	assert_int_equal(mkdir(path, 0700), 0);
	setenv("MIG_DIRECTORY", s->folder, 1);
}

static void site_end(struct site *s)
{
	char command[100];

	snprintf(command, sizeof command, "rm -rf '%s'", s->folder);
	assert_int_equal(system(command), 0);
	unsetenv("MIG_URL");
	unsetenv("MIG_DIRECTORY");
	place_end(&s->place);
}

/* Its SQL begins in line 5, below the directive. */
static void write_revision(const struct site *s, const char *id, const char *revises,
			   const char *attributes, const char *up)
{
	char path[100];
	FILE *file;

	snprintf(path, sizeof path, "%s/versions/%s.sql", s->folder, id);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "-- make %s\n-- revision: %s\n-- revises: %s\n-- mig:upgrade%s\n%s\n", id, id,
		revises, attributes, up);
	fclose(file);
}

/* {*} stands for anything. */
static int matches(const char *pattern, const char *text)
{
	for (; *pattern; pattern++, text++) {
		if (strncmp(pattern, "{*}", 3) == 0) {
			do
				if (matches(pattern + 3, text))
					return 1;
			while (*text++);
			return 0;
		}
		if (*pattern != *text)
			return 0;
	}
	return !*text;
}

/* Runs a command; everything that it writes must be as expected, and nothing of it secret. */
static void assert_shows(const struct site *s, const char *arguments, int status,
			 const char *expected)
{
	char command[500], shown[8192], *at;
	size_t n, skip = strlen(s->folder);
	FILE *out;
	int ended;

	snprintf(command, sizeof command, "'%s' %s 2>&1", mig, arguments);
	out = popen(command, "r");
	assert_non_null(out);
	n = fread(shown, 1, sizeof shown - 1, out);
	shown[n] = '\0';
	ended = pclose(out);
	while ((at = strstr(shown, s->folder)) != NULL) /* as "DIR" */
		memcpy(at, "DIR", 3), memmove(at + 3, at + skip, strlen(at + skip) + 1);
	if (!matches(expected, shown) || strstr(shown, "s3cret") || !WIFEXITED(ended) ||
	    WEXITSTATUS(ended) != status)
		fail_msg("mig %s: status %d and\n%s\ninstead of %d and\n%s", arguments,
			 WEXITSTATUS(ended), shown, status, expected);
}

static void test_round_trip(void **state)
{
	struct site s;

	(void)state;
	site_begin(&s);
	write_revision(&s, "aaaa", "", "",
		       "CREATE TABLE t (x INTEGER);\n-- mig:downgrade\nDROP TABLE t;");
	write_revision(&s, "bbbb", "aaaa", " transaction=no",
		       "CREATE INDEX CONCURRENTLY t_x ON t (x);\n-- mig:downgrade "
		       "transaction=no\nDROP INDEX CONCURRENTLY t_x;");
	assert_shows(&s, "current", 0, "<base>\n");
	assert_shows(&s, "plan", 0,
		     "The database is at base; an upgrade to head would apply 2 revisions:\n"
		     "  Upgrade <base> -> aaaa, make aaaa\n"
		     "  Upgrade aaaa -> bbbb, make bbbb (outside a transaction)\n");
	assert_string_equal(rows(s.place.db), "none");
	assert_shows(&s, "upgrade", 0,
		     "Upgrade <base> -> aaaa, make aaaa ({*}s)\n"
		     "Upgrade aaaa -> bbbb, make bbbb ({*}s)\n"
		     "Database is at bbbb (head): 2 revisions applied in {*}s.\n");
	assert_shows(&s, "upgrade", 0, "Nothing to do: the database is at bbbb (head).\n");
	assert_shows(&s, "-v current", 0, "{*}postgres{*}bbbb{*}");
	assert_shows(&s, "current --check-heads", 0, "bbbb (head)\n");
	assert_shows(&s, "downgrade base", 0,
		     "Downgrade bbbb -> aaaa, make bbbb ({*}s)\n"
		     "Downgrade aaaa -> <base>, make aaaa ({*}s)\n{*}");
	assert_answer(s.place.db, TABLES, "");
	site_end(&s);
}

/* The line with a caret; detail and hint of the server; where the database is. */
static void test_errors(void **state)
{
	static const struct {
		const char *attributes, *up, *expected;
	} cases[] = {
		{ "", "SELECT 1;\nSELECT 'ä', nmae FROM t;",
		  "mig: DIR/versions/bbbb.sql:6:13: revision bbbb: column \"nmae\" does not exist\n"
		  "    6 | SELECT 'ä', nmae FROM t;\n"
		  "      |             ^\n"
		  "hint: {*}\"t.name\".\n" },
		{ "", "INSERT INTO t VALUES (1, 'b');",
		  "mig: DIR/versions/bbbb.sql:5:1: revision bbbb: duplicate key value violates "
		  "unique constraint \"t_pkey\"\n"
		  "    5 | INSERT INTO t VALUES (1, 'b');\n"
		  "      | ^\n"
		  "detail: Key (x)=(1) already exists.\n" },
		{ "", "VACUUM t;",
		  "mig: DIR/versions/bbbb.sql:5:1: revision bbbb: VACUUM cannot run inside a "
		  "transaction block\n"
		  "    5 | VACUUM t;\n"
		  "      | ^\n"
		  "hint: mark the section transaction=no{*}\n" },
		{ "", "DO $$ BEGIN\nRAISE WARNING 'on the way';\nPERFORM 1 / 0;\nEND $$;",
		  "mig: warning: server: on the way\n"
		  "mig: DIR/versions/bbbb.sql:5:1: revision bbbb: division by zero\n"
		  "    5 | DO $$ BEGIN\n"
		  "      | ^\n"
		  "detail: SQL statement \"SELECT 1 / 0\"\n"
		  "detail: PL/pgSQL function inline_code_block line 3 at PERFORM\n" },
	};
	struct site s;

	(void)state;
	site_begin(&s);
	write_revision(&s, "aaaa", "", "",
		       "CREATE TABLE t (x INTEGER PRIMARY KEY, name TEXT);\nINSERT INTO t VALUES "
		       "(1, 'a');");
	assert_shows(&s, "upgrade", 0, "Upgrade <base> -> aaaa, make aaaa ({*}s)\n{*}");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_revision(&s, "bbbb", "aaaa", cases[i].attributes, cases[i].up);
		assert_shows(&s, "upgrade", 1, cases[i].expected);
	}
	site_end(&s);
}

static void test_options(void **state)
{
	struct site s;
	PGconn *holder;

	(void)state;
	site_begin(&s);
	pg_exec(s.place.db, "CREATE TABLE busy (x INTEGER)");
	holder = pg_connect(s.place.url);
	pg_exec(holder, "BEGIN; LOCK TABLE busy");
	write_revision(&s, "aaaa", "", "", "DROP TABLE busy;");
	assert_shows(&s, "upgrade --statement-lock-timeout 0.05 --retries 1", 1,
		     "mig: {*}lock timeout{*}; trying again (1 of 1)\n"
		     "mig: DIR/versions/aaaa.sql:5:1: revision aaaa: canceling statement due to "
		     "lock timeout\n"
		     "    5 | DROP TABLE busy;\n"
		     "      | ^\n"
		     "hint: another session holds a lock on the object\n");
	PQfinish(holder);
	write_revision(&s, "aaaa", "", "", "SELECT pg_sleep(20);");
	assert_shows(&s, "upgrade --statement-timeout 0.1", 1, "{*}statement timeout{*}");
	site_end(&s);
}

static void write_model(const struct site *s, const char *sql)
{
	char path[100];
	FILE *file;

	snprintf(path, sizeof path, "%s/schema.sql", s->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(sql, file);
	fclose(file);
}

/* One revision for two dialects, each tried in a scratch of its own. */
static void test_dialects(void **state)
{
	struct site s;
	char arguments[300];

	(void)state;
	site_begin(&s);
	write_model(&s, "CREATE TABLE t (id integer PRIMARY KEY, name varchar(80));");
	snprintf(arguments, sizeof arguments,
		 "migrate --dialect sqlite,postgresql --rev-id aaaa -m t --models '%s/schema.sql'",
		 s.folder);
	assert_shows(&s, arguments, 0,
		     "Detected for postgresql: create table t\n"
		     "Detected for sqlite: create table t\n"
		     "Generating DIR/versions/aaaa_t.sql ... done\n");
	assert_shows(&s, "upgrade", 0, "Upgrade <base> -> aaaa, t ({*}s)\n{*}");
	assert_shows(&s, "--url sqlite::memory: upgrade", 0, "Upgrade <base> -> aaaa, t ({*}s)\n{*}");
	assert_shows(&s, arguments, 0, "No changes in schema detected.\n");
	write_model(&s, "CREATE TABLE t (id integer PRIMARY KEY, label varchar(80));");
	snprintf(arguments, sizeof arguments,
		 "migrate --dialect postgresql,sqlite --rename t.name=label --rev-id bbbb -m two "
		 "--models '%s/schema.sql'",
		 s.folder);
	assert_shows(&s, arguments, 0,
		     "Detected for postgresql: rename column t.name to label\n"
		     "Detected for sqlite: rename column t.name to label\n"
		     "Generating DIR/versions/bbbb_two.sql ... done\n");
	assert_shows(&s, "upgrade", 0, "Upgrade aaaa -> bbbb, two ({*}s)\n{*}");
	assert_shows(&s, "downgrade base", 0, "{*}2 revisions undone{*}");
	site_end(&s);
}

/* A role that may not create databases has them made elsewhere. */
static void test_scratch_url(void **state)
{
	struct site s;
	char url[URL_SIZE], arguments[URL_SIZE + 300], *user;

	(void)state;
	site_begin(&s);
	snprintf(arguments, sizeof arguments,
		 "CREATE ROLE mig_test_poor LOGIN PASSWORD 's3cret'; "
		 "ALTER DATABASE %s OWNER TO mig_test_poor",
		 PQdb(s.place.db));
	pg_exec(s.place.db, arguments);
	snprintf(url, sizeof url, "%s", getenv("MIG_URL"));
	user = strstr(url, "//postgres:");
	assert_non_null(user);
	snprintf(arguments, sizeof arguments, "%.*s//mig_test_poor:%s", (int)(user - url), url,
		 user + strlen("//postgres:"));
	setenv("MIG_URL", arguments, 1);
	write_model(&s, "CREATE TABLE t (id integer PRIMARY KEY);");
	snprintf(arguments, sizeof arguments, "migrate --models '%s/schema.sql' --rev-id aaaa",
		 s.folder);
	assert_shows(&s, arguments, 1, "mig: {*}role mig_test_poor may not create databases\n{*}");
	snprintf(arguments, sizeof arguments,
		 "migrate --models '%s/schema.sql' --rev-id aaaa --scratch-url '%s'", s.folder, url);
	assert_shows(&s, arguments, 0,
		     "Detected: create table t\n"
		     "Generating DIR/versions/aaaa_empty_message.sql ... done\n");
	snprintf(arguments, sizeof arguments,
		 "check --models '%s/schema.sql' --scratch-url '%s'", s.folder,
		 "postgresql://postgres@%2Fno%2Fserver/db");
	assert_shows(&s, "upgrade", 0, "Upgrade <base> -> aaaa, {*}");
	/* it is not needed for what can be read */
	assert_shows(&s, arguments, 0, "No new upgrade operations detected.\n");
	write_model(&s, "CREATE TABLE t (id integer PRIMARY KEY); DO 'BEGIN END';");
	assert_shows(&s, arguments, 1, "mig: scratch: {*}/no/server{*}");
	pg_exec(s.place.db, "REASSIGN OWNED BY mig_test_poor TO postgres; DROP ROLE mig_test_poor");
	site_end(&s);
}

/* No server, no database, a wrong password: one line, and no password in it. */
static void test_no_database(void **state)
{
	struct site s;
	char other[URL_SIZE];

	(void)state;
	site_begin(&s);
	setenv("MIG_URL", "postgresql://postgres:s3cret@%2Fno%2Fserver/db", 1);
	assert_shows(&s, "upgrade", 1, "mig: {*}/no/server{*}\n{*}");
	snprintf(other, sizeof other, "postgresql://postgres:s3cret@/nosuchthing%s",
		 strchr(s.place.url, '?'));
	setenv("MIG_URL", other, 1);
	assert_shows(&s, "current", 1, "mig: {*}nosuchthing{*}\n");
	site_end(&s);
}

/* A section without a dialect may be for PostgreSQL, whatever database there is. */
static void test_embed(void **state)
{
	struct site s;

	(void)state;
	site_begin(&s);
	write_revision(&s, "a", "", " transaction=no", "INSERT INTO t VALUES ($$a' ; b$$);");
	assert_shows(&s, "embed", 0, "{*}");
	write_revision(&s, "a", "", " transaction=no",
		       "SELECT nextval('s');\nINSERT INTO t SELECT currval('s');");
	assert_shows(&s, "embed", 1,
		     "mig: {*}a.sql:6:22: revision a: \"currval\" depends on a statement of an "
		     "earlier unit{*}hint: put both into one unit: between BEGIN and COMMIT\n");
	site_end(&s);
}

/* What the rows below expect of check (after "Detected") and of migrate (from the first note on). */
static const struct detected {
	const char *old, *new, *check, *notes;
} detected[] = {
	/* what is said of a view's column */
	{ "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v ALTER a SET DEFAULT 3;"
	  "COMMENT ON COLUMN v.a IS 'c'",
	  "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t",
	  "Detected: alter column v.a: comment c -> none, default 3 -> none\n", "" },
	{ "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t",
	  "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v ALTER a SET DEFAULT 3",
	  "Detected: alter column v.a: default none -> 3\n", "" },
	/* blanks alone */
	{ "CREATE TABLE t (a int); COMMENT ON TABLE t IS E'a\nb'; COMMENT ON COLUMN t.a IS 'c  d'",
	  "CREATE TABLE t (a int); COMMENT ON TABLE t IS 'a b'; COMMENT ON COLUMN t.a IS 'c d'",
	  "Detected: alter table t: comment a\\nb -> a b\nDetected: alter column t.a: comment c  d -> c d\n", "" },
	/* rebuilt for another */
	{ "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE MATERIALIZED VIEW m AS SELECT a FROM v",
	  "CREATE TABLE t (a bigint); CREATE VIEW v AS SELECT a FROM t; CREATE MATERIALIZED VIEW m AS SELECT a FROM v",
	  "Detected: replace materialized view m: rebuilt with view v\n"
	  "Detected: replace view v: rebuilt with column t.a\n"
	  "Detected: alter column t.a: type integer -> bigint\n", "mig: note: t.a: rewrites the table\n" },
	/* notes name the table */
	{ "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (x e, y e[])",
	  "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (x e, y e[])", "Detected: alter enum e: values 'a', 'b' -> 'a'\n",
	  "mig: note: t.x: fails if a row has a value that the new type does not have; rewrites the table\n"
	  "mig: note: t.y: fails if a row has a value that the new type does not have; rewrites the table\n" },
	/* no loss where the position goes on */
	{ "CREATE TABLE t (id serial)", "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY)",
	  "Detected: drop sequence t_id_seq\nDetected: alter column t.id: identity none -> ALWAYS, default {*} -> none\n",
	  "mig: note: t: id goes on where its sequence stood\n" },
	{ "CREATE TABLE t (id int); CREATE SEQUENCE s OWNED BY t.id; ALTER TABLE t ALTER id SET DEFAULT nextval('s')",
	  "CREATE TABLE t (id int); CREATE SEQUENCE r OWNED BY t.id; ALTER TABLE t ALTER id SET DEFAULT nextval('r')",
	  "{*}Detected: drop sequence s\n", "mig: note: r goes on where the sequence before it stood\n" },
	/* works, although one transaction cannot add a value and use it */
	{ "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (x e)",
	  "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (x e DEFAULT 'b')",
	  "Detected: alter enum e: values 'a' -> 'a', 'b'\nDetected: alter column t.x: default none -> 'b'::public.e\n",
	  "mig: note: e: the value is added in a revision of its own, outside a transaction: one that adds it cannot "
	  "use it\n" },
	/* what may fail */
	{ "CREATE DOMAIN d AS int; CREATE TABLE t (a d)",
	  "CREATE DOMAIN d AS int NOT NULL CONSTRAINT c CHECK (VALUE > 0); CREATE TABLE t (a d)", "{*}",
	  "mig: note: d: fails if a row has NULL in a column of it; locks the tables while it looks\n"
	  "mig: note: d.c: fails if a row violates it; locks the tables while it looks\n" },
	{ "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9)",
	  "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (5)",
	  "Detected: replace partition p1 of p: bound {*}",
	  "mig: note: p1: fails if a row is outside of its bound; locks the table while it looks\n" },
	{ "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p0 PARTITION OF p DEFAULT",
	  "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p0 PARTITION OF p DEFAULT;"
	  "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (5)",
	  "Detected: create table p1\nDetected: attach partition p1 of p\n",
	  "mig: note: p0: fails if the DEFAULT partition has rows of the new one; locks it while it looks\n" },
	{ "CREATE TABLE t (a int); CREATE MATERIALIZED VIEW m AS SELECT a FROM t",
	  "CREATE TABLE t (a int); CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE UNIQUE INDEX i ON m (a)",
	  "Detected: create index m.i\n",
	  "mig: note: m.i: fails if there are duplicates; locks the table against writes while it is built\n" },
	{ "CREATE SEQUENCE s", "CREATE TABLE t (a int)", "{*}Detected: drop sequence s\n",
	  "mig: loses data: drops sequence s and its position\n" },
};

static void run_detected(const struct detected *d)
{
	struct site s;
	char arguments[200], expected[2000];

	site_begin(&s);
	pg_exec(s.place.db, d->old);
	write_model(&s, d->new);
	snprintf(arguments, sizeof arguments, "check --models '%s/schema.sql'", s.folder);
	snprintf(expected, sizeof expected, "%smig: the database differs from the model\n", d->check);
	assert_shows(&s, arguments, 3, expected);
	snprintf(arguments, sizeof arguments, "migrate -q --models '%s/schema.sql' --rev-id aaaa", s.folder);
	snprintf(expected, sizeof expected, "%sDIR/versions/aaaa_empty_message.sql\n%s",
		 strstr(d->notes, "a revision of its own") ? "DIR/versions/{*}_alter_enum_e.sql\n" : "", d->notes);
	assert_shows(&s, arguments, 0, expected);
	assert_shows(&s, "upgrade -q", 0, "");
	site_end(&s);
}

static void test_detected(void **state)
{
	(void)state;
	setenv("LC_ALL", "C", 1);
	for (size_t i = 0; i < sizeof detected / sizeof *detected; i++)
		run_detected(&detected[i]);
	unsetenv("LC_ALL");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_dialects),
		cmocka_unit_test(test_scratch_url),
		cmocka_unit_test(test_no_database),
		cmocka_unit_test(test_embed),
		cmocka_unit_test(test_detected),
	};

	if (argc != 2)
		return 2;
	mig = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
