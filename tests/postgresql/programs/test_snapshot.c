/* Snapshots on PostgreSQL: pg_dump does not tell a database that took one from one that ran the revisions;
 * what makes a database not empty; keys; kills, and many starts at once. */
#include "support.h"
#include "../../api/snapshot.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const char first[] =
	"CREATE TYPE mood AS ENUM ('sad', 'ok');\n"
	"CREATE TYPE pair AS (a int, b text);\n"
	"CREATE DOMAIN positive AS int CHECK (VALUE > 0);\n"
	"CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL DEFAULT 'x', at "
	"timestamptz DEFAULT now(), m mood, j jsonb, b bytea, r real, d double precision, iv interval, c char(5), arr text[], "
	"p pair, n numeric, t time, dd date, ip inet, u uuid, x xml, k positive, bit bit(3), rng int4range, cls regclass);\n"
	"INSERT INTO users (name, at, m, j, b, r, d, iv, c, arr, p, n, t, dd, ip, u, x, k, bit, rng, cls) VALUES\n"
	"('a\\b', '2020-01-01 00:00+00', 'ok', '{\"a\":\"q''\\\\\"}', '\\x00ff', 0.1, 1e-300, '-1 day +02:00', 'ab', "
	"'{a,NULL,\"x y\"}', '(1,\"x,y\")', 1.50, '12:00', '2020-02-01', '10.0.0.1', "
	"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '<a b=\"c\"/>', 3, '101', '[1,5)', 'users'),\n"
	"(E'b\\n''c', 'infinity', NULL, NULL, NULL, 'NaN', '-Infinity', '1 year 2 mons -3 days', NULL, '{}', NULL, 'NaN', NULL, "
	"'-infinity', NULL, NULL, NULL, NULL, NULL, 'empty', NULL), ('gone', '2021-01-01 00:00+01', 'sad', NULL, NULL, NULL, NULL, "
	"NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);\n"
	"DELETE FROM users WHERE name = 'gone';\n"
	"CREATE TABLE items (id serial PRIMARY KEY, u bigint REFERENCES users, twice bigint GENERATED ALWAYS AS (u * 2) STORED, "
	"n int);\n"
	"INSERT INTO items (u, n) VALUES (2, 5), (1, 6);\n"
	"UPDATE items SET n = 7 WHERE id = 1;\n"
	"CREATE TABLE empty_row ();\n"
	"INSERT INTO empty_row DEFAULT VALUES;\n"
	"CREATE SEQUENCE apart START 5;\n"
	"SELECT setval('apart', 9, false);\n"
	"CREATE TABLE log (t text);\n"
	"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (NEW.n); RETURN NEW; END $$;\n"
	"CREATE TRIGGER tr AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION f();\n"
	"CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS n FROM items;\n"
	"CREATE UNIQUE INDEX mvi ON mv (n);\n"
	"CREATE TABLE p (k int, v text) PARTITION BY RANGE (k);\n"
	"CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);\n"
	"INSERT INTO p VALUES (3, 'three');\n"
	"CREATE TABLE parent (a int);\n"
	"CREATE TABLE heir (b int) INHERITS (parent);\n"
	"INSERT INTO parent VALUES (1);\n"
	"INSERT INTO heir VALUES (2, 3);\n"
	"CREATE VIEW vv AS SELECT u.name, mv.n FROM users u, mv;\n"
	"CREATE SCHEMA other;\n"
	"CREATE TABLE other.t (a int CHECK (a > 0), b int UNIQUE);\n"
	"CREATE RULE rr AS ON INSERT TO other.t DO ALSO INSERT INTO log VALUES ('rule');\n"
	"ALTER TABLE other.t ENABLE ROW LEVEL SECURITY;\n"
	"CREATE POLICY pol ON other.t USING (a > 1);\n"
	"COMMENT ON TABLE users IS 'people';\n"
	"GRANT SELECT ON users TO PUBLIC;";

