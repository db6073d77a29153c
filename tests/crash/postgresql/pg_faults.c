/* A run is broken off at a random moment: an administrator ends its session, its process is killed,
 * or the server crashes. What is left must be at a whole state, the error must say what happened,
 * and the next process must finish the rest.
 *
 * MIG_CRASH_ROUNDS sets the number of faults for each of the cases. */
#include "../support.h"
#include "cluster.h"
#include "pg_world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define REVISIONS 30

enum fault { TERMINATE, KILL, CRASH, FAULTS };

static const char *const fault_names[] = { "session ended", "process killed", "server crashed" };

struct story {
	struct pg_world world;
	struct pg_cluster *cluster;
	struct pg_outcome *outcome; /* shared with the children */
	int64_t whole_us;           /* a run that nobody disturbs */
	uint32_t seed;
	size_t hit[FAULTS], between, unfinished;
};

static int start_cluster(void **state)
{
	static struct pg_cluster cluster;

	*state = pg_cluster_start(&cluster) ? &cluster : NULL;
	return 0;
}

/* -- processes */

static pid_t start_upgrade(struct story *s, const char *url)
{
	pid_t pid;

	memset(s->outcome, 0, sizeof(*s->outcome));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		pg_world_child();
		pg_world_upgrade(&s->world, url, s->outcome);
		_exit(0);
	}
	return pid;
}

static void upgrade_undisturbed(struct story *s, const char *url)
{
	int status;
	pid_t pid = start_upgrade(s, url);

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	if (s->outcome->status)
		fail_msg("the next run: %s: %s", mig_status_name(s->outcome->status),
			 s->outcome->message);
}

static void measure(struct story *s)
{
	const char *url = pg_cluster_database(s->cluster);
	int64_t began = clock_us();

	upgrade_undisturbed(s, url);
	s->whole_us = clock_us() - began;
	pg_world_check_head(&s->world, url);
	pg_drop_database(url);
}

/* -- faults */

static void end_sessions(const char *url)
{
	PGconn *db = pg_connect(url);

	pg_exec(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
		    "current_database() AND pid <> pg_backend_pid()");
	PQfinish(db);
}

/* One line that names the trouble; a connection that is lost is one, whoever cut it. */
static void check_outcome(const struct pg_outcome *outcome)
{
	if (outcome->status != MIG_ECONNECT || !strstr(outcome->message, "connection") ||
	    strchr(outcome->message, '\n'))
		fail_msg("%s: %s", mig_status_name(outcome->status), outcome->message);
}

/* Breaks off a run on the database, after a random time. */
static void break_off(struct story *s, const char *url, enum fault fault)
{
	int64_t wait = chance(&s->seed, (uint32_t)s->whole_us + 1);
	pid_t pid = start_upgrade(s, url);
	int status;

	sleep_us(wait);
	if (fault == TERMINATE)
		end_sessions(url);
	else if (fault == KILL)
		kill(pid, SIGKILL);
	else
		pg_cluster_crash(s->cluster);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (fault == CRASH)
		pg_cluster_restart(s->cluster);
	if (WIFSIGNALED(status)) {
		assert_int_equal(fault, KILL);
		assert_int_equal(WTERMSIG(status), SIGKILL);
		s->hit[fault]++;
	} else if (s->outcome->status) {
		check_outcome(s->outcome);
		s->hit[fault]++;
	}
}

static void note_state(struct story *s, const char *url)
{
	struct pg_world_state state;

	pg_world_alone(url);
	pg_world_check(&s->world, url, &state);
	s->between += state.at > 0 && state.at < s->world.count;
	s->unfinished += (size_t)state.unfinished;
}

/* One run in three is broken off twice; and one in three is taken up while the server may still be
 * at work for the process that is gone. */
static void run_round(struct story *s, enum fault fault)
{
	const char *url = pg_cluster_database(s->cluster);

	break_off(s, url, fault);
	if (chance(&s->seed, 3))
		note_state(s, url);
	if (!chance(&s->seed, 3))
		break_off(s, url, (enum fault)chance(&s->seed, FAULTS));
	upgrade_undisturbed(s, url);
	pg_world_check_head(&s->world, url);
	pg_drop_database(url);
}

static void run_story(void **state, int mode, int flags)
{
	struct story s = {
		.world = { REVISIONS, flags | PG_WORLD_SLOW, mode },
		.cluster = *state,
	};
	size_t rounds = rounds_of("MIG_CRASH_ROUNDS", 12), hit = 0;

	if (!s.cluster)
		pg_require();
	s.seed = chance_seed();
	s.outcome = mmap(NULL, sizeof(*s.outcome), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(s.outcome, MAP_FAILED);
	measure(&s);
	for (size_t i = 0; i < rounds; i++)
		run_round(&s, (enum fault)(i % FAULTS));
	for (int f = 0; f < FAULTS; f++) {
		print_message("%s: %zu times; ", fault_names[f], s.hit[f]);
		hit += s.hit[f];
	}
	print_message("found between revisions %zu times, inside one %zu times\n", s.between,
		      s.unfinished);
	assert_true(hit > rounds / 2);
	munmap(s.outcome, sizeof(*s.outcome));
}

static void test_run_mode(void **state)
{
	run_story(state, MIG_TRANSACTION_RUN, PG_WORLD_SPLIT);
}

static void test_revision_mode(void **state)
{
	run_story(state, MIG_TRANSACTION_REVISION, PG_WORLD_SPLIT);
}

/* Each revision's COMMIT travels with the next one's script. */
static void test_one_message_each(void **state)
{
	run_story(state, MIG_TRANSACTION_REVISION, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run_mode),
		cmocka_unit_test(test_revision_mode),
		cmocka_unit_test(test_one_message_each),
	};

	return cmocka_run_group_tests(tests, start_cluster, NULL);
}
