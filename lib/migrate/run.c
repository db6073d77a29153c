/* run: the rounds of a run. Not the steps themselves (step.c, lone.c), nor which steps (plan.c), nor how
 * a transaction ends (commit.c), nor what sets rows without running anything (place.c). The shape of a run is in run.h.
 *
 * E.g. revisions a and b from nothing, a transaction for each, while another process does the same:
 *
 *     rows {}; plan a, b     without a lock: if there were nothing to do, that would be all
 *     round 1                begin, lock; rows {} as planned; run a; rows {a}; commit
 *     round 2                begin, lock; rows {b}: the other process was here; plan again: nothing
 *
 * So a plan is used only inside a transaction that has read its rows: round_of(). */
#include "base/buf.h"
#include "base/clock.h"
#include "migrate/job.h"
#include "migrate/snapshot.h"
#include "migrate/stamp.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* user@host:pid, the user by number if it has no name. */
static void who(char out[MIG__ACTOR_SIZE])
{
	char names[1024], host[64] = "";
	struct passwd pw, *found = NULL;

	if (gethostname(host, sizeof host - 1))
		host[0] = '\0';
	if (!getpwuid_r(geteuid(), &pw, names, sizeof names, &found) && found)
		snprintf(out, MIG__ACTOR_SIZE, "%.40s@%s:%ld", found->pw_name, host,
			 (long)getpid());
	else
		snprintf(out, MIG__ACTOR_SIZE, "%lu@%s:%ld", (unsigned long)geteuid(), host,
			 (long)getpid());
}

/* -- the run */

static struct mig__rows rows_of(const struct mig__store_rows *stored)
{
	return (struct mig__rows){ stored->ids, stored->count };
}

/* Plans from the rows that were read; with an unfinished step, from those when it is finished. */
static mig_status plan_from_rows(struct mig__job *job)
{
	struct mig__run *run = job->run;
	struct mig__rows rows = rows_of(&job->rows.stored);
	struct mig__arena arena;
	mig_status rc = mig__aim_take(run->alloc, &run->world, rows, &job->running, run->err,
				      &job->aim);

	if (rc)
		return rc;
	mig__arena_init(&arena, run->alloc);
	if (job->running.present)
		rc = mig__unfinished_after(run->alloc, &run->world, rows, &job->running, &arena,
					   run->err, &rows);
	if (!rc)
		rc = mig__aim_plan(run->alloc, &run->world, rows, &job->aim, run->err, &job->plan);
	mig__arena_finish(&arena);
	if (!rc && job->snapshot != MIG__SNAPSHOT_FAILED)
		job->snapshot = mig__snapshot_may(run, job->direction, &job->rows.stored, job->running.present,
						  &job->plan)
					? MIG__SNAPSHOT_MAYBE
					: MIG__SNAPSHOT_NEVER;
	return rc;
}

static void drop_plan(struct mig__job *job)
{
	mig__plan_finish(job->run->alloc, &job->run->world, &job->plan);
	job->planned = MIG__UNPLANNED;
	job->at = 0;
}

/* The unfinished step that the history tells of, read again. */
static mig_status read_running(struct mig__job *job)
{
	struct mig__run *run = job->run;
	mig_status rc = MIG_OK;

	mig__arena_finish(&job->running_arena);
	memset(&job->running, 0, sizeof job->running);
	if (!job->rows.stored.missing)
		rc = mig__store_read_running(run->db, &job->running_arena, &job->running);
	if (!rc && job->rows.stored.running && !job->running.present)
		rc = mig__unfinished_lost(&job->rows.stored, run->err);
	job->tables = !job->rows.stored.missing && job->running.table == MIG_TABLE_THERE;
	return rc;
}

/* Whether the rows are those that the last round has written, which was committed just now: a dialect
 * may know without a read. They were compared with the table before that commit. */
static mig_status rows_untouched(struct mig__job *job, int *out)
{
	struct mig__db *db = job->run->db;
	mig_status (*ask)(mig_conn *, int32_t *) = MIG__CONN_SLOT(db, untouched);
	int32_t untouched = 0;
	mig_status rc = MIG_OK;

	if (ask && job->committed && job->planned == MIG__PLANNED)
		rc = ask(db->conn, &untouched);
	*out = !rc && untouched;
	job->committed = 0;
	return rc;
}

/* What the table says now: checked, and planned from if it is not what the plan expects. The plan
 * that was made ahead holds if the rows are the same and no step was or is unfinished. */