static void add_all(mig_ctx *ctx)
{
	ADD(ctx, .id = "a", .up = first);
	ADD(ctx, .id = "b", .revises = "a", .attributes = " transaction=no",
	    .up = "CREATE INDEX CONCURRENTLY ix ON users (name);\n"
		  "ALTER TABLE users ADD COLUMN email text;\nALTER TABLE users DROP COLUMN t;");
	ADD(ctx, .id = "c", .revises = "b", .up = "ALTER TYPE mood ADD VALUE 'new' AFTER 'sad';");
	ADD(ctx, .id = "d", .revises = "c", .up = "UPDATE users SET m = 'new' WHERE name LIKE 'b%';");
}
enum { REVISIONS = 4 };

/* Other tests have scratch databases on this server, too, but none of them keeps its own. */
static void expect_no_scratch(PGconn *db)
{
	char *names = strdup(ask(db, "SELECT coalesce(string_agg(quote_literal(datname), ','), quote_literal('-')) "
				     "FROM pg_database WHERE datname LIKE 'mig\\_scratch\\_%'"));
	size_t size = strlen(names) + 100;
	char *sql = room_for(size);
	int left = 1;

	snprintf(sql, size, "SELECT count(*) FROM pg_database WHERE datname IN (%s)", names);
	for (int i = 0; i < 600 && left; i++) {
		left = strcmp(ask(db, sql), "0") != 0;
		if (left)
			usleep(100000);
	}
	if (left)
		fail_msg("of these scratch databases some are left: %s", names);
	free(sql);
	free(names);
}

static mig_snapshot *make_all(const struct place *p)
{
	mig_ctx *ctx = open_place(p, NULL);
	mig_snapshot *made = NULL;

	add_all(ctx);
	ok(ctx, mig_snapshot_make(ctx, &made));
	mig_close(ctx);
	expect_no_scratch(p->db);
	return made;
}

static mig_ctx *open_with(const struct place *p, mig_open_options *options, const mig_bundle *bundle, struct seen *seen)
{
	mig_ctx *ctx = open_place(p, options);

	add_all(ctx);
	ok(ctx, mig_add_bundle(ctx, bundle));
	ok(ctx, mig_set_progress(ctx, on_progress, seen));
	return ctx;
}

/* Without what differs from dump to dump. */
static char *pg_dump(const struct place *p)
{
	size_t size = 1 << 22, n;
	char *text = room_for(size), command[URL_SIZE + 256];
	FILE *f;

	snprintf(command, sizeof command,
		 "pg_dump '%s' --exclude-table-data=mig_history | grep -v -e '^.restrict ' -e '^.unrestrict '", p->url);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	assert_int_equal(pclose(f), 0);
	assert_true(n > 1000);
	return text;
}

/* pg_dump refuses a server that is newer than itself. */
static int is_older_than(PGconn *server)
{
	FILE *f = popen("pg_dump --version | grep -o '[0-9][0-9]*' | head -n 1", "r");
	int version = 0;

	assert_non_null(f);
	if (fscanf(f, "%d", &version) != 1)
		version = 0;
	pclose(f);
	return version < PQserverVersion(server) / 10000;
}

static void test_pg_dump_does_not_tell_them_apart(void **state)
{
	static const char steps[] = "SELECT revision || ' ' || direction || ' ' || state || ' ' || digest || ' ' || statements "
				    "FROM mig_history ORDER BY id";
	struct place a, b;
	mig_run_options replay = { .struct_size = sizeof replay, .replay = 1 };
	struct seen one = { 0 }, two = { 0 };
	mig_snapshot *made;
	mig_bundle bundle;
	mig_ctx *ctx;
	char *want, *is, *want_steps;

	(void)state;
	place_begin(&a);
	if (is_older_than(a.db)) {
		place_end(&a);
		skip();
	}
	place_begin(&b);
	made = make_all(&a);
	bundle = bundle_of(mig_snapshot_entry(made));
	assert_has(mig_snapshot_entry(made)->key, "PostgreSQL ");
	ctx = open_with(&a, NULL, &bundle, &one);
	ok(ctx, mig_upgrade_with(ctx, "head", &replay));
	mig_close(ctx);
	assert_int_equal(one.snapshots, 0);
	assert_true(one.steps >= REVISIONS); /* one is begun again, after a commit */
	ctx = open_with(&b, NULL, &bundle, &two);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(two.snapshots, 1);
	assert_int_equal(two.steps, 0);
	want = pg_dump(&a);
	is = pg_dump(&b);
	assert_string_equal(is, want);
	want_steps = strdup(ask(a.db, steps));
	assert_answer(b.db, steps, want_steps);
	assert_answer(b.db, "SELECT DISTINCT done_digest FROM mig_history", "snapshot");
	assert_answer(b.db, "SELECT last_value || ' ' || is_called FROM users_id_seq", "3 true");
	/* the session is as it was */
	assert_string_equal(ask(mig_connection(ctx), "SHOW check_function_bodies"), "on");
	mig_close(ctx);
	free(want);
	free(is);
	free(want_steps);
	mig_snapshot_free(made);
	place_end(&a);
	place_end(&b);
}

