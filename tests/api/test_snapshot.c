/* A snapshot in place of the revisions: nothing but a word in the history tells the database from one that
 * ran them, it is taken in an empty database alone, and one that is killed or refused leaves the database
 * empty. What is not the same each time it runs gets no snapshot. */
#include "support.h"
#include "snapshot.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct revision {
	const char *id, *revises, *up;
};

/* Whatever a history has in it. */
static const struct revision history[] = {
	{ "a", "",
	  "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL DEFAULT 'x', at TEXT DEFAULT "
	  "CURRENT_TIMESTAMP);\n"
	  "INSERT INTO users (name, at) VALUES ('a', '1'), ('b''c', NULL), ('d', x'00ff');\n"
	  "DELETE FROM users WHERE id = 3;\n"
	  "CREATE TABLE \"odd \"\"name\" (\"or der\" REAL, y, z AS (y || 'q'), \"rowid\" TEXT);\n"
	  "INSERT INTO \"odd \"\"name\" VALUES (0.1, 1e300, 'r'), (1e999, -9223372036854775807 - 1, NULL), "
	  "(3, 'two\nlines', ''), (2.5, CAST(x'6100ff62' AS TEXT), 'ü'), (-1e999, 9223372036854775807, "
	  "'?'), (1e-310, 123456789012345678, '\\');\n"
	  "CREATE TABLE log (t);" },
	{ "b", "a",
	  "CREATE TRIGGER tr AFTER INSERT ON users BEGIN INSERT INTO log VALUES (new.name); END;\n"
	  "INSERT INTO users (name) SELECT 'e' FROM users WHERE 0;\n"
	  "INSERT INTO log VALUES ('first'), ('second'), ('third');\n"
	  "DELETE FROM log WHERE t = 'second';\n"
	  "ALTER TABLE users ADD COLUMN email TEXT COLLATE NOCASE;\n"
	  "CREATE UNIQUE INDEX ix ON users (email) WHERE email IS NOT NULL;\n"
	  "CREATE VIEW v AS SELECT name FROM users;\n"
	  "CREATE TRIGGER tv INSTEAD OF INSERT ON v BEGIN INSERT INTO users (name) VALUES (new.name); END;" },
	{ "c", "b",
	  "CREATE TABLE kept (k TEXT PRIMARY KEY, n INT) WITHOUT ROWID;\n"
	  "INSERT INTO kept VALUES ('z', 1), ('y', 2);\n"
	  "CREATE TABLE child (id INTEGER PRIMARY KEY, u REFERENCES users (id) ON DELETE CASCADE);\n"
	  "INSERT INTO child VALUES (7, 1);\n"
	  "ALTER TABLE log RENAME TO journal;\n"
	  "CREATE TABLE gone (id INTEGER PRIMARY KEY AUTOINCREMENT);\n"
	  "DROP TABLE gone;\n"
	  "PRAGMA application_id = 4711;" },
	{ "d", "c", "CREATE VIRTUAL TABLE words USING fts5(word);" },
};
enum { REVISIONS = sizeof history / sizeof *history };

static void add_all(mig_ctx *ctx)
{
	for (size_t i = 0; i < REVISIONS; i++)
		add(ctx, history[i].id, history[i].revises, history[i].up, NULL);
}

/* The context's revisions, in a database in memory. */
static mig_ctx *open_scratch(void)
{
	mig_ctx *ctx;

	ok(ctx, mig_open(&ctx, "sqlite::memory:"));
	return ctx;
}

static mig_snapshot *make_all(void)
{
	mig_ctx *ctx = open_scratch();
	mig_snapshot *made = NULL;

	add_all(ctx);
	ok(ctx, mig_snapshot_make(ctx, &made));
	mig_close(ctx);
	return made;
}

/* -- what a database has in it */

static const char *dump(const struct place *p)
{
	static char text[1 << 20];
	char command[256];
	size_t n;
	FILE *f;

	snprintf(command, sizeof command,
		 "sqlite3 '%s' '.dump' 'PRAGMA application_id;' 'PRAGMA user_version;' | grep -v 'INTO mig_history'", p->db);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	assert_int_equal(pclose(f), 0);
	assert_true(n > 100);
	return text;
}

