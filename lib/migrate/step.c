/* step: one revision in the open transaction: its script or function, hooks, events, and the rows
 * that tell of it. */
#include "migrate/check.h"
#include "migrate/job.h"

#include "base/buf.h"
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* -- time and events */

/* RFC 3339, UTC, with milliseconds. */
void mig__run_utc(char out[MIG__TIME_SIZE])
{
	struct timespec t;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	n = strftime(out, MIG__TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, MIG__TIME_SIZE - n, ".%03dZ", (int)(t.tv_nsec / 1000000));
}

mig_status mig__run_emit(struct mig__run *run, int32_t event)
{
	if (!run->progress || run->quiet)
		return MIG_OK;
	run->now.struct_size = sizeof run->now;
	run->now.event = event;
	run->now.elapsed_us = mig__clock_us() - run->began_us;
	if (run->progress(run->progress_user, &run->now) && event != MIG_EVENT_RUN_END)
		return mig__fail(run->err, MIG_ECANCELLED, "stopped by the progress callback");
	return MIG_OK;
}

int32_t mig__run_poll(struct mig__run *run, int32_t waiting)
{
	int64_t now = mig__clock_us();
	int32_t stop;

	if (!run->progress || now - run->last_poll_us < 1000000)
		return 0;
	run->last_poll_us = now;
	run->now.struct_size = sizeof run->now;
	run->now.event = waiting ? MIG_EVENT_WAITING : MIG_EVENT_WORKING;
	run->now.elapsed_us = now - run->began_us;
	if (!waiting && run->db->work.what[0]) {
		run->now.work = run->db->work.what;
		run->now.work_done = run->db->work.done;
		run->now.work_total = run->db->work.total;
	}
	stop = run->progress(run->progress_user, &run->now);
	run->now.work = NULL;
	run->now.work_done = run->now.work_total = 0;
	run->db->work.what[0] = '\0';
	return stop;
}

enum { TOLD_US = 100000 }; /* often enough for people */

mig_status mig__run_working(struct mig__run *run, const char *what, uint64_t done, uint64_t total)
{
	int64_t now = mig__clock_us();
	mig_status rc;

	if (!run->progress || (now - run->last_told_us < TOLD_US && (!total || done < total)))
		return MIG_OK;
	run->last_told_us = run->last_poll_us = now;
	run->now.work = what;
	run->now.work_done = done;
	run->now.work_total = total;
	rc = mig__run_emit(run, MIG_EVENT_WORKING);
	run->now.work = NULL;
	run->now.work_done = run->now.work_total = 0;
	return rc;
}

void mig__run_log(struct mig__run *run, int32_t level, const char *format, ...)
{
	char text[2 * MIG_SNAPSHOT_KEY_SIZE + 256]; /* on the stack: it is said without memory, too */
	va_list args;

	if (!run->db->log)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	run->db->log(run->db->user, level, text);
}

void mig__run_now_step(struct mig__run *run, const struct mig__script *script, size_t step)
{
	run->now.revision = script ? script->id : NULL;
	run->now.message = script ? script->message : NULL;
	run->now.parents = script ? script->parents.at : NULL;
	run->now.step = script ? run->resumed + step + 1 : 0;
	run->now.statement = 0;
	run->now.sql = NULL;
	run->now.sql_size = 0;
}

/* -- one section or function */

mig_status mig__section_statement(void *user, const mig_statement *statement)
{
	struct mig__section_run *s = user;
	struct mig__run *run = s->run;
	mig_status rc = mig__db_check(run->db);

	if (rc)
		return rc;
	s->last = s->base + statement->offset;
	s->count++;
	run->now.statement = (uint64_t)s->count;
	run->now.sql = s->body.text + s->last;
	run->now.sql_size = statement->size;
	rc = mig__run_emit(run, MIG_EVENT_STATEMENT);
	/* later events may come when the section's text is gone */
	run->now.sql = NULL;
	run->now.sql_size = 0;
	return rc;
}

/* Puts file, line, column and revision to an error of the engine. offset is used where the engine
 * told none. */
