/* place: a SQLite database that an attack is at, with the program that runs on it. */
#ifndef MIG_ATTACK_PLACE_H
#define MIG_ATTACK_PLACE_H

#include "../crash/support.h"
#include "check.h"
#include "report.h"

struct place {
	struct folder folder;
	char url[PATH_SIZE], path[PATH_SIZE];
	struct oracle *oracle;
	struct program program;
	char *head; /* the file at the head, for ways down */
	size_t head_size;
	int32_t direction;
};

void place_make(struct place *place, struct oracle *oracle);
void place_free(struct place *place);
/* An empty database for a way up, one at the head for a way down. */
void place_reset(struct place *place, int32_t direction);
/* "head" or "base". */
const char *place_target(const struct place *place);
/* After a fault: a whole state, and the next run. */
void place_check(struct place *place, struct verdict *v);
/* Forks a child that runs, by itself; its outcome is at *shared (or NULL). */
pid_t place_fork(struct place *place, struct outcome *shared);
/* Memory that a child can write to. */
void *place_share(size_t size);
/* Microseconds of a run that nobody disturbs. */
int64_t place_time(struct place *place, int32_t direction);

#endif
