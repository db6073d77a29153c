/* See relative.h. */
#include "relative.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct stop {
	const char *revision;
	uint64_t statement;
	int kill;
};

static int32_t stop_there(void *user, const mig_progress *p)
{
	const struct stop *s = user;

	if (p->event != MIG_EVENT_STATEMENT || p->statement != s->statement ||
	    strcmp(p->revision, s->revision))
		return 0;
	if (s->kill)
		raise(SIGKILL);
	return 1;
}

/* E.g. r02 of "+2" is the first step: it begins at r01 and ends at r03. */
struct point {
	size_t revision, statement, steps;
	int32_t direction;
	int kill;
};

static size_t start_of(const struct point *p)
{
	return p->direction == MIG_UPGRADE ? p->revision - 1 : p->revision;
}

static void go_to(struct relative *r, size_t at)
{
	struct program program = r->program;
	struct outcome outcome;

	program.progress = NULL;
	r->empty(r->place);
	if (!at)
		return;
	program_run(&program, r->url, MIG_UPGRADE, program.subject->revisions[at - 1].id, &outcome);
	if (outcome.status) {
		fprintf(stderr, "undisturbed: %s\n", outcome.message);
		exit(2);
	}
}

/* The run that is stopped; 1 if it was. */
static int interrupt(struct relative *r, const struct point *p, const char *target)
{
	struct stop stop = { r->program.subject->revisions[p->revision - 1].id, p->statement,
			     p->kill };
	struct outcome outcome;
	int status;
	pid_t pid;

	r->program.progress = stop_there;
	r->program.progress_user = &stop;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		program_run(&r->program, r->url, p->direction, target, &outcome);
		_exit(outcome.status ? 1 : 0);
	}
	waitpid(pid, &status, 0);
	r->program.progress = NULL;
	r->settle(r->place);
	return WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
}

static void run_point(struct relative *r, const struct point *p, size_t number)
{
	size_t end = p->direction == MIG_UPGRADE ? start_of(p) + p->steps : start_of(p) - p->steps;
	struct verdict v = { RULE_NONE, "" };
	struct outcome outcome;
	char target[16];

	snprintf(target, sizeof(target), "%c%zu", p->direction == MIG_UPGRADE ? '+' : '-',
		 p->steps);
	go_to(r, start_of(p));
	if (!interrupt(r, p, target) || (p->kill && !interrupt(r, p, target)))
		return; /* no callback comes before this statement: nothing was tried */
	check_whole(r->oracle, r->url, -1, NULL, &v);
	program_run(&r->program, r->url, p->direction, target, &outcome);
	if (outcome.status)
		verdict_set(&v, RULE_NEXT, "%s again: %s", target, outcome.message);
	if (!v.rule)
		check_at(r->oracle, r->url, -1, end, RULE_TARGET, &v);
	if (v.rule)
		report_violation(r->report, &v, "--point %zu", number);
	else
		report_point(r->report);
}

static size_t count_statements(const char *const *list)
{
	size_t count = 0;

	while (list[count])
		count++;
	return count;
}

void relative_run(struct relative *r)
{
	const struct subject *s = r->program.subject;
	const char *only = r->arguments->point;
	size_t stride = arguments_size(r->arguments, 5, 1), number = 0;

	for (size_t i = 1; i <= s->count; i++) {
		const struct revision *rev = &s->revisions[i - 1];

		if (!(rev->kind & WORK_SPLIT) || (rev->kind & WORK_C))
			continue;
		for (size_t n = 0; n < 8; n++) { /* direction, steps, kill */
			struct point p = { .revision = i,
					   .steps = 1 + n / 2 % 2,
					   .direction = n % 2 ? MIG_DOWNGRADE : MIG_UPGRADE,
					   .kill = n / 4 % 2 != 0 };
			size_t statements = count_statements(n % 2 ? rev->down : rev->up);

			if (p.direction == MIG_UPGRADE ? start_of(&p) + p.steps > s->count
						       : start_of(&p) < p.steps)
				continue;
			for (p.statement = 1; p.statement <= statements; p.statement++, number++)
				if (only ? strtoul(only, NULL, 10) == number : number % stride == 0)
					run_point(r, &p, number);
		}
	}
}
