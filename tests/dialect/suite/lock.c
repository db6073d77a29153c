/* lock: other processes, waiting and cancelling. */
#include "suite.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- the lock */

enum way { LOCK, BEGIN };

static void times_out(struct session *b, enum way way, int32_t ms)
{
	int64_t began = suite_milliseconds(), took;

	RULE("begin, lock: one connection at a time; the others wait up to lock_timeout_ms, then "
	     "MIG_ELOCKED");
	FAILS(*b, way == LOCK ? suite_lock(b) : suite_begin(b, 1), MIG_ELOCKED);
	took = suite_milliseconds() - began;
	CHECK(took >= ms && took <= ms + 1500);
}

static void one_connection_at_a_time(const mig_conformance *row)
{
	const char *url = row->fresh();
	const mig_dialect *d;
	struct session a, b, c;

	suite_open(&a, row, url, 5000);
	suite_open(&b, row, url, 200);
	suite_open(&c, row, url, 0);
	d = a.d;
	OK(a, suite_begin(&a, 1));
	times_out(&b, BEGIN, 200);
	RULE("host: poll() is called with waiting nonzero while another holds the lock");
	CHECK(b.waits > 1);
	times_out(&c, BEGIN, 0);
	RULE("begin: the lock is held until the end of the transaction, and no longer");
	OK(a, d->conn->commit(a.conn, 1));
	OK(b, suite_begin(&b, 1));
	OK(b, d->conn->rollback(b.conn));
	RULE("close: releases whatever is held");
	OK(b, suite_begin(&b, 1));
	suite_close(&b);
	/* a server may take a moment to notice that its client has gone */
	OK(a, suite_begin(&a, 1));
	suite_close(&c);
	suite_close(&a);
}

static void a_lock_outlasts_transactions(const mig_conformance *row)
{
	const char *url;
	const mig_dialect *d;
	struct session a, b, c;

	if (!suite_can_lock(row))
		SKIP("lock() is MIG_EUNSUPPORTED");
	url = row->fresh();
	suite_open(&a, row, url, 1000);
	suite_open(&b, row, url, 200);
	suite_open(&c, row, url, 0);
	d = a.d;
	OK(a, suite_begin(&a, 1));
	times_out(&b, LOCK, 200);
	OK(a, d->conn->rollback(a.conn));
	RULE("lock: transactions of begin() on this connection may be used while it is held");
	OK(a, suite_lock(&a));
	OK(a, suite_begin(&a, 1));
	OK(a, suite_script(&a, "CREATE TABLE t (x INTEGER);"));
	OK(a, d->conn->commit(a.conn, 1));
	times_out(&b, BEGIN, 200);
	times_out(&b, LOCK, 200);
	RULE("unlock: releases it; without one it does nothing");
	OK(a, d->conn->unlock(a.conn));
	OK(a, d->conn->unlock(a.conn));
	OK(b, suite_lock(&b));
	RULE("close: releases whatever is held");
	suite_close(&b);
	OK(c, suite_lock(&c));
	suite_close(&c);
	suite_close(&a);
}

