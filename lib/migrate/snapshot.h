/* snapshot: one script in place of all revisions, where the database is empty (mig_bundle.snapshots).
 *
 * A snapshot is taken only where nothing can tell it from a replay: the plan has every revision, the
 * snapshot was made of these (`heads`, over their chain digests), the engine is like the one that it was
 * made with (`key`), no hook sees each step, functions in C say that they are pure, and the database is
 * empty, which is looked at under the lock. Everything else replays. */
#ifndef MIG__MIGRATE_SNAPSHOT_H
#define MIG__MIGRATE_SNAPSHOT_H

#include "migrate/job.h"

/* -- snapshot.c: taking one */

/* What is known without the database: whether there are some, and the plan has all revisions. */
int mig__snapshot_may(const struct mig__run *run, int32_t direction, const struct mig__store_rows *rows,
		      int running, const struct mig__plan *plan);
/* The snapshot that stands for the plan, or NULL in *out: there is none, or the database is not
 * empty. */
mig_status mig__snapshot_choose(struct mig__run *run, const mig_bundle_snapshot **out);
/* Runs it in the open transaction; the steps of the plan are done then. */
mig_status mig__snapshot_take(struct mig__job *job, const mig_bundle_snapshot *snapshot);
/* What came of a statement of its, or of its commit; returns rc. After an error that a replay need not
 * have, the job knows that the snapshot has failed. */
mig_status mig__snapshot_result(struct mig__job *job, mig_status rc);
/* SHA-256 over the heads' ids and chain digests. */
mig_status mig__snapshot_heads(const struct mig__alloc *alloc, struct mig__world *world,
			       struct mig__error *err, uint8_t out[MIG__DIGEST_SIZE]);
/* The nodes by the bytes of their ids, to be freed. NULL: no memory. */
uint32_t *mig__snapshot_order(const struct mig__alloc *alloc, const struct mig__world *world);

/* -- snapshot_make.c: making one */

struct mig__snapshot_made {
	struct mig__buf text;
	char key[MIG_SNAPSHOT_KEY_SIZE];
	uint32_t *statements; /* to be freed */
	size_t statement_count;
	uint8_t heads[MIG__DIGEST_SIZE];
};
/* Of the run's revisions, in scratches of its database. end_statements: ends what the functions of a
 * replay have left open. out is to be finished in any case. */
mig_status mig__snapshot_make(struct mig__run *run, void (*end_statements)(mig_stmt **),
			      struct mig__snapshot_made *out);
void mig__snapshot_made_finish(const struct mig__alloc *alloc, struct mig__snapshot_made *made);

#endif
