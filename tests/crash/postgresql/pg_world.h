/* pg_world: a linear history on PostgreSQL whose every statement leaves a trace, and the check that
 * a database is at a whole state of it: see ../world.h, which is the same for SQLite.
 *
 * What runs outside a transaction are builds and drops of indexes, CONCURRENTLY. */
#ifndef MIG_TEST_PG_WORLD_H
#define MIG_TEST_PG_WORLD_H

#include <mig/mig.h>
#include <stddef.h>

enum pg_world_flag {
	PG_WORLD_PLAIN = 0,
	PG_WORLD_SPLIT = 1, /* every fourth revision (3, 7, …) runs outside a transaction */
	PG_WORLD_SLOW = 2   /* every revision takes a while, most of all the concurrent builds */
};

struct pg_world {
	size_t count; /* revisions */
	int flags;    /* enum pg_world_flag */
	int mode;     /* enum mig_transaction_mode */
};

/* What a process did, for another one to read. */
struct pg_outcome {
	mig_status status;
	char message[400];
};

/* What pg_world_check() found. */
struct pg_world_state {
	size_t at;      /* the revision that the database is at; 0: base */
	int unfinished; /* 1: the next one, outside a transaction, has begun */
};

/* To be called first in a forked child: a crash of it is to kill it, where cmocka would go on with
 * the tests. */
void pg_world_child(void);
/* Opens the URL and runs to the head. */
void pg_world_upgrade(const struct pg_world *world, const char *url, struct pg_outcome *out);
/* Waits until the server has noticed that all others are gone. */
void pg_world_alone(const char *url);
/* Fails the running test unless the database is at a whole state: everything up to one revision,
 * nothing of a later one, but for the first statements of an unfinished revision outside a
 * transaction, as the history has them, and maybe the next one of these. */
void pg_world_check(const struct pg_world *world, const char *url, struct pg_world_state *out);
/* Fails the running test unless everything is there once, and all indexes are valid. */
void pg_world_check_head(const struct pg_world *world, const char *url);

#endif