/* A process that does `what` and tells so; then it sleeps ms and ends it, or waits to be killed. */
static pid_t holder(const mig_conformance *row, const char *url, int lock, int ms)
{
	struct session b;
	int ready[2];
	char c;
	pid_t pid;

	EQUAL(pipe(ready), 0);
	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		suite_open(&b, row, url, 5000);
		OK(b, lock ? suite_lock(&b) : suite_begin(&b, 1));
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		suite_pause(ms);
		OK(b, lock ? b.d->conn->unlock(b.conn) : b.d->conn->commit(b.conn, 1));
		suite_close(&b);
		_exit(0);
	}
	close(ready[1]);
	EQUAL(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void waits_for_another_process(const mig_conformance *row)
{
	int can_lock = suite_can_lock(row), lock, status;
	char url[1000];
	struct session b, c;
	int32_t freed;
	mig_status rc;
	pid_t pid;

	snprintf(url, sizeof url, "%s", row->fresh());
	for (lock = 0; lock <= can_lock; lock++) {
		freed = 0;
		pid = holder(row, url, lock, 300);
		suite_open(&b, row, url, 10000);
		RULE("begin: waits until another process is done");
		rc = b.d->conn->begin(b.conn, 1, &freed);
		CHECK(b.waits > 1);
		if (!rc && freed) {
			RULE("begin: *freed: nothing is held");
			suite_open(&c, row, url, 0);
			OK(c, suite_begin(&c, 1));
			suite_close(&c);
			rc = suite_begin(&b, 1);
		}
		EQUAL(rc, MIG_OK);
		OK(b, b.d->conn->rollback(b.conn));
		suite_close(&b);
		EQUAL(waitpid(pid, &status, 0), pid);
		EQUAL(status, 0);
	}
}

static void a_killed_process_holds_nothing(const mig_conformance *row)
{
	int can_lock = suite_can_lock(row), lock;
	char url[1000];
	struct session b;
	pid_t pid;

	snprintf(url, sizeof url, "%s", row->fresh());
	for (lock = 0; lock <= can_lock; lock++) {
		pid = holder(row, url, lock, 60000);
		suite_open(&b, row, url, 100);
		RULE("begin, lock: another process is waited for up to lock_timeout_ms");
		FAILS(b, suite_begin(&b, 1), MIG_ELOCKED);
		if (can_lock)
			FAILS(b, suite_lock(&b), MIG_ELOCKED);
		RULE("lock: until unlock() or the end of the process, however it ends");
		kill(pid, SIGKILL);
		EQUAL(waitpid(pid, NULL, 0), pid);
		if (can_lock)
			OK(b, suite_lock(&b));
		OK(b, suite_begin(&b, 1));
		OK(b, b.d->conn->commit(b.conn, 1));
		OK(b, b.d->conn->unlock(b.conn));
		suite_close(&b);
	}
}

/* Each of several processes adds one to a number in a transaction: none is lost. */
static void many_processes_take_turns(const mig_conformance *row)
{
	enum { PROCESSES = 8, ROUNDS = 5 };
	int can_lock = suite_can_lock(row), i, j, status;
	char url[1000];
	struct session b;

	snprintf(url, sizeof url, "%s", row->fresh());
	suite_open(&b, row, url, 1000);
	OK(b, suite_script(&b, "CREATE TABLE n (x INTEGER); INSERT INTO n VALUES (0);"));
	suite_close(&b);
	RULE("begin, lock: of many processes each gets its turn, and no work is lost");
	fflush(NULL);
	for (i = 0; i < PROCESSES; i++) {
		if (fork())
			continue;
		suite_open(&b, row, url, 60000);
		for (j = 0; j < ROUNDS; j++) {
			if (can_lock && i % 2)
				OK(b, suite_lock(&b));
			OK(b, suite_begin(&b, 1));
			OK(b, suite_script(&b, "UPDATE n SET x = x + 1;"));
			OK(b, b.d->conn->commit(b.conn, 1));
			OK(b, b.d->conn->unlock(b.conn));
		}
		suite_close(&b);
		_exit(0);
	}
	for (i = 0; i < PROCESSES; i++) {
		CHECK(wait(&status) > 0);
		EQUAL(status, 0);
	}
	suite_open(&b, row, url, 1000);
	EQUAL(suite_number(&b, "SELECT x FROM n"), PROCESSES * ROUNDS);
	suite_close(&b);
}

/* -- cancelling */

static void *cancel_soon(void *session)
{
	suite_pause(100);
	suite_cancel(session);
	return NULL;
}

static void cancels_a_statement(const mig_conformance *row)
{
	const char *url = row->fresh();
	int64_t began = suite_milliseconds();
	pthread_t thread;
	struct session b;
	void *native;
	int lent;

	for (lent = 0; lent < 2; lent++) {
		native = lent ? row->native_open(url) : NULL;
		if (lent)
			suite_lend(&b, row, native);
		else
			suite_open(&b, row, url, 1000);
		OK(b, b.d->conn->run_begin(b.conn));
		OK(b, suite_begin(&b, 1));
		EQUAL(pthread_create(&thread, NULL, cancel_soon, &b), 0);
		RULE("cancel: interrupts the statement that is running, from any thread: "
		     "MIG_ECANCELLED");
		FAILS(b, suite_script(&b, row->slow), MIG_ECANCELLED);
		pthread_join(thread, NULL);
		CHECK(suite_milliseconds() - began < 20000);
		RULE("cancel: the connection can be used again");
		OK(b, b.d->conn->rollback(b.conn));
		OK(b, b.d->conn->run_end(b.conn));
		atomic_store(&b.cancelled, 0);
		OK(b, suite_script(&b, "SELECT 1;"));
		suite_close(&b);
		if (lent)
			row->native_close(native);
	}
}

static void cancels_before_a_statement(const mig_conformance *row)
{
	struct session b;

	suite_open(&b, row, row->fresh(), 1000);
	RULE("host: a poll() that returns nonzero stops a script with MIG_ECANCELLED");
	suite_cancel(&b);
	FAILS(b, suite_script(&b, row->slow), MIG_ECANCELLED);
	suite_close(&b);
}

/* A long statement, with a host of this size. */
static void work_long(struct session *s, const mig_conformance *row, size_t host_size)
{
	const mig_conn_options o = {
		.struct_size = sizeof o,
		.url = row->fresh(),
		.version_table = "mig_version",
		.history_table = "mig_history",
		.lock_timeout_ms = 1000,
		.create = MIG_CREATE_MISSING,
		.watch = 1,
	};

	OK(*s, suite_open_with(s, row, NULL, &o));
	suite_close(s);
	s->host.struct_size = host_size;
	OK(*s, s->d->conn->open(&s->host, &o, &s->conn));
	OK(*s, s->d->conn->run_begin(s->conn));
	OK(*s, suite_begin(s, 1));
	s->stop = s->waits + s->works + 60;
	FAILS(*s, suite_script(s, row->slow), MIG_ECANCELLED);
	OK(*s, s->d->conn->rollback(s->conn));
	OK(*s, s->d->conn->run_end(s->conn));
	suite_close(s);
}

static void tells_how_far_it_is(const mig_conformance *row)
{
	struct session s;

	work_long(&s, row, sizeof s.host);
	RULE("host: working() is told something, and never more done than there is");
	EQUAL(s.nonsense, 0);
	work_long(&s, row, offsetof(mig_dialect_host, working));
	RULE("host: working() is not called where an older library lends none");
	EQUAL(s.told, 0);
}

static void cancels_waiting(const mig_conformance *row)
{
	int can_lock = suite_can_lock(row);
	const char *url = row->fresh();
	struct session a, b;

	suite_open(&a, row, url, 1000);
	suite_open(&b, row, url, 60000);
	OK(a, suite_begin(&a, 1));
	RULE("host: a poll() that returns nonzero ends the waiting of begin and lock with "
	     "MIG_ECANCELLED");
	b.stop = 3;
	FAILS(b, suite_begin(&b, 1), MIG_ECANCELLED);
	b.stop = 0;
	atomic_store(&b.cancelled, 0);
	OK(a, a.d->conn->rollback(a.conn));
	if (can_lock) {
		OK(a, suite_lock(&a));
		b.stop = b.waits + b.works + 3;
		FAILS(b, suite_lock(&b), MIG_ECANCELLED);
	}
	suite_close(&b);
	suite_close(&a);
}

const struct suite_case suite_lock_cases[] = {
	CASE(one_connection_at_a_time),
	CASE(a_lock_outlasts_transactions),
	CASE(waits_for_another_process),
	CASE(a_killed_process_holds_nothing),
	CASE(many_processes_take_turns),
	CASE(cancels_a_statement),
	CASE(cancels_before_a_statement),
	CASE(tells_how_far_it_is),
	CASE(cancels_waiting),
	{ NULL, NULL },
};