static mig_status replan(struct mig__job *job)
{
	struct mig__run *run = job->run;
	int changed, holds, untouched = 0;
	mig_status rc = rows_untouched(job, &untouched);

	if (rc || untouched)
		return rc;
	rc = mig__version_read(run->db, &job->rows, &changed);
	if (rc || (job->planned == MIG__PLANNED && !changed))
		return rc;
	holds = job->planned == MIG__PLANNED_AHEAD && !changed && !job->running.present;
	if (!holds) {
		drop_plan(job);
		rc = mig__version_check(run->db, run->alloc, &run->world, run->options.edited,
					&job->rows);
	}
	if (!rc)
		rc = read_running(job);
	if (!rc && (!holds || job->running.present)) {
		drop_plan(job);
		rc = plan_from_rows(job);
	}
	if (rc)
		return rc;
	job->planned = MIG__PLANNED;
	run->now.direction = job->direction;
	run->now.steps = run->resumed + job->plan.route.step_count + (job->running.present != 0);
	return MIG_OK;
}

static mig_status announce(struct mig__job *job)
{
	if (job->announced)
		return MIG_OK;
	job->announced = 1;
	mig__run_now_step(job->run, NULL, 0);
	return mig__run_emit(job->run, MIG_EVENT_RUN_BEGIN);
}

/* Takes up the step that an earlier process left unfinished. */
static mig_status resume(struct mig__job *job)
{
	struct mig__run *run = job->run;
	struct mig__store_running running = job->running;
	uint32_t node = mig__graph_find(run->world.graph, running.revision);
	mig_status rc;

	mig__run_log(run, MIG_LOG_WARNING,
		     "finishing the %s of revision %s that was left unfinished after %lld statements",
		     mig__direction_name(running.direction), running.revision, (long long)running.statements);
	job->repeatable = 0;
	run->now.direction = running.direction;
	rc = mig__job_lone(job, node, running.direction, &running);
	if (!rc) /* it was the first step of the plan */
		run->resumed++;
	job->planned = MIG__UNPLANNED;
	return rc;
}

/* A lock is needed that comes before the transaction. A snapshot needs none. */
static int wants_lock(const struct mig__job *job)
{
	int lone = job->plan.lone_count && job->snapshot != MIG__SNAPSHOT_MAYBE &&
		   job->snapshot != MIG__SNAPSHOT_TAKEN;

	return job->planned && !job->locked && (job->running.present || lone);
}

static mig_status take_lock(struct mig__job *job, int32_t *freed)
{
	mig_status rc = job->run->db->dialect->conn->lock(job->run->db->conn, freed);

	job->locked = !rc && !*freed;
	return rc;
}

/* Ends the transaction that has looked. What a section left behind is taken up with tables of today. */
static mig_status resume_round(struct mig__job *job)
{
	const mig_dialect *d = job->run->db->dialect;
	mig_conn *conn = job->run->db->conn;
	mig_status rc;

	if (job->tables) {
		rc = d->conn->rollback(conn);
		return rc ? rc : resume(job);
	}
	rc = mig__job_tables(job);
	if (!rc)
		rc = mig__db_commit(job->run->db, 0);
	return rc ? rc : resume(job);
}

/* One transaction with as many steps as it takes, and the step outside a transaction that comes
 * after it. *more: call again. *freed: another process was at work meanwhile. */
static mig_status round_of(struct mig__job *job, int *more, int32_t *freed)
{
	struct mig__run *run = job->run;
	const mig_dialect *d = run->db->dialect;
	mig_conn *conn = run->db->conn;
	const mig_bundle_snapshot *snapshot = NULL;
	size_t count;
	int again = 0;
	mig_status rc;

	*more = 1;
	*freed = 0;
	job->repeatable = 1;
	rc = wants_lock(job) ? take_lock(job, freed) : MIG_OK;
	if (!rc && !*freed && !job->begun)
		rc = d->conn->begin(conn, !run->options.no_foreign_key_check, freed);
	job->begun = 0;
	if (*freed)
		return rc;
	if (!rc && !job->later) /* the dialect looks whether the rows are as planned */
		rc = replan(job);
	if (!rc && job->snapshot == MIG__SNAPSHOT_MAYBE) {
		rc = mig__snapshot_choose(run, &snapshot);
		job->snapshot = snapshot ? MIG__SNAPSHOT_TAKEN : MIG__SNAPSHOT_NEVER;
	}
	if (rc)
		return rc;
	if (wants_lock(job)) { /* go back for it */
		job->planned = MIG__PLANNED_AHEAD;
		return d->conn->rollback(conn);
	}
	rc = announce(job);
	if (!rc && job->running.present)
		return resume_round(job);
	count = job->plan.route.step_count;
	if (!rc && snapshot)
		rc = mig__snapshot_take(job, snapshot);
	while (!rc && job->at < count && job->plan.transactional[job->at]) {
		rc = mig__job_step(job);
		run->quiet = 0;
		if (job->later)
			rc = mig__job_settle(job, rc, &again);
		if (again)
			return rc;
		if (run->options.transaction_mode == MIG_TRANSACTION_REVISION ||
		    job->done_count == job->split)
			break;
	}
	if (rc)
		return rc;
	if (job->done_count || job->rows.stale) {
		rc = mig__job_write(job);
		if (!rc)
			rc = mig__snapshot_result(job, mig__job_commit(job));
		if (rc)
			return mig__job_blame(job, rc);
		mig__hooks_commit(job);
		job->repeats = 0;
		job->done_count = job->split = 0;
		job->committed = !job->begun && !job->later;
	} else {
		rc = d->conn->rollback(conn);
	}
	if (!rc && job->at < count && !job->plan.transactional[job->at]) {
		job->repeatable = 0;
		job->committed = 0;
		rc = mig__job_lone(job, job->plan.route.steps[job->at].node, job->direction, NULL);
		if (!rc)
			job->at++;
	}
	*more = job->at < count;
	return rc;
}

