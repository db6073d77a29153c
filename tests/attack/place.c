/* See place.h. */
#include "place.h"

#include "disk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void must_run(struct place *place, int32_t direction)
{
	struct program program = place->program;
	struct outcome outcome;

	program.progress = NULL;
	program_run(&program, place->url, direction, direction == MIG_UPGRADE ? "head" : "base",
		    &outcome);
	if (outcome.status) {
		fprintf(stderr, "undisturbed: %s\n", outcome.message);
		exit(2);
	}
}

void place_make(struct place *place, struct oracle *oracle)
{
	struct bytes file = { 0 };

	memset(place, 0, sizeof(*place));
	folder_make(&place->folder);
	folder_url(&place->folder, "a.db", place->url);
	folder_path(&place->folder, "a.db", place->path);
	place->oracle = oracle;
	place->program = (struct program){ .subject = oracle_subject(oracle),
					   .count = oracle_subject(oracle)->count,
					   .mode = MIG_TRANSACTION_REVISION };
	must_run(place, MIG_UPGRADE);
	bytes_read(&file, place->path);
	place->head = file.data;
	place->head_size = file.size;
	place_reset(place, MIG_UPGRADE);
}

void place_free(struct place *place)
{
	free(place->head);
	folder_remove(&place->folder);
}

void place_reset(struct place *place, int32_t direction)
{
	struct bytes file = { place->head, place->head_size, 0 };
	char lock[PATH_SIZE];

	folder_drop_database(&place->folder, "a.db");
	folder_path(&place->folder, "a.db-mig-lock", lock);
	unlink(lock);
	place->direction = direction;
	if (direction == MIG_DOWNGRADE)
		bytes_write(&file, place->path);
}

const char *place_target(const struct place *place)
{
	return place->direction == MIG_UPGRADE ? "head" : "base";
}

void place_check(struct place *place, struct verdict *v)
{
	struct program program = place->program;
	struct whole whole;

	program.progress = NULL;
	if (!v->rule && !check_whole(place->oracle, place->url, program.mode, &whole, v))
		check_next(place->oracle, &program, place->url, place->direction, &whole, v);
}

void *place_share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return p;
}

pid_t place_fork(struct place *place, struct outcome *shared)
{
	struct outcome own;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		program_run(&place->program, place->url, place->direction, place_target(place),
			    shared ? shared : &own);
		_exit(0);
	}
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	return pid;
}

int64_t place_time(struct place *place, int32_t direction)
{
	int64_t began;
	int status;
	pid_t pid;

	place_reset(place, direction);
	began = clock_us();
	pid = place_fork(place, NULL);
	waitpid(pid, &status, 0);
	return clock_us() - began;
}