static const struct {
	const char *sql;
	int taken;
} before[] = {
	{ "SELECT 1", 1 },
	{ "CREATE EXTENSION hstore", 1 },
	{ "CREATE SCHEMA app", 1 },
	{ "CREATE TABLE theirs (a int)", 0 },
	{ "CREATE SCHEMA app; CREATE TABLE app.theirs (a int)", 0 },
	{ "CREATE VIEW theirs AS SELECT 1", 0 },
	{ "CREATE FUNCTION theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'", 0 },
	{ "CREATE TYPE theirs AS (a int)", 0 },
	{ "CREATE TYPE theirs AS ENUM ('a')", 0 },
	{ "CREATE DOMAIN theirs AS int", 0 },
	{ "CREATE SEQUENCE theirs", 0 },
	{ "CREATE COLLATION theirs FROM \"C\"", 0 },
	{ "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC", 0 },
	{ "SELECT lo_create(0)", 0 },
	{ "CREATE PUBLICATION theirs", 0 },
	{ "CREATE EXTENSION hstore; CREATE TABLE theirs (a hstore)", 0 },
};

static void test_what_is_empty(void **state)
{
	struct place p;
	mig_snapshot *made;
	mig_bundle bundle;

	(void)state;
	place_begin(&p);
	made = make_all(&p);
	place_end(&p);
	bundle = bundle_of(mig_snapshot_entry(made));
	for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
		struct seen seen = { 0 };
		mig_plan *plan = NULL;
		mig_ctx *ctx;

		place_begin(&p);
		pg_exec(p.db, before[i].sql);
		ctx = open_with(&p, NULL, &bundle, &seen);
		ok(ctx, mig_plan_upgrade(ctx, "head", &plan));
		if (mig_plan_snapshot(plan) != before[i].taken)
			fail_msg("%s: the plan says %d", before[i].sql, (int)mig_plan_snapshot(plan));
		mig_plan_free(plan);
		ok(ctx, mig_upgrade(ctx, "head"));
		mig_close(ctx);
		if (seen.snapshots != before[i].taken || (seen.steps >= REVISIONS) == before[i].taken)
			fail_msg("%s: %d snapshots, %d steps", before[i].sql, seen.snapshots, seen.steps);
		assert_string_equal(rows(p.db), "d");
		place_end(&p);
	}
	mig_snapshot_free(made);
}

/* libmig's own tables are none that count, also in a schema of their own. */
static void test_own_tables(void **state)
{
	for (int own = 0; own < 2; own++) {
		mig_open_options o = { .struct_size = sizeof o, .schema = own ? "libmig" : NULL };
		struct seen seen = { 0 };
		mig_snapshot *made;
		mig_bundle bundle;
		struct place p;
		mig_ctx *ctx;

		(void)state;
		place_begin(&p);
		made = make_all(&p);
		bundle = bundle_of(mig_snapshot_entry(made));
		pg_exec(p.db, "CREATE SCHEMA libmig");
		ctx = open_with(&p, &o, &bundle, &seen);
		ok(ctx, mig_ensure_version(ctx));
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_int_equal(seen.snapshots, 1);
		mig_close(ctx);
		mig_snapshot_free(made);
		place_end(&p);
	}
}

