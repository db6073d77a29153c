/* See pgplace.h. */
#include "pgplace.h"

#include "../crash/postgresql/pg_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define EMPTY "DROP SCHEMA public CASCADE; CREATE SCHEMA public"

void pgplace_sql(const struct pgplace *place, const char *sql)
{
	struct bare db;

	if (bare_open(&db, &bare_postgresql, place->url) || db.engine->exec(&db, sql)) {
		fprintf(stderr, "%s\n", db.error);
		exit(2);
	}
	bare_close(&db);
}

void pgplace_make(struct pgplace *place, struct oracle *oracle, const char *url)
{
	memset(place, 0, sizeof(*place));
	place->url = url;
	place->oracle = oracle ? oracle : oracle_new(&subject_postgresql, &bare_postgresql, url);
	place->program = (struct program){ .subject = &subject_postgresql,
					   .count = subject_postgresql.count };
}

void pgplace_reset(struct pgplace *place, int32_t direction)
{
	struct program program = place->program;
	struct outcome outcome;

	pgplace_sql(place, EMPTY);
	place->direction = direction;
	if (direction == MIG_UPGRADE)
		return;
	program.progress = NULL;
	program_run(&program, place->url, MIG_UPGRADE, "head", &outcome);
	if (outcome.status) {
		fprintf(stderr, "undisturbed: %s\n", outcome.message);
		exit(2);
	}
}

const char *pgplace_target(const struct pgplace *place)
{
	return place->direction == MIG_UPGRADE ? "head" : "base";
}

void pgplace_variant(struct pgplace *place, size_t n)
{
	place->program.mode = n % 2 ? MIG_TRANSACTION_RUN : MIG_TRANSACTION_REVISION;
	pgplace_reset(place, n / 2 % 2 ? MIG_DOWNGRADE : MIG_UPGRADE);
}

void pgplace_check(struct pgplace *place, struct verdict *v)
{
	struct program program = place->program;
	struct whole whole;

	program.progress = NULL;
	pg_world_alone(place->url);
	if (!v->rule && !check_whole(place->oracle, place->url, program.mode, &whole, v))
		check_next(place->oracle, &program, place->url, place->direction, &whole, v);
}

struct outcome *pgplace_share(void)
{
	void *p = mmap(NULL, sizeof(struct outcome), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return p;
}

pid_t pgplace_fork(struct pgplace *place, const char *url, struct outcome *shared)
{
	struct outcome own;
	pid_t pid;

	fflush(stdout);
	if (shared)
		memset(shared, 0, sizeof(*shared));
	pid = fork();
	if (pid == 0) {
		program_run(&place->program, url, place->direction, pgplace_target(place),
			    shared ? shared : &own);
		_exit(0);
	}
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	return pid;
}

int64_t pgplace_time(struct pgplace *place, int32_t direction)
{
	int64_t began;
	int status;
	pid_t pid;

	pgplace_reset(place, direction);
	began = clock_us();
	pid = pgplace_fork(place, place->url, NULL);
	waitpid(pid, &status, 0);
	return clock_us() - began;
}
