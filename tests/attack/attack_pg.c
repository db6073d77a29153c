/* attack_pg: PostgreSQL runs whose connection, statement, process or server goes away.
 *
 *   pg-cut         the connection is cut at each message of the client: before it, after it, after
 *                  half of it, with the answer swallowed, with half an answer
 *   pg-silence     nothing comes back, and the run is cancelled
 *   pg-terminate   at random: the session is ended, its statement cancelled, the client killed
 *   pg-failed      a statement outside a transaction fails, again and again, until its cause is
 * gone pg-crash       the server stops at once (pg_ctl stop -m immediate), at random */
#include "../crash/postgresql/pg_world.h"
#include "cluster.h"
#include "cutter.h"
#include "message.h"
#include "pgplace.h"
#include "relative.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
	const struct arguments *arguments;
	struct report report;
	struct pgplace place;
	struct outcome *outcome;
	char folder[128]; /* of the server's socket */
};

static void note(struct job *job, const struct verdict *v, const char *point)
{
	if (v->rule)
		report_violation(&job->report, v, "--seed %u --point %s", job->arguments->seed,
				 point);
	else
		report_point(&job->report);
}

/* -- cuts */

/* Returns 0 once the run does not come that far. */
static int cut_once(struct job *job, struct cutter *cutter, size_t variant, enum cut cut, size_t at)
{
	struct verdict v = { RULE_NONE, "" };
	struct outcome outcome;
	char url[300], point[64];
	int done;

	pgplace_variant(&job->place, variant);
	cutter_url(cutter, job->place.url, url, sizeof(url));
	cutter_arm(cutter, cut, at);
	program_run(&job->place.program, url, job->place.direction, pgplace_target(&job->place),
		    &outcome);
	done = atomic_load(&cutter->state->done);
	cutter_arm(cutter, CUT_NONE, 0);
	pgplace_check(&job->place, &v);
	check_message(TROUBLE_CONNECTION, &outcome, &v);
	snprintf(point, sizeof(point), "%zu:%d:%zu", variant, (int)cut, at);
	note(job, &v, point);
	return done;
}

static void cut_each(struct job *job)
{
	size_t stride = arguments_size(job->arguments, 61, 1), variant, at;
	struct cutter cutter;
	int cut;

	cutter_start(&cutter, job->folder);
	if (job->arguments->point) {
		if (sscanf(job->arguments->point, "%zu:%d:%zu", &variant, &cut, &at) == 3)
			cut_once(job, &cutter, variant, (enum cut)cut, at);
	} else {
		for (variant = 0; variant < 4; variant++)
			for (cut = CUT_BEFORE; cut < CUT_SILENCE; cut++)
				for (at = 1 + (variant + (size_t)cut) % stride;
				     cut_once(job, &cutter, variant, (enum cut)cut, at);
				     at += stride)
					;
	}
	cutter_stop(&cutter);
}

/* -- silence */

struct canceller {
	mig_ctx *ctx;
	struct cutter *cutter;
};

enum { CANCEL_US = 100000, PATIENCE_US = 8000000 };

static void *cancel_when_silent(void *arg)
{
	const struct canceller *c = arg;

	for (int i = 0; i < 2000 && !atomic_load(&c->cutter->state->done); i++)
		sleep_us(5000);
	sleep_us(CANCEL_US);
	mig_cancel(c->ctx);
	return NULL;
}

static _Noreturn void silent_child(struct job *job, struct cutter *cutter, const char *url)
{
	struct canceller c = { NULL, cutter };
	pthread_t thread;
	mig_status rc;

	rc = program_open(&job->place.program, url, NULL, &c.ctx);
	if (!rc && pthread_create(&thread, NULL, cancel_when_silent, &c))
		_exit(3);
	if (!rc)
		rc = program_go(&job->place.program, c.ctx, job->place.direction,
				pgplace_target(&job->place));
	outcome_note(job->outcome, rc, c.ctx);
	_exit(0);
}

