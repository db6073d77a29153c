/* run: the rounds of a run, and the calls that set rows without running anything (stamp, adopt,
 * ensure). Not the steps themselves (step.c, lone.c), nor which steps (plan.c). The shape of a run
 * is in run.h.
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
#include "base/text.h"
#include "migrate/job.h"
#include "migrate/snapshot.h"
#include "migrate/stamp.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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

	mig__run_tell(
		run,
		"finishing the %s of revision %s that was left unfinished after %lld statements",
		mig__direction_name(running.direction), running.revision,
		(long long)running.statements);
	job->repeatable = 0;
	run->now.direction = running.direction;
	rc = mig__job_lone(job, node, running.direction, &running);
	if (!rc) /* it was the first step of the plan */
		run->resumed++;
	job->planned = MIG__UNPLANNED;
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

/* Commits, and begins the next transaction at once if there is one and the dialect knows how. */
static mig_status commit(struct mig__job *job)
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

static mig_status begin_again(struct mig__job *job, int64_t pause_ms);

/* What was put off is done now, since the step has failed before it sent anything. rc: why. */
static mig_status commit_now(struct mig__job *job, mig_status rc)
{
	struct mig__run *run = job->run;
	struct mig__error first = *run->err;
	mig_status failed;

	mig__error_init(run->err, run->alloc);
	failed = mig__db_commit(run->db, !run->options.no_foreign_key_check);
	if (failed) {
		mig__error_clear(&first);
		job->done[0] = (struct mig__done_step){ .node = job->before };
		job->done_count = 1;
		return mig__job_blame(job, failed);
	}
	mig__error_clear(run->err);
	*run->err = first;
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
	return begin_again(job, 0);
}

/* After the step behind a commit that was put off: whether that is done. *again: the round is over, and
 * another one goes on. */
static mig_status settle(struct mig__job *job, mig_status rc, int *again)
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
			rc = settle(job, rc, &again);
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
			rc = mig__snapshot_result(job, commit(job));
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

