/* run: takes a plan to the database. The only place that executes revisions.
 *
 * Shape of a run:
 *
 *     read rows; nothing to do: return           one statement, no lock
 *     run_begin
 *       [lock, if a step runs outside a transaction]
 *       begin; read rows again; plan             rows changed by others: plan anew
 *         run steps, as many as one transaction takes
 *         write version and history rows
 *       commit                                   and again, until the plan is done
 *       a step outside a transaction: journalled, statement by statement
 *     run_end
 */
#ifndef MIG__MIGRATE_RUN_H
#define MIG__MIGRATE_RUN_H

#include "migrate/adopt.h"
#include "migrate/edit.h"
#include "migrate/plan.h"
#include "migrate/store.h"

#include <mig/mig.h>

/* Functions of the host, before and after; each may be NULL. */
struct mig__hooks {
	mig_step_fn before, after;
	void *user;
};

/* Those of one bundle, in structs of today. */
struct mig__snapshots {
	const mig_bundle_snapshot *at;
	size_t count;
	const struct mig__snapshots *next; /* of another bundle */
};

struct mig__run {
	const struct mig__alloc *alloc;
	struct mig__error *err;
	struct mig__db *db;
	struct mig__world world;
	/* Instead of world: the heads that an upgrade goes to. Only if the database is not there,
	 * the world is loaded. */
	const mig_bundle *heads;
	mig_status (*load)(void *user, struct mig__world *out);
	void *load_user;
	mig_run_options options;
	mig_progress_fn progress;
	void *progress_user;
	struct mig__hooks step_hooks, run_hooks;
	const mig_ctx *ctx; /* for mig_argument() */
	const struct mig__adopt *adopt; /* of mig__run_adopt() */
	/* Told where the database is when mig__run_to has succeeded: at the rows, or, with `heads`, at
	 * these; or NULL. */
	void (*reached)(void *user, struct mig__rows rows);
	void *reached_user;
	const struct mig__snapshots *snapshots; /* that an upgrade may take; NULL: none */
	mig_stmt *statements; /* of steps, until they are freed; the caller ends them after the run */
	/* -- from here on run.c's own; zeroed by the caller */
	mig_progress now; /* what the progress callback is told */
	size_t resumed;   /* steps that are done and not in the plan: e.g. one that an earlier process began */
	int quiet;        /* a step was told of already */
	int64_t began_us, last_poll_us, last_told_us;
};

/* A step as a revision in C and the hooks see it; a statement of theirs. */
struct mig_step {
	struct mig__run *run;
	const struct mig__script *script;
	int32_t direction;
	int alone; /* outside a transaction */
	struct mig__edits edits; /* operations of mig/op.h */
	struct mig__error own;   /* of mig_step_fail(): the step fails with it; status 0: none */
};

struct mig_stmt {
	struct mig__alloc alloc; /* its own: it may outlive its context */
	struct mig__db *db;      /* NULL: the run is over, or the context is closed */
	mig_cursor *cursor;
	int on_row; /* the last step had a row */
	int done;   /* the last step had none */
	struct mig_stmt *next, **list; /* the open statements of the context, or of the run */
};

mig_status mig__run_to(struct mig__run *run, int32_t direction, const char *target);
mig_status mig__run_stamp(struct mig__run *run, const char *const *targets, size_t count);
/* Stamps what the version table of another tool stands for. */
mig_status mig__run_adopt(struct mig__run *run, const struct mig__adopt *adopt);
mig_status mig__run_ensure(struct mig__run *run);
/* MIG_OK if an upgrade to the target would find nothing to do; only reads. */
mig_status mig__run_verify(struct mig__run *run, const char *target);
/* For db->poll: sends waiting and working events about once a second; nonzero: stop. */
int32_t mig__run_poll(struct mig__run *run, int32_t waiting);
/* What a revision's own function says of its progress; MIG_ECANCELLED: stop. */
mig_status mig__run_working(struct mig__run *run, const char *what, uint64_t done, uint64_t total);

#endif