static const char *const steps = "SELECT revision || ' ' || direction || ' ' || state || ' ' || digest || ' ' || statements "
				 "FROM mig_history ORDER BY id";
static const char *const notes = "SELECT DISTINCT done_digest FROM mig_history";

/* How often the run's events came. */
static void on_log(void *user, int32_t level, const char *message)
{
	struct seen *seen = user;
	size_t n = strlen(seen->log);

	(void)level;
	snprintf(seen->log + n, sizeof seen->log - n, "%s\n", message);
}

/* An upgrade with the snapshot, all revisions being there. */
static mig_ctx *open_with(const struct place *p, const mig_bundle *bundle, struct seen *seen)
{
	mig_ctx *ctx = open_place(p);

	add_all(ctx);
	if (bundle)
		ok(ctx, mig_add_bundle(ctx, bundle));
	ok(ctx, mig_set_progress(ctx, on_progress, seen));
	ok(ctx, mig_set_log(ctx, on_log, seen));
	return ctx;
}

static void upgrade_with(const struct place *p, const mig_bundle *bundle, struct seen *seen)
{
	mig_ctx *ctx = open_with(p, bundle, seen);

	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

static void remove_database(const struct place *p)
{
	char path[128];

	unlink(p->db);
	snprintf(path, sizeof path, "%s-journal", p->db);
	unlink(path);
}

/* -- the same database */

static void test_it_is_the_same_database(void **state)
{
	const struct place *p = *state;
	mig_snapshot *made = make_all();
	mig_bundle bundle = bundle_of(mig_snapshot_entry(made));
	struct seen replay = { 0 }, taken = { 0 };
	char *want, *want_steps;

	upgrade_with(p, NULL, &replay);
	assert_int_equal(replay.snapshots, 0);
	assert_int_equal(replay.steps, REVISIONS);
	want = strdup(dump(p));
	want_steps = strdup(ask(p, steps));
	assert_string_equal(ask(p, notes), "");
	remove_database(p);
	upgrade_with(p, &bundle, &taken);
	assert_int_equal(taken.snapshots, 1);
	assert_int_equal(taken.steps, 0);
	assert_true(taken.statements > 10);
	assert_non_null(strstr(taken.log, "the snapshot of 4 revisions runs"));
	assert_string_equal(dump(p), want);
	assert_string_equal(ask(p, steps), want_steps);
	assert_string_equal(ask(p, notes), "snapshot");
	assert_string_equal(ask(p, "SELECT seq FROM sqlite_sequence WHERE name = 'users'"), "3");
	/* and it is one that can be gone on with */
	taken = (struct seen){ 0 };
	upgrade_with(p, &bundle, &taken);
	assert_int_equal(taken.statements, 0);
	free(want);
	free(want_steps);
	mig_snapshot_free(made);
}

static void test_it_is_made_the_same_again(void **state)
{
	mig_snapshot *one = make_all(), *two = make_all();
	const mig_bundle_snapshot *a = mig_snapshot_entry(one), *b = mig_snapshot_entry(two);

	(void)state;
	assert_string_equal(a->dialect, "sqlite");
	assert_string_equal(a->key, "");
	assert_null(a->database);
	assert_int_equal(a->statement_count, REVISIONS);
	assert_int_equal(a->text_size, strlen(a->text));
	assert_string_equal(a->text, b->text);
	assert_memory_equal(a->heads, b->heads, sizeof a->heads);
	assert_null(mig_snapshot_entry(NULL));
	mig_snapshot_free(NULL);
	mig_snapshot_free(one);
	mig_snapshot_free(two);
}

/* -- where it is not taken */

static mig_status do_nothing(void *user, mig_step *step)
{
	(void)step;
	++*(int *)user;
	return MIG_OK;
}

enum how { PLAIN, HOOKS, REPLAY, MORE, BELOW, OTHER_KEY, OTHER_DIALECT, OTHER_HEADS, OTHER_DATABASE, KEYS_ON };

static const struct {
	const char *sql; /* what is in the database before */
	enum how how;
	int taken;
} cases[] = {
	{ NULL, PLAIN, 1 },
	{ "CREATE TABLE theirs (x)", PLAIN, 0 },
	{ "CREATE VIEW theirs AS SELECT 1", PLAIN, 0 },
	{ "CREATE TABLE theirs (x INTEGER PRIMARY KEY AUTOINCREMENT); DROP TABLE theirs", PLAIN, 0 },
	{ "PRAGMA user_version = 7", PLAIN, 0 },
	{ "PRAGMA application_id = 7", PLAIN, 0 },
	/* of libmig's tables, without rows */
	{ "CREATE TABLE mig_version (revision TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID", PLAIN, 1 },
	{ NULL, HOOKS, 0 },
	{ NULL, REPLAY, 0 },
	{ NULL, MORE, 0 },
	{ NULL, BELOW, 0 },
	{ NULL, OTHER_KEY, 0 },
	{ NULL, OTHER_DIALECT, 0 },
	{ NULL, OTHER_HEADS, 0 },
	{ NULL, OTHER_DATABASE, 0 },
	{ NULL, KEYS_ON, 0 },
};

static void run_case(const struct place *p, const mig_bundle_snapshot *made, size_t i)
{
	enum how how = cases[i].how;
	mig_bundle_snapshot entry = *made;
	mig_bundle bundle = bundle_of(&entry);
	mig_run_options options = { .struct_size = sizeof options, .replay = how == REPLAY };
	mig_open_options o = { .struct_size = sizeof o, .url = p->url, .foreign_keys = how == KEYS_ON };
	struct seen seen = { 0 };
	mig_plan *plan = NULL;
	int calls = 0;
	mig_ctx *ctx;

	remove_database(p);
	if (cases[i].sql) {
		sqlite3 *db;

		assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, cases[i].sql, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
	}
	if (how == OTHER_KEY)
		entry.key = "another";
	if (how == OTHER_DIALECT)
		entry.dialect = "postgresql";
	if (how == OTHER_HEADS)
		entry.heads[0] ^= 1;
	if (how == OTHER_DATABASE)
		entry.database = "stats";
	ok(ctx, mig_open_with(&ctx, &o));
	add_all(ctx);
	ok(ctx, mig_add_bundle(ctx, &bundle));
	ok(ctx, mig_set_progress(ctx, on_progress, &seen));
	if (how == MORE)
		add(ctx, "e", "d", "CREATE TABLE e (x);", NULL);
	if (how == HOOKS)
		ok(ctx, mig_set_step_hooks(ctx, NULL, do_nothing, &calls));
	ok(ctx, mig_plan_upgrade(ctx, how == BELOW ? "c" : "head", &plan));
	if (how != REPLAY && mig_plan_snapshot(plan) != cases[i].taken)
		fail_msg("case %zu: the plan says %d", i, (int)mig_plan_snapshot(plan));
	mig_plan_free(plan);
	ok(ctx, mig_upgrade_with(ctx, how == BELOW ? "c" : "head", &options));
	mig_close(ctx);
	if (seen.snapshots != cases[i].taken || (seen.steps > 0) == cases[i].taken)
		fail_msg("case %zu: %d snapshots, %d steps", i, seen.snapshots, seen.steps);
	assert_int_equal(calls, how == HOOKS ? REVISIONS : 0);
	assert_string_equal(rows(p), how == MORE ? "e" : how == BELOW ? "c" : "d");
}

static void test_it_is_taken_in_an_empty_database_alone(void **state)
{
	mig_snapshot *made = make_all();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		run_case(*state, mig_snapshot_entry(made), i);
	mig_snapshot_free(made);
}

static void test_a_stamped_database_is_not_empty(void **state)
{
	const struct place *p = *state;
	mig_snapshot *made = make_all();
	mig_bundle bundle = bundle_of(mig_snapshot_entry(made));
	struct seen seen = { 0 };
	mig_ctx *ctx = open_with(p, &bundle, &seen);

	ok(ctx, mig_stamp(ctx, "c"));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(seen.snapshots, 0);
	assert_int_equal(seen.steps, 1);
	assert_string_equal(tables(p), "words|words_config|words_content|words_data|words_docsize|words_idx");
	mig_close(ctx);
	mig_snapshot_free(made);
}

/* The run's own hooks see the first and the last revision, once each. */
struct hooked {
	char first[16], last[16];
	int before, after;
};

static mig_status on_before(void *user, mig_step *step)
{
	struct hooked *h = user;

	h->before++;
	snprintf(h->first, sizeof h->first, "%s", mig_step_revision(step));
	return mig_step_exec(step, "CREATE TABLE by_hook (x)");
}

static mig_status on_after(void *user, mig_step *step)
{
	struct hooked *h = user;

	h->after++;
	snprintf(h->last, sizeof h->last, "%s", mig_step_revision(step));
	return mig_step_exec(step, "INSERT INTO by_hook SELECT count(*) FROM journal");
}

static void test_hooks_of_the_run_are_called(void **state)
{
	const struct place *p = *state;
	mig_snapshot *made = make_all();
	mig_bundle bundle = bundle_of(mig_snapshot_entry(made));
	struct seen seen = { 0 };
	struct hooked h = { .before = 0 };
	mig_ctx *ctx = open_with(p, &bundle, &seen);

	ok(ctx, mig_set_run_hooks(ctx, on_before, on_after, &h));
	ok(ctx, mig_upgrade(ctx, "heads"));
	mig_close(ctx);
	assert_int_equal(seen.snapshots, 1);
	assert_int_equal(h.before, 1);
	assert_int_equal(h.after, 1);
	assert_string_equal(h.first, "a");
	assert_string_equal(h.last, "d");
	assert_string_equal(ask(p, "SELECT x FROM by_hook"), "2");
	mig_snapshot_free(made);
}

static mig_status refuse(void *user, mig_step *step)
{
	++*(int *)user;
	return mig_step_fail_with(step, -1234, "not today", NULL);
}

static void test_a_hook_that_refuses_is_not_called_again(void **state)
{
	const struct place *p = *state;
	mig_snapshot *made = make_all();
	mig_bundle bundle = bundle_of(mig_snapshot_entry(made));
	struct seen seen = { 0 };
	int calls = 0;
	mig_ctx *ctx = open_with(p, &bundle, &seen);

	ok(ctx, mig_set_run_hooks(ctx, refuse, NULL, &calls));
	expect(ctx, -1234, mig_upgrade(ctx, "head"));
	assert_int_equal(calls, 1);
	ok(ctx, mig_set_run_hooks(ctx, NULL, refuse, &calls));
	expect(ctx, -1234, mig_upgrade(ctx, "head"));
	assert_int_equal(calls, 2);
	mig_close(ctx);
	assert_string_equal(ask(p, "SELECT count(*) FROM sqlite_schema"), "0");
	mig_snapshot_free(made);
}

/* -- one that does not run */

static void test_what_fails_is_undone_and_replayed(void **state)
{
	const struct place *p = *state;
	mig_snapshot *made = make_all();
	mig_bundle_snapshot entry = *mig_snapshot_entry(made);
	mig_bundle bundle = bundle_of(&entry);
	struct seen seen = { 0 };

	entry.text = "CREATE TABLE half (x); CREATE TABLE half (x);";
	entry.text_size = strlen(entry.text);
	upgrade_with(p, &bundle, &seen);
	assert_int_equal(seen.snapshots, 1);
	assert_int_equal(seen.steps, REVISIONS);
	assert_non_null(strstr(seen.log, "the snapshot does not run here; the revisions do: "));
	assert_string_equal(ask(p, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), "0");
	assert_string_equal(ask(p, notes), "");
	assert_string_equal(rows(p), "d");
	mig_snapshot_free(made);
}

static void test_killed_at_any_statement_it_is_empty_or_at_head(void **state)
{
	const struct place *p = *state;
	mig_snapshot *made = make_all();
	mig_bundle bundle = bundle_of(mig_snapshot_entry(made));
	struct seen whole = { 0 };
	char *want;

	upgrade_with(p, &bundle, &whole);
	want = strdup(dump(p));
	for (int at = 1; at <= whole.statements; at++) {
		struct seen seen = { 0 };
		int how;
		pid_t child;

		remove_database(p);
		child = fork();
		assert_true(child >= 0);
		if (!child) {
			struct seen own = { .kill_at = at };
			mig_ctx *ctx = open_with(p, &bundle, &own);

			mig_upgrade(ctx, "head");
			_exit(1);
		}
		assert_int_equal(waitpid(child, &how, 0), child);
		assert_true(WIFSIGNALED(how));
		assert_string_equal(ask(p, "SELECT count(*) FROM sqlite_schema"), "0");
		upgrade_with(p, &bundle, &seen);
		assert_int_equal(seen.snapshots, 1);
		assert_string_equal(dump(p), want);
	}
	free(want);
	mig_snapshot_free(made);
}

static void test_of_many_that_start_one_takes_it(void **state)
{
	enum { MANY = 8 };
	const struct place *p = *state;
	mig_snapshot *made = make_all();
	mig_bundle bundle = bundle_of(mig_snapshot_entry(made));
	pid_t children[MANY];
	int how;

	for (int i = 0; i < MANY; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (!children[i]) {
			struct seen seen = { 0 };
			mig_ctx *ctx = open_with(p, &bundle, &seen);

			_exit(mig_upgrade(ctx, "head") != MIG_OK);
		}
	}
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(waitpid(children[i], &how, 0), children[i]);
		assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
	}
	assert_string_equal(ask(p, "SELECT count(*) || ' ' || count(DISTINCT revision) FROM mig_history"), "4 4");
	assert_string_equal(ask(p, notes), "snapshot");
	assert_string_equal(ask(p, "SELECT count(*) FROM journal"), "2");
	mig_snapshot_free(made);
}