/* Returns 0 if the child did not come back in time; it is killed then. */
static int wait_for(pid_t pid)
{
	int64_t until = clock_us() + PATIENCE_US;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_us() > until) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return 0;
		}
		sleep_us(2000);
	}
	return 1;
}

static int silence_once(struct job *job, struct cutter *cutter, size_t variant, size_t at)
{
	struct verdict v = { RULE_NONE, "" };
	char url[300], point[64];
	mig_status status;
	pid_t pid;
	int done;

	pgplace_variant(&job->place, variant);
	cutter_url(cutter, job->place.url, url, sizeof(url));
	cutter_arm(cutter, CUT_SILENCE, at);
	memset(job->outcome, 0, sizeof(*job->outcome));
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		silent_child(job, cutter, url);
	if (!wait_for(pid))
		verdict_set(&v, RULE_NEXT, "silence: cancelled, and did not come back");
	done = atomic_load(&cutter->state->done);
	status = job->outcome->status;
	if (status && status != MIG_ECANCELLED && status != MIG_ECONNECT)
		verdict_set(&v, RULE_MESSAGE, "silence: %s: %s", mig_status_name(status),
			    job->outcome->message);
	cutter_arm(cutter, CUT_NONE, 0);
	/* the server knows nothing of it: its sessions are ended as a time-out would */
	pgplace_sql(&job->place,
		    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname "
		    "= current_database() AND pid <> pg_backend_pid()");
	pgplace_check(&job->place, &v);
	snprintf(point, sizeof(point), "%zu:%zu", variant, at);
	note(job, &v, point);
	return done;
}

static void silence_each(struct job *job)
{
	size_t stride = arguments_size(job->arguments, 37, 5), variant, at;
	struct cutter cutter;

	cutter_start(&cutter, job->folder);
	if (job->arguments->point) {
		if (sscanf(job->arguments->point, "%zu:%zu", &variant, &at) == 2)
			silence_once(job, &cutter, variant, at);
	} else {
		for (variant = 0; variant < 4; variant++)
			for (at = 2 + variant; silence_once(job, &cutter, variant, at);
			     at += stride)
				;
	}
	cutter_stop(&cutter);
}

/* -- administrators and kills */

enum end { END_SESSION, END_STATEMENT, END_CLIENT, ENDS };

static void end_run(struct job *job, enum end end, pid_t pid)
{
	static const char *const sql[] = {
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
		"current_database() AND pid <> pg_backend_pid()",
		"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = "
		"current_database() AND pid <> pg_backend_pid()",
	};

	if (end == END_CLIENT)
		kill(pid, SIGKILL);
	else
		pgplace_sql(&job->place, sql[end]);
}

static void terminate_at_random(struct job *job)
{
	static const enum trouble troubles[] = { TROUBLE_CONNECTION, TROUBLE_SERVER_CANCEL,
						 TROUBLE_CONNECTION };
	size_t points = arguments_size(job->arguments, 36, 600);
	int64_t whole[2] = { pgplace_time(&job->place, MIG_UPGRADE),
			     pgplace_time(&job->place, MIG_DOWNGRADE) };
	int status;

	for (size_t i = 0; i < points; i++) {
		uint32_t seed = seed_of(job->arguments->seed, i, 2, 0);
		enum end end = (enum end)(i / 4 % ENDS);
		struct verdict v = { RULE_NONE, "" };
		char point[32];
		pid_t pid;

		if (job->arguments->point && strtoul(job->arguments->point, NULL, 10) != i)
			continue;
		pgplace_variant(&job->place, i);
		pid = pgplace_fork(&job->place, job->place.url, job->outcome);
		sleep_us(chance(&seed, (uint32_t)whole[i / 2 % 2] + 1));
		end_run(job, end, pid);
		waitpid(pid, &status, 0);
		pgplace_check(&job->place, &v);
		check_message(troubles[end], job->outcome, &v);
		snprintf(point, sizeof(point), "%zu", i);
		note(job, &v, point);
	}
}

/* -- statements that fail */

