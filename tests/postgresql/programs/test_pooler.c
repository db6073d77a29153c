/* Behind pgbouncer: in its transaction mode what is transactional works, and what is not is refused
 * before it does harm; in its session mode everything works. */
#include "support.h"

#include <mig/model.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct pooler {
	pid_t pid;
	char folder[64];
	char url[URL_SIZE];
};

static const char *program(void)
{
	static const char *const places[] = { "/usr/sbin/pgbouncer", "/usr/bin/pgbouncer",
					      "/usr/local/bin/pgbouncer" };

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

static void require_program(void)
{
	if (program())
		return;
	if (getenv("CI"))
		fail_msg("no pgbouncer is installed");
	print_message("no pgbouncer is installed\n");
	skip();
}

/* It refuses to be root. */
static const struct passwd *other_user(void)
{
	const struct passwd *user = NULL;

	if (geteuid() == 0 && !(user = getpwnam("postgres")))
		user = getpwnam("nobody");
	return user;
}

static void write_configuration(const struct pooler *b, const struct place *p, const char *mode,
				int size, const char *more)
{
	PQconninfoOption *options = PQconninfoParse(p->url, NULL);
	char path[100];
	FILE *file;

	snprintf(path, sizeof path, "%s/pgbouncer.ini", b->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "[databases]\n* =");
	if (strstr(more, "one_database")) /* every name leads to it */
		fprintf(file, " dbname=%s", PQdb(p->db));
	for (PQconninfoOption *o = options; o->keyword; o++)
		if (o->val && (!strcmp(o->keyword, "host") || !strcmp(o->keyword, "port") ||
			       !strcmp(o->keyword, "user")))
			fprintf(file, " %s=%s", o->keyword, o->val);
	fprintf(file,
		"\n[pgbouncer]\nlisten_port = 6432\nunix_socket_dir = %s\nauth_type = any\n"
		"pool_mode = %s\ndefault_pool_size = %d\nmax_client_conn = 100\n"
		"ignore_startup_parameters = extra_float_digits,options\n%s\n",
		b->folder, mode, size, more);
	fclose(file);
	PQconninfoFree(options);
	assert_int_equal(chmod(path, 0644), 0);
}

static _Noreturn void become(const struct pooler *b, const struct passwd *user)
{
	char path[100], log[100];

	snprintf(path, sizeof path, "%s/pgbouncer.ini", b->folder);
	snprintf(log, sizeof log, "%s/log", b->folder);
	if (user && (initgroups(user->pw_name, user->pw_gid) || setgid(user->pw_gid) ||
		     setuid(user->pw_uid)))
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!freopen(log, "w", stderr))
		_exit(126);
	dup2(2, 1);
	execl(program(), "pgbouncer", path, (char *)NULL);
	_exit(127);
}