/* -- what gets none */

static mig_status create_c(void *user, mig_step *step)
{
	(void)user;
	return mig_step_exec(step, "CREATE TABLE in_c (x); INSERT INTO in_c VALUES (1)");
}

static void test_functions_in_c_say_that_they_are_pure(void **state)
{
	const struct place *p = *state;
	static const char *const after[] = { "d", NULL };
	mig_revision_def def = { .struct_size = sizeof def, .id = "e", .revises = after, .upgrade = create_c };
	struct seen seen = { 0 };
	mig_ctx *ctx = open_scratch();
	mig_snapshot *made = NULL;
	mig_bundle bundle;

	add_all(ctx);
	ok(ctx, mig_add_revision(ctx, &def));
	expect(ctx, MIG_EUNSUPPORTED, mig_snapshot_make(ctx, &made));
	assert_string_equal(mig_error_revision(ctx), "e");
	assert_non_null(strstr(mig_error_hint(ctx), "pure"));
	mig_close(ctx);
	ctx = open_scratch();
	add_all(ctx);
	def.pure = 1;
	ok(ctx, mig_add_revision(ctx, &def));
	ok(ctx, mig_snapshot_make(ctx, &made));
	mig_close(ctx);
	bundle = bundle_of(mig_snapshot_entry(made));
	for (int pure = 0; pure < 2; pure++) {
		remove_database(p);
		seen = (struct seen){ 0 };
		ctx = open_with(p, &bundle, &seen);
		def.pure = pure;
		ok(ctx, mig_add_revision(ctx, &def));
		ok(ctx, mig_upgrade(ctx, "head"));
		mig_close(ctx);
		assert_int_equal(seen.snapshots, pure);
		assert_string_equal(ask(p, "SELECT x FROM in_c"), "1");
	}
	mig_snapshot_free(made);
}