void mig__section_locate(struct mig__section_run *s, size_t base, size_t offset)
{
	struct mig__error *err = s->run->err;

	mig__body_locate(&s->body, s->script, err->offset != SIZE_MAX ? base + err->offset : offset,
			 err);
	if (err->status == MIG_ETRANSACTION && !err->hint)
		mig__error_set_hint(err,
				    "libmig runs the section in a transaction of its own: leave "
				    "the statement out, or mark the section transaction=no");
}

/* A function to call, and for whom. */
struct call {
	mig_step_fn fn;
	void *user;
	const char *what; /* in messages */
	int32_t direction;
	int reverse; /* undo its operations */
	int alone;   /* outside a transaction */
};

/* What the step fails with. A failure that the function has announced counts, also if it returns 0; so
 * does one of the engine, whose message stays if the function returns a status of its own for it. */
static mig_status result_of(struct mig__run *run, struct mig_step *step, mig_status rc)
{
	struct mig__error *err = run->err;

	if (step->own.status && (!rc || rc == step->own.status)) {
		mig__error_put_back(err, mig__error_take(&step->own));
		return err->status;
	}
	if (!rc || rc == err->status)
		return rc;
	if (err->status == MIG_ECANCELLED || err->status == MIG_ENOMEM)
		return err->status;
	if (!err->status)
		return mig__fail(err, MIG_EREVISION, "the function returned status %d", (int)rc);
	err->status = MIG_EREVISION;
	mig__error_prefix(err, "the function returned status %d after: ", (int)rc);
	return MIG_EREVISION;
}

/* A transaction that the function has ended fails the step, whatever it returns: what comes after it
 * would stay although the run fails. */
static mig_status call_and_verify(struct mig__run *run, struct mig_step *step,
				  const struct call *call)
{
	mig_status rc;

	mig__error_clear(run->err);
	rc = result_of(run, step, call->fn(call->user, step));
	if (!rc)
		rc = mig__edits_end(&step->edits, run->db);
	if (rc)
		return rc;
	mig__error_clear(run->err); /* an error that the function dealt with */
	rc = call->alone ? MIG_OK : mig__db_verify(run->db);
	return rc ? rc : mig__db_check(run->db);
}

static mig_status run_function(struct mig__run *run, const struct mig__script *script,
			       const struct call *call)
{
	struct mig_step step = { .run = run,
				 .script = script,
				 .direction = call->direction,
				 .alone = call->alone,
				 .edits = { .alloc = run->alloc, .reverse = call->reverse } };
	mig_status rc;

	mig__error_init(&step.own, run->err->alloc);
	rc = call_and_verify(run, &step, call);
	mig__error_clear(&step.own);
	mig__edits_finish(&step.edits);
	if (!rc)
		return MIG_OK;
	if (rc != MIG_ECANCELLED && rc != MIG_ENOMEM)
		mig__error_prefix(run->err, "revision %s%s: ", script->id, call->what);
	mig__error_set_revision(run->err, script->id);
	return rc;
}

mig_status mig__step_call(struct mig__run *run, const struct mig__script *script, int32_t direction,
			  int alone)
{
	struct call call = { .fn = script->upgrade,
			     .user = script->user,
			     .what = "",
			     .direction = direction,
			     .reverse = direction == MIG_DOWNGRADE && !script->downgrade,
			     .alone = alone };

	if (direction == MIG_DOWNGRADE && !call.reverse)
		call.fn = script->downgrade;
	return run_function(run, script, &call);
}

/* The statements of the section's text from one offset to another. */
static mig_status run_part(struct mig__section_run *s, size_t from, size_t to)
{
	struct mig__db *db = s->run->db;
	char kept = s->body.text[to];
	mig_status rc;

	s->base = from;
	s->body.text[to] = '\0';
	rc = db->dialect->conn->run_script(db->conn, s->body.text + from, to - from,
				     mig__section_statement, s);
	s->body.text[to] = kept;
	if (!rc)
		s->base = 0;
	return rc;
}