static void pooler_start(struct pooler *b, const struct place *p, const char *mode, int size,
			 const char *more)
{
	const struct passwd *user = other_user();
	int64_t until = now_ms() + 10000;
	PGconn *db;

	memset(b, 0, sizeof *b);
	snprintf(b->folder, sizeof b->folder, "/tmp/mig-bouncer-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	if (user)
		assert_int_equal(chown(b->folder, user->pw_uid, user->pw_gid), 0);
	write_configuration(b, p, mode, size, more);
	snprintf(b->url, sizeof b->url, "host=%s port=6432 user=postgres dbname=%s", b->folder,
		 PQdb(p->db));
	b->pid = fork();
	if (!b->pid)
		become(b, user);
	while (db = PQconnectdb(b->url), PQstatus(db) != CONNECTION_OK) {
		if (now_ms() > until)
			fail_msg("pgbouncer does not start: %s", PQerrorMessage(db));
		PQfinish(db);
		sleep_ms(20);
	}
	PQfinish(db);
}

static void pooler_stop(struct pooler *b)
{
	char command[100];

	kill(b->pid, SIGKILL);
	while (waitpid(b->pid, NULL, 0) < 0 && errno == EINTR)
		;
	snprintf(command, sizeof command, "rm -rf '%s'", b->folder);
	assert_int_equal(system(command), 0);
}

/* Sessions that wait in the pool, as many as there are. */
static void warm_up(const struct pooler *b, int count)
{
	PGconn *clients[20];

	assert_true(count <= 20);
	for (int i = 0; i < count; i++) {
		clients[i] = pg_connect(b->url);
		pg_exec(clients[i], "BEGIN");
	}
	for (int i = 0; i < count; i++) {
		pg_exec(clients[i], "COMMIT");
		PQfinish(clients[i]);
	}
}

static mig_ctx *open_three(const char *url)
{
	mig_ctx *ctx = open_url(url);

	ADD(ctx, .id = "a", .up = "CREATE TABLE a (x INTEGER);\nSET search_path = '';",
	    .down = "DROP TABLE public.a;");
	ADD(ctx, .id = "b", .revises = "a", .keys = "-- lock_timeout: 5s\n",
	    .up = "CREATE TABLE b (x INTEGER);\nSET ROLE pg_monitor;\nRESET ROLE;\nSET TimeZone = "
		  "'Asia/Tokyo';\nSET app.tenant = 'eight';",
	    .down = "DROP TABLE b;");
	ADD(ctx, .id = "c", .revises = "b", .up = "CREATE TABLE c (x INTEGER);",
	    .down = "DROP TABLE c;");
	return ctx;
}

/* Whoever gets a session from the pool finds it as if nothing had been. */
static void assert_clean(const struct pooler *b, const struct place *p, int size)
{
	PGconn *clients[20];

	for (int i = 0; i < size && i < 3; i++) {
		clients[i] = pg_connect(b->url);
		pg_exec(clients[i], "BEGIN");
		assert_answer(clients[i],
			      "SELECT name || '=' || setting FROM pg_settings WHERE name IN "
			      "('search_path', 'lock_timeout', 'statement_timeout', 'TimeZone', "
			      "'client_connection_check_interval', 'client_encoding') AND setting "
			      "IS DISTINCT FROM reset_val AND name <> 'client_encoding'",
			      "");
		assert_answer(clients[i], "SHOW role", "none");
		assert_answer(clients[i],
			      "SELECT coalesce(current_setting('app.tenant', true), '')", "");
	}
	for (int i = 0; i < size && i < 3; i++) {
		pg_exec(clients[i], "ROLLBACK");
		PQfinish(clients[i]);
	}
	assert_answer(p->db, ADVISORY_LOCKS, "0");
	assert_answer(p->db,
		      "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND "
		      "datname = current_database()",
		      "0");
}

static const struct {
	int size;
	const char *more;
} pools[] = {
	{ 1, "" },
	{ 2, "" },
	{ 20, "" },
	{ 2, "server_round_robin = 1" },
	{ 20, "server_round_robin = 1" },
	{ 2, "server_reset_query_always = 1" },
};

enum { POOLS = sizeof pools / sizeof *pools };

static void test_transactions(void **state)
{
	static const int32_t modes[] = { MIG_TRANSACTION_RUN, MIG_TRANSACTION_REVISION };

	(void)state;
	require_program();
	for (size_t i = 0; i < POOLS; i++) {
		struct pooler b;
		struct place p;

		place_begin(&p);
		pooler_start(&b, &p, "transaction", pools[i].size, pools[i].more);
		warm_up(&b, pools[i].size);
		for (size_t m = 0; m < 2; m++) {
			mig_run_options options = { .struct_size = sizeof options,
						    .transaction_mode = modes[m] };
			mig_ctx *ctx = open_three(b.url);

			ok(ctx, mig_upgrade_with(ctx, "head", &options));
			assert_answer(p.db, TABLES, "a|b|c");
			assert_clean(&b, &p, pools[i].size);
			ok(ctx, mig_upgrade_with(ctx, "head", &options));
			mig_close(ctx);
			ctx = open_three(b.url);
			ok(ctx, mig_downgrade_with(ctx, "base", &options));
			assert_answer(p.db, TABLES, "");
			mig_close(ctx);
		}
		assert_answer(p.db, "SELECT count(*) FROM mig_history", "12");
		pooler_stop(&b);
		place_end(&p);
	}
}

/* A transaction a revision: nothing is prepared in a session that others get, which the log says once. */
static void test_a_transaction_each(void **state)
{
	mig_run_options o = { .struct_size = sizeof o, .transaction_mode = MIG_TRANSACTION_REVISION };
	struct log log = { .size = 0 };
	struct pooler b;
	struct place p;
	mig_ctx *ctx;
	PGconn *other;

	(void)state;
	require_program();
	place_begin(&p);
	pooler_start(&b, &p, "transaction", 1, "");
	ctx = open_url(b.url);
	log_to(ctx, &log);
	for (int i = 1; i <= 6; i++) {
		char id[8], before[8] = "", sql[100];

		snprintf(id, sizeof id, "r%d", i);
		if (i > 1)
			snprintf(before, sizeof before, "r%d", i - 1);
		snprintf(sql, sizeof sql, "CREATE TABLE t%d (x INT);", i);
		ADD(ctx, .id = id, .revises = before, .up = sql, .down = "SELECT 1;");
	}
	ok(ctx, mig_upgrade_with(ctx, "head", &o));
	assert_string_equal(rows(p.db), "r6");
	ok(ctx, mig_downgrade_with(ctx, "r2", &o));
	assert_string_equal(rows(p.db), "r2");
	assert_int_equal(count_of(log.text, "there is a pooler before the server"), 1);
	other = pg_connect(b.url); /* the pool has one session */
	assert_answer(other, "SELECT count(*) FROM pg_prepared_statements", "0");
	PQfinish(other);
	mig_close(ctx);
	pooler_stop(&b);
	place_end(&p);
}

static void test_many_at_once(void **state)
{
	enum { MANY = 8 };

	(void)state;
	require_program();
	for (size_t i = 0; i < 3; i++) {
		struct runner runners[MANY];
		mig_ctx *contexts[MANY];
		struct pooler b;
		struct place p;

		place_begin(&p);
		pooler_start(&b, &p, "transaction", pools[i].size, pools[i].more);
		for (int k = 0; k < MANY; k++) {
			contexts[k] = open_three(b.url);
			runner_start(&runners[k], contexts[k], NULL);
		}
		for (int k = 0; k < MANY; k++) {
			if (runner_join(&runners[k]))
				fail_msg("%s", mig_error_message(contexts[k]));
			mig_close(contexts[k]);
		}
		assert_answer(p.db, "SELECT count(*) FROM mig_history", "3");
		assert_clean(&b, &p, pools[i].size);
		pooler_stop(&b);
		place_end(&p);
	}
}

static void test_error(void **state)
{
	struct pooler b;
	struct place p;
	mig_ctx *ctx;

	(void)state;
	require_program();
	place_begin(&p);
	pooler_start(&b, &p, "transaction", 2, "");
	ctx = open_url(b.url);
	ADD(ctx, .id = "a",
	    .up = "CREATE TABLE a (x INTEGER);\nSET search_path = '';\nSELECT 1 / 0;");
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "a.sql:9:1: revision a: division by zero");
	mig_close(ctx);
	assert_clean(&b, &p, 2);
	assert_answer(p.db, TABLES, "");
	pooler_stop(&b);
	place_end(&p);
}

