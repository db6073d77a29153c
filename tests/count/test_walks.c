/* How often a command asks the same thing: plans made, reads of the version rows, files opened, what
 * the terminal can show; and how it writes: a line at a time.
 *
 * The command line runs in this process, over the static library. Plans are counted where the linker
 * wraps mig__aim_plan(), the terminal where it wraps isatty() and ioctl(), statements by
 * sqlite3_trace_v2 on every connection that SQLite opens, files by inotify, writes by a pipe that
 * keeps them apart. */
#include "../bench/gen.h"
#include "../crash/support.h"

#include "migrate/aim.h"

#include <mig/cli.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cmocka.h>

enum { COUNT = 100, STATEMENT_SIZE = 512 };

/* What one command did. */
static struct {
	int plans;
	int before; /* reads of the version rows until the lock */
	int under;  /* after it */
	int writes; /* of the history */
	int locked;
	int probes; /* of what a terminal is and can show */
} seen;

int __real_isatty(int fd);
int __wrap_isatty(int fd);
int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);

int __wrap_isatty(int fd)
{
	seen.probes++;
	return __real_isatty(fd);
}

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	seen.probes++;
	return __real_ioctl(fd, request, argument);
}

mig_status __real_mig__aim_plan(const struct mig__alloc *alloc, struct mig__world *world,
				struct mig__rows rows, const struct mig__aim *aim,
				struct mig__error *err, struct mig__plan *out);
mig_status __wrap_mig__aim_plan(const struct mig__alloc *alloc, struct mig__world *world,
				struct mig__rows rows, const struct mig__aim *aim,
				struct mig__error *err, struct mig__plan *out);

mig_status __wrap_mig__aim_plan(const struct mig__alloc *alloc, struct mig__world *world,
				struct mig__rows rows, const struct mig__aim *aim,
				struct mig__error *err, struct mig__plan *out)
{
	seen.plans++;
	return __real_mig__aim_plan(alloc, world, rows, aim, err, out);
}

/* A context that migrates, or a statement that runs on another connection, when a context is about to take
 * the lock for the n-th time. */
static mig_ctx *intruder;
static const char *intruding_sql, *intruding_at;
static int intrude_at;

