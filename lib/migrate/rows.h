/* rows: the version rows of a run, in memory beside the table: checked against the scripts when
 * they are read, changed by every step, written as a difference before a commit. */
#ifndef MIG__MIGRATE_ROWS_H
#define MIG__MIGRATE_ROWS_H

#include "migrate/plan.h"
#include "migrate/store.h"

struct mig__version_rows {
	struct mig__store_rows stored; /* the table's rows as last read or written */
	struct mig__arena arena;       /* of stored */
	int32_t stale;   /* a digest in the table is not today's and shall be (MIG_EDITED_ACCEPT) */
	int32_t unstamped; /* there is no stamp of stored in the header: need not look again */
	int32_t warned;  /* an edit was warned of: once is enough */
	/* a step's changes since the last write, by node; NULL until the first */
	uint8_t *was, *is;
	uint32_t *touched;
	size_t touched_count;
};

void mig__version_init(struct mig__version_rows *state, const struct mig__alloc *alloc);
/* Reads the table. *changed (may be NULL) tells whether it differs from what the state held. Not
 * to be called with unwritten changes. */
mig_status mig__version_read(struct mig__db *db, struct mig__version_rows *state, int *changed);

/* Forgets what was applied and not written, after a rollback. */
void mig__version_forget(struct mig__version_rows *state);

/* Compares each row with the scripts: MIG_ENEWER lists rows that they do not have; a digest that
 * differs is MIG_EEDITED, naming the revisions that were edited (looked up in the history), or a
 * warning, or makes the state stale, by mode (enum mig_edited_mode). */
mig_status mig__version_check(struct mig__db *db, const struct mig__alloc *alloc,
			      struct mig__world *world, int32_t mode,
			      struct mig__version_rows *state);
/* The applied revisions whose script is not the one that ran, in graph order. */
mig_status mig__version_edited(struct mig__db *db, const struct mig__alloc *alloc,
			       struct mig__world *world, const struct mig__version_rows *state,
			       struct mig__nodes *out);

/* Notes a step's change. */
mig_status mig__version_apply(const struct mig__alloc *alloc, const struct mig__world *world,
			      struct mig__version_rows *state, const struct mig__route *route,
			      size_t step, struct mig__error *err);
/* The same for one revision that goes up or down, whatever the plan. */
mig_status mig__version_apply_one(const struct mig__alloc *alloc, const struct mig__world *world,
				  struct mig__version_rows *state, uint32_t node, int32_t direction,
				  struct mig__error *err);
/* The rows become these nodes, whatever they were. */
mig_status mig__version_replace(const struct mig__alloc *alloc, const struct mig__world *world,
				struct mig__version_rows *state, const struct mig__nodes *nodes,
				struct mig__error *err);
/* Whether the node is a row, with the noted changes, once there are some. */
int mig__version_has(const struct mig__version_rows *state, uint32_t node);
/* Writes the noted changes (and stale digests) to the table and to state->stored. */
mig_status mig__version_write(struct mig__db *db, const struct mig__alloc *alloc,
			      struct mig__world *world, struct mig__version_rows *state);
/* Marks a row, while the step of the node is unfinished, and takes the mark away. */
mig_status mig__version_mark(struct mig__db *db, const struct mig__world *world,
			     struct mig__version_rows *state, uint32_t node);
mig_status mig__version_unmark(struct mig__db *db, struct mig__version_rows *state);
void mig__version_finish(struct mig__version_rows *state);

#endif
