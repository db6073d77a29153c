/* ctx: the context behind mig.h. The files of this folder check arguments, bring the revisions into
 * memory when they are first needed, and call what does the work. */
#ifndef MIG__API_CTX_H
#define MIG__API_CTX_H

#include "base/options.h"
#include "dialect/db.h"
#include "graph/graph.h"
#include "migrate/run.h"
#include "schema/model.h"
#include "script/script.h"

#include <mig/mig.h>
#include <mig/model.h>
#include <stdatomic.h>

enum mig__source_kind { MIG__FOLDER, MIG__TEXT, MIG__BUNDLE, MIG__FUNCTIONS, MIG__CALLBACK };

/* What was given to a mig_add_ function, in that order. */
struct mig__source {
	enum mig__source_kind kind;
	const char *name; /* folder, or name of a text */
	int32_t recursive;
	const char *text;
	size_t size;
	mig_bundle bundle;
	mig_revision_def def;
	mig_source_fn fn;
	void *user;
};

struct mig__argument {
	const char *name, *value; /* NULL: taken away */
};

/* The allocator where it can outlive the context: schemas keep its address. The context and each list
 * of operations have a share; the last of them frees it. */
struct mig__memory {
	struct mig__alloc alloc;
	_Atomic uint32_t shares;
};

/* What the sources have given. Lists of revisions and plans borrow from it: the context and each of them
 * has a share, and the last one frees it. Whoever lists reads what does not change any more once it is
 * loaded: not the sections, which the context reads when it needs them. */
struct mig__revisions {
	struct mig__alloc alloc;
	_Atomic uint32_t shares;
	struct mig__set set;
	struct mig__graph *graph;
};

struct mig_ctx {
	struct mig__alloc alloc;
	struct mig__memory *memory; /* the same; what the error record and the connection use */
	struct mig__error err;
	struct mig__arena arena; /* of what lives as long as the context */
	struct mig__db db;
	int32_t lock_timeout_ms;
	const char *database;
	int offline; /* there is a dialect, but no database */
	mig_sql_fn script; /* runs are written to it; NULL: they run */
	void *script_user;
	int busy; /* inside a call that may call back */
	int keep_cancel; /* one that comes between two calls is for the next */

	struct mig__source *sources;
	size_t source_count, source_cap;
	const struct mig__snapshots *snapshots; /* of bundles; in the arena */

	struct mig__argument *arguments;
	size_t argument_count, argument_cap;

	/* made from the sources when first needed */
	size_t keep_room; /* mig__set.keep_room of the next load */
	struct mig__revisions *revisions; /* NULL: not yet */
	struct mig__set *set;             /* of revisions */
	struct mig__graph *graph;

	mig_model *model; /* what the program declares; NULL: nothing */
	mig_diff_options diff_options;
	mig_conn *beside; /* the connection whose scratch db is; or NULL */

	mig_log_fn log;
	void *log_user;
	mig_progress_fn progress;
	void *progress_user;
	struct mig__hooks step_hooks, run_hooks;
	struct mig__run *run; /* while one is going on */
	struct mig__reached {
		int done;         /* there was a run that succeeded */
		mig_bundle heads; /* its heads, if it has revisions; otherwise the ids */
		const char **ids; /* one block with their texts; NULL: there was no memory */
		size_t count;
	} reached; /* where the last run has left the database */
	mig_stmt *queries;    /* of mig_query(), until they are freed */
};

/* Starts a call: clears the last error, refuses a call from inside a callback. */
mig_status mig__enter(mig_ctx *ctx);
/* The same for what needs a dialect, but not its database. */
mig_status mig__enter_dialect(mig_ctx *ctx);
/* The same for a call that needs the database. */
mig_status mig__enter_db(mig_ctx *ctx);
/* The same for a call that runs, or is written as a script. */
mig_status mig__enter_run(mig_ctx *ctx);
/* Writes what a run to "FROM:TO" does; direction MIG_STAMP: what mig_stamp() does. */
mig_status mig__script_range(mig_ctx *ctx, int32_t direction, const char *range,
			     const mig_run_options *options);
/* Writes what mig_ensure_version() does. */
mig_status mig__script_tables(mig_ctx *ctx);
/* Brings sources into set and graph; digests: they will be needed. */
mig_status mig__load(mig_ctx *ctx, int32_t digests);
struct mig__revisions *mig__revisions_share(struct mig__revisions *revisions);
void mig__revisions_release(struct mig__revisions *revisions); /* NULL allowed */
/* Forgets set and graph: the next call reads the sources again. */
void mig__unload(mig_ctx *ctx);
/* Does `work` with a run of the context's, whose revisions are loaded. */
mig_status mig__work(mig_ctx *ctx, mig_status (*work)(struct mig__run *run, void *user), void *user);
struct mig__world mig__world_of(mig_ctx *ctx);
struct mig__memory *mig__memory_share(struct mig__memory *memory);
/* Gives a share back; the last one frees. */
void mig__memory_release(struct mig__memory *memory);
/* Whether it is one of enum mig_status_code. */
int mig__status_is_known(mig_status status);
/* The database's rows, read into the arena; none without a database. */
mig_status mig__read_rows(mig_ctx *ctx, struct mig__arena *arena, struct mig__store_rows *stored,
			  struct mig__rows *rows);

#endif