static void intrude(void)
{
	mig_ctx *ctx = intruder;
	const char *sql = intruding_sql;
	sqlite3 *db;

	if ((!ctx && !sql) || --intrude_at > 0)
		return;
	intruder = NULL;
	intruding_sql = NULL;
	if (sql) {
		assert_int_equal(sqlite3_open(intruding_at, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
	} else {
		assert_int_equal(mig_upgrade(ctx, "+1"), MIG_OK);
	}
	memset(&seen, 0, sizeof seen);
	seen.before = seen.plans = 1; /* as the other one had done */
}

static int on_statement(unsigned kind, void *user, void *stmt, void *text)
{
	const char *sql = text;

	(void)kind;
	(void)user;
	(void)stmt;
	if (!strncasecmp(sql, "BEGIN", 5)) {
		intrude();
		seen.locked = 1;
	} else if (!strncasecmp(sql, "SELECT", 6) && strstr(sql, "mig_version"))
		seen.locked ? seen.under++ : seen.before++;
	else if (!strncasecmp(sql, "INSERT", 6) && strstr(sql, "mig_history"))
		seen.writes++;
	if (getenv("SHOW_STATEMENTS"))
		print_message("%.100s\n", sql);
	return 0;
}

static int on_open(sqlite3 *db, char **error, const void *api)
{
	(void)error;
	(void)api;
	return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_statement, NULL);
}

/* How many files of the folder were opened since the last call. */
static int opened(int watch)
{
	char buffer[64 * 1024] __attribute__((aligned(8)));
	int count = 0;
	ssize_t got;

	while ((got = read(watch, buffer, sizeof buffer)) > 0)
		for (ssize_t at = 0; at < got;) {
			const struct inotify_event *event = (const void *)(buffer + at);

			assert_false(event->mask & IN_Q_OVERFLOW);
			count += (event->mask & IN_OPEN) && event->len;
			at += (ssize_t)sizeof *event + (ssize_t)event->len;
		}
	return count;
}

struct place {
	struct folder files, data;
	struct gen gen;
	char url[PATH_SIZE], configuration[PATH_SIZE];
	int watch;
};

static mig_ctx *open_place(const struct place *p)
{
	mig_ctx *ctx = NULL;

	assert_int_equal(mig_open(&ctx, p->url), MIG_OK);
	assert_int_equal(mig_add_directory(ctx, p->files.path), MIG_OK);
	return ctx;
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	mig_ctx *ctx;
	FILE *f;

	assert_non_null(p);
	folder_make(&p->files);
	folder_make(&p->data);
	folder_url(&p->data, "walks.db", p->url);
	folder_path(&p->data, "mig.ini", p->configuration);
	f = fopen(p->configuration, "w");
	assert_non_null(f);
	fprintf(f, "[mig]\nversion_locations = %s\n", p->files.path);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(gen_make(&p->gen, COUNT, 0), 0);
	assert_int_equal(gen_write(&p->gen, p->files.path), 0);
	p->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	assert_true(inotify_add_watch(p->watch, p->files.path, IN_OPEN) >= 0);
	/* with its tables: a read of one that is missing is no statement */
	ctx = open_place(p);
	assert_int_equal(mig_upgrade(ctx, "+1"), MIG_OK);
	mig_close(ctx);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	close(p->watch);
	gen_free(&p->gen);
	folder_remove(&p->files);
	folder_remove(&p->data);
	free(p);
	return 0;
}

/* Runs "mig ... COMMAND WORD" and says what it did. */
static void run_quietly(struct place *p, const char *command, const char *word, const char *option)
{
	char *argv[] = { (char *)(uintptr_t) "mig", (char *)(uintptr_t) "--config", p->configuration,
			 (char *)(uintptr_t) "--url", p->url, (char *)(uintptr_t)command,
			 (char *)(uintptr_t)word, (char *)(uintptr_t)option, NULL };
	int argc = option ? 8 : 7;

	memset(&seen, 0, sizeof seen);
	opened(p->watch);
	assert_int_equal(mig_cli_main(argc, argv, NULL), MIG_CLI_DONE);
}

static void run(struct place *p, const char *command, const char *word, const char *option)
{
	run_quietly(p, command, word, option);
	print_message("%s %s: plans %d, reads %d and %d\n", command, word, seen.plans, seen.before,
		      seen.under);
}

/* Under the lock: the read, and the one that makes sure of what was written. */
static void expect_run(struct place *p, int steps)
{
	assert_int_equal(seen.plans, 1);
	assert_int_equal(seen.before, 1);
	assert_int_equal(seen.under, 2);
	assert_int_equal(seen.writes, steps);
	assert_int_equal(opened(p->watch), COUNT);
}

static void expect_look(struct place *p)
{
	assert_int_equal(seen.plans, 1);
	assert_int_equal(seen.before, 1);
	assert_int_equal(seen.under, 0);
	assert_int_equal(seen.writes, 0);
	assert_int_equal(opened(p->watch), COUNT);
}

static void test_commands(void **state)
{
	struct place *p = *state;

	run(p, "plan", "head", NULL);
	expect_look(p);
	run(p, "upgrade", p->gen.at[COUNT / 2].id, NULL);
	expect_run(p, COUNT / 2);
	run(p, "plan", "head", NULL);
	expect_look(p);
	run(p, "upgrade", "head", NULL);
	expect_run(p, COUNT / 2 - 1);
	run(p, "upgrade", "head", NULL);
	expect_look(p);
	run(p, "upgrade", "head", "--quiet");
	expect_look(p);
	run(p, "downgrade", "-1", NULL);
	expect_run(p, 1);
	run(p, "downgrade", p->gen.at[0].id, NULL);
	expect_run(p, COUNT - 2);
}

/* What one write to stdout holds; fails unless it is whole lines. */
static int lines_of(const char *bytes, size_t size)
{
	int lines = 0;

	assert_true(size && bytes[size - 1] == '\n');
	for (size_t i = 0; i < size; i++)
		lines += bytes[i] == '\n';
	return lines;
}

/* A revision is one write of one line; whether stderr is a terminal is asked once a command. */
static void test_writes(void **state)
{
	enum { ROOM = 1024 * 1024, MOST = 4096 };
	struct place *p = *state;
	static char packet[MOST];
	int ends[2], before, writes = 0, probes;
	ssize_t got;

	assert_int_equal(pipe2(ends, O_DIRECT | O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, ROOM) >= 0);
	fflush(stdout);
	before = dup(STDOUT_FILENO);
	assert_true(dup2(ends[1], STDOUT_FILENO) >= 0);
	run_quietly(p, "upgrade", "+1", NULL);
	probes = seen.probes;
	run_quietly(p, "upgrade", "head", "--per-revision");
	assert_true(dup2(before, STDOUT_FILENO) >= 0);
	while ((got = read(ends[0], packet, sizeof packet)) > 0) {
		assert_int_equal(lines_of(packet, (size_t)got), 1);
		writes++;
	}
	print_message("writes %d, probes of the terminal %d and %d\n", writes, probes, seen.probes);
	assert_int_equal(seen.probes, probes);
	assert_true(probes <= 4);
	assert_int_equal(writes, COUNT - 1 + 2); /* and where the database is */
	close(before);
	close(ends[0]);
	close(ends[1]);
}

/* The library alone. */
static void test_calls(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);
	mig_revision_list *list = NULL;

	memset(&seen, 0, sizeof seen);
	opened(p->watch);
	assert_int_equal(mig_reached(ctx, &list), MIG_EMISUSE);
	assert_int_equal(mig_upgrade(ctx, "head"), MIG_OK);
	assert_int_equal(mig_reached(ctx, &list), MIG_OK);
	assert_int_equal(mig_revision_list_count(list), 1);
	assert_string_equal(mig_revision_id(mig_revision_list_at(list, 0)),
			    p->gen.at[COUNT - 1].id);
	mig_revision_list_free(list);
	expect_run(p, COUNT - 1);
	memset(&seen, 0, sizeof seen);
	assert_int_equal(mig_downgrade(ctx, "base"), MIG_OK);
	assert_int_equal(seen.plans, 1);
	assert_int_equal(seen.before, 1);
	assert_int_equal(seen.under, 2);
	assert_int_equal(mig_reached(ctx, &list), MIG_OK);
	assert_int_equal(mig_revision_list_count(list), 0);
	mig_revision_list_free(list);
	assert_int_equal(mig_upgrade(ctx, "no_such"), MIG_ENOTFOUND);
	assert_int_equal(mig_reached(ctx, &list), MIG_EMISUSE);
	mig_close(ctx);
}