/* The check's query; *next: where the text goes on. */
static mig_status run_check(struct mig__section_run *s, const struct mig__note *note, size_t *next)
{
	struct mig__db *db = s->run->db;
	mig_statement st = { .struct_size = sizeof st };
	mig_status rc = db->dialect->conn->next_statement(db->conn, s->body.text, s->body.size,
						    note->about, &st);

	if (!rc)
		rc = mig__section_statement(s, &st);
	if (rc)
		return rc;
	*next = st.next;
	rc = mig__section_check(s, note, &st);
	if (rc)
		s->base = st.offset;
	return rc;
}

/* The section's statements. Only between checks a dialect may send several in one message. */
static mig_status run_parts(struct mig__section_run *s)
{
	size_t from = 0;
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < s->body.note_count; i++) {
		const struct mig__note *note = &s->body.notes[i];

		if (note->kind != MIG__NOTE_CHECK)
			continue;
		rc = run_part(s, from, mig__section_note_line(s, note));
		if (!rc)
			rc = run_check(s, note, &from);
	}
	return rc ? rc : run_part(s, from, s->body.size);
}

/* Whether an error of a script is about the script: not if what was to go before it has failed. */
static int is_its_own(struct mig__run *run)
{
	int32_t later = mig__db_later(run->db);

	return later == MIG_LATER_DONE || later == MIG_LATER_WAITS;
}

/* The whole section in the open transaction. */
static mig_status run_section(struct mig__run *run, const struct mig__script *script,
			      int32_t direction, int64_t *statements)
{
	struct mig__section_run s = { .run = run, .script = script };
	mig_status rc = mig__script_body(run->alloc, script, direction, run->world.dialect,
					 run->world.database, run->err, &s.body);

	if (rc)
		return rc;
	rc = mig__section_find_checks(&s);
	if (!rc)
		rc = run_parts(&s);
	if (rc && is_its_own(run))
		mig__section_locate(&s, s.base, s.last);
	*statements = s.count;
	mig__body_finish(run->alloc, &s.body);
	return rc;
}

/* -- around a revision */

mig_status mig__revision_begin(struct mig__run *run, const struct mig__script *script,
			       int32_t direction, int32_t lone)
{
	mig_status (*begin)(mig_conn *, const mig_revision_run *) =
		MIG__CONN_SLOT(run->db, revision_begin);
	const struct mig__section *section;
	mig_revision_run info = { .struct_size = sizeof info,
				  .revision = script->id,
				  .direction = direction,
				  .no_transaction = lone,
				  .foreign_keys = script->c_foreign_keys,
				  .check = !run->options.no_foreign_key_check,
				  .lock_timeout_ms = script->header.lock_timeout_ms };
	mig_status rc;

	if (!begin)
		return MIG_OK;
	section = script->upgrade ? NULL
				  : mig__script_section(script, direction, run->world.dialect,
							run->world.database);
	if (section)
		info.foreign_keys = section->is.foreign_keys;
	rc = begin(run->db->conn, &info);
	if (rc && rc != MIG_ENOMEM && rc != MIG_ECANCELLED) {
		mig__error_prefix(run->err, "revision %s: ", script->id);
		mig__error_set_revision(run->err, script->id);
	}
	return rc;
}

mig_status mig__revision_end(struct mig__run *run, const struct mig__script *script, mig_status rc)
{
	mig_status (*end)(mig_conn *) = MIG__CONN_SLOT(run->db, revision_end);
	struct mig__error first;

	if (!end)
		return rc;
	if (rc) {
		first = mig__error_take(run->err);
		end(run->db->conn);
		mig__error_put_back(run->err, first);
		return rc;
	}
	rc = end(run->db->conn);
	if (rc && rc != MIG_ENOMEM && rc != MIG_ECANCELLED) {
		mig__error_prefix(run->err, "%s%srevision %s: ", script->file ? script->file : "",
				  script->file ? ": " : "", script->id);
		mig__error_set_revision(run->err, script->id);
	}
	return rc;
}

/* -- steps in a transaction */

