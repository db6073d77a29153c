/* attack_io: SQLite runs in which the disk or the user says no.
 *
 *   sqlite-io       a write, sync, truncation or removal fails, once or from then on; the disk is
 * full from the n-th write on; a read fails, once or from then on; on a connection of libmig's own
 * and on a lent one, and run again on the same context sqlite-cancel   mig_cancel() from another
 * thread at random */
#include "../crash/faultfs.h"
#include "message.h"
#include "place.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
	const struct arguments *arguments;
	struct report report;
	struct place place;
	int lent;
	/* of the run at hand */
	sqlite3 *db;
	mig_ctx *ctx;
	struct text settings;
};

/* Bits of a variant: transaction mode, direction, lent. */
enum { VARIANTS = 8 };

static void set_variant(struct job *job, size_t n)
{
	job->place.program.mode = n % 2 ? MIG_TRANSACTION_RUN : MIG_TRANSACTION_REVISION;
	job->lent = n / 4 % 2 != 0;
	place_reset(&job->place, n / 2 % 2 ? MIG_DOWNGRADE : MIG_UPGRADE);
}

static void open_all(struct job *job, struct verdict *v)
{
	struct bare lent;

	job->db = NULL;
	job->ctx = NULL;
	if (job->lent) {
		if (sqlite3_open(job->place.path, &job->db))
			exit(2);
		bare_lent(&lent, &bare_sqlite, job->db);
		settings_note(&lent, &job->settings, v);
	}
	if (program_open(&job->place.program, job->place.url, job->db, &job->ctx)) {
		fprintf(stderr, "undisturbed: %s\n", mig_error_message(job->ctx));
		exit(2);
	}
}

static void go(struct job *job, struct outcome *out)
{
	mig_status rc = program_go(&job->place.program, job->ctx, job->place.direction,
				   place_target(&job->place));

	outcome_note(out, rc, job->ctx);
}

/* The fault is over. every second time the same context goes on; what it leaves is looked at in any
 * case. */
static void close_all(struct job *job, int again, struct verdict *v)
{
	struct outcome outcome;
	struct bare lent;

	bare_lent(&lent, &bare_sqlite, job->db);
	if (job->lent)
		settings_check(&lent, &job->settings, v);
	if (again && !v->rule) {
		go(job, &outcome);
		if (outcome.status)
			verdict_set(v, RULE_NEXT, "again on the same context: %s: %s",
				    mig_status_name(outcome.status), outcome.message);
	}
	mig_close(job->ctx);
	if (job->lent && again && !v->rule)
		settings_check(&lent, &job->settings, v);
	sqlite3_close(job->db);
	place_check(&job->place, v);
}

/* -- input and output */

static const struct {
	enum fault_kind kind;
	enum trouble trouble;
} faults[] = {
	{ FAULT_FULL, TROUBLE_DISK_FULL }, { FAULT_IOERR, TROUBLE_IO },
	{ FAULT_IOERR_LAST, TROUBLE_IO },  { FAULT_READ, TROUBLE_IO },
	{ FAULT_READ_LAST, TROUBLE_IO },
};

enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

/* Returns 0 once the run does not come that far. */
static int io_once(struct job *job, size_t variant, size_t fault, size_t at)
{
	struct verdict v = { RULE_NONE, "" };
	struct faultfs_counts counts;
	struct outcome outcome;

	set_variant(job, variant);
	faultfs_set(FAULT_NONE, 0);
	open_all(job, &v);
	faultfs_set(faults[fault].kind, at);
	go(job, &outcome);
	counts = faultfs_counts();
	faultfs_set(FAULT_NONE, 0);
	close_all(job, outcome.status && at % 2, &v);
	check_message(faults[fault].trouble, &outcome, &v);
	if (v.rule)
		report_violation(&job->report, &v, "--point %zu:%zu:%zu", variant, fault, at);
	else
		report_point(&job->report);
	return counts.faults > 0;
}

static void io_errors(struct job *job)
{
	size_t stride = arguments_size(job->arguments, 97, 3), variant, fault, at;

	if (faultfs_install())
		exit(2);
	if (job->arguments->point) {
		if (sscanf(job->arguments->point, "%zu:%zu:%zu", &variant, &fault, &at) == 3)
			io_once(job, variant % VARIANTS, fault % FAULTS, at);
	} else {
		for (variant = 0; variant < VARIANTS; variant++)
			for (fault = 0; fault < FAULTS; fault++)
				for (at = 1 + (variant + fault) % stride;
				     io_once(job, variant, fault, at); at += stride)
					;
	}
	faultfs_uninstall();
}

/* -- cancel */

struct canceller {
	mig_ctx *ctx;
	int64_t wait_us;
};

static void *cancel_later(void *arg)
{
	const struct canceller *c = arg;

	sleep_us(c->wait_us);
	mig_cancel(c->ctx);
	return NULL;
}

static void cancel_once(struct job *job, size_t point, int64_t whole_us)
{
	uint32_t seed = seed_of(job->arguments->seed, point, 1, 0);
	struct verdict v = { RULE_NONE, "" };
	struct canceller c;
	struct outcome outcome;
	pthread_t thread;

	set_variant(job, point);
	open_all(job, &v);
	c = (struct canceller){ job->ctx, chance(&seed, (uint32_t)whole_us + 1) };
	if (pthread_create(&thread, NULL, cancel_later, &c))
		exit(2);
	go(job, &outcome);
	pthread_join(thread, NULL);
	/* a cancel that came after the run does not stick to the next one */
	close_all(job, point % 3 != 0, &v);
	check_message(TROUBLE_CANCEL, &outcome, &v);
	if (v.rule)
		report_violation(&job->report, &v, "--seed %u --point %zu", job->arguments->seed,
				 point);
	else
		report_point(&job->report);
}

static void cancel_at_random(struct job *job)
{
	size_t points = arguments_size(job->arguments, 80, 1500);
	int64_t whole_us;

	set_variant(job, 0);
	whole_us = place_time(&job->place, MIG_UPGRADE);
	for (size_t i = 0; i < points; i++)
		if (!job->arguments->point || strtoul(job->arguments->point, NULL, 10) == i)
			cancel_once(job, i, whole_us);
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct job job = { .arguments = &arguments };
	struct oracle *oracle;
	size_t violations = 0;

	arguments_read(&arguments, argc, argv);
	oracle = oracle_new(&subject_sqlite, &bare_sqlite, ":memory:");
	place_make(&job.place, oracle);
	if (arguments_want(&arguments, "sqlite-io")) {
		report_begin(&job.report, "sqlite-io");
		io_errors(&job);
		violations += report_end(&job.report);
	}
	if (arguments_want(&arguments, "sqlite-cancel")) {
		report_begin(&job.report, "sqlite-cancel");
		cancel_at_random(&job);
		violations += report_end(&job.report);
	}
	text_free(&job.settings);
	place_free(&job.place);
	oracle_free(oracle);
	return violations ? 1 : 0;
}
