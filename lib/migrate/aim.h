/* aim: where a call goes. A target that starts from the rows ("-1", "LABEL@+1") is made absolute by
 * the call's first read, as if an unfinished step had not begun; so it means the same after a wait
 * for the lock, in a second try, and when an interrupted command is repeated. */
#ifndef MIG__MIGRATE_AIM_H
#define MIG__MIGRATE_AIM_H

#include "migrate/plan.h"
#include "migrate/rows.h"

struct mig__aim {
	int32_t direction;
	const char *target;      /* as the caller wrote it; NULL: base */
	int taken;               /* the first read has been taken into account */
	int fixed;               /* the nodes count, not the target */
	struct mig__nodes nodes; /* upgrade: to be reached; downgrade: to be undone */
};

/* The rows, and the unfinished step if they show one, as they were at one moment, without a lock.
 */
mig_status mig__aim_read(struct mig__db *db, struct mig__version_rows *rows,
			 struct mig__arena *arena, struct mig__store_running *running);
/* Once a call: checks that an unfinished step can be gone on from (MIG_EPARTIAL), and fixes a
 * target that starts from the rows. */
mig_status mig__aim_take(const struct mig__alloc *alloc, struct mig__world *world,
			 struct mig__rows rows, const struct mig__store_running *running,
			 struct mig__error *err, struct mig__aim *aim);
/* The plan from the rows to the aim. */
mig_status mig__aim_plan(const struct mig__alloc *alloc, struct mig__world *world,
			 struct mig__rows rows, const struct mig__aim *aim, struct mig__error *err,
			 struct mig__plan *out);
void mig__aim_finish(const struct mig__world *world, struct mig__aim *aim);

/* MIG_EPARTIAL unless this program has the revision of the unfinished step, and its section. */
mig_status mig__unfinished_check(struct mig__world *world, const struct mig__store_running *running,
				 struct mig__error *err);
/* MIG_EPARTIAL, for those who only ask. */
mig_status mig__unfinished_fail(const struct mig__store_running *running, struct mig__error *err);
/* MIG_EPARTIAL: a row is marked, and the history does not say why. */
mig_status mig__unfinished_lost(const struct mig__store_rows *rows, struct mig__error *err);
/* The version rows when the unfinished step has been finished; ids of the graph, in the arena. */
mig_status mig__unfinished_after(const struct mig__alloc *alloc, const struct mig__world *world,
				 struct mig__rows rows, const struct mig__store_running *running,
				 struct mig__arena *arena, struct mig__error *err,
				 struct mig__rows *out);

#endif
