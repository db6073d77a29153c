/* plan: what a run will do, decided before anything is executed. The database is not touched. */
#ifndef MIG__MIGRATE_PLAN_H
#define MIG__MIGRATE_PLAN_H

#include "dialect/db.h"
#include "graph/graph.h"
#include "script/script.h"

/* The revisions and where they run. set->at[i] is node i of the graph. */
struct mig__world {
	const struct mig__graph *graph;
	struct mig__set *set;
	const char *dialect;  /* NULL without a database */
	const char *database; /* for database=NAME sections, or NULL */
	/* For what never touches the database: where statements end, and what they lean on; or NULL. */
	struct mig__db *db;
};

struct mig__plan {
	struct mig__route route;
	uint8_t *transactional; /* one for each step of the route */
	size_t lone_count;      /* steps outside a transaction */
};

/* Routes from the rows to the target (NULL: base; only for a downgrade) and checks that every step
 * can be run: MIG_ENO_SECTION, MIG_EIRREVERSIBLE. Free with mig__plan_finish. */
mig_status mig__plan_make(const struct mig__alloc *alloc, struct mig__world *world,
			  struct mig__rows rows, int32_t direction, const char *target,
			  struct mig__error *err, struct mig__plan *out);
/* Checks the steps of a plan that has its route; finishes the plan if one cannot be run. */
mig_status mig__plan_steps(const struct mig__alloc *alloc, struct mig__world *world,
			   struct mig__error *err, struct mig__plan *plan);
void mig__plan_finish(const struct mig__alloc *alloc, const struct mig__world *world,
		      struct mig__plan *plan);

/* Whether one revision can be run in a direction, and whether in a transaction. A section outside one
 * is read and checked, once. */
mig_status mig__plan_step(struct mig__world *world, uint32_t node, int32_t direction,
			  struct mig__error *err, uint8_t *transactional);

/* Checks that a query stands below each "-- mig:check" of the section that applies. Runs find out
 * where the section begins. */
mig_status mig__plan_checks(struct mig__world *world, uint32_t node, int32_t direction,
			    struct mig__error *err);

/* Fills digest and chain digest of every revision that lacks its chain. */
mig_status mig__world_digests(const struct mig__alloc *alloc, struct mig__world *world,
			      struct mig__error *err);
/* The same when only this revision's chain is asked for: nothing to do if it has one. */
mig_status mig__world_chain(const struct mig__alloc *alloc, struct mig__world *world, uint32_t node,
			    struct mig__error *err, char hex[MIG__DIGEST_HEX]);

#endif