#define CONCURRENTLY "CREATE INDEX CONCURRENTLY a_x ON a (x);"

static void add_lone(mig_ctx *ctx)
{
	ADD(ctx, .id = "d", .revises = "c", .attributes = " transaction=no", .up = CONCURRENTLY,
	    .down = "DROP INDEX CONCURRENTLY a_x;");
}

/* Whatever the pool: refused, nothing has run, no session keeps a lock, and what is transactional
 * still works. */
static void test_refused(void **state)
{
	(void)state;
	require_program();
	for (size_t i = 0; i < POOLS; i++)
		for (int warm = 0; warm < 2; warm++) {
			struct pooler b;
			struct place p;
			mig_ctx *ctx;

			place_begin(&p);
			pooler_start(&b, &p, "transaction", pools[i].size, pools[i].more);
			if (warm)
				warm_up(&b, pools[i].size);
			ctx = open_three(b.url);
			add_lone(ctx);
			if (mig_upgrade(ctx, "head") != MIG_EUNSUPPORTED)
				fail_msg("size %d, warm %d, \"%s\": %s: %s", pools[i].size, warm,
					 pools[i].more, mig_status_name(mig_error_status(ctx)),
					 mig_error_message(ctx));
			assert_has(mig_error_message(ctx), "pooler");
			assert_has(mig_error_hint(ctx), "direct");
			assert_string_equal(rows(p.db), "none");
			assert_answer(p.db, TABLES, "");
			assert_clean(&b, &p, pools[i].size);
			mig_close(ctx);

			ctx = open_three(b.url);
			ok(ctx, mig_upgrade(ctx, "head"));
			mig_close(ctx);
			assert_answer(p.db, ADVISORY_LOCKS, "0");
			pooler_stop(&b);
			place_end(&p);
		}
}

