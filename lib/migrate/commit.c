/* commit: how a transaction ends: it is undone, to be begun again, or committed. A commit may be put off: it
 * goes out with the next step's script, if the dialect knows how (mig_dialect_conn.commit_later), and only
 * that step shows what has become of it. */
#include "base/clock.h"
#include "migrate/job.h"

#include <time.h>
#include <unistd.h>

/* Half of the pause to all of it, so that those who were in each other's way part. */
static mig_status pause_before(struct mig__job *job, int64_t ms)
{
	struct mig__db *db = job->run->db;
	int64_t until = mig__clock_us() + ms * 500;
	struct timespec slice = { .tv_nsec = 20000000 };
	mig_status rc;

	until += (until ^ (int64_t)getpid() * 7919) % (ms * 500);
	while (!(rc = mig__db_check(db)) && mig__clock_us() < until)
		nanosleep(&slice, NULL);
	return rc;
}

mig_status mig__job_begin_again(struct mig__job *job, int64_t pause_ms)
{
	struct mig__run *run = job->run;
	mig_status rc;

	mig__error_clear(run->err);
	job->resumable = 0;
	rc = run->db->dialect->conn->rollback(run->db->conn);
	if (!rc && pause_ms)
		rc = pause_before(job, pause_ms);
	mig__version_forget(&job->rows);
	mig__hooks_undo(job);
	job->done_count = 0;
	job->planned = MIG__UNPLANNED;
	job->timeouts = 0;
	job->at = 0;
	return rc;
}

/* A step whose transaction is repeated if the message that was to end it cannot be read must not have
 * taken long, nor have called anybody. */
enum { LONG_US = 1000000 };

static int has_hooks(const struct mig__run *run)
{
	return run->step_hooks.before || run->step_hooks.after || run->run_hooks.before ||
	       run->run_hooks.after;
}

/* Whether the commit may go out with the next step's script. */
static int may_wait(struct mig__job *job)
{
	const struct mig__script *scripts = job->run->world.set->at;
	const struct mig__done_step *done = job->done;

	if (job->at_once) {
		job->at_once--;
		return 0;
	}
	return job->done_count == 1 && done->duration_us < LONG_US && !has_hooks(job->run) &&
	       !scripts[done->node].upgrade &&
	       !scripts[job->plan.route.steps[job->at].node].upgrade;
}

mig_status mig__job_commit(struct mig__job *job)
{
	struct mig__db *db = job->run->db;
	int32_t check = !job->run->options.no_foreign_key_check, freed = 0, later = 0;
	mig_status (*commit_begin)(mig_conn *, int32_t, int32_t *) = MIG__CONN_SLOT(db, commit_begin);
	mig_status rc = MIG_OK;

	if (job->at == job->plan.route.step_count || !job->plan.transactional[job->at])
		return mig__db_commit(db, check);
	if (may_wait(job)) {
		rc = mig__store_commit_later(db, &job->rows.stored, &later);
		job->begun = job->later = !rc && later;
		job->before = job->done->node;
	}
	if (rc || later)
		return rc;
	if (!commit_begin)
		return mig__db_commit(db, check);
	rc = commit_begin(db->conn, check, &freed);
	job->begun = !rc && !freed;
	return rc;
}

/* What was put off is done now, since the step has failed before it sent anything. rc: why. */
static mig_status commit_now(struct mig__job *job, mig_status rc)
{
	struct mig__run *run = job->run;
	struct mig__error first = mig__error_take(run->err);
	mig_status failed = mig__db_commit(run->db, !run->options.no_foreign_key_check);

	if (failed) {
		mig__error_clear(&first);
		job->done[0] = (struct mig__done_step){ .node = job->before };
		job->done_count = 1;
		return mig__job_blame(job, failed);
	}
	mig__error_put_back(run->err, first);
	return rc;
}

/* The plan is made anew, from what the steps before the next `undone` ones have left. */
static mig_status go_back(struct mig__job *job, uint32_t undone, int at_once)
{
	struct mig__run *run = job->run;

	job->told.begun = job->plan.route.steps[job->at].node;
	job->told.whole = undone ? job->before : MIG__NO_NODE;
	job->at_once = at_once;
	run->resumed += job->at - undone;
	return mig__job_begin_again(job, 0);
}

mig_status mig__job_settle(struct mig__job *job, mig_status rc, int *again)
{
	int32_t how = mig__db_later(job->run->db);

	job->later = how == MIG_LATER_WAITS && !rc;
	if (rc && how == MIG_LATER_WAITS)
		return commit_now(job, rc);
	*again = how == MIG_LATER_UNDONE || how == MIG_LATER_LOST;
	if (how == MIG_LATER_UNDONE)
		return go_back(job, 1, 2);
	return how == MIG_LATER_LOST ? go_back(job, 0, 1) : rc;
}
