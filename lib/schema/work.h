/* work: what the steps of a diff hand on: the fate of every object (fate.c), then operations and
 * their order (order.c). */
#ifndef MIG__SCHEMA_WORK_H
#define MIG__SCHEMA_WORK_H

#include "schema/diff.h"

enum mig__fate {
	MIG__KEEP,     /* nothing, or it is altered */
	MIG__GONE,     /* before's: dropped; after's: created */
	MIG__REPLACED, /* dropped and created again */
	MIG__SKIP      /* left alone, whatever it is */
};

enum { MIG__RENAMED = 128 }; /* differs by its name alone */

struct mig__work {
	struct mig__schema *before, *after;
	const struct mig__diff_hooks *hooks;
	struct mig__error *err;
	uint8_t *old;   /* enum mig__fate of before's objects */
	uint8_t *new;   /* of after's */
	uint8_t *alter; /* of after's: enum mig_change of what is altered in place; MIG__RENAMED */
};

/* Fills in the three. They are freed by the caller, also after an error. */
mig_status mig__fate(struct mig__work *w);
/* Makes the operations, in order. */
mig_status mig__order(struct mig__work *w, struct mig__ops *out);

static inline enum mig__fate mig__old(const struct mig__work *w, const mig_object *o)
{
	return (enum mig__fate)w->old[mig__number(o)];
}

static inline enum mig__fate mig__new(const struct mig__work *w, const mig_object *o)
{
	return (enum mig__fate)w->new[mig__number(o)];
}

/* Dropped by this diff, for good or to be created again. */
static inline int mig__dropped(const struct mig__work *w, const mig_object *o)
{
	return mig__old(w, o) == MIG__GONE || mig__old(w, o) == MIG__REPLACED;
}

static inline int mig__created(const struct mig__work *w, const mig_object *o)
{
	return mig__new(w, o) == MIG__GONE || mig__new(w, o) == MIG__REPLACED;
}

#endif