mig_status mig__job_timeouts(struct mig__job *job, const struct mig__script *script)
{
	struct mig__run *run = job->run;
	mig_status (*set)(mig_conn *, int32_t, int32_t) = MIG__CONN_SLOT(run->db, set_timeouts);
	int32_t lock = script->header.lock_timeout_ms ? script->header.lock_timeout_ms
					       : run->options.statement_lock_timeout_ms;
	int32_t statement = script->header.statement_timeout_ms ? script->header.statement_timeout_ms
							 : run->options.statement_timeout_ms;

	if (!set || (!lock && !statement && !job->timeouts))
		return MIG_OK;
	job->timeouts = lock || statement;
	return set(run->db->conn, lock, statement);
}

/* -- hooks
 *
 * Those of the run are called next to those of its first and last step, in the same transaction and
 * with the same session. "First" is the first step that this run begins: a transaction that is
 * repeated calls the hook again, one that comes after a commit does not. */

/* fn NULL: none; what: ", ..." for messages. */
static mig_status call_hook(struct mig__run *run, mig_step_fn fn, void *user,
			    const struct mig__script *script, int32_t direction, const char *what)
{
	struct call call = { .fn = fn, .user = user, .what = what, .direction = direction };

	return fn ? run_function(run, script, &call) : MIG_OK;
}

int mig__hooks_are_before(const struct mig__job *job)
{
	return job->run->step_hooks.before || (!job->entered && job->run->run_hooks.before);
}

mig_status mig__hooks_before(struct mig__job *job, const struct mig__script *script,
			     int32_t direction)
{
	struct mig__run *run = job->run;
	mig_status rc = MIG_OK;

	if (!job->entered) {
		rc = call_hook(run, run->run_hooks.before, run->run_hooks.user, script, direction,
			       ", before-run hook");
		job->entered = MIG__HOOK_CALLED;
	}
	return rc ? rc : call_hook(run, run->step_hooks.before, run->step_hooks.user, script,
				   direction, ", before-step hook");
}

int mig__hooks_are_after(const struct mig__job *job, int last)
{
	return job->run->step_hooks.after || (last && job->run->run_hooks.after);
}

mig_status mig__hooks_after(struct mig__job *job, const struct mig__script *script,
			    int32_t direction, int last)
{
	struct mig__run *run = job->run;
	mig_status rc = call_hook(run, run->step_hooks.after, run->step_hooks.user, script,
				  direction, ", after-step hook");

	return rc || !last ? rc : call_hook(run, run->run_hooks.after, run->run_hooks.user, script,
					    direction, ", after-run hook");
}

void mig__hooks_commit(struct mig__job *job)
{
	if (job->entered == MIG__HOOK_CALLED)
		job->entered = MIG__HOOK_KEPT;
}

void mig__hooks_undo(struct mig__job *job)
{
	if (job->entered == MIG__HOOK_CALLED)
		job->entered = MIG__HOOK_WAITS;
}

mig_status mig__job_step(struct mig__job *job)
{
	struct mig__run *run = job->run;
	uint32_t node = job->plan.route.steps[job->at].node;
	const struct mig__script *script = &run->world.set->at[node];
	struct mig__done_step *done;
	int64_t began = mig__clock_us();
	mig_status rc = mig__db_check(run->db);

	if (rc)
		return rc;
	if (!mig__grow(run->alloc, (void **)&job->done, &job->done_cap, job->done_count + 1,
		       sizeof *job->done))
		return mig__fail_nomem(run->err);
	done = &job->done[job->done_count];
	*done = (struct mig__done_step){ .node = node };
	mig__run_utc(done->started);
	mig__run_now_step(run, script, job->at);
	rc = mig__revision_begin(run, script, job->direction, 0);
	if (rc)
		return rc;
	run->quiet = node == job->told.whole || node == job->told.begun;
	rc = mig__run_emit(run, MIG_EVENT_STEP_BEGIN);
	if (!rc)
		rc = mig__job_timeouts(job, script);
	if (!rc)
		rc = mig__hooks_before(job, script, job->direction);
	if (!rc)
		rc = script->upgrade ? mig__step_call(run, script, job->direction, 0)
				     : run_section(run, script, job->direction, &done->statements);
	if (!rc)
		rc = mig__hooks_after(job, script, job->direction,
				      job->at + 1 == job->plan.route.step_count);
	rc = mig__revision_end(run, script, rc);
	if (!rc)
		rc = mig__version_apply(run->alloc, &run->world, &job->rows, &job->plan.route,
					job->at, run->err);
	if (rc)
		return rc;
	done->duration_us = mig__clock_us() - began;
	job->done_count++;
	job->at++;
	run->quiet = node == job->told.whole;
	return mig__run_emit(run, MIG_EVENT_STEP_END);
}

