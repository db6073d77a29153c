/* attack_process: SQLite runs in processes that are killed, stopped or short of what they need.
 *
 *   sqlite-kill-random   SIGKILL at random, up and down, sometimes twice in a row
 *   sqlite-kill-write    SIGKILL at each write, sync, truncation and removal
 *   sqlite-stop          SIGSTOP while the lock is held, beyond the other's time-out; then the
 * holder goes on or is killed; also with its lock file deleted sqlite-files         no file
 * descriptor is left, from each number of them sqlite-full          a file system that is really
 * full (as root) */
#include "../crash/faultfs.h"
#include "message.h"
#include "place.h"
#include "relative.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
	const struct arguments *arguments;
	struct report report;
	struct place place;
	struct outcome *outcome;
};

/* Up and down, both transaction modes. */
static void set_variant(struct job *job, size_t n)
{
	job->place.program.mode = n % 2 ? MIG_TRANSACTION_RUN : MIG_TRANSACTION_REVISION;
	place_reset(&job->place, n / 2 % 2 ? MIG_DOWNGRADE : MIG_UPGRADE);
	memset(job->outcome, 0, sizeof(*job->outcome));
}

/* One point is over. */
static void note(struct job *job, const struct verdict *v, size_t point)
{
	if (v->rule)
		report_violation(&job->report, v, "--seed %u --point %zu", job->arguments->seed,
				 point);
	else
		report_point(&job->report);
}

/* Whether a point is wanted. */
static int wanted(const struct job *job, size_t point)
{
	return !job->arguments->point || strtoul(job->arguments->point, NULL, 10) == point;
}

/* -- kills */

static void kill_after(struct job *job, int64_t wait)
{
	pid_t pid = place_fork(&job->place, NULL);
	int status;

	sleep_us(wait);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static void kill_at_random(struct job *job)
{
	size_t points = arguments_size(job->arguments, 60, 1500);
	int64_t whole[2] = { place_time(&job->place, MIG_UPGRADE),
			     place_time(&job->place, MIG_DOWNGRADE) };

	for (size_t i = 0; i < points; i++) {
		uint32_t seed = seed_of(job->arguments->seed, i, 0, 0);
		struct verdict v = { RULE_NONE, "" };

		if (!wanted(job, i))
			continue;
		set_variant(job, i);
		for (uint32_t kills = 0; kills <= i / 4 % 3; kills++)
			kill_after(job, chance(&seed, (uint32_t)whole[i / 2 % 2] + 500));
		place_check(&job->place, &v);
		note(job, &v, i);
	}
}

/* Returns 0 once the run does not come that far. */
static int kill_at_call(struct job *job, size_t variant, size_t at)
{
	struct verdict v = { RULE_NONE, "" };
	int status;
	pid_t pid;

	set_variant(job, variant);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (faultfs_install())
			_exit(3);
		faultfs_set(FAULT_KILL, at);
		program_run(&job->place.program, job->place.url, job->place.direction,
			    place_target(&job->place), job->outcome);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	place_check(&job->place, &v);
	note(job, &v, variant * 100000 + at);
	return WIFSIGNALED(status);
}

static void kill_at_write(struct job *job)
{
	size_t stride = arguments_size(job->arguments, 29, 1);

	for (size_t variant = 0; variant < 4; variant++)
		for (size_t at = 1;; at += stride)
			if (job->arguments->point && !wanted(job, variant * 100000 + at)) {
				if (at > 5000)
					break;
			} else if (!kill_at_call(job, variant, at)) {
				break;
			}
}

/* -- stop */

struct stopper {
	const char *revision;
	uint64_t statement;
};

static int32_t stop_here(void *user, const mig_progress *p)
{
	const struct stopper *s = user;

	if (p->event == MIG_EVENT_STATEMENT && p->revision &&
	    strcmp(p->revision, s->revision) == 0 && p->statement == s->statement)
		raise(SIGSTOP);
	return 0;
}

enum stop_end { STOP_CONTINUE, STOP_KILL, STOP_DELETE_CONTINUE, STOP_DELETE_KILL, STOP_ENDS };

/* The other one waits in vain; unless the holder's lock file is gone, then it may also finish. */
static void run_other(struct job *job, int deleted, struct verdict *v)
{
	struct program other = job->place.program;
	struct outcome outcome;

	other.progress = NULL;
	other.lock_timeout_ms = 150;
	program_run(&other, job->place.url, job->place.direction, place_target(&job->place),
		    &outcome);
	if (deleted && !outcome.status)
		return;
	if (!outcome.status)
		verdict_set(v, RULE_TARGET, "two processes ran at once");
	check_message(TROUBLE_LOCKED, &outcome, v);
}

static void stop_once(struct job *job, const struct stopper *stopper, enum stop_end end,
		      size_t point)
{
	int deleted = end == STOP_DELETE_CONTINUE || end == STOP_DELETE_KILL, status;
	struct verdict v = { RULE_NONE, "" };
	char lock[PATH_SIZE];
	pid_t pid;

	job->place.program.progress = stop_here;
	job->place.program.progress_user = (void *)(uintptr_t)stopper;
	pid = place_fork(&job->place, job->outcome);
	waitpid(pid, &status, WUNTRACED);
	folder_path(&job->place.folder, "a.db-mig-lock", lock);
	if (WIFSTOPPED(status)) {
		if (deleted)
			unlink(lock);
		run_other(job, deleted, &v);
		kill(pid, end == STOP_CONTINUE || end == STOP_DELETE_CONTINUE ? SIGCONT : SIGKILL);
		waitpid(pid, &status, 0);
	} else {
		verdict_set(&v, RULE_TARGET, "it never came to %s, statement %d", stopper->revision,
			    (int)stopper->statement);
	}
	if (end == STOP_CONTINUE && job->outcome->status)
		verdict_set(&v, RULE_NEXT, "stopped and continued: %s", job->outcome->message);
	place_check(&job->place, &v);
	note(job, &v, point);
	job->place.program.progress = NULL;
}

static void stop_holder(struct job *job)
{
	static const struct stopper places[] = { { "r02", 1 }, { "r02", 3 }, { "r02", 7 },
						 { "r02", 8 }, { "r04", 3 }, { "r07", 2 },
						 { "r08", 4 }, { "r11", 3 } };
	size_t count = sizeof(places) / sizeof(places[0]);
	size_t points = count * STOP_ENDS * arguments_size(job->arguments, 1, 4);

	for (size_t i = 0; i < points; i++) {
		if (!wanted(job, i))
			continue;
		set_variant(job, i / (count * STOP_ENDS));
		stop_once(job, &places[i / STOP_ENDS % count], (enum stop_end)(i % STOP_ENDS), i);
	}
}

/* -- file descriptors */

static int files_once(struct job *job, size_t variant, size_t files)
{
	struct verdict v = { RULE_NONE, "" };
	int status;
	pid_t pid;

	set_variant(job, variant);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct rlimit limit = { files, files };

		setrlimit(RLIMIT_NOFILE, &limit);
		program_run(&job->place.program, job->place.url, job->place.direction,
			    place_target(&job->place), job->outcome);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status))
		verdict_set(&v, RULE_NEXT, "crashed with %zu files", files);
	place_check(&job->place, &v);
	check_message(TROUBLE_FILES, job->outcome, &v);
	note(job, &v, variant * 1000 + files);
	return job->outcome->status != 0;
}

