/* The server falls silent: its processes are suspended in the middle of a statement. Whoever cancels
 * the call gets it back within two seconds, and so does a statement's time-out. A server before 14
 * never looks whether its client is gone: it goes on with the statement when it wakes up, and
 * everybody else waits for that. */
#include "support.h"

#include <mig/model.h>
#include <mig/schema.h>

#include <signal.h>
#include <stdatomic.h>

enum { SOON_MS = 2000, FOR_EVER_MS = 8000, MEANWHILE_S = 10 };

/* Suspends a server's main process, or the one of a session too. */
struct silence {
	struct pg_cluster cluster;
	PGconn *observer;
	pid_t main, session;
};

static int begin(struct silence *s)
{
	char path[128], line[32] = "";
	FILE *file;

	if (!pg_cluster_start(&s->cluster)) {
		pg_require();
		return 0;
	}
	s->observer = pg_connect(pg_cluster_database(&s->cluster));
	snprintf(path, sizeof path, "%s/data/postmaster.pid", s->cluster.folder);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof line, file));
	fclose(file);
	s->main = (pid_t)atoi(line);
	return 1;
}

static void end(struct silence *s)
{
	PQfinish(s->observer);
	pg_cluster_remove(&s->cluster);
}

static const char *url_of(const struct silence *s)
{
	static char url[URL_SIZE];

	snprintf(url, sizeof url, "%s&dbname=%s", s->cluster.url, PQdb(s->observer));
	return url;
}

#define SLEEPING "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"