/* Something in the way of one statement; it is there before the run begins. */
static const struct {
	int32_t direction;
	const char *plant, *remove;
	const char *from; /* where the run begins; NULL: at the base, or at the head */
} obstacles[] = {
	/* an index of that name is there already */
	{ MIG_UPGRADE, "CREATE TABLE other (v text); CREATE INDEX s2_v ON other (v)",
	  "DROP TABLE other", NULL },
	{ MIG_UPGRADE, "CREATE TABLE s9_v (v text)", "DROP TABLE s9_v", NULL },
	/* what is to be dropped has another name */
	{ MIG_DOWNGRADE, "ALTER INDEX s2_v RENAME TO mistyped",
	  "ALTER INDEX IF EXISTS mistyped RENAME TO s2_v", NULL },
	{ MIG_DOWNGRADE, "ALTER INDEX s9_v RENAME TO mistyped",
	  "ALTER INDEX IF EXISTS mistyped RENAME TO s9_v", NULL },
	/* a statement in the middle that could be rolled back */
	{ MIG_UPGRADE,
	  "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; "
	  "END $$; CREATE FUNCTION twice(v text, x text) RETURNS text LANGUAGE sql AS $$ SELECT v "
	  "$$; CREATE TABLE s2 (v text)",
	  "DROP TABLE s2; DROP FUNCTION no(); DROP FUNCTION twice(text, text)", NULL },
	{ MIG_DOWNGRADE, "CREATE VIEW uses AS SELECT * FROM s9", "DROP VIEW uses", NULL },
	/* an index of that name on that table, but another one */
	{ MIG_UPGRADE, "CREATE INDEX t6_v ON t6 (i)", "DROP INDEX IF EXISTS t6_v", "r06" },
	{ MIG_UPGRADE, "CREATE INDEX t6_v ON t6 (v)", "DROP INDEX IF EXISTS t6_v", "r06" },
	{ MIG_DOWNGRADE, "CREATE INDEX book_author ON book (title)",
	  "DROP INDEX IF EXISTS book_author", NULL },
	{ MIG_DOWNGRADE, "CREATE INDEX book_author ON author (country)",
	  "DROP INDEX IF EXISTS book_author", NULL },
};

enum { OBSTACLES = sizeof(obstacles) / sizeof(obstacles[0]) };

/* One try, on a connection of libmig's own or on a lent one. */
static void try_once(struct job *job, int lent, struct outcome *out, struct verdict *v)
{
	struct pgplace *p = &job->place;
	struct text settings = { 0 };
	mig_ctx *ctx = NULL;
	struct bare db;
	mig_status rc;

	if (!lent) {
		program_run(&p->program, p->url, p->direction, pgplace_target(p), out);
		return;
	}
	if (bare_open(&db, &bare_postgresql, p->url))
		exit(2);
	settings_note(&db, &settings, v);
	rc = program_open(&p->program, p->url, db.handle, &ctx);
	if (!rc)
		rc = program_go(&p->program, ctx, p->direction, pgplace_target(p));
	outcome_note(out, rc, ctx);
	mig_close(ctx);
	settings_check(&db, &settings, v);
	bare_close(&db);
	text_free(&settings);
}

static void failed_once(struct job *job, size_t point)
{
	size_t which = point / 4 % OBSTACLES;
	struct verdict v = { RULE_NONE, "" };
	struct outcome outcome;
	char text[32];

	job->place.program.mode = point % 2 ? MIG_TRANSACTION_RUN : MIG_TRANSACTION_REVISION;
	pgplace_reset(&job->place, obstacles[which].direction);
	if (obstacles[which].from)
		program_run(&job->place.program, job->place.url, MIG_UPGRADE, obstacles[which].from,
			    &outcome);
	pgplace_sql(&job->place, obstacles[which].plant);
	for (int i = 0; i < 3 && !v.rule; i++) {
		try_once(job, point / 2 % 2, &outcome, &v);
		if (!outcome.status)
			verdict_set(&v, RULE_TARGET, "try %d: done, with this in the way: %s",
				    i + 1, obstacles[which].plant);
		check_message(TROUBLE_STATEMENT, &outcome, &v);
	}
	pgplace_sql(&job->place, obstacles[which].remove);
	pgplace_check(&job->place, &v);
	snprintf(text, sizeof(text), "%zu", point);
	note(job, &v, text);
}