static const struct {
	const char *sql;
	mig_status want;
	const char *part; /* of the message */
} unfit[] = {
	{ "INSERT INTO journal VALUES (random());", MIG_EPROOF, "revision e is not the same each time" },
	{ "INSERT INTO journal VALUES (hex(randomblob(4)));", MIG_EPROOF, "revision e " },
	{ "INSERT INTO journal VALUES (datetime('now'));", MIG_EPROOF, "revision e " },
	{ "INSERT INTO journal VALUES (CURRENT_DATE);", MIG_EPROOF, "revision e " },
	{ "INSERT INTO journal VALUES (strftime('%Y', 'now'));", MIG_EPROOF, "revision e " },
	{ "INSERT INTO journal VALUES (strftime('%m', 'now'));", MIG_EPROOF, "revision e " },
	/* a default that is taken */
	{ "INSERT INTO users (name) VALUES ('n');", MIG_EPROOF, "revision e " },
	{ "INSERT INTO words VALUES ('hello');", MIG_EUNSUPPORTED, "table words: it is virtual and has rows" },
	{ "ANALYZE;", MIG_EUNSUPPORTED, "statistics of ANALYZE" },
	{ "CREATE TABLE theirs (x);\nsyntax error;", MIG_ESQL, "e.sql:" },
};

