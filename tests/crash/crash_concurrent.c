/* Ten processes bring one fresh file to the head at the same moment: each revision is applied once
 * and all ten succeed. Also on WAL databases, with revisions outside transactions, and with two
 * versions of the program.
 *
 * MIG_CRASH_ROUNDS sets how often each case is repeated. */
#include "support.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PROCESSES 10
#define REVISIONS 14

struct race {
	struct world world;
	int mode; /* enum mig_transaction_mode */
	int wal;  /* the file is a WAL database already */
	int old;  /* half of the processes know only the first revisions */
};

/* One of the processes; the pipe is closed when all are there. The exit status is minus the
 * library's. */
static _Noreturn void racer(const struct race *race, size_t number, const char *url, int gate)
{
	mig_run_options options = { .struct_size = sizeof(options),
				    .transaction_mode = race->mode };
	struct world world = race->world;
	mig_ctx *ctx = NULL;
	mig_status rc = mig_open(&ctx, url);
	char byte;

	if (race->old && number % 2)
		world.count /= 2;
	if (!rc)
		rc = world_add(&world, ctx);
	if (read(gate, &byte, 1) != 0)
		_exit(255);
	if (!rc)
		rc = mig_upgrade_with(ctx, "head", &options);
	if (rc && !(race->old && rc == MIG_ENEWER))
		fprintf(stderr, "process %zu: %s: %s\n", number, mig_status_name(rc),
			mig_error_message(ctx));
	mig_close(ctx);
	_exit(-rc);
}

static void start(const struct race *race, const char *url, pid_t children[PROCESSES])
{
	int gate[2];

	assert_int_equal(pipe(gate), 0);
	for (size_t i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			close(gate[1]);
			racer(race, i, url, gate[0]);
		}
	}
	close(gate[0]);
	/* Their set-up takes a moment; whoever is later finds the gate open. */
	sleep_us(3000);
	close(gate[1]);
}

/* The number of processes that did not return 0, and were not allowed to. */
static size_t finish(const struct race *race, const pid_t children[PROCESSES])
{
	size_t failed = 0;

	for (size_t i = 0; i < PROCESSES; i++) {
		int status = 0;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			continue;
		if (race->old && i % 2 && WIFEXITED(status) && WEXITSTATUS(status) == -MIG_ENEWER)
			continue;
		failed++;
	}
	return failed;
}

static void make_wal(const char *path)
{
	sqlite3 *db = sql_open(path);

	sql_exec(db, "PRAGMA journal_mode=WAL; CREATE TABLE host (id INTEGER PRIMARY KEY)");
	sqlite3_close(db);
}

static void run_race(const struct race *race)
{
	size_t rounds = rounds_of("MIG_CRASH_ROUNDS", 20);
	pid_t children[PROCESSES];
	struct world_state state;
	struct folder folder;
	char url[PATH_SIZE], path[PATH_SIZE];

	folder_make(&folder);
	folder_url(&folder, "race.db", url);
	folder_path(&folder, "race.db", path);
	for (size_t i = 0; i < rounds; i++) {
		size_t failed;

		if (race->wal)
			make_wal(path);
		start(race, url, children);
		failed = finish(race, children);
		if (failed)
			fail_msg("round %zu: %zu of %d processes failed", i + 1, failed, PROCESSES);
		world_check(&race->world, path, -1, &state);
		assert_int_equal(state.at, race->world.count);
		assert_int_equal(state.unfinished, 0);
		folder_drop_database(&folder, "race.db");
	}
	folder_remove(&folder);
}

static void test_fresh_file(void **unused)
{
	(void)unused;
	run_race(&(struct race){ .world = { REVISIONS, WORLD_PLAIN } });
}

static void test_fresh_file_revision_mode(void **unused)
{
	(void)unused;
	run_race(&(struct race){ .world = { REVISIONS, WORLD_PLAIN | WORLD_SLOW },
				 .mode = MIG_TRANSACTION_REVISION });
}

static void test_split(void **unused)
{
	(void)unused;
	run_race(&(struct race){ .world = { REVISIONS, WORLD_SPLIT } });
	run_race(&(struct race){ .world = { REVISIONS, WORLD_SPLIT },
				 .mode = MIG_TRANSACTION_REVISION });
}

/* VACUUM and PRAGMA journal_mode=WAL, while nine others wait and look. */
static void test_split_lone(void **unused)
{
	(void)unused;
	run_race(&(struct race){ .world = { REVISIONS, WORLD_SPLIT | WORLD_LONE } });
}

static void test_wal(void **unused)
{
	(void)unused;
	run_race(&(struct race){ .world = { REVISIONS, WORLD_SPLIT | WORLD_LONE }, .wal = 1 });
	run_race(&(struct race){
		.world = { REVISIONS, WORLD_PLAIN }, .mode = MIG_TRANSACTION_REVISION, .wal = 1 });
}

/* An older program is too late (MIG_ENEWER) or in time, and never in the way. */
static void test_two_versions(void **unused)
{
	(void)unused;
	run_race(&(struct race){ .world = { REVISIONS, WORLD_PLAIN }, .old = 1 });
	run_race(&(struct race){
		.world = { REVISIONS, WORLD_SPLIT }, .mode = MIG_TRANSACTION_REVISION, .old = 1 });
}

/* Somebody else takes the write lock as soon as it is free, when a transaction of a script's own
 * has begun and read: that must not break the run. */
struct intruder {
	sqlite3 *db;
	int taken;
};

static int32_t take_lock(void *user, const mig_progress *p)
{
	struct intruder *i = user;

	if (p->event == MIG_EVENT_STATEMENT && p->statement >= 3 && !i->taken)
		i->taken = sqlite3_exec(i->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
	return 0;
}

static void test_transaction_of_a_script(void **unused)
{
	static const char *const begins[] = { "BEGIN", "/* x */ begin deferred transaction" };
	struct folder folder;

	(void)unused;
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		struct intruder intruder = { NULL, 0 };
		char url[PATH_SIZE], path[PATH_SIZE], text[400];
		mig_ctx *ctx = NULL;
		int size =
			snprintf(text, sizeof(text),
				 "-- revision: a\n-- mig:upgrade transaction=no\n"
				 "%s;\nSELECT count(*) FROM sqlite_schema;\n"
				 "CREATE TABLE t (v TEXT);\nINSERT INTO t VALUES ('x');\nCOMMIT;\n",
				 begins[i]);

		folder_make(&folder);
		folder_url(&folder, "begin.db", url);
		folder_path(&folder, "begin.db", path);
		intruder.db = sql_open(path);
		sqlite3_busy_timeout(intruder.db, 0);
		assert_int_equal(mig_open(&ctx, url), MIG_OK);
		assert_int_equal(mig_add_script(ctx, "a.sql", text, (size_t)size), MIG_OK);
		assert_int_equal(mig_set_progress(ctx, take_lock, &intruder), MIG_OK);
		if (mig_upgrade(ctx, "head"))
			fail_msg("%s: %s", begins[i], mig_error_message(ctx));
		mig_close(ctx);
		assert_int_equal(intruder.taken, 0);
		assert_int_equal(sql_int(intruder.db, "SELECT count(*) FROM t"), 1);
		sqlite3_close(intruder.db);
		folder_remove(&folder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fresh_file),
		cmocka_unit_test(test_fresh_file_revision_mode),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_lone),
		cmocka_unit_test(test_wal),
		cmocka_unit_test(test_two_versions),
		cmocka_unit_test(test_transaction_of_a_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
