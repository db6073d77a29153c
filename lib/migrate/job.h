/* job: what the files that execute share: run.c (the run), step.c (a revision in a transaction), commit.c
 * (its end), lone.c (a revision outside one) and place.c (rows that are set without running anything). */
#ifndef MIG__MIGRATE_JOB_H
#define MIG__MIGRATE_JOB_H

#include "migrate/aim.h"
#include "migrate/journal.h"
#include "migrate/rows.h"
#include "migrate/run.h"

enum { MIG__ACTOR_SIZE = 128, MIG__TIME_SIZE = 32 };

/* A step that has run in the open transaction and waits for its history row. */
struct mig__done_step {
	uint32_t node;
	int64_t statements, duration_us;
	const struct mig__store_journal *journal; /* NULL: nothing */
	int by_snapshot; /* a word for people who read the history */
	char started[MIG__TIME_SIZE];
};

enum mig__run_hook {
	MIG__HOOK_WAITS = 0,
	MIG__HOOK_CALLED = 1, /* in the open transaction */
	MIG__HOOK_KEPT = 2    /* in one that is committed */
};

/* Steps that are run once more after a transaction's end that was put off has failed: what was told of
 * them is not told again. Nodes, MIG__NO_NODE: none. */
struct mig__told {
	uint32_t whole; /* all of it */
	uint32_t begun; /* its begin and its statements */
};

/* What the plan was made from. */
enum mig__planned {
	MIG__UNPLANNED,
	MIG__PLANNED_AHEAD, /* the first read, without a lock: good if it is read again under it */
	MIG__PLANNED        /* rows */
};

/* Whether a snapshot runs in place of the steps. */
enum mig__by_snapshot {
	MIG__SNAPSHOT_NEVER,
	MIG__SNAPSHOT_MAYBE,  /* of the plan there is one: the database has not been asked */
	MIG__SNAPSHOT_TAKEN,  /* it runs, or has run, in the open transaction */
	MIG__SNAPSHOT_FAILED, /* it did not; the steps are to run */
};

/* One call of mig__run_to or mig__run_stamp. */
struct mig__job {
	struct mig__run *run;
	int32_t direction; /* of aim */
	struct mig__aim aim;
	struct mig__version_rows rows;
	struct mig__plan plan;
	size_t at;      /* next step of the plan */
	enum mig__planned planned;
	int begun;      /* the transaction of the next round is open already */
	int committed;  /* the last round was, and nothing has run since: rows are what it has left */
	int locked;     /* db lock for work outside a transaction */
	int announced;  /* MIG_EVENT_RUN_BEGIN was sent */
	int tables;     /* both tables are known to be there, as this libmig makes them */
	enum mig__run_hook entered; /* the hook before the run's first revision */
	int timeouts;   /* some are set on the connection */
	int repeats;    /* how often this transaction has been tried again */
	int repeatable; /* what runs now is undone by a rollback */
	int resumable;  /* what has failed can be taken up where it was */
	int later;      /* the end of the transaction before goes out with the next script */
	uint32_t before; /* later: the step of that transaction */
	int at_once;    /* how many ends of transactions are not put off */
	struct mig__told told;
	enum mig__by_snapshot snapshot;
	int at_steps;   /* after a snapshot that failed, its transaction is undone */
	size_t split;   /* steps after which the open transaction is committed; 0: all of them */
	struct mig__store_running running;
	struct mig__arena running_arena;
	struct mig__done_step *done;
	size_t done_count, done_cap;
	char actor[MIG__ACTOR_SIZE];
};

/* -- step.c: time and events */

/* RFC 3339, UTC, with milliseconds. */
void mig__run_utc(char out[MIG__TIME_SIZE]);
mig_status mig__run_emit(struct mig__run *run, int32_t event);
void mig__run_now_step(struct mig__run *run, const struct mig__script *script, size_t step);
/* A message to the log; level: enum mig_log_level. */
void mig__run_log(struct mig__run *run, int32_t level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* -- step.c: one section or function */

struct mig__section_run {
	struct mig__run *run;
	const struct mig__script *script;
	struct mig__body body;
	size_t base; /* where the part of the text begins that the dialect has */
	size_t last; /* offset of the statement that was begun last */
	int64_t count;
};

mig_status mig__section_statement(void *section, const mig_statement *statement);
/* Puts file, line, column and revision to an error of the engine. offset is used where the engine
 * told none. */
void mig__section_locate(struct mig__section_run *s, size_t base, size_t offset);
/* Calls a revision's function; alone: outside a transaction. */
mig_status mig__step_call(struct mig__run *run, const struct mig__script *script,
			  int32_t direction, int alone);

/* Around the hooks and the SQL of a revision: its settings, and the session put back after it. lone:
 * outside a transaction. The end keeps the error that led to it, if rc is one. */
mig_status mig__revision_begin(struct mig__run *run, const struct mig__script *script,
			       int32_t direction, int32_t lone);
mig_status mig__revision_end(struct mig__run *run, const struct mig__script *script, mig_status rc);

/* The hooks before a revision: of the run, if it is the first one that begins, and of the step. */
mig_status mig__hooks_before(struct mig__job *job, const struct mig__script *script,
			     int32_t direction);
int mig__hooks_are_before(const struct mig__job *job); /* there are some to call */
/* After it; last: it is the run's last one. */
mig_status mig__hooks_after(struct mig__job *job, const struct mig__script *script,
			    int32_t direction, int last);
int mig__hooks_are_after(const struct mig__job *job, int last);
/* The transaction that is open is committed: what was called in it stays called; or it is undone. */
void mig__hooks_commit(struct mig__job *job);
void mig__hooks_undo(struct mig__job *job);

/* -- run.c */

/* One transaction with what `inside` does in it; nothing is run. The names are handed to it. */
mig_status mig__run_inside(struct mig__run *run, const char *const *names, size_t count,
			   mig_status (*inside)(struct mig__job *job, const char *const *names,
						size_t count));

/* -- commit.c */

/* Undoes the transaction, and waits; from here on nothing is planned. */
mig_status mig__job_begin_again(struct mig__job *job, int64_t pause_ms);
/* Commits, and begins the next transaction at once if there is one and the dialect knows how; or puts both
 * off until the next step (job->later). */
mig_status mig__job_commit(struct mig__job *job);
/* After the step that follows a commit that was put off; rc: what has become of the step. *again: the round
 * is over, and another one goes on. */
mig_status mig__job_settle(struct mig__job *job, mig_status rc, int *again);

/* -- step.c: in a transaction */

/* The time-outs of a revision: its own, otherwise the run's. */
mig_status mig__job_timeouts(struct mig__job *job, const struct mig__script *script);
/* Runs the next step of the plan. */
mig_status mig__job_step(struct mig__job *job);
mig_status mig__job_log(struct mig__job *job, uint32_t node, int32_t direction, const char *state,
			const struct mig__done_step *done);
/* libmig's tables are there, with all columns: before the first write. Where DDL commits by itself they are made in front of the open transaction,
 * which is begun anew: nothing may have been written in it. */
mig_status mig__job_tables(struct mig__job *job);
/* Version and history rows of the steps that ran in the open transaction. */
mig_status mig__job_write(struct mig__job *job);
/* Puts the names of these steps to an error of their rows or their commit; returns rc. */
mig_status mig__job_blame(struct mig__job *job, mig_status rc);

/* -- lone.c */

/* Runs a step outside a transaction; resumed: what an earlier process did of it, or NULL. */
mig_status mig__job_lone(struct mig__job *job, uint32_t node, int32_t direction,
			 const struct mig__store_running *resumed);

#endif