static void job_finish(struct mig__job *job)
{
	mig__plan_finish(job->run->alloc, &job->run->world, &job->plan);
	mig__aim_finish(&job->run->world, &job->aim);
	mig__version_finish(&job->rows);
	mig__arena_finish(&job->running_arena);
	mig__free(job->run->alloc, job->done);
}

static void job_init(struct mig__job *job, struct mig__run *run)
{
	memset(job, 0, sizeof *job);
	job->run = run;
	job->told = (struct mig__told){ MIG__NO_NODE, MIG__NO_NODE };
	mig__version_init(&job->rows, run->alloc);
	mig__arena_init(&job->running_arena, run->alloc);
	run->began_us = run->last_poll_us = mig__clock_us();
}

/* The rows are exactly these heads, with their digests. */
static int at_heads(const struct mig__store_rows *rows, const mig_bundle *bundle)
{
	char hex[MIG__DIGEST_HEX];

	if (rows->count != bundle->head_count || rows->running)
		return 0;
	for (size_t i = 0; i < rows->count; i++) {
		const char *base = (const char *)bundle->revisions;
		const mig_bundle_revision *r =
			(const void *)(base + bundle->heads[i] * bundle->revision_size);

		mig__digest_hex(r->chain, hex);
		if (strcmp(rows->ids[i], r->id) || strcmp(rows->digests[i], hex))
			return 0;
	}
	return 1;
}

/* Whether the rows already are where the target wants them, and no step is unfinished; then nothing
 * is to be done. */
static mig_status already_there(struct mig__job *job, int *there)
{
	struct mig__run *run = job->run;
	mig_status rc = MIG_OK;

	if (run->heads)
		rc = mig__stamp_is(run->db, mig__stamp_of_heads(run->heads), there);
	if (!rc && *there)
		return MIG_OK;
	mig__arena_finish(&job->running_arena);
	if (!rc)
		rc = mig__aim_read(run->db, &job->rows, &job->running_arena, &job->running);
	if (!rc && run->heads) {
		*there = at_heads(&job->rows.stored, run->heads);
		if (*there)
			return MIG_OK;
		run->heads = NULL;
		rc = run->load(run->load_user, &run->world);
	}
	if (!rc)
		rc = mig__version_check(run->db, run->alloc, &run->world, run->options.edited,
					&job->rows);
	if (rc)
		return rc;
	drop_plan(job);
	if (job->rows.stored.running && !job->running.present)
		return MIG_OK; /* others are at work: the lock shows it */
	rc = plan_from_rows(job);
	if (rc)
		return rc;
	job->planned = MIG__PLANNED_AHEAD;
	*there = !job->plan.route.step_count && !job->rows.stale && !job->running.present;
	return MIG_OK;
}

/* -- when others were in the way */

enum { USUAL_RETRIES = 10, FIRST_PAUSE_MS = 100, LAST_PAUSE_MS = 5000 };

/* What failed needs the work of the steps before it committed: each time that of fewer steps. */
static mig_status split(struct mig__job *job, mig_status rc)
{
	struct mig__run *run = job->run;

	if (!job->repeatable || !job->done_count)
		return rc;
	job->split = job->done_count;
	mig__run_log(run, MIG_LOG_WARNING, "%s; beginning again, with a commit after revision %s",
		      run->err->message ? run->err->message : "",
		      mig__graph_id(run->world.graph, job->done[job->split - 1].node));
	return mig__job_begin_again(job, 0);
}