/* While others use the pool. */
struct user {
	pthread_t thread;
	const char *url;
	volatile int stop;
};

static void *use(void *arg)
{
	struct user *u = arg;
	PGconn *db = PQconnectdb(u->url);

	while (!u->stop) {
		PQclear(PQexec(db, "SELECT pg_sleep(0.002)"));
		sleep_ms(1);
	}
	PQfinish(db);
	return NULL;
}

static void test_refused_when_busy(void **state)
{
	enum { USERS = 6 };

	(void)state;
	require_program();
	for (size_t i = 0; i < POOLS; i++) {
		struct user users[USERS];
		struct pooler b;
		struct place p;

		place_begin(&p);
		pooler_start(&b, &p, "transaction", pools[i].size, pools[i].more);
		for (int k = 0; k < USERS; k++) {
			users[k] = (struct user){ .url = b.url };
			pthread_create(&users[k].thread, NULL, use, &users[k]);
		}
		for (int round = 0; round < 5; round++) {
			mig_ctx *ctx = open_three(b.url);

			add_lone(ctx);
			if (mig_upgrade(ctx, "head") != MIG_EUNSUPPORTED)
				fail_msg("size %d, \"%s\": %s: %s", pools[i].size, pools[i].more,
					 mig_status_name(mig_error_status(ctx)),
					 mig_error_message(ctx));
			mig_close(ctx);
			if (pg_int(p.db, ADVISORY_LOCKS))
				fail_msg("size %d, \"%s\": a lock stays behind", pools[i].size,
					 pools[i].more);
		}
		for (int k = 0; k < USERS; k++) {
			users[k].stop = 1;
			pthread_join(users[k].thread, NULL);
		}
		pooler_stop(&b);
		place_end(&p);
	}
}

static void test_session_mode(void **state)
{
	(void)state;
	require_program();
	for (size_t i = 0; i < POOLS; i++) {
		struct pooler b;
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		pooler_start(&b, &p, "session", pools[i].size, pools[i].more);
		ctx = open_three(b.url);
		add_lone(ctx);
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_answer(p.db,
			      "SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_x'::regclass",
			      "t");
		ok(ctx, mig_downgrade(ctx, "base"));
		mig_close(ctx);
		if (pg_int(p.db, ADVISORY_LOCKS))
			fail_msg("size %d, \"%s\": a lock stays behind", pools[i].size,
				 pools[i].more);
		assert_answer(p.db, TABLES, "");
		pooler_stop(&b);
		place_end(&p);
	}
}

