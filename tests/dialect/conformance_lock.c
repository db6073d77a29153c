/* conformance_lock: what every dialect must do about other processes, waiting and cancelling. */
#include "support.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- the lock */

enum way { LOCK, BEGIN };

static void times_out(struct base *b, enum way way, int32_t ms)
{
	int64_t began = milliseconds();

	assert_int_equal(way == LOCK ? base_lock(b) : base_begin(b, 1), MIG_ELOCKED);
	assert_in_range(milliseconds() - began, ms, ms + 1500);
	assert_int_equal(b->err.status, MIG_ELOCKED);
	assert_non_null(b->err.message);
}

static void one_connection_at_a_time(void **state)
{
	const struct row *row = row_of(state);
	const char *url = row->fresh();
	const mig_dialect *d;
	struct base a, b, c;

	base_open(&a, row, url, 1000);
	base_open(&b, row, url, 200);
	base_open(&c, row, url, 0);
	d = a.db.dialect;
	OK(a, base_begin(&a, 1));
	times_out(&b, BEGIN, 200);
	assert_true(b.waits > 1);
	times_out(&b, LOCK, 200);
	times_out(&c, BEGIN, 0);
	OK(a, d->commit(a.db.conn, 1));
	OK(b, base_begin(&b, 1));
	OK(b, d->rollback(b.db.conn));

	/* the same outside a transaction; transactions of its holder go on */
	OK(a, base_lock(&a));
	OK(a, base_begin(&a, 1));
	OK(a, base_script(&a, "CREATE TABLE t (x INTEGER);"));
	OK(a, d->commit(a.db.conn, 1));
	times_out(&b, BEGIN, 200);
	times_out(&b, LOCK, 200);
	OK(a, d->unlock(a.db.conn));
	OK(a, d->unlock(a.db.conn));
	OK(b, base_lock(&b));
	base_close(&b); /* releases it */
	OK(c, base_lock(&c));
	base_close(&c);
	base_close(&a);
}