/* After an error: undoes the transaction and waits, if it may be repeated; MIG_OK then. */
static mig_status try_again(struct mig__job *job, mig_status rc)
{
	struct mig__run *run = job->run;
	int32_t most = run->options.retries ? run->options.retries : USUAL_RETRIES;
	int64_t ms = FIRST_PAUSE_MS;

	if (job->snapshot == MIG__SNAPSHOT_FAILED && !job->at_steps) {
		job->at_steps = 1;
		mig__run_log(run, MIG_LOG_WARNING, "the snapshot does not run here; the revisions do: %s",
			     run->err->message ? run->err->message : "");
		return mig__job_begin_again(job, 0);
	}
	if (run->err->retry == MIG_RETRY_COMMITTED)
		return split(job, rc);
	if (!run->err->retry || !(job->repeatable || job->resumable) || job->repeats >= most)
		return rc;
	for (int i = 0; i < job->repeats && ms < LAST_PAUSE_MS; i++)
		ms *= 2;
	job->repeats++;
	mig__run_log(run, MIG_LOG_WARNING, "%s; trying again (%d of %d)",
		      run->err->message ? run->err->message : "", job->repeats, (int)most);
	return mig__job_begin_again(job, ms < LAST_PAUSE_MS ? ms : LAST_PAUSE_MS);
}

mig_status mig__run_to(struct mig__run *run, int32_t direction, const char *target)
{
	struct mig__job job;
	int there = 0, more = 1;
	int32_t freed;
	mig_status rc;

	job_init(&job, run);
	job.direction = direction;
	job.aim = (struct mig__aim){ .direction = direction, .target = target };
	rc = mig__db_check(run->db);
	if (!rc)
		rc = already_there(&job, &there);
	if (rc || there)
		goto out;
	who(job.actor);
	rc = run->db->dialect->conn->run_begin(run->db->conn);
	while (!rc && more && !there) {
		rc = round_of(&job, &more, &freed);
		if (!rc && freed)
			rc = already_there(&job, &there);
		else if (rc)
			rc = try_again(&job, rc);
	}
	rc = mig__db_run_end(run->db, rc);
	mig__run_now_step(run, NULL, 0);
	if (!rc && job.announced)
		mig__run_emit(run, MIG_EVENT_RUN_END);
out:
	if (!rc && run->reached)
		run->reached(run->reached_user, rows_of(&job.rows.stored));
	job_finish(&job);
	return rc;
}

/* -- what sets rows without running anything */

mig_status mig__run_inside(struct mig__run *run, const char *const *names, size_t count,
			   mig_status (*inside)(struct mig__job *job, const char *const *names,
						size_t count))
{
	const mig_dialect *d = run->db->dialect;
	struct mig__job job;
	mig_status rc;

	job_init(&job, run);
	who(job.actor);
	rc = d->conn->run_begin(run->db->conn);
	if (!rc)
		rc = mig__db_begin(run->db);
	if (!rc)
		rc = inside(&job, names, count);
	if (!rc)
		rc = mig__db_commit(run->db, 0);
	rc = mig__db_run_end(run->db, rc);
	job_finish(&job);
	return rc;
}

/* -- verify */

/* "the database is not up to date: 3 revisions are to be applied: a1, b2, c3" */
static mig_status fail_behind(const struct mig__job *job)
{
	const struct mig__run *run = job->run;
	const struct mig__route *route = &job->plan.route;
	const char *first = mig__graph_id(run->world.graph, route->steps[0].node);
	struct mig__buf names;
	size_t i;

	mig__buf_init(&names, run->alloc);
	for (i = 0; i < route->step_count && i < 5; i++)
		mig__buf_addf(&names, "%s%s", i ? ", " : "",
			      mig__graph_id(run->world.graph, route->steps[i].node));
	if (i < route->step_count)
		mig__buf_addf(&names, " and %zu more", route->step_count - i);
	mig__fail(run->err, MIG_EBEHIND,
		  "the database is not up to date: %zu revision%s to be applied: %s",
		  route->step_count, route->step_count == 1 ? " is" : "s are",
		  mig__buf_text(&names));
	mig__error_set_revision(run->err, first);
	mig__buf_finish(&names);
	return MIG_EBEHIND;
}

mig_status mig__run_verify(struct mig__run *run, const char *target)
{
	struct mig__job job;
	int there = 0;
	mig_status rc;

	job_init(&job, run);
	job.direction = MIG_UPGRADE;
	job.aim = (struct mig__aim){ .direction = MIG_UPGRADE, .target = target };
	rc = mig__db_check(run->db);
	if (!rc)
		rc = already_there(&job, &there);
	if (!rc && !there) {
		if (job.running.present)
			rc = mig__unfinished_fail(&job.running, run->err);
		else if (job.rows.stored.running)
			rc = mig__unfinished_lost(&job.rows.stored, run->err);
		else
			rc = fail_behind(&job);
	}
	job_finish(&job);
	return rc;
}