/* A pooler that gives everybody the same database: the model must not be run in that. */
static void test_one_database(void **state)
{
	static const char sql[] = "DROP TABLE IF EXISTS kept; CREATE TABLE other (n int);";
	mig_model *model;
	mig_op_list *list;
	struct pooler b;
	struct place p;
	mig_ctx *ctx;

	(void)state;
	require_program();
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");
	pooler_start(&b, &p, "session", 5, "; one_database");
	ctx = open_url(b.url);
	ok(ctx, mig_model_of(ctx, &model));
	ok(ctx, mig_model_sql(model, "postgresql", "model.sql", sql, strlen(sql)));
	expect(ctx, MIG_ECONNECT, mig_diff(ctx, NULL, &list));
	assert_has(mig_error_message(ctx), "nothing was run in it");
	assert_has(mig_error_hint(ctx), "scratch_url");
	mig_close(ctx);
	assert_answer(p.db, "SELECT n FROM kept", "1");
	assert_answer(p.db, TABLES, "kept");
	pooler_stop(&b);
	place_end(&p);
}

/* What the program has written to stderr since. */
struct heard {
	int kept, end;
};

static struct heard listen_to_stderr(void)
{
	struct heard h;
	char name[] = "/tmp/mig-stderr-XXXXXX";

	fflush(stderr);
	h.kept = dup(2);
	h.end = mkstemp(name);
	assert_true(h.end >= 0);
	unlink(name);
	dup2(h.end, 2);
	return h;
}

static void assert_silent(struct heard h)
{
	char words[2000] = "";
	ssize_t n;

	fflush(stderr);
	dup2(h.kept, 2);
	close(h.kept);
	n = pread(h.end, words, sizeof words - 1, 0);
	close(h.end);
	if (n > 0)
		fail_msg("stderr: %s", words);
}

/* Sessions of the pool that are ended again and again while its mode is looked up. */
static void *end_sessions(void *user)
{
	PGconn *db = pg_connect(((struct place *)user)->url);
	int64_t until = now_ms() + 3000;

	while (now_ms() < until) {
		ask(db, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
			"application_name = 'doomed' AND datname = current_database()");
		sleep_ms(1);
	}
	PQfinish(db);
	return NULL;
}

static void test_sessions_that_die(void **state)
{
	struct pooler b;
	struct place p;
	struct heard h;
	pthread_t thread;
	char url[URL_SIZE * 2];
	int64_t until;

	(void)state;
	require_program();
	place_begin(&p);
	pooler_start(&b, &p, "session", 5, "");
	snprintf(url, sizeof url, "%s application_name=doomed", b.url);
	pthread_create(&thread, NULL, end_sessions, &p);
	h = listen_to_stderr();
	for (until = now_ms() + 2500; now_ms() < until;) {
		mig_ctx *ctx;
		mig_status rc = mig_open(&ctx, url);

		if (!rc) {
			ADD(ctx, .id = "a", .attributes = " transaction=no", .up = "VACUUM;");
			rc = mig_upgrade(ctx, "head");
		}
		if (rc == MIG_EUNSUPPORTED)
			fail_msg("%s", mig_error_message(ctx));
		mig_close(ctx);
	}
	assert_silent(h);
	pthread_join(thread, NULL);
	pooler_stop(&b);
	place_end(&p);
}

/* Notices of a login on the second connections. */
static void test_notices(void **state)
{
	static const char sql[] = "CREATE TABLE a (n int);";
	struct heard h;
	mig_model *model;
	mig_op_list *list;
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	h = listen_to_stderr();
	ok(ctx, mig_model_of(ctx, &model));
	ok(ctx, mig_model_sql(model, "postgresql", "model.sql", sql, strlen(sql)));
	ok(ctx, mig_diff(ctx, NULL, &list));
	mig_op_list_free(list);
	mig_close(ctx);
	assert_silent(h);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_a_transaction_each),
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_when_busy),
		cmocka_unit_test(test_session_mode),
		cmocka_unit_test(test_one_database),
		cmocka_unit_test(test_sessions_that_die),
		cmocka_unit_test(test_notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