/* Rolls back what is open and restores the connection; the first error stays. */
static mig_status end_run(struct mig__run *run, mig_status rc)
{
	struct mig__error first = *run->err;

	if (!rc)
		return run->db->dialect->conn->run_end(run->db->conn);
	mig__error_init(run->err, run->alloc);
	run->db->dialect->conn->run_end(run->db->conn); /* rolls back, too */
	mig__error_clear(run->err);
	*run->err = first;
	return rc;
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

/* Undoes the transaction; from here on nothing is planned. */
static mig_status begin_again(struct mig__job *job, int64_t pause_ms)
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

/* What failed needs the work of the steps before it committed: each time that of fewer steps. */
static mig_status split(struct mig__job *job, mig_status rc)
{
	struct mig__run *run = job->run;

	if (!job->repeatable || !job->done_count)
		return rc;
	job->split = job->done_count;
	mig__run_tell(run, "%s; beginning again, with a commit after revision %s",
		      run->err->message ? run->err->message : "",
		      mig__graph_id(run->world.graph, job->done[job->split - 1].node));
	return begin_again(job, 0);
}

/* After an error: undoes the transaction and waits, if it may be repeated; MIG_OK then. */
static mig_status try_again(struct mig__job *job, mig_status rc)
{
	struct mig__run *run = job->run;
	int32_t most = run->options.retries ? run->options.retries : USUAL_RETRIES;
	int64_t ms = FIRST_PAUSE_MS;

	if (job->snapshot == MIG__SNAPSHOT_FAILED && !job->at_steps) {
		job->at_steps = 1;
		mig__run_tell(run, "the snapshot does not run here; the revisions do: %s",
			      run->err->message ? run->err->message : "");
		return begin_again(job, 0);
	}
	if (run->err->retry == MIG_RETRY_COMMITTED)
		return split(job, rc);
	if (!run->err->retry || !(job->repeatable || job->resumable) || job->repeats >= most)
		return rc;
	for (int i = 0; i < job->repeats && ms < LAST_PAUSE_MS; i++)
		ms *= 2;
	job->repeats++;
	mig__run_tell(run, "%s; trying again (%d of %d)",
		      run->err->message ? run->err->message : "", job->repeats, (int)most);
	return begin_again(job, ms < LAST_PAUSE_MS ? ms : LAST_PAUSE_MS);
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
	rc = end_run(run, rc);
	mig__run_now_step(run, NULL, 0);
	if (!rc && job.announced)
		mig__run_emit(run, MIG_EVENT_RUN_END);
out:
	if (!rc && run->reached)
		run->reached(run->reached_user, rows_of(&job.rows.stored));
	job_finish(&job);
	return rc;
}

/* -- stamp, ensure */

static mig_status log_stamp(struct mig__job *job, const struct mig__store_rows *before)
{
	struct mig__done_step done = { 0 };
	struct mig__store_entry entry = { .revision = "base",
					  .direction = mig__direction_name(MIG_STAMP),
					  .state = "done",
					  .digest = "",
					  .done_digest = "",
					  .started_at = done.started,
					  .actor = job->actor };
	const struct mig__store_rows *now = &job->rows.stored;
	mig_status rc = MIG_OK;
	size_t i = 0, logged = 0;

	mig__run_utc(done.started);
	for (size_t k = 0; !rc && k < now->count; k++) { /* both by revision */
		while (i < before->count && strcmp(before->ids[i], now->ids[k]) < 0)
			i++;
		if (i < before->count && !strcmp(before->ids[i], now->ids[k]) &&
		    !strcmp(before->digests[i], now->digests[k]))
			continue;
		rc = mig__job_log(job, mig__graph_find(job->run->world.graph, now->ids[k]),
				  MIG_STAMP, "done", &done);
		logged++;
	}
	if (!rc && !logged && now->count < before->count)
		rc = mig__store_log(job->run->db, &entry);
	return rc;
}

static mig_status read_tables(struct mig__job *job, struct mig__arena *arena,
			      struct mig__store_rows *before)
{
	struct mig__db *db = job->run->db;
	mig_status rc = mig__store_read(db, arena, before);

	if (!rc && !before->missing)
		rc = mig__store_read_running(db, &job->running_arena, &job->running);
	if (!rc)
		job->tables = !before->missing && job->running.table == MIG_TABLE_THERE;
	return rc;
}

/* What the tables hold; makes them if they are missing, or of an older libmig. write: they will be
 * written to for sure. */
static mig_status look(struct mig__job *job, struct mig__arena *arena,
		       struct mig__store_rows *before, int write)
{
	mig_status rc = read_tables(job, arena, before);
	int there = !rc && !before->missing && job->running.table != MIG_TABLE_MISSING;

	if (rc || job->tables || (there && !write && !mig__db_ddl_commits(job->run->db)))
		return rc;
	rc = mig__job_tables(job);
	if (!rc && mig__db_ddl_commits(job->run->db)) /* nobody was kept out meanwhile */
		rc = read_tables(job, arena, before);
	return rc;
}

/* The nodes become the rows. */
static mig_status put_rows(struct mig__job *job, const struct mig__nodes *nodes,
			   const struct mig__store_rows *before)
{
	struct mig__run *run = job->run;
	mig_status rc = mig__version_replace(run->alloc, &run->world, &job->rows, nodes, run->err);

	if (!rc)
		rc = mig__version_write(run->db, run->alloc, &run->world, &job->rows);
	return rc ? rc : log_stamp(job, before);
}

static mig_status stamp_inside(struct mig__job *job, const char *const *targets, size_t count)
{
	struct mig__run *run = job->run;
	struct mig__store_rows before;
	struct mig__arena arena;
	struct mig__nodes nodes = { 0 };
	struct mig__rows rows;
	mig_status rc;

	mig__arena_init(&arena, run->alloc);
	rc = look(job, &arena, &before, 1);
	if (!rc && job->running.present) {
		rc = mig__store_mark(
			run->db,
			&(struct mig__store_mark){ .revision = job->running.revision,
						   .direction = job->running.direction,
						   .before = job->running.statements,
						   .state = "abandoned",
						   .done_digest = job->running.journal,
						   .in_flight = job->running.in_flight,
						   .statements = job->running.statements });
		mig__run_tell(run,
			      "the unfinished %s of revision %s (%lld statements done) is given up",
			      mig__direction_name(job->running.direction), job->running.revision,
			      (long long)job->running.statements);
	}
	if (!rc && run->options.purge) {
		/* what is read afterwards no longer shows that the number is libmig's */
		rc = mig__stamp_clear(run->db, &before);
		if (!rc)
			rc = mig__store_clear(run->db);
	}
	if (!rc)
		rc = mig__version_read(run->db, &job->rows, NULL);
	if (!rc)
		rc = mig__version_unmark(run->db, &job->rows);
	if (rc)
		goto out;
	rows = rows_of(&job->rows.stored);
	rc = mig__graph_stamp(run->world.graph, rows, targets, count, run->err, &nodes);
	if (rc == MIG_ENEWER)
		mig__error_set_hint(run->err, "clear the unknown rows as well (purge, or --purge)");
	if (!rc)
		rc = put_rows(job, &nodes, &before);
out:
	mig__nodes_finish(run->world.graph, &nodes);
	mig__arena_finish(&arena);
	return rc;
}

/* Whether the rows are just these nodes, each once. */
static int is_at(const struct mig__world *world, const struct mig__store_rows *rows,
		 const struct mig__nodes *nodes)
{
	uint32_t found = 0;

	if (!rows->count)
		return !nodes->count;
	for (uint32_t i = 0; i < nodes->count; i++) {
		const char *id = mig__graph_id(world->graph, nodes->at[i]);

		found += bsearch(&id, rows->ids, rows->count, sizeof id, mig__text_by_bytes) != NULL;
	}
	return found == rows->count && found == nodes->count;
}

/* Nothing of libmig's own state is overwritten. */
static mig_status check_adoptable(struct mig__job *job, int is_there)
{
	struct mig__error *err = job->run->err;
	const struct mig__store_rows *now = &job->rows.stored;

	if (job->running.present)
		return mig__fail(err, MIG_EEXISTS,
				 "revision %s is only partly %s: finish it first",
				 job->running.revision,
				 job->running.direction == MIG_DOWNGRADE ? "undone" : "applied");
	if (!now->count || is_there)
		return MIG_OK;
	mig__fail(err, MIG_EEXISTS, "the database is at %s%s already, by libmig's own table",
		  now->ids[0], now->count > 1 ? " and others" : "");
	mig__error_set_hint(err, "it was taken over before; to set it by hand, stamp it");
	return MIG_EEXISTS;
}

static mig_status note_any(void *user, const struct mig__store_entry *entry, const char *library)
{
	(void)entry, (void)library;
	*(int *)user = 1;
	return MIG_OK;
}

/* Whether libmig has been at this database; one that was taken down to base has a history. */
static mig_status was_here(struct mig__run *run, int *was)
{
	struct mig__store_rows rows;
	struct mig__arena arena;
	mig_status rc;

	mig__arena_init(&arena, run->alloc);
	rc = mig__store_read(run->db, &arena, &rows);
	*was = !rc && rows.count > 0;
	if (!rc && !*was && !rows.missing)
		rc = mig__store_history(run->db, note_any, was);
	mig__arena_finish(&arena);
	return rc;
}

static mig_status adopt_inside(struct mig__job *job, const char *const *none, size_t count)
{
	struct mig__run *run = job->run;
	const struct mig__adopt *adopt = run->adopt;
	struct mig__store_rows before;
	struct mig__rows theirs = { 0 };
	struct mig__nodes nodes = { 0 };
	struct mig__arena arena;
	int is_there = 0;
	mig_status rc = MIG_OK;

	(void)none, (void)count;
	if (adopt->once) /* under the lock */
		rc = was_here(run, &is_there);
	if (rc || is_there)
		return rc;
	mig__arena_init(&arena, run->alloc);
	rc = mig__adopt_read(run->db, adopt, &arena, &theirs);
	if (rc == MIG_ESQL && !adopt->pairs && !adopt->fn && !adopt->from.query)
		mig__error_set_hint(run->err, "has Alembic migrated this database? its version "
					      "table may have another name");
	if (!rc)
		rc = mig__graph_reduce(run->world.graph, theirs, run->err, &nodes);
	if (!rc)
		rc = look(job, &arena, &before, 0);
	if (!rc)
		rc = mig__version_read(run->db, &job->rows, NULL);
	if (!rc) {
		is_there = is_at(&run->world, &job->rows.stored, &nodes);
		rc = check_adoptable(job, is_there);
	}
	if (!rc && !is_there)
		rc = mig__job_tables(job);
	if (!rc && !is_there)
		rc = put_rows(job, &nodes, &before);
	mig__nodes_finish(run->world.graph, &nodes);
	mig__arena_finish(&arena);
	return rc;
}

/* The names are the targets. */
static mig_status run_inside(struct mig__run *run, const char *const *names, size_t count,
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
	rc = end_run(run, rc);
	job_finish(&job);
	return rc;
}

mig_status mig__run_stamp(struct mig__run *run, const char *const *targets, size_t count)
{
	return run_inside(run, targets, count, stamp_inside);
}

mig_status mig__run_adopt(struct mig__run *run, const struct mig__adopt *adopt)
{
	int was = 0;
	mig_status rc = adopt->once ? was_here(run, &was) : MIG_OK;

	run->adopt = adopt;
	return rc || was ? rc : run_inside(run, NULL, 0, adopt_inside);
}

static mig_status ensure_inside(struct mig__job *job, const char *const *none, size_t count)
{
	(void)none, (void)count;
	return mig__job_tables(job);
}

mig_status mig__run_ensure(struct mig__run *run)
{
	return run_inside(run, NULL, 0, ensure_inside);
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