/* Names without a schema go elsewhere; the server is another one. */
static void test_keys(void **state)
{
	mig_open_options o = { .struct_size = sizeof o, .search_path = "app, public" };
	struct seen seen = { 0 };
	mig_bundle_snapshot entry;
	mig_snapshot *made;
	mig_bundle bundle;
	struct log log;
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	made = make_all(&p);
	bundle = bundle_of(mig_snapshot_entry(made));
	pg_exec(p.db, "CREATE SCHEMA app");
	ctx = open_with(&p, &o, &bundle, &seen);
	log_to(ctx, &log);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_int_equal(seen.snapshots, 0);
	assert_has(log.text, "schema app of app, public");
	assert_answer(p.db, "SELECT count(*) FROM app.items", "2");
	place_end(&p);

	place_begin(&p);
	entry = *mig_snapshot_entry(made);
	entry.key = "PostgreSQL 11 UTF8, schema public of \"$user\", public,  heap";
	bundle = bundle_of(&entry);
	seen = (struct seen){ 0 };
	ctx = open_with(&p, NULL, &bundle, &seen);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_int_equal(seen.snapshots, 0);
	assert_true(seen.steps >= REVISIONS);
	place_end(&p);
	mig_snapshot_free(made);
}

/* A snapshot that is made with the path is for it. */
static void test_a_path_of_its_own(void **state)
{
	mig_open_options o = { .struct_size = sizeof o, .search_path = "app, public" };
	struct seen seen = { 0 };
	mig_snapshot *made = NULL;
	mig_bundle bundle;
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, &o);
	ADD(ctx, .id = "a", .up = "CREATE SCHEMA IF NOT EXISTS app; CREATE TABLE t (a int); INSERT INTO t VALUES (1);");
	ok(ctx, mig_snapshot_make(ctx, &made));
	bundle = bundle_of(mig_snapshot_entry(made));
	ok(ctx, mig_add_bundle(ctx, &bundle));
	ok(ctx, mig_set_progress(ctx, on_progress, &seen));
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_int_equal(seen.snapshots, 1);
	assert_answer(p.db, "SELECT a FROM app.t", "1");
	mig_snapshot_free(made);
	place_end(&p);
}

/* One extension that is there already: the snapshot fails at once, and the revisions run. */
static void test_what_fails_is_replayed(void **state)
{
	struct seen seen = { 0 };
	mig_snapshot *made = NULL;
	mig_bundle bundle;
	struct log log;
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", .up = "CREATE EXTENSION IF NOT EXISTS hstore; CREATE TABLE t (a hstore);");
	ok(ctx, mig_snapshot_make(ctx, &made));
	bundle = bundle_of(mig_snapshot_entry(made));
	pg_exec(p.db, "CREATE EXTENSION hstore");
	ok(ctx, mig_add_bundle(ctx, &bundle));
	ok(ctx, mig_set_progress(ctx, on_progress, &seen));
	log_to(ctx, &log);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_int_equal(seen.snapshots, 1);
	assert_int_equal(seen.steps, 1);
	assert_has(log.text, "the snapshot does not run here; the revisions do: ");
	assert_answer(p.db, TABLES, "t");
	mig_snapshot_free(made);
	place_end(&p);
}

static const struct {
	const char *sql;
	mig_status want;
	const char *part;
} unfit[] = {
	{ "INSERT INTO log VALUES (now());", MIG_EPROOF, "revision e is not the same each time it runs" },
	{ "INSERT INTO log VALUES (CURRENT_DATE);", MIG_EPROOF, "revision e " },
	{ "INSERT INTO log VALUES (random());", MIG_EPROOF, "revision e " },
	{ "INSERT INTO users (name) VALUES ('default');", MIG_EPROOF, "revision e " },
	{ "INSERT INTO log VALUES ('2020-01-01 00:00'::timestamptz AT TIME ZONE 'UTC');", MIG_EPROOF, "revision e " },
	{ "INSERT INTO log VALUES ('01/02/2020'::date);", MIG_EPROOF, "revision e " },
	{ "INSERT INTO log VALUES ('t'::regclass::oid);", MIG_ESQL, "e.sql" },
	{ "INSERT INTO log SELECT 'log'::regclass::oid;", MIG_EPROOF, "revision e " },
	{ "SELECT lo_create(4711);", MIG_EUNSUPPORTED, "large objects" },
	{ "CREATE TABLE rich (m money); INSERT INTO rich VALUES ('1.50');", MIG_EUNSUPPORTED, "money" },
	{ "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''5MB''', current_database()); END $$;",
	  MIG_EUNSUPPORTED, "settings of the database" },
};