static void test_what_is_not_the_same_each_time_gets_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
		mig_ctx *ctx = open_scratch();
		mig_snapshot *made = NULL;

		add_all(ctx);
		add(ctx, "e", "d", unfit[i].sql, NULL);
		add(ctx, "f", "e", "CREATE TABLE later (x);", NULL);
		expect(ctx, unfit[i].want, mig_snapshot_make(ctx, &made));
		assert_null(made);
		if (!strstr(mig_error_message(ctx), unfit[i].part))
			fail_msg("%s: %s", unfit[i].sql, mig_error_message(ctx));
		if (unfit[i].want == MIG_EPROOF)
			assert_string_equal(mig_error_revision(ctx), "e");
		mig_close(ctx);
	}
}

static void test_too_many_rows_get_none(void **state)
{
	mig_ctx *ctx = open_scratch();
	mig_snapshot *made = NULL;

	(void)state;
	add(ctx, "a", "",
	    "CREATE TABLE big AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
	    "SELECT i, printf('%01000d', i) AS t FROM n;",
	    NULL);
	expect(ctx, MIG_EUNSUPPORTED, mig_snapshot_make(ctx, &made));
	assert_non_null(strstr(mig_error_message(ctx), "larger than 16 MiB"));
	mig_close(ctx);
}

