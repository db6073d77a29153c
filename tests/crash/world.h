/* world: a linear history whose every statement leaves a trace, and the check that a database is
 * at a whole state of it.
 *
 * Revision i creates table c_i with an index and three rows, every fifth adds a column to an older
 * table, and each writes its number into the table "effect", which nothing keeps from holding a
 * number twice: so a statement that ran twice, or not at all, shows. */
#ifndef MIG_TEST_WORLD_H
#define MIG_TEST_WORLD_H

#include <mig/mig.h>
#include <stddef.h>

enum world_flag {
	WORLD_PLAIN = 0,
	WORLD_SPLIT = 1, /* every eighth revision (5, 13, …) runs outside a transaction */
	WORLD_LONE = 2,  /* and some of these hold VACUUM and PRAGMA journal_mode=WAL */
	WORLD_SLOW = 4   /* each revision has a statement that takes a while */
};

struct world {
	size_t count; /* revisions */
	int flags;    /* enum world_flag */
};

/* Adds the revisions to a context. */
mig_status world_add(const struct world *world, mig_ctx *ctx);
/* 1 if revision i (from 1) runs outside a transaction. */
int world_is_split(const struct world *world, size_t i);

/* What world_check() found. */
struct world_state {
	size_t at;      /* the revision that the database is at; 0: base */
	int unfinished; /* 1: the next one, outside a transaction, has begun */
};

/* Fails the running test unless the database file is sound and at a whole state: everything up to
 * one revision, nothing of a later one, but for the first statements of an unfinished revision
 * outside a transaction, as the history table has them. mode: enum mig_transaction_mode of the
 * runs so far, which says where they can have stopped; -1: anywhere. */
void world_check(const struct world *world, const char *path, int mode, struct world_state *out);
/* Runs to the head in this process and checks that everything is there once. */
void world_finish(const struct world *world, const char *path, int mode);

#endif