/* Another process migrates before this one has the lock: one more plan, from what it has left. */
static void test_rows_that_changed(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p), *other = open_place(p);

	assert_int_equal(mig_upgrade(ctx, "+1"), MIG_OK);
	memset(&seen, 0, sizeof seen);
	intruder = other;
	intrude_at = 1;
	assert_int_equal(mig_upgrade(ctx, "head"), MIG_OK);
	assert_null(intruder);
	assert_int_equal(seen.plans, 2);
	assert_int_equal(seen.under, 2);
	assert_int_equal(seen.writes, COUNT - 3);
	mig_close(ctx);
	mig_close(other);
}

/* -- a transaction for each revision */

static mig_status upgrade_each(mig_ctx *ctx, const char *target)
{
	mig_run_options options = { .struct_size = sizeof options,
				    .transaction_mode = MIG_TRANSACTION_REVISION };

	return mig_upgrade_with(ctx, target, &options);
}

/* Under the first lock the rows are read, and after each write; between two transactions nobody has
 * written, which a number tells. On a connection of the host's, who may, they are read each time. */
static void test_each_reads_once(void **state)
{
	struct place *p = *state;
	mig_open_options lent = { .struct_size = sizeof lent, .dialect_name = "sqlite" };
	mig_run_options unchecked = { .struct_size = sizeof unchecked,
				      .transaction_mode = MIG_TRANSACTION_REVISION };
	mig_ctx *ctx = open_place(p);
	sqlite3 *db;

	memset(&seen, 0, sizeof seen);
	assert_int_equal(upgrade_each(ctx, "head"), MIG_OK);
	assert_int_equal(seen.under, 1 + (COUNT - 1));
	assert_int_equal(seen.plans, 1);
	assert_int_equal(mig_downgrade(ctx, p->gen.at[0].id), MIG_OK);
	memset(&seen, 0, sizeof seen);
	unchecked.no_foreign_key_check = 1;
	assert_int_equal(mig_upgrade_with(ctx, "head", &unchecked), MIG_OK);
	assert_int_equal(seen.under, 1 + (COUNT - 1));
	assert_int_equal(mig_downgrade(ctx, p->gen.at[0].id), MIG_OK);
	mig_close(ctx);

	folder_path(&p->data, "walks.db", p->configuration);
	assert_int_equal(sqlite3_open(p->configuration, &db), SQLITE_OK);
	lent.connection = db;
	assert_int_equal(mig_open_with(&ctx, &lent), MIG_OK);
	assert_int_equal(mig_add_directory(ctx, p->files.path), MIG_OK);
	memset(&seen, 0, sizeof seen);
	assert_int_equal(upgrade_each(ctx, "head"), MIG_OK);
	assert_int_equal(seen.under, 2 * (COUNT - 1));
	mig_close(ctx);
	sqlite3_close(db);
}