static void no_files(struct job *job)
{
	for (size_t variant = 0; variant < 4; variant++)
		for (size_t files = 3; files < 40; files++)
			if (wanted(job, variant * 1000 + files) && !files_once(job, variant, files))
				break;
}

/* -- a full file system */

static void full_once(struct job *job, size_t variant, size_t kilobytes)
{
	struct verdict v = { RULE_NONE, "" };
	struct outcome outcome;
	struct place at = job->place;
	char options[64];

	snprintf(options, sizeof(options), "size=%zuk", kilobytes);
	snprintf(at.folder.path, sizeof(at.folder.path), "%.200s/full", job->place.folder.path);
	folder_url(&at.folder, "a.db", at.url);
	folder_path(&at.folder, "a.db", at.path);
	if (mount("tmpfs", at.folder.path, "tmpfs", 0, options)) {
		perror("mount");
		exit(2);
	}
	at.program.mode = variant % 2 ? MIG_TRANSACTION_RUN : MIG_TRANSACTION_REVISION;
	at.direction = MIG_UPGRADE;
	program_run(&at.program, at.url, MIG_UPGRADE, "head", &outcome);
	if (mount("tmpfs", at.folder.path, "tmpfs", MS_REMOUNT, "size=16m"))
		perror("remount");
	place_check(&at, &v);
	check_message(TROUBLE_DISK_FULL, &outcome, &v);
	note(job, &v, variant * 1000 + kilobytes);
	umount(at.folder.path);
}

static void full_disk(struct job *job)
{
	size_t stride = arguments_size(job->arguments, 36, 4);
	char path[PATH_SIZE];

	folder_path(&job->place.folder, "full", path);
	if (mkdir(path, 0700) || mount("tmpfs", path, "tmpfs", 0, "size=64k")) {
		printf("%s: not run: %s\n", job->report.name, strerror(errno));
		return;
	}
	umount(path);
	for (size_t variant = 0; variant < 2; variant++)
		for (size_t kb = 4; kb < 400; kb += stride)
			if (wanted(job, variant * 1000 + kb))
				full_once(job, variant, kb);
}

/* -- relative targets */

static void empty(void *place)
{
	place_reset(place, MIG_UPGRADE);
}

static void settle(void *place)
{
	(void)place;
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

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct job *job);
	} attacks[] = {
		{ "sqlite-kill-random", kill_at_random },
		{ "sqlite-kill-write", kill_at_write },
		{ "sqlite-stop", stop_holder },
		{ "sqlite-files", no_files },
		{ "sqlite-full", full_disk },
		{ "sqlite-relative", relative_targets },
	};
	struct arguments arguments;
	struct job job = { .arguments = &arguments };
	struct oracle *oracle;
	size_t violations = 0;

	arguments_read(&arguments, argc, argv);
	oracle = oracle_new(&subject_sqlite, &bare_sqlite, ":memory:");
	place_make(&job.place, oracle);
	job.outcome = place_share(sizeof(*job.outcome));
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (!arguments_want(&arguments, attacks[i].name))
			continue;
		report_begin(&job.report, attacks[i].name);
		attacks[i].run(&job);
		violations += report_end(&job.report);
	}
	place_free(&job.place);
	oracle_free(oracle);
	return violations ? 1 : 0;
}