static void test_what_is_not_the_same_each_time_gets_none(void **state)
{
	struct place p;

	(void)state;
	place_begin(&p);
	for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
		mig_ctx *ctx = open_place(&p, NULL);
		mig_snapshot *made = NULL;
		mig_status rc;

		ADD(ctx, .id = "d", .up = first);
		ADD(ctx, .id = "e", .revises = "d", .up = unfit[i].sql);
		ADD(ctx, .id = "f", .revises = "e", .up = "CREATE TABLE later (x int);");
		rc = mig_snapshot_make(ctx, &made);
		if (rc != unfit[i].want || !strstr(mig_error_message(ctx), unfit[i].part))
			fail_msg("%s: %s: %s", unfit[i].sql, mig_status_name(rc), mig_error_message(ctx));
		assert_null(made);
		mig_close(ctx);
	}
	expect_no_scratch(p.db);
	place_end(&p);
}

static void test_killed_at_some_statements(void **state)
{
	struct place p;
	mig_snapshot *made;
	mig_bundle bundle;

	(void)state;
	place_begin(&p);
	made = make_all(&p);
	bundle = bundle_of(mig_snapshot_entry(made));
	for (int at = 1; at <= 61; at += 6) {
		int how;
		pid_t child = fork();

		assert_true(child >= 0);
		if (!child) {
			struct seen own = { .kill_at = at };
			mig_ctx *ctx = open_with(&p, NULL, &bundle, &own);

			mig_upgrade(ctx, "head");
			_exit(at > own.statements ? 0 : 1);
		}
		assert_int_equal(waitpid(child, &how, 0), child);
		if (WIFEXITED(how) && !WEXITSTATUS(how))
			break; /* past the last statement */
		assert_true(WIFSIGNALED(how));
		assert_answer(p.db, "SELECT count(*) FROM pg_class WHERE oid >= 16384", "0");
	}
	{
		struct seen seen = { 0 };
		mig_ctx *ctx = open_with(&p, NULL, &bundle, &seen);

		ok(ctx, mig_upgrade(ctx, "head"));
		mig_close(ctx);
	}
	assert_string_equal(rows(p.db), "d");
	mig_snapshot_free(made);
	place_end(&p);
}

static void test_of_many_that_start_one_takes_it(void **state)
{
	enum { MANY = 8 };
	pid_t children[MANY];
	struct place p;
	mig_snapshot *made;
	mig_bundle bundle;
	int how;

	(void)state;
	place_begin(&p);
	made = make_all(&p);
	bundle = bundle_of(mig_snapshot_entry(made));
	for (int i = 0; i < MANY; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (!children[i]) {
			struct seen seen = { 0 };
			mig_ctx *ctx = open_with(&p, NULL, &bundle, &seen);

			_exit(mig_upgrade(ctx, "head") != MIG_OK);
		}
	}
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(waitpid(children[i], &how, 0), children[i]);
		assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
	}
	assert_answer(p.db, "SELECT count(*) || ' ' || count(DISTINCT revision) || ' ' || min(done_digest) FROM mig_history",
		      "4 4 snapshot");
	assert_answer(p.db, "SELECT count(*) FROM items", "2");
	mig_snapshot_free(made);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pg_dump_does_not_tell_them_apart),
		cmocka_unit_test(test_what_is_empty),
		cmocka_unit_test(test_own_tables),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_a_path_of_its_own),
		cmocka_unit_test(test_what_fails_is_replayed),
		cmocka_unit_test(test_what_is_not_the_same_each_time_gets_none),
		cmocka_unit_test(test_killed_at_some_statements),
		cmocka_unit_test(test_of_many_that_start_one_takes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