/* Another process migrates between two transactions of this one: the rows are read, and planned from. */
static void test_each_sees_a_migration(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p), *other = open_place(p);

	for (int at = 1; at <= 4; at++) {
		assert_int_equal(mig_downgrade(ctx, p->gen.at[0].id), MIG_OK);
		memset(&seen, 0, sizeof seen);
		intruder = other;
		intrude_at = at;
		assert_int_equal(upgrade_each(ctx, "head"), MIG_OK);
		assert_null(intruder);
		assert_int_equal(seen.plans, 2);
		assert_int_equal(seen.writes, COUNT - 1 - at);
		assert_int_equal(seen.under, 1 + COUNT - 1 - at);
	}
	mig_close(ctx);
	mig_close(other);
}

/* Another process writes the rows by hand: what it did is seen before the next revision runs. */
static void test_each_sees_a_write(void **state)
{
	static const struct {
		const char *sql;
		mig_status status;
	} writes[] = {
		{ "UPDATE mig_version SET revision = 'unknown'", MIG_ENEWER },
		{ "UPDATE mig_version SET digest = 'x' || substr(digest, 2)", MIG_EEDITED },
		{ "INSERT INTO mig_version VALUES ('unknown', '')", MIG_ENEWER },
		/* a change of the schema alone */
		{ "ALTER TABLE mig_version RENAME COLUMN digest TO other", MIG_ESQL },
		/* its own run sees a mark of a process outside a transaction */
		{ "UPDATE mig_version SET digest = 'running:' || digest", MIG_EPARTIAL },
	};
	struct place *p = *state;
	char path[PATH_SIZE];

	for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
		mig_ctx *ctx = open_place(p);

		folder_path(&p->data, "walks.db", path);
		intruding_at = path;
		intruding_sql = writes[i].sql;
		intrude_at = 3;
		assert_int_equal(upgrade_each(ctx, "head"), writes[i].status);
		assert_null(intruding_sql);
		assert_int_equal(seen.writes, 0); /* of the history, since then */
		mig_close(ctx);
		tear_down(state);
		set_up(state);
		p = *state;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commands, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_writes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_calls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rows_that_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_each_reads_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_each_sees_a_migration, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_each_sees_a_write, set_up, tear_down),
	};

	sqlite3_auto_extension((void (*)(void))(uintptr_t)on_open);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
