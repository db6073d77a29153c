/* Contexts share nothing: eight threads at once, each with databases of its own and one that all
 * have in common, with runs, errors, comparisons and cancels. For the thread sanitizer; cmocka is
 * not made for threads, so what fails ends the program. */
#include <mig/mig.h>
#include <mig/model.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 4 };

static char dir[] = "/tmp/mig-threads-XXXXXX";

static void check(mig_ctx *ctx, mig_status want, mig_status got, const char *what)
{
	if (got == want)
		return;
	fprintf(stderr, "%s: %s, not %s: %s\n", what, mig_status_name(got), mig_status_name(want),
		mig_error_message(ctx));
	exit(1);
}

#define CHECK(ctx, want, call) check(ctx, want, call, #call)

static void add(mig_ctx *ctx, const char *id, const char *revises, const char *up, const char *down)
{
	char text[512];
	int n = snprintf(text, sizeof text,
			 "-- %s\n-- revision: %s\n-- revises: %s\n-- mig:upgrade\n%s\n"
			 "-- mig:downgrade\n%s\n",
			 id, id, revises, up, down);

	CHECK(ctx, MIG_OK, mig_add_script(ctx, id, text, (size_t)n));
}

static mig_ctx *open_named(const char *name)
{
	char url[128];
	mig_ctx *ctx = NULL;
	mig_status status;

	snprintf(url, sizeof url, "sqlite:%s/%s.db", dir, name);
	status = mig_open(&ctx, url);
	check(ctx, MIG_OK, status, "mig_open");
	add(ctx, "aaaa", "", "CREATE TABLE t (x INTEGER PRIMARY KEY, y TEXT);", "DROP TABLE t;");
	add(ctx, "bbbb", "aaaa", "CREATE INDEX t_y ON t (y);", "DROP INDEX t_y;");
	return ctx;
}

/* All go up at once; each sees it done. */
static void share(void)
{
	mig_ctx *ctx = open_named("shared");

	CHECK(ctx, MIG_OK, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

static void work_alone(const char *name)
{
	mig_ctx *ctx = open_named(name);
	mig_op_list *ops;
	mig_model *model;

	CHECK(ctx, MIG_OK, mig_upgrade(ctx, "head"));
	CHECK(ctx, MIG_ENOTFOUND, mig_upgrade(ctx, "nowhere"));
	CHECK(ctx, MIG_OK, mig_model_of(ctx, &model));
	CHECK(ctx, MIG_OK,
	      mig_model_sql(model, NULL, "model.sql", "CREATE TABLE t (x INTEGER PRIMARY KEY);",
			    strlen("CREATE TABLE t (x INTEGER PRIMARY KEY);")));
	CHECK(ctx, MIG_OK, mig_diff(ctx, NULL, &ops));
	if (!mig_op_list_count(ops))
		check(ctx, MIG_OK, MIG_ERROR, "a difference is found");
	mig_op_list_free(ops);
	CHECK(ctx, MIG_OK, mig_downgrade(ctx, "base"));
	mig_close(ctx);
}

struct cancelling {
	mig_ctx *ctx;
	atomic_int done;
};

/* Again and again: one that comes before the call begins does nothing. */
static void *cancel(void *user)
{
	struct cancelling *c = user;

	while (!atomic_load(&c->done)) {
		usleep(20000);
		mig_cancel(c->ctx);
	}
	return NULL;
}

static void be_cancelled(const char *name)
{
	mig_ctx *ctx = open_named(name);
	struct cancelling c = { .ctx = ctx };
	pthread_t thread;

	add(ctx, "cccc", "bbbb",
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
	    "SELECT count(*) FROM n;",
	    "SELECT 1;");
	pthread_create(&thread, NULL, cancel, &c);
	CHECK(ctx, MIG_ECANCELLED, mig_upgrade(ctx, "head"));
	atomic_store(&c.done, 1);
	pthread_join(thread, NULL);
	mig_close(ctx);
}

static void *work(void *number)
{
	char name[32];

	snprintf(name, sizeof name, "own-%d", *(int *)number);
	for (int i = 0; i < ROUNDS; i++) {
		share();
		work_alone(name);
		be_cancelled(name);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	int numbers[THREADS];
	char command[64];

	if (!mkdtemp(dir))
		return 1;
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		if (pthread_create(&threads[i], NULL, work, &numbers[i]))
			return 1;
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command) != 0;
}
