/* adopt: the revisions that the version table of another tool stands for. */
#ifndef MIG__MIGRATE_ADOPT_H
#define MIG__MIGRATE_ADOPT_H

#include "dialect/foreign.h"
#include "migrate/plan.h"

#include <mig/mig.h>

struct mig__adopt {
	struct mig__foreign from;
	/* what a value stands for; without either the values are ids */
	const mig_adopt_pair *pairs;
	size_t pair_count;
	mig_adopt_fn fn;
	void *user;
	int32_t once; /* a database that libmig has been at is left alone */
	int32_t allow_empty; /* no value at all is base */
};

/* The ids, in the order of their bytes; they live in the arena. */
mig_status mig__adopt_read(struct mig__db *db, const struct mig__adopt *adopt,
			   struct mig__arena *arena, struct mig__rows *out);

#endif
