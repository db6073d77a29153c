/* pgplace: a PostgreSQL database that an attack is at, with the program that runs on it. */
#ifndef MIG_ATTACK_PGPLACE_H
#define MIG_ATTACK_PGPLACE_H

#include "../crash/support.h"
#include "check.h"
#include "report.h"

#include <sys/types.h>

struct pgplace {
	const char *url; /* straight to the server */
	struct oracle *oracle;
	struct program program;
	int32_t direction;
};

/* oracle: NULL makes one, in the database of url. Only the first place of a program does. */
void pgplace_make(struct pgplace *place, struct oracle *oracle, const char *url);
/* An empty database for a way up, one at the head for a way down. */
void pgplace_reset(struct pgplace *place, int32_t direction);
const char *pgplace_target(const struct pgplace *place);
/* By bits: transaction mode, direction; and resets. */
void pgplace_variant(struct pgplace *place, size_t n);
/* After a fault: waits until the server has noticed, then a whole state and the next run. */
void pgplace_check(struct pgplace *place, struct verdict *v);
/* Plain SQL on a connection of its own; ends the program on an error. */
void pgplace_sql(const struct pgplace *place, const char *sql);
/* Forks a child that runs by a URL. */
pid_t pgplace_fork(struct pgplace *place, const char *url, struct outcome *shared);
int64_t pgplace_time(struct pgplace *place, int32_t direction);

/* Memory that a child can write to. */
struct outcome *pgplace_share(void);

#endif
