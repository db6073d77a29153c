/* relevant: which part of two schemas operations can touch: what they are about, what depends on
 * that, and whatever all of these need. A proof in a copy of this part proves as much as one in a
 * copy of everything, and takes as long as the change is big, not as the schema. */
#ifndef MIG__MIGRATE_RELEVANT_H
#define MIG__MIGRATE_RELEVANT_H

#include "schema/diff.h"

struct mig__relevant {
	const struct mig__alloc *alloc;
	uint8_t *before, *after; /* by number of an object at the top; NULL: everything is */
};

enum mig__width {
	MIG__WIDTH_NEEDED,   /* what objects are known to need */
	MIG__WIDTH_CALLABLE, /* and all that a function's body may call: engines do not tell what it does */
	MIG__WIDTH_ALL
};

/* The schemas are those that the operations came from, and still matched. */
mig_status mig__relevant_find(struct mig__relevant *r, struct mig__schema *before,
			      struct mig__schema *after, const struct mig__ops *ops,
			      enum mig__width width);
void mig__relevant_finish(struct mig__relevant *r);

#endif