/* -- arguments, and programs of other ages */

static void test_arguments(void **state)
{
	mig_ctx *ctx = open_scratch();
	mig_snapshot *made = make_all();
	mig_bundle_snapshot entry = *mig_snapshot_entry(made);
	mig_bundle bundle = bundle_of(&entry);

	(void)state;
	expect(ctx, MIG_EINVAL, mig_snapshot_make(ctx, NULL));
	assert_int_equal(mig_plan_snapshot(NULL), 0);
	bundle.snapshot_size = 8;
	expect(ctx, MIG_EINVAL, mig_add_bundle(ctx, &bundle));
	bundle = bundle_of(NULL);
	expect(ctx, MIG_EINVAL, mig_add_bundle(ctx, &bundle));
	bundle = bundle_of(&entry);
	entry.text = NULL;
	expect(ctx, MIG_EINVAL, mig_add_bundle(ctx, &bundle));
	entry = *mig_snapshot_entry(made);
	entry.key = NULL;
	expect(ctx, MIG_EINVAL, mig_add_bundle(ctx, &bundle));
	mig_close(ctx);
	mig_snapshot_free(made);
}

/* A bundle that was compiled before there were snapshots, and one whose snapshots know more. */
static void test_bundles_of_other_ages(void **state)
{
	const struct place *p = *state;
	mig_snapshot *made = make_all();
	struct {
		mig_bundle_snapshot known;
		uint64_t later;
	} entry = { *mig_snapshot_entry(made), 0 };
	mig_bundle bundle = bundle_of(&entry.known);
	struct seen seen = { 0 };
	mig_ctx *ctx;

	bundle.snapshot_size = sizeof entry;
	upgrade_with(p, &bundle, &seen);
	assert_int_equal(seen.snapshots, 1);
	entry.later = 1;
	ctx = open_scratch();
	expect(ctx, MIG_EINVAL, mig_add_bundle(ctx, &bundle));
	mig_close(ctx);
	remove_database(p);
	bundle.struct_size = offsetof(mig_bundle, snapshots);
	seen = (struct seen){ 0 };
	upgrade_with(p, &bundle, &seen);
	assert_int_equal(seen.snapshots, 0);
	assert_int_equal(seen.steps, REVISIONS);
	mig_snapshot_free(made);
}

