/* pairs: two schemas of chance by a seed, as SQL texts. */
#ifndef TESTS_SCHEMA_PAIRS_H
#define TESTS_SCHEMA_PAIRS_H

#include "random.h"

struct pair {
	char *old, *new; /* of malloc() */
};

enum { PAIR_MOST = 60 }; /* changes */

/* The new one is the old one after `changes` changes; 0: as many as the seed says. */
void pair_make(struct pair *pair, enum dialect dialect, uint64_t seed, unsigned changes);
void pair_free(struct pair *pair);
/* 1 if both are the same but for the order of things. */
int pair_is_same(const struct pair *pair);

#endif