mig_status mig__job_log(struct mig__job *job, uint32_t node, int32_t direction, const char *state,
			const struct mig__done_step *done)
{
	struct mig__run *run = job->run;
	struct mig__script *script = &run->world.set->at[node];
	char hex[MIG__DIGEST_HEX];
	struct mig__store_entry entry = {
		.revision = script->id,
		.direction = mig__direction_name(direction),
		.state = state,
		.digest = hex,
		.done_digest = done->journal	   ? done->journal->done_digest
			       : done->by_snapshot ? "snapshot"
						   : "",
		.in_flight = done->journal ? done->journal->in_flight : NULL,
		.started_at = done->started,
		.actor = job->actor,
		.statements = done->statements,
		.duration_us = done->duration_us,
	};
	mig_status rc = mig__script_digest(run->alloc, script, run->err);

	if (rc)
		return rc;
	mig__digest_hex(script->digest, hex);
	return mig__store_log(run->db, &entry);
}

mig_status mig__job_tables(struct mig__job *job)
{
	struct mig__db *db = job->run->db;
	int commits = mig__db_ddl_commits(db);
	mig_status rc = MIG_OK;

	if (job->tables)
		return MIG_OK;
	if (commits)
		rc = db->dialect->conn->rollback(db->conn);
	if (!rc)
		rc = mig__store_create(db);
	if (!rc && commits)
		rc = mig__db_begin(db);
	if (!rc)
		job->tables = 1;
	return rc;
}

/* An accepted edit is told in the history, so that it is not blamed again. */
static mig_status log_accepted(struct mig__job *job)
{
	struct mig__run *run = job->run;
	struct mig__done_step now = { 0 };
	struct mig__nodes edited = { 0 };
	mig_status rc = mig__version_edited(run->db, run->alloc, &run->world, &job->rows, &edited);

	mig__run_utc(now.started);
	for (uint32_t i = 0; !rc && i < edited.count; i++)
		rc = mig__job_log(job, edited.at[i], MIG_STAMP, "done", &now);
	mig__nodes_finish(run->world.graph, &edited);
	return rc;
}

/* Version and history rows of the steps that ran in the open transaction. */
mig_status mig__job_write(struct mig__job *job)
{
	struct mig__run *run = job->run;
	mig_status rc = mig__job_tables(job);

	if (!rc && job->rows.stale)
		rc = log_accepted(job);
	if (!rc)
		rc = mig__version_write(run->db, run->alloc, &run->world, &job->rows);
	for (size_t i = 0; !rc && i < job->done_count; i++)
		rc = mig__job_log(job, job->done[i].node, job->direction, "done", &job->done[i]);
	return rc;
}

/* "after a1, b2 and 3 more: ", or "after revision a1: " */
mig_status mig__job_blame(struct mig__job *job, mig_status rc)
{
	struct mig__run *run = job->run;
	const struct mig__script *at = run->world.set->at;
	struct mig__buf names;
	size_t i;

	if ((rc != MIG_EREVISION && rc != MIG_ETRANSACTION && rc != MIG_ESQL) || !job->done_count)
		return rc;
	mig__buf_init(&names, run->alloc);
	for (i = 0; i < job->done_count && i < 5; i++)
		mig__buf_addf(&names, "%s%s", i ? ", " : "", at[job->done[i].node].id);
	if (i < job->done_count)
		mig__buf_addf(&names, " and %zu more", job->done_count - i);
	mig__error_prefix(run->err, "after revision%s %s: ", job->done_count > 1 ? "s" : "",
			  mig__buf_text(&names));
	if (job->done_count == 1)
		mig__error_set_revision(run->err, at[job->done[0].node].id);
	mig__buf_finish(&names);
	return rc;
}
