/* attack_malloc: any allocation of the whole process fails, libmig's, SQLite's or the C library's,
 * once or from then on. Each point is a process of its own: it may not crash, a lent connection
 * comes back as it was, and the same context works again when there is memory.
 *
 *   sqlite-malloc */
#include "failalloc.h"
#include "message.h"
#include "place.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child says. */
struct told {
	struct outcome outcome;
	struct verdict verdict;
	uint64_t requests;
};

struct job {
	const struct arguments *arguments;
	struct report report;
	struct place place;
	struct told *told;
	int lent, lasting, again;
};

/* Bits of a variant: transaction mode, direction, lent, lasting. */
enum { VARIANTS = 16 };

static void set_variant(struct job *job, size_t n)
{
	job->place.program.mode = n % 2 ? MIG_TRANSACTION_RUN : MIG_TRANSACTION_REVISION;
	job->lent = n / 4 % 2 != 0;
	job->lasting = n / 8 % 2 != 0;
	place_reset(&job->place, n / 2 % 2 ? MIG_DOWNGRADE : MIG_UPGRADE);
	memset(job->told, 0, sizeof(*job->told));
}

static _Noreturn void child(struct job *job, uint64_t at)
{
	struct place *p = &job->place;
	struct told *told = job->told;
	struct text settings = { 0 };
	struct bare lent = { .handle = NULL };
	sqlite3 *db = NULL;
	mig_ctx *ctx = NULL;
	mig_status rc;

	if (job->lent) {
		if (sqlite3_open(p->path, &db))
			_exit(3);
		bare_lent(&lent, &bare_sqlite, db);
		settings_note(&lent, &settings, &told->verdict);
	}
	rc = program_open(&p->program, p->url, db, &ctx);
	if (rc)
		_exit(3);
	failalloc_set(at, job->lasting);
	rc = program_go(&p->program, ctx, p->direction, place_target(p));
	told->requests = failalloc_count();
	failalloc_set(0, 0);
	outcome_note(&told->outcome, rc, ctx);
	if (db)
		settings_check(&lent, &settings, &told->verdict);
	if (job->again) {
		rc = program_go(&p->program, ctx, p->direction, place_target(p));
		if (rc)
			verdict_set(&told->verdict, RULE_NEXT, "again on the same context: %s: %s",
				    mig_status_name(rc), mig_error_message(ctx));
	}
	mig_close(ctx);
	if (db && sqlite3_close(db) != SQLITE_OK)
		verdict_set(&told->verdict, RULE_SETTINGS, "the lent connection cannot be closed");
	_exit(0);
}

/* Returns 0 once the run does not come that far. */
static int fail_once(struct job *job, size_t variant, size_t at)
{
	struct verdict v;
	int status;
	pid_t pid;

	set_variant(job, variant);
	job->again = at % 2 != 0;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		child(job, at);
	waitpid(pid, &status, 0);
	v = job->told->verdict;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		verdict_set(&v, RULE_NEXT, "the process crashed: %s",
			    WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "exit");
	place_check(&job->place, &v);
	check_message(TROUBLE_MEMORY, &job->told->outcome, &v);
	if (v.rule)
		report_violation(&job->report, &v, "--point %zu:%zu", variant, at);
	else
		report_point(&job->report);
	return job->told->requests >= at;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct job job = { .arguments = &arguments };
	size_t variant, at, stride, violations;
	struct oracle *oracle;

	arguments_read(&arguments, argc, argv);
	oracle = oracle_new(&subject_sqlite, &bare_sqlite, ":memory:");
	place_make(&job.place, oracle);
	job.told = place_share(sizeof(*job.told));
	report_begin(&job.report, "sqlite-malloc");
	stride = arguments_size(&arguments, 499, 5);
	if (arguments.point) {
		if (sscanf(arguments.point, "%zu:%zu", &variant, &at) == 2)
			fail_once(&job, variant % VARIANTS, at);
	} else {
		for (variant = 0; variant < VARIANTS; variant++)
			for (at = 1 + variant % stride; fail_once(&job, variant, at); at += stride)
				;
	}
	violations = report_end(&job.report);
	place_free(&job.place);
	oracle_free(oracle);
	return violations ? 1 : 0;
}