static void fail_each(struct job *job)
{
	for (size_t i = 0; i < (size_t)OBSTACLES * 4; i++)
		if (!job->arguments->point || strtoul(job->arguments->point, NULL, 10) == i)
			failed_once(job, i);
}

/* -- relative targets */

static void empty(void *place)
{
	pgplace_reset(place, MIG_UPGRADE);
}

static void settle(void *place)
{
	pg_world_alone(((const struct pgplace *)place)->url);
}

static void relative_targets(struct job *job)
{
	struct relative r = { .arguments = job->arguments,
			      .report = &job->report,
			      .oracle = job->place.oracle,
			      .program = job->place.program,
			      .url = job->place.url,
			      .empty = empty,
			      .settle = settle,
			      .place = &job->place };

	r.program.mode = MIG_TRANSACTION_REVISION;
	relative_run(&r);
}

/* -- crashes of the server */

static void crash_at_random(struct job *job)
{
	size_t points = arguments_size(job->arguments, 8, 120);
	static struct pg_cluster cluster;
	struct pgplace shared = job->place;
	int64_t whole[2];
	int status;

	if (!pg_cluster_start(&cluster))
		return;
	pgplace_make(&job->place, shared.oracle, pg_cluster_database(&cluster));
	for (int d = 0; d < 2; d++)
		whole[d] = pgplace_time(&job->place, d ? MIG_DOWNGRADE : MIG_UPGRADE);
	for (size_t i = 0; i < points; i++) {
		uint32_t seed = seed_of(job->arguments->seed, i, 3, 0);
		struct verdict v = { RULE_NONE, "" };
		char point[32];
		pid_t pid;

		if (job->arguments->point && strtoul(job->arguments->point, NULL, 10) != i)
			continue;
		pgplace_variant(&job->place, i);
		pid = pgplace_fork(&job->place, job->place.url, job->outcome);
		sleep_us(chance(&seed, (uint32_t)whole[i / 2 % 2] + 1));
		pg_cluster_crash(&cluster);
		waitpid(pid, &status, 0);
		pg_cluster_restart(&cluster);
		pgplace_check(&job->place, &v);
		check_message(TROUBLE_CONNECTION, job->outcome, &v);
		snprintf(point, sizeof(point), "%zu", i);
		note(job, &v, point);
	}
	job->place = shared;
	pg_cluster_remove(&cluster);
}

/* -- */

/* "postgresql:///db?host=FOLDER&user=postgres" */
static void find_folder(struct job *job)
{
	const char *host = strstr(job->place.url, "host=");

	if (!host) {
		fprintf(stderr, "%s: no host\n", job->place.url);
		exit(2);
	}
	snprintf(job->folder, sizeof(job->folder), "%.*s", (int)strcspn(host + 5, "&"), host + 5);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct job *job);
	} attacks[] = {
		{ "pg-cut", cut_each },
		{ "pg-silence", silence_each },
		{ "pg-failed", fail_each },
		{ "pg-terminate", terminate_at_random },
		{ "pg-relative", relative_targets },
		{ "pg-crash", crash_at_random },
	};
	struct arguments arguments;
	struct job job = { .arguments = &arguments };
	size_t violations = 0;

	arguments_read(&arguments, argc, argv);
	if (!pg_available()) {
		printf("no PostgreSQL server is installed\n");
		return getenv("CI") ? 1 : 77;
	}
	pgplace_make(&job.place, NULL, pg_fresh_database());
	find_folder(&job);
	job.outcome = pgplace_share();
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (!arguments_want(&arguments, attacks[i].name))
			continue;
		report_begin(&job.report, attacks[i].name);
		attacks[i].run(&job);
		violations += report_end(&job.report);
	}
	oracle_free(job.place.oracle);
	return violations ? 1 : 0;
}
