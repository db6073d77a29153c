/* oracle: what it holds; for the checker alone. */
#ifndef MIG_ATTACK_ORACLE_H
#define MIG_ATTACK_ORACLE_H

#include "check.h"

struct section {
	const char *const *statements;
	size_t count;
	char **states; /* count + 1 dumps: after so many statements; NULL: in a transaction */
};

struct oracle {
	const struct subject *subject;
	const struct bare_engine *engine;
	struct section *up, *down; /* one a revision */
	char (*chains)[80];        /* the chain digest of each */
};

/* The dump at rest at a revision. */
const char *oracle_state(const struct oracle *oracle, size_t at);

#endif
