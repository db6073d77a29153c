/* attack_race: sixty-four processes at one database at the same moment, round after round. Some
 * know fewer revisions than others, some are killed, some aim at a target by its distance. Whatever
 * the order, what is left is a whole state, each revision ran once, and whoever failed had a
 * reason.
 *
 *   sqlite-race, pg-race   on both engines */
#include "../crash/support.h"
#include "message.h"
#include "report.h"

#ifdef ATTACK_POSTGRESQL
#include "../crash/postgresql/pg_world.h"
#include "cluster.h"
#include "pgplace.h"
#else
#include "place.h"
#endif

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 64 };

/* What a racer is. */
enum role { ROLE_NEW, ROLE_OLD, ROLE_KILLED, ROLE_RELATIVE, ROLES };

struct job {
	const struct arguments *arguments;
	struct report report;
	struct oracle *oracle;
	struct program program;
	const char *url;
	struct outcome *outcomes; /* one a process, shared */
	pid_t pids[PROCESSES];
	enum role roles[PROCESSES];
};

static const struct subject *subject(void)
{
#ifdef ATTACK_POSTGRESQL
	return &subject_postgresql;
#else
	return &subject_sqlite;
#endif
}

/* The exit status is nothing: what it says is in its outcome. */
static _Noreturn void racer(struct job *job, size_t n, int gate)
{
	struct program program = job->program;
	const char *target = "head";
	char byte;

	if (job->roles[n] == ROLE_OLD)
		program.count = 2 + n % (program.count - 2);
	if (job->roles[n] == ROLE_RELATIVE)
		target = n % 2 ? "+1" : "+2";
	if (read(gate, &byte, 1) != 0)
		_exit(1);
	program_run(&program, job->url, MIG_UPGRADE, target, &job->outcomes[n]);
	_exit(0);
}

static void start_all(struct job *job, uint32_t *seed)
{
	int gate[2];

	if (pipe(gate))
		exit(2);
	memset(job->outcomes, 0, sizeof(*job->outcomes) * PROCESSES);
	fflush(stdout);
	for (size_t i = 0; i < PROCESSES; i++) {
		/* the first is always one that can finish */
		job->roles[i] = i ? (enum role)(chance(seed, 2 * ROLES) % ROLES) : ROLE_NEW;
		job->pids[i] = fork();
		if (job->pids[i] < 0)
			exit(2);
		if (job->pids[i] == 0) {
			close(gate[1]);
			racer(job, i, gate[0]);
		}
	}
	close(gate[0]);
	close(gate[1]);
}

static void kill_some(struct job *job, uint32_t *seed)
{
	for (size_t i = 0; i < PROCESSES; i++)
		if (job->roles[i] == ROLE_KILLED) {
			sleep_us(chance(seed, 4000));
			kill(job->pids[i], SIGKILL);
		}
}

/* An old program is too late, or cannot finish what a newer one began; "+1" may lead past the end.
 */
static int may_fail(enum role role, mig_status status)
{
	if (role == ROLE_OLD)
		return status == MIG_ENEWER || status == MIG_EPARTIAL;
	return role == ROLE_RELATIVE && status == MIG_EWALKED_TOO_FAR;
}

static void reap_all(struct job *job, struct verdict *v)
{
	int status;

	for (size_t i = 0; i < PROCESSES; i++) {
		const struct outcome *o = &job->outcomes[i];

		waitpid(job->pids[i], &status, 0);
		if (job->roles[i] == ROLE_KILLED)
			continue;
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			verdict_set(v, RULE_NEXT, "process %zu crashed", i);
		else if (o->status && !may_fail(job->roles[i], o->status))
			verdict_set(v, RULE_NEXT, "process %zu of kind %d: %s: %s", i,
				    (int)job->roles[i], mig_status_name(o->status), o->message);
	}
}

static void run_round(struct job *job, size_t round)
{
	uint32_t seed = seed_of(job->arguments->seed, round, 5, 0);
	struct verdict v = { RULE_NONE, "" };
	struct whole whole;

	job->program.mode = round % 2 ? MIG_TRANSACTION_RUN : MIG_TRANSACTION_REVISION;
	start_all(job, &seed);
	kill_some(job, &seed);
	reap_all(job, &v);
#ifdef ATTACK_POSTGRESQL
	pg_world_alone(job->url);
#endif
	/* an old program, or one that aims two ahead, stops where a transaction for all would not
	 */
	if (!v.rule && !check_whole(job->oracle, job->url, -1, &whole, &v)) {
		if (whole.at != job->program.count || whole.unfinished)
			verdict_set(&v, RULE_TARGET, "at %zu when all were done", whole.at);
		job->program.mode = MIG_TRANSACTION_REVISION;
		check_next(job->oracle, &job->program, job->url, MIG_UPGRADE, &whole, &v);
	}
	if (v.rule)
		report_violation(&job->report, &v, "--seed %u --point %zu", job->arguments->seed,
				 round);
	else
		report_point(&job->report);
}

static void run_rounds(struct job *job, void (*reset)(void *place), void *place)
{
	size_t rounds = arguments_size(job->arguments, 4, 300);

	job->outcomes = mmap(NULL, sizeof(*job->outcomes) * PROCESSES, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job->outcomes == MAP_FAILED)
		exit(2);
	job->program = (struct program){ .subject = subject(), .count = subject()->count };
	for (size_t i = 0; i < rounds; i++) {
		if (job->arguments->point && strtoul(job->arguments->point, NULL, 10) != i)
			continue;
		reset(place);
		run_round(job, i);
	}
}

#ifdef ATTACK_POSTGRESQL

static void reset(void *place)
{
	pgplace_reset(place, MIG_UPGRADE);
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct job job = { .arguments = &arguments };
	struct pgplace place;
	size_t violations;

	arguments_read(&arguments, argc, argv);
	if (!pg_available()) {
		printf("no PostgreSQL server is installed\n");
		return getenv("CI") ? 1 : 77;
	}
	report_begin(&job.report, "pg-race");
	pgplace_make(&place, NULL, pg_fresh_database());
	job.oracle = place.oracle;
	job.url = place.url;
	run_rounds(&job, reset, &place);
	violations = report_end(&job.report);
	oracle_free(job.oracle);
	return violations ? 1 : 0;
}

#else

static void reset(void *place)
{
	place_reset(place, MIG_UPGRADE);
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct job job = { .arguments = &arguments };
	struct place place;
	size_t violations;

	arguments_read(&arguments, argc, argv);
	report_begin(&job.report, "sqlite-race");
	job.oracle = oracle_new(&subject_sqlite, &bare_sqlite, ":memory:");
	place_make(&place, job.oracle);
	job.url = place.url;
	run_rounds(&job, reset, &place);
	violations = report_end(&job.report);
	place_free(&place);
	oracle_free(job.oracle);
	return violations ? 1 : 0;
}

#endif
