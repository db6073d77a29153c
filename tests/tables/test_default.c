/* test_default: the default store under a dialect that is SQLite but for two things: it looks before a
 * statement is in flight, and, if the test wants it, its DDL commits by itself. */
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <mig/dialect.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char asked[MIG_OBSERVED_SIZE]; /* what recover() was given */

static mig_status observe(mig_conn *conn, const char *text, size_t size, char *seen)
{
	(void)conn, (void)text, (void)size;
	snprintf(seen, MIG_OBSERVED_SIZE, "it's:\"there\"");
	return MIG_OK;
}

static mig_status recover(mig_conn *conn, const char *text, size_t size, const char *seen, int32_t *done)
{
	(void)conn, (void)text, (void)size;
	snprintf(asked, sizeof asked, "%s", seen);
	*done = 0;
	return MIG_OK;
}

static mig_dialect_conn conn_slots;
static mig_dialect dialect;

static void make_dialect(int ddl_commits)
{
	dialect = *mig_dialect_sqlite();
	conn_slots = *dialect.conn;
	conn_slots.observe = observe;
	conn_slots.recover = recover;
	dialect.conn = &conn_slots;
	if (ddl_commits)
		dialect.capabilities &= ~(uint64_t)MIG_CAN_TRANSACTIONAL_DDL;
}

static mig_ctx *open_observing(const struct place *p)
{
	mig_open_options o = { .struct_size = sizeof o, .url = p->url, .dialect = &dialect };
	mig_ctx *ctx;

	if (mig_open_with(&ctx, &o) || mig_add_directory(ctx, TABLES "/versions"))
		fail_msg("%s", mig_error_message(ctx));
	return ctx;
}

static int32_t die_at_statement(void *user, const mig_progress *now)
{
	(void)user;
	if (now->event == MIG_EVENT_STATEMENT && now->statement == 2 && !strcmp(now->revision, "b2"))
		raise(SIGKILL);
	return 0;
}

/* b2 is killed when its VACUUM is in flight. */
static void begin_in_flight(struct place *p)
{
	int status;
	pid_t child;

	place_begin(p);
	child = fork();
	if (!child) {
		mig_ctx *ctx = open_observing(p);

		mig_set_progress(ctx, die_at_statement, NULL);
		mig_upgrade(ctx, "head");
		_exit(2);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	assert_true(WIFSIGNALED(status));
}

#define RUNNING(set) "UPDATE mig_history SET " set " WHERE state = 'running'"

static void test_what_was_seen(void **state)
{
	static const struct {
		const char *meanwhile, *asked; /* asked NULL: it is not */
	} cases[] = {
		{ "SELECT 1", "it's:\"there\"" },
		/* as version 1 has it */
		{ RUNNING("in_flight = NULL, done_digest = substr(done_digest, 1, 64) || ' in flight:16402'"),
		  "16402" },
		{ RUNNING("done_digest = substr(done_digest, 1, 64) || ' in flight:'"), "" },
		/* the column is about another statement, or is nothing that libmig writes */
		{ RUNNING("in_flight = '1:x'"), "?" },
		{ RUNNING("in_flight = '3:x'"), "?" },
		{ RUNNING("in_flight = 'x'"), "?" },
		{ RUNNING("in_flight = NULL"), "?" },
		{ "ALTER TABLE mig_history DROP COLUMN in_flight", "?" },
		/* version 1 has gone on after it, or the statement has failed */
		{ RUNNING("done_digest = substr(done_digest, 1, 64)"), NULL },
		{ RUNNING("done_digest = substr(done_digest, 1, 64) || ' failed'"), NULL },
	};

	(void)state;
	make_dialect(0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct place p;
		mig_ctx *ctx;

		begin_in_flight(&p);
		assert_answer(&p, "SELECT in_flight FROM mig_history WHERE state = 'running'",
			      "2:it's:\"there\"");
		assert_answer(&p, "SELECT substr(done_digest, 65) FROM mig_history WHERE state = 'running'",
			      " in flight:?");
		tell(&p, cases[i].meanwhile);
		strcpy(asked, "not asked");
		ctx = open_observing(&p);
		ok(ctx, mig_upgrade(ctx, "head"));
		mig_close(ctx);
		assert_string_equal(asked, cases[i].asked ? cases[i].asked : "not asked");
		assert_string_equal(columns(&p), today_columns);
		assert_answer(&p, "SELECT id FROM things ORDER BY id", "1|2");
		assert_answer(&p, "SELECT count(*) FROM mig_history WHERE in_flight IS NOT NULL", "0");
		place_end(&p);
	}
}

static int die_at_commit(void *user)
{
	if (!--*(int *)user)
		raise(SIGKILL);
	return 0;
}

/* 1 if it was killed at that commit of the connection. */
static int killed_at_commit(const struct place *p, int number)
{
	int status;
	pid_t child = fork();

	if (!child) {
		mig_open_options o = { .struct_size = sizeof o, .dialect = &dialect };
		sqlite3 *db;
		mig_ctx *ctx;

		if (sqlite3_open(p->path, &db))
			_exit(3);
		sqlite3_commit_hook(db, die_at_commit, &number);
		o.connection = db;
		if (mig_open_with(&ctx, &o) || mig_add_directory(ctx, TABLES "/versions") ||
		    mig_upgrade(ctx, "head"))
			_exit(2);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	assert_true(WIFSIGNALED(status) || !WEXITSTATUS(status));
	return WIFSIGNALED(status);
}

/* Where DDL commits by itself the column is there at once: whoever dies after that has lost nothing. */
static void test_ddl_that_commits(void **state)
{
	static const char *const fixtures[] = { "at_b2", "unfinished" };

	(void)state;
	make_dialect(1);
	for (size_t i = 0; i < 2; i++) {
		int killed = 1, older = 0, newer = 0;

		for (int n = 1; killed; n++) {
			struct place p;
			mig_ctx *ctx;

			fixture_begin(&p, fixtures[i]);
			killed = killed_at_commit(&p, n);
			if (strcmp(columns(&p), today_columns))
				older++;
			else
				newer++;
			ctx = open_observing(&p);
			ok(ctx, mig_upgrade(ctx, "head"));
			ok(ctx, mig_verify(ctx, "head"));
			mig_close(ctx);
			assert_string_equal(columns(&p), today_columns);
			assert_string_equal(rows(&p), "c3");
			assert_answer(&p, "SELECT id FROM things ORDER BY id", "1|2");
			place_end(&p);
		}
		assert_true(older >= 1 && newer >= 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_seen),
		cmocka_unit_test(test_ddl_that_commits),
	};

	places_are("sqlite");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