static void suspend_server(struct silence *s, int session_too)
{
	wait_until(s->observer, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
	s->session = session_too ? (pid_t)pg_int(s->observer, SLEEPING) : 0;
	assert_int_equal(kill(s->main, SIGSTOP), 0);
	if (s->session)
		assert_int_equal(kill(s->session, SIGSTOP), 0);
}

static void resume_server(struct silence *s)
{
	if (s->session)
		kill(s->session, SIGCONT);
	kill(s->main, SIGCONT);
}

struct call {
	pthread_t thread;
	mig_ctx *ctx;
	mig_run_options options;
	mig_status (*fn)(struct call *call);
	mig_status status;
	atomic_int done;
};

static mig_status upgrade(struct call *call)
{
	return mig_upgrade_with(call->ctx, "head", &call->options);
}

static void *run(void *arg)
{
	struct call *call = arg;

	call->status = call->fn(call);
	atomic_store(&call->done, 1);
	return NULL;
}

static void start(struct call *call, mig_ctx *ctx, mig_status (*fn)(struct call *))
{
	call->ctx = ctx;
	call->fn = fn;
	call->options.struct_size = sizeof call->options;
	atomic_init(&call->done, 0);
	assert_int_equal(pthread_create(&call->thread, NULL, run, call), 0);
}

/* How long it still takes; the server is let go after that, so that the test itself ends. */
static int64_t wait_for(struct call *call, struct silence *s)
{
	int64_t began = now_ms(), took;

	while (!atomic_load(&call->done) && now_ms() - began < FOR_EVER_MS)
		sleep_ms(5);
	took = now_ms() - began;
	resume_server(s);
	pthread_join(call->thread, NULL);
	return took;
}

static int goes_on(const struct silence *s)
{
	return is_older(s->observer, 14);
}

/* Text with the seconds for which it sleeps in it. */
static const char *sleeping(const struct silence *s, const char *format)
{
	static char text[512];

	snprintf(text, sizeof text, format, goes_on(s) ? MEANWHILE_S : 60);
	return text;
}

static void assert_works_again(struct silence *s)
{
	mig_ctx *ctx = open_url(url_of(s));

	ADD(ctx, .id = "a", .up = "CREATE TABLE t (x INTEGER);");
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_answer(s->observer, TABLES, "t");
}

#define SLEEPER "CREATE TABLE t (x INTEGER);\nSELECT pg_sleep(%d);"

static void test_cancel(void **state)
{
	(void)state;
	for (int session_too = 0; session_too < 2; session_too++) {
		struct silence s;
		struct call call = { 0 };
		mig_ctx *ctx;

		if (!begin(&s))
			return;
		ctx = open_url(url_of(&s));
		ADD(ctx, .id = "a", .up = sleeping(&s, SLEEPER));
		start(&call, ctx, upgrade);
		suspend_server(&s, session_too);
		mig_cancel(ctx);
		assert_in_range(wait_for(&call, &s), 0, SOON_MS);
		assert_int_equal(call.status, MIG_ECANCELLED);
		assert_has(mig_error_message(ctx), "does not answer");
		assert_has(mig_error_hint(ctx), "undone by the server");
		assert_string_equal(mig_error_revision(ctx), "a");
		/* the context says what is wrong with it */
		expect(ctx, MIG_ECONNECT, mig_upgrade(ctx, "head"));
		mig_close(ctx);
		assert_works_again(&s);
		end(&s);
	}
}

/* A whole message of a megabyte does not fit into a socket that nobody reads. */
static void test_cancel_while_sending(void **state)
{
	struct silence s;
	struct call call = { 0 };
	char *text;
	mig_ctx *ctx;

	(void)state;
	if (!begin(&s))
		return;
	text = long_text("SELECT pg_sleep(2);\nSELECT length('", 3 << 20, "');");
	ctx = open_url(url_of(&s));
	ADD(ctx, .id = "a", .attributes = " transaction=no", .up = text);
	start(&call, ctx, upgrade);
	suspend_server(&s, 1);
	mig_cancel(ctx);
	assert_in_range(wait_for(&call, &s), 0, SOON_MS);
	assert_int_equal(call.status, MIG_ECANCELLED);
	mig_close(ctx);
	free(text);
	end(&s);
}

static void test_lent(void **state)
{
	struct silence s;
	struct call call = { 0 };
	PGconn *db;
	mig_ctx *ctx;

	(void)state;
	if (!begin(&s))
		return;
	db = pg_connect(url_of(&s));
	ctx = lend(db);
	ADD(ctx, .id = "a", .up = sleeping(&s, SLEEPER));
	start(&call, ctx, upgrade);
	suspend_server(&s, 1);
	mig_cancel(ctx);
	assert_in_range(wait_for(&call, &s), 0, SOON_MS);
	assert_int_equal(call.status, MIG_ECONNECT);
	assert_has(mig_error_message(ctx), "unusable, close it");
	mig_close(ctx);
	assert_int_equal(PQstatus(db), CONNECTION_BAD);
	assert_false(PQisnonblocking(db));
	PQreset(db); /* as its host may do */
	assert_answer(db, "SELECT 7", "7");
	PQfinish(db);
	assert_works_again(&s);
	end(&s);
}

static void test_statement_timeout(void **state)
{
	struct silence s;
	struct call call = { .options = { .statement_timeout_ms = 1000, .retries = -1 } };
	mig_ctx *ctx;

	(void)state;
	if (!begin(&s))
		return;
	ctx = open_url(url_of(&s));
	ADD(ctx, .id = "a", .up = sleeping(&s, SLEEPER));
	start(&call, ctx, upgrade);
	suspend_server(&s, 1);
	assert_in_range(wait_for(&call, &s), 1000, 1000 + 1000 + SOON_MS);
	assert_int_equal(call.status, MIG_ECONNECT);
	assert_has(mig_error_message(ctx), "took too long");
	mig_close(ctx);
	assert_works_again(&s);
	end(&s);
}

#define SLOW_COMMIT \
	"CREATE TABLE t (x INTEGER);\n" \
	"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n" \
	"PERFORM pg_sleep(%d); RETURN NULL; END $$;\n" \
	"CREATE CONSTRAINT TRIGGER c AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED\n" \
	"FOR EACH ROW EXECUTE FUNCTION f();\n" \
	"INSERT INTO t VALUES (1);"

/* The commit took place after all, and the next run reads that. */
static void assert_was_done(struct silence *s)
{
	mig_ctx *ctx = open_url(url_of(s));

	ADD(ctx, .id = "a", .up = sleeping(s, SLOW_COMMIT));
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_answer(s->observer, "SELECT count(*) FROM t", "1");
}

static void test_commit(void **state)
{
	struct silence s;
	struct call call = { 0 };
	mig_ctx *ctx;

	(void)state;
	if (!begin(&s))
		return;
	ctx = open_url(url_of(&s));
	ADD(ctx, .id = "a", .up = sleeping(&s, SLOW_COMMIT));
	start(&call, ctx, upgrade);
	suspend_server(&s, 1);
	mig_cancel(ctx);
	assert_in_range(wait_for(&call, &s), 0, SOON_MS);
	assert_int_equal(call.status, MIG_ECANCELLED);
	assert_has(mig_error_hint(ctx), "whether it was done is not known");
	mig_close(ctx);
	if (goes_on(&s))
		assert_was_done(&s);
	else
		assert_works_again(&s);
	end(&s);
}

static mig_status ask_current(struct call *call)
{
	mig_revision_list *list = NULL;
	mig_status rc = mig_current(call->ctx, &list);

	mig_revision_list_free(list);
	return rc;
}

static mig_status compare(struct call *call)
{
	mig_op_list *list = NULL;
	mig_status rc = mig_diff(call->ctx, NULL, &list);

	mig_op_list_free(list);
	return rc;
}

/* The temporary database stays, and goes with the next one. */
static void test_scratch(void **state)
{
	const char *slow;
	struct silence s;
	struct call call = { 0 };
	mig_model *model;
	mig_ctx *ctx;

	(void)state;
	if (!begin(&s))
		return;
	ctx = open_url(url_of(&s));
	ok(ctx, mig_model_of(ctx, &model));
	slow = sleeping(&s, SLEEPER);
	ok(ctx, mig_model_sql(model, "postgresql", "model.sql", slow, strlen(slow)));
	start(&call, ctx, compare);
	suspend_server(&s, 1);
	mig_cancel(ctx);
	assert_in_range(wait_for(&call, &s), 0, SOON_MS);
	assert_int_equal(call.status, MIG_ECANCELLED);
	mig_close(ctx);
	end(&s);
}

/* Any call, not runs alone. */
static void test_question(void **state)
{
	struct silence s;
	struct call call = { 0 };
	mig_ctx *ctx;

	(void)state;
	if (!begin(&s))
		return;
	ctx = open_url(url_of(&s));
	ADD(ctx, .id = "a", .up = sleeping(&s, SLEEPER));
	ok(ctx, mig_ensure_version(ctx));
	/* the table is locked */
	pg_exec(s.observer, "BEGIN; LOCK TABLE mig_version");
	start(&call, ctx, ask_current);
	sleep_ms(300);
	assert_int_equal(kill(s.main, SIGSTOP), 0);
	s.session = PQbackendPID(mig_connection(ctx));
	assert_int_equal(kill(s.session, SIGSTOP), 0);
	mig_cancel(ctx);
	assert_in_range(wait_for(&call, &s), 0, SOON_MS);
	assert_int_equal(call.status, MIG_ECANCELLED);
	mig_close(ctx);
	pg_exec(s.observer, "ROLLBACK");
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_cancel_while_sending),
		cmocka_unit_test(test_lent),
		cmocka_unit_test(test_statement_timeout),
		cmocka_unit_test(test_commit),
		cmocka_unit_test(test_scratch),
		cmocka_unit_test(test_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