/* A process that does `what` and tells so; then it sleeps ms and ends it, or waits to be killed. */
static pid_t holder(const struct row *row, const char *url, int lock, int ms)
{
	struct base b;
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		base_open(&b, row, url, 5000);
		OK(b, lock ? base_lock(&b) : base_begin(&b, 1));
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		pause_ms(ms);
		OK(b, lock ? b.db.dialect->unlock(b.db.conn) : b.db.dialect->commit(b.db.conn, 1));
		base_close(&b);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void waits_for_another_process(void **state)
{
	const struct row *row = row_of(state);
	char url[256];
	struct base b;
	pid_t pid;
	int lock, status;

	snprintf(url, sizeof url, "%s", row->fresh());
	for (lock = 0; lock < 2; lock++) {
		pid = holder(row, url, lock, 300);
		base_open(&b, row, url, 10000);
		OK(b, base_begin(&b, 1));
		assert_true(b.waits > 1);
		OK(b, b.db.dialect->rollback(b.db.conn));
		base_close(&b);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

static void a_killed_process_holds_nothing(void **state)
{
	const struct row *row = row_of(state);
	char url[256];
	struct base b;
	pid_t pid;
	int lock;

	snprintf(url, sizeof url, "%s", row->fresh());
	for (lock = 0; lock < 2; lock++) {
		pid = holder(row, url, lock, 60000);
		base_open(&b, row, url, 100);
		assert_int_equal(base_begin(&b, 1), MIG_ELOCKED);
		assert_int_equal(base_lock(&b), MIG_ELOCKED);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		OK(b, base_lock(&b));
		OK(b, base_begin(&b, 1));
		OK(b, b.db.dialect->commit(b.db.conn, 1));
		OK(b, b.db.dialect->unlock(b.db.conn));
		base_close(&b);
	}
}

/* Each of several processes adds one to a number in a transaction: none is lost. */
static void many_processes_take_turns(void **state)
{
	enum { PROCESSES = 8, ROUNDS = 5 };
	const struct row *row = row_of(state);
	char url[256];
	struct base b;
	int i, j, status;

	snprintf(url, sizeof url, "%s", row->fresh());
	base_open(&b, row, url, 1000);
	OK(b, base_script(&b, "CREATE TABLE n (x INTEGER); INSERT INTO n VALUES (0);"));
	base_close(&b);
	for (i = 0; i < PROCESSES; i++) {
		if (fork())
			continue;
		base_open(&b, row, url, 60000);
		for (j = 0; j < ROUNDS; j++) {
			if (i % 2)
				OK(b, base_lock(&b));
			OK(b, base_begin(&b, 1));
			OK(b, base_script(&b, "UPDATE n SET x = x + 1;"));
			OK(b, b.db.dialect->commit(b.db.conn, 1));
			OK(b, b.db.dialect->unlock(b.db.conn));
		}
		base_close(&b);
		_exit(0);
	}
	for (i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	base_open(&b, row, url, 1000);
	assert_int_equal(base_number(&b, "SELECT x FROM n"), PROCESSES * ROUNDS);
	base_close(&b);
}

/* -- cancelling */

static void *cancel_soon(void *db)
{
	pause_ms(100);
	mig__db_cancel(db);
	return NULL;
}

static void cancels_a_statement(void **state)
{
	const struct row *row = row_of(state);
	const char *url = row->fresh();
	int64_t began = milliseconds();
	pthread_t thread;
	struct base b;
	void *native;
	int lent;

	for (lent = 0; lent < 2; lent++) {
		native = lent ? row->native_open(url) : NULL;
		if (lent)
			OK(b, base_lend(&b, row, native));
		else
			base_open(&b, row, url, 1000);
		OK(b, b.db.dialect->run_begin(b.db.conn));
		OK(b, base_begin(&b, 1));
		assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &b.db), 0);
		assert_int_equal(base_script(&b, row->slow), MIG_ECANCELLED);
		assert_in_range(milliseconds() - began, 50, 20000);
		assert_int_equal(mig__db_check(&b.db), MIG_ECANCELLED);
		assert_string_equal(b.err.message, "cancelled");
		pthread_join(thread, NULL);
		OK(b, b.db.dialect->rollback(b.db.conn));
		OK(b, b.db.dialect->run_end(b.db.conn));
		atomic_store(&b.db.cancelled, 0);
		OK(b, base_script(&b, "SELECT 1;"));
		base_close(&b);
		if (lent)
			row->native_close(native);
	}
}

static void cancels_before_a_statement(void **state)
{
	const struct row *row = row_of(state);
	struct base b;

	base_open(&b, row, row->fresh(), 1000);
	mig__db_cancel(&b.db);
	assert_int_equal(base_script(&b, row->slow), MIG_ECANCELLED);
	base_close(&b);
}

static void cancels_waiting(void **state)
{
	const struct row *row = row_of(state);
	const char *url = row->fresh();
	struct base a, b;

	base_open(&a, row, url, 1000);
	base_open(&b, row, url, 60000);
	OK(a, base_begin(&a, 1));
	b.stop = 3;
	assert_int_equal(base_begin(&b, 1), MIG_ECANCELLED);
	b.stop = 0;
	atomic_store(&b.db.cancelled, 0);
	OK(a, a.db.dialect->rollback(a.db.conn));
	OK(a, base_lock(&a));
	b.stop = b.waits + b.works + 3;
	assert_int_equal(base_lock(&b), MIG_ECANCELLED);
	base_close(&b);
	base_close(&a);
}

const struct test lock_tests[] = {
	TEST(one_connection_at_a_time),
	TEST(waits_for_another_process),
	TEST(a_killed_process_holds_nothing),
	TEST(many_processes_take_turns),
	TEST(cancels_a_statement),
	TEST(cancels_before_a_statement),
	TEST(cancels_waiting),
	{ NULL, NULL },
};