/* A script is what the revisions say, so that it is the same with and without a snapshot. */
static mig_status take_script(void *user, const char *text, size_t size)
{
	char *out = user;
	size_t n = strlen(out);

	assert_true(n + size < 65536);
	memcpy(out + n, text, size);
	out[n + size] = '\0';
	return MIG_OK;
}

static void test_scripts_replay(void **state)
{
	static char with[65536], without[65536];
	mig_snapshot *made = make_all();
	mig_bundle bundle = bundle_of(mig_snapshot_entry(made));

	(void)state;
	for (int i = 0; i < 2; i++) {
		mig_open_options o = { .struct_size = sizeof o,
				       .url = "sqlite:",
				       .script = take_script,
				       .script_user = i ? with : without };
		mig_ctx *ctx;

		ok(ctx, mig_open_with(&ctx, &o));
		add_all(ctx);
		if (i)
			ok(ctx, mig_add_bundle(ctx, &bundle));
		ok(ctx, mig_upgrade(ctx, "head"));
		mig_close(ctx);
	}
	assert_string_equal(with, without);
	mig_snapshot_free(made);
}

/* A run in another dialect's section has nothing to do with it; one outside a transaction has. */
static void test_sections_outside_a_transaction(void **state)
{
	const struct place *p = *state;
	static const char text[] = "-- m\n--\n-- revision: a\n-- revises:\n\n-- mig:upgrade transaction=no\n"
				   "CREATE TABLE one (x);\nINSERT INTO one VALUES (1);\nVACUUM;\n";
	struct seen seen = { 0 };
	mig_snapshot *made = NULL;
	mig_bundle bundle;
	mig_ctx *ctx = open_scratch();

	ok(ctx, mig_add_script(ctx, "a.sql", text, sizeof text - 1));
	ok(ctx, mig_snapshot_make(ctx, &made));
	mig_close(ctx);
	bundle = bundle_of(mig_snapshot_entry(made));
	ctx = open_place(p);
	ok(ctx, mig_add_script(ctx, "a.sql", text, sizeof text - 1));
	ok(ctx, mig_add_bundle(ctx, &bundle));
	ok(ctx, mig_set_progress(ctx, on_progress, &seen));
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_int_equal(seen.snapshots, 1);
	assert_string_equal(ask(p, "SELECT x FROM one"), "1");
	assert_string_equal(ask(p, "SELECT statements FROM mig_history"), "3");
	/* where it is not empty, the section runs as ever */
	remove_database(p);
	seen = (struct seen){ 0 };
	{
		sqlite3 *db;

		assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, "CREATE TABLE theirs (x)", NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
	}
	ctx = open_place(p);
	ok(ctx, mig_add_script(ctx, "a.sql", text, sizeof text - 1));
	ok(ctx, mig_add_bundle(ctx, &bundle));
	ok(ctx, mig_set_progress(ctx, on_progress, &seen));
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_int_equal(seen.snapshots, 0);
	assert_int_equal(seen.steps, 1);
	mig_snapshot_free(made);
}

#define IN_PLACE(name) cmocka_unit_test_setup_teardown(name, place_new, place_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(test_it_is_the_same_database),
		IN_PLACE(test_it_is_made_the_same_again),
		IN_PLACE(test_it_is_taken_in_an_empty_database_alone),
		IN_PLACE(test_a_stamped_database_is_not_empty),
		IN_PLACE(test_hooks_of_the_run_are_called),
		IN_PLACE(test_a_hook_that_refuses_is_not_called_again),
		IN_PLACE(test_what_fails_is_undone_and_replayed),
		IN_PLACE(test_killed_at_any_statement_it_is_empty_or_at_head),
		IN_PLACE(test_of_many_that_start_one_takes_it),
		IN_PLACE(test_functions_in_c_say_that_they_are_pure),
		IN_PLACE(test_what_is_not_the_same_each_time_gets_none),
		IN_PLACE(test_too_many_rows_get_none),
		IN_PLACE(test_arguments),
		IN_PLACE(test_bundles_of_other_ages),
		IN_PLACE(test_scripts_replay),
		IN_PLACE(test_sections_outside_a_transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
