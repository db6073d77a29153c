/* lone: a step outside a transaction, unit by unit, with a journal row in the history.
 *
 * A statement that can be rolled back runs in a transaction with its mark in the journal; one that
 * the script's own BEGIN … COMMIT holds is marked by the transaction of that COMMIT, and what a
 * SAVEPOINT … RELEASE holds by ours. All are exact. Only a statement that cannot be in a
 * transaction (VACUUM) is marked after it ran. The mark before it says that it is in flight, and
 * what its dialect has seen: when the process dies with it, the dialect is asked whether it ran.
 * One that the engine refused is not in flight any more.
 *
 * E.g. CREATE TABLE t …; CREATE INDEX CONCURRENTLY i …; leaves the marks
 *     statements 0, ""                           with the row's beginning
 *     statements 1, "5f…e1 in flight:?", "2:0"   in the transaction of CREATE TABLE; there is no i
 *     statements 2, "07…3c"                      after CREATE INDEX */
#include "migrate/check.h"
#include "base/clock.h"
#include "migrate/job.h"
#include "migrate/stamp.h"
#include "migrate/unit.h"

#include <stdio.h>
#include <string.h>

/* What is not in a transaction, and may have run or not when the process died with it. */
enum { BARE = MIG_STATEMENT_LONE | MIG_STATEMENT_COMMITS };

struct lone {
	struct mig__job *job;
	struct mig__script *script;
	uint32_t node;
	int32_t direction;
	int64_t began_us;
	struct mig__journal journal; /* statements that are done */
	int64_t kept;                /* of these, those that are committed */
	int in_flight;               /* the journal says so of the next statement */
	int last;                    /* of the run's steps */
	struct mig__unit unit;
	int wrapped; /* the open unit is in a transaction of ours */
	struct mig__section_run section;
};

/* -- marks */

/* If the next statement cannot be in a transaction, that it is in flight. */
static mig_status add_flight(struct lone *l, size_t offset, struct mig__store_journal *text)
{
	struct mig__db *db = l->job->run->db;
	const struct mig__body *body = &l->section.body;
	mig_status (*observe)(mig_conn *, const char *, size_t, char *) = MIG__CONN_SLOT(db, observe);
	mig_statement st = { .struct_size = sizeof st };
	char seen[MIG_OBSERVED_SIZE] = "";
	mig_status rc;

	l->in_flight = 0;
	if (!body->text || !observe)
		return MIG_OK;
	rc = db->dialect->conn->next_statement(db->conn, body->text, body->size, offset, &st);
	if (rc || !st.size || !(st.kind & BARE))
		return rc;
	rc = observe(db->conn, body->text + st.offset, st.size, seen);
	seen[sizeof seen - 1] = '\0';
	if (rc)
		return rc;
	mig__store_add_flight(text, l->journal.done, seen);
	l->in_flight = 1;
	return MIG_OK;
}

static mig_status mark_text(struct lone *l, const struct mig__store_journal *text, const char *state)
{
	return mig__store_mark(l->job->run->db,
			       &(struct mig__store_mark){
				       .revision = l->script->id,
				       .direction = l->direction,
				       .before = l->kept,
				       .state = state,
				       .done_digest = text->done_digest,
				       .in_flight = text->in_flight,
				       .statements = l->journal.done,
				       .duration_us = mig__clock_us() - l->began_us,
			       });
}

/* What is done so far; next: where the statement after it is looked for. */
static mig_status mark(struct lone *l, size_t next)
{
	struct mig__store_journal text = { .in_flight = "" };
	mig_status rc;

	mig__journal_hex(&l->journal, text.done_digest);
	rc = add_flight(l, next, &text);
	return rc ? rc : mark_text(l, &text, "running");
}

/* After a commit with a mark. */
static mig_status keep(struct lone *l, mig_status rc)
{
	if (!rc)
		l->kept = l->journal.done;
	return rc;
}

static mig_status mark_alone(struct lone *l, size_t next)
{
	struct mig__db *db = l->job->run->db;
	mig_status rc = mig__db_begin(l->job->run->db);

	if (rc)
		return rc;
	rc = mark(l, next);
	if (!rc)
		rc = mig__db_commit(db, 0);
	return keep(l, rc);
}

/* Whether the statement itself is at fault, so that running again alone is no help. */
static int is_fault_of_statement(mig_status status)
{
	return status == MIG_ESQL || status == MIG_ECONSTRAINT || status == MIG_EFOREIGN_KEY ||
	       status == MIG_ETRANSACTION || status == MIG_EPERMISSION || status == MIG_EREVISION ||
	       status == MIG_EUNSUPPORTED || status == MIG_ESYNTAX || status == MIG_ECHECK;
}

/* Undoes an open transaction. A statement that was refused is not in flight any more; where this
 * cannot be written, or others were in the way, the next run asks the dialect. The error that led
 * here is kept. */
static void end_failed(struct lone *l)
{
	struct mig__run *run = l->job->run;
	struct mig__error kept = mig__error_take(run->err);
	struct mig__store_journal text = { .in_flight = "" };
	int32_t open = 0;
	mig_status rc;

	rc = run->db->dialect->conn->in_transaction(run->db->conn, &open);
	if (!rc && open)
		rc = run->db->dialect->conn->rollback(run->db->conn);
	if (!rc && l->in_flight && is_fault_of_statement(kept.status)) {
		mig__journal_hex(&l->journal, text.done_digest);
		mig__store_add_failed(&text);
		rc = mig__db_begin(run->db);
		if (!rc)
			rc = mark_text(l, &text, "running");
		if (!rc)
			rc = mig__db_commit(run->db, 0);
		if (rc)
			run->db->dialect->conn->rollback(run->db->conn);
	}
	l->in_flight = 0;
	mig__error_put_back(run->err, kept);
}

/* -- statements */

static mig_status refuse_own_commit(struct lone *l, mig_status rc)
{
	mig__error_set_hint(
		l->job->run->err,
		"nothing of the statement is kept; if it may be run again from its start after an "
		"interruption, put a line \"-- mig:idempotent\" above it: then it runs outside a "
		"transaction");
	return rc;
}

/* Inside a transaction; a check is run as such. */
static mig_status run_or_check(struct lone *l, const mig_statement *st)
{
	struct mig__db *db = l->job->run->db;
	const struct mig__note *check = mig__section_check_at(&l->section, st->offset);

	return check ? mig__section_check(&l->section, check, st)
		     : db->dialect->conn->run_statement(db->conn, l->section.body.text + st->offset,
						  st->size);
}

/* Runs a statement in a transaction of its own, with its mark. */
static mig_status run_wrapped(struct lone *l, const mig_statement *st, int idempotent)
{
	struct mig__db *db = l->job->run->db;
	const char *sql = l->section.body.text + st->offset;
	mig_status rc = mig__db_begin(l->job->run->db);

	if (rc)
		return rc;
	rc = run_or_check(l, st);
	if (rc == MIG_ETRANSACTION && idempotent) {
		mig__error_clear(db->err);
		rc = db->dialect->conn->rollback(db->conn);
		if (!rc)
			rc = db->dialect->conn->run_statement(db->conn, sql, st->size);
		if (rc)
			return rc;
		mig__journal_add(&l->journal, &l->section.body, st);
		return mark_alone(l, st->next);
	}
	if (rc)
		return rc == MIG_ETRANSACTION ? refuse_own_commit(l, rc) : rc;
	mig__journal_add(&l->journal, &l->section.body, st);
	rc = mark(l, st->next);
	return rc ? rc : keep(l, mig__db_commit(db, 0));
}

/* A statement of a unit that has several. */
static mig_status run_inside(struct lone *l, const mig_statement *st, int ends)
{
	struct mig__db *db = l->job->run->db;
	const char *sql = l->section.body.text + st->offset;
	int32_t after = 0;
	mig_status rc;

	/* the mark goes with it; below a check it is refused, being no query */
	if (st->kind & MIG_STATEMENT_COMMIT && !mig__section_check_at(&l->section, st->offset)) {
		mig__journal_add(&l->journal, &l->section.body, st);
		rc = mark(l, st->next);
		return rc ? rc : keep(l, db->dialect->conn->run_statement(db->conn, sql, st->size));
	}
	rc = run_or_check(l, st);
	if (rc)
		return rc;
	mig__journal_add(&l->journal, &l->section.body, st);
	rc = db->dialect->conn->in_transaction(db->conn, &after);
	if (!rc && !after)
		return mark_alone(l, st->next);
	if (rc || !ends || !l->wrapped)
		return rc;
	rc = mark(l, st->next);
	return rc ? rc : keep(l, mig__db_commit(db, 0));
}

/* A statement that cannot be in a transaction, or begins one of the section's own. */
static mig_status run_bare(struct lone *l, const mig_statement *st)
{
	struct mig__db *db = l->job->run->db;
	int32_t after = 0;
	mig_status rc =
		db->dialect->conn->run_statement(db->conn, l->section.body.text + st->offset, st->size);

	if (rc)
		return rc;
	mig__journal_add(&l->journal, &l->section.body, st);
	rc = db->dialect->conn->in_transaction(db->conn, &after);
	return rc || after ? rc : mark_alone(l, st->next);
}

/* from: where the statement before it ended; its notes stand after that. */
static mig_status lone_statement(struct lone *l, size_t from, const mig_statement *st)
{
	struct mig__db *db = l->job->run->db;
	const uint32_t special = MIG_STATEMENT_BEGIN | MIG_STATEMENT_COMMIT |
				 MIG_STATEMENT_ROLLBACK | MIG_STATEMENT_SESSION | BARE;
	int idempotent =
		mig__body_note(&l->section.body, MIG__NOTE_IDEMPOTENT, from, st->offset) != NULL;
	int32_t inside = 0;
	int ends = 1;
	mig_status rc = db->dialect->conn->in_transaction(db->conn, &inside);

	if (!rc)
		rc = mig__unit_follow(&l->unit, st, l->job->run->err, &ends);
	if (rc)
		return rc;
	if (!inside && st->kind & MIG_STATEMENT_SAVEPOINT) {
		rc = mig__db_begin(l->job->run->db);
		l->wrapped = inside = 1;
	} else if (!inside) {
		l->wrapped = 0;
	}
	if (rc)
		return rc;
	if (inside)
		return run_inside(l, st, ends);
	if ((st->kind & special || (idempotent && st->kind & MIG_STATEMENT_PROCEDURE)) &&
	    !mig__section_check_at(&l->section, st->offset))
		return run_bare(l, st);
	return run_wrapped(l, st, idempotent);
}

/* -- going on with what an earlier process began */

/* Of the statements that are done only those are repeated that set the connection's state. */
static mig_status repeat_session(void *user, const mig_statement *st)
{
	struct lone *l = user;
	struct mig__db *db = l->job->run->db;

	l->section.last = st->offset;
	if (!(st->kind & MIG_STATEMENT_SESSION))
		return MIG_OK;
	return db->dialect->conn->run_statement(db->conn, l->section.body.text + st->offset, st->size);
}

static mig_status lone_skip(struct lone *l, const struct mig__store_running *running,
			    size_t *offset)
{
	struct mig__section_run *s = &l->section;
	mig_status rc = mig__journal_walk(l->job->run->db, &s->body, running, &l->journal,
					  repeat_session, l, offset);

	if (rc == MIG_EEDITED)
		s->last = *offset;
	if (rc)
		return rc;
	s->count = l->kept = l->journal.done;
	l->in_flight = running->flight != NULL;
	return MIG_OK;
}

/* The statement was in flight when the process died: it may have run, or half run. */
static mig_status lone_recover(struct lone *l, const char *seen, const mig_statement *st, int *done)
{
	struct mig__db *db = l->job->run->db;
	mig_status (*recover)(mig_conn *, const char *, size_t, const char *, int32_t *) =
		MIG__CONN_SLOT(db, recover);
	const char *sql = l->section.body.text + st->offset;
	int32_t ran = 0;
	mig_status rc = MIG_OK;

	if (!(st->kind & BARE)) /* another one was put there */
		return MIG_OK;
	if (recover)
		rc = recover(db->conn, sql, st->size, seen, &ran);
	if (rc || !ran)
		return rc;
	*done = 1;
	mig__journal_add(&l->journal, &l->section.body, st);
	return mark_alone(l, st->next);
}

/* -- the section */

static void advise(struct lone *l)
{
	struct mig__error *err = l->job->run->err;
	const char *s = l->kept == 1 ? " is" : "s are";

	if (!l->kept || (err->hint && err->status != MIG_ECHECK))
		return;
	if (err->status == MIG_ECHECK)
		mig__error_set_hint(err,
				    "the first %lld statement%s done: fix the data, or remove the "
				    "check if the loss is wanted, and run again",
				    (long long)l->kept, s);
	else if (is_fault_of_statement(err->status))
		mig__error_set_hint(err,
				    "the first %lld statement%s done: fix the rest and "
				    "run again, or abandon the step with a stamp",
				    (long long)l->kept, s);
	else
		mig__error_set_hint(err,
				    "the first %lld statement%s done: run again to go on "
				    "with the rest",
				    (long long)l->kept, s);
}

static mig_status run_section(struct lone *l, const struct mig__store_running *resumed)
{
	struct mig__run *run = l->job->run;
	struct mig__section_run *s = &l->section;
	const char *seen = resumed ? resumed->flight : NULL;
	mig_statement st = { .struct_size = sizeof st };
	size_t offset = 0;
	int32_t inside = 0;
	int done;
	mig_status rc = mig__section_find_checks(s);

	if (!rc && resumed)
		rc = lone_skip(l, resumed, &offset);
	for (; !rc; offset = st.next, seen = NULL) {
		st.size = 0;
		rc = run->db->dialect->conn->next_statement(run->db->conn, s->body.text, s->body.size,
						      offset, &st);
		if (rc || !st.size)
			break;
		done = 0;
		rc = mig__section_statement(s, &st);
		if (!rc && seen)
			rc = lone_recover(l, seen, &st, &done);
		if (!rc && !done)
			rc = lone_statement(l, offset, &st);
	}
	if (!rc)
		rc = run->db->dialect->conn->in_transaction(run->db->conn, &inside);
	if (!rc && inside)
		rc = mig__fail(run->err, MIG_ETRANSACTION,
			       "the section ends inside a transaction that it began");
	if (rc) {
		mig__section_locate(s, st.size && run->err->offset != SIZE_MAX ? st.offset : 0,
				    s->last);
		advise(l);
	}
	return rc;
}

/* -- the step */

/* Nobody has migrated since the rows were read: a lock can be lost, e.g. with its file. */
static mig_status check_alone(struct lone *l)
{
	struct mig__job *job = l->job;
	struct mig__store_running running = { 0 };
	struct mig__arena arena;
	int changed = 0;
	mig_status rc = mig__version_read(job->run->db, &job->rows, &changed);

	mig__arena_init(&arena, job->run->alloc);
	if (!rc && !job->rows.stored.missing)
		rc = mig__store_read_running(job->run->db, &arena, &running);
	if (!rc && (changed || running.present)) {
		rc = mig__fail(job->run->err, MIG_ELOCKED,
			       "another process has migrated the database meanwhile");
		mig__error_set_hint(job->run->err, "run again");
	}
	mig__arena_finish(&arena);
	return rc;
}

/* Notes in the journal that the step begins, and marks a version row, so that nobody takes the
 * database for being at its rows. The hook is in the same transaction: it is called once, also if
 * the process dies afterwards. */
static mig_status lone_begin(struct lone *l)
{
	struct mig__job *job = l->job;
	struct mig__run *run = job->run;
	struct mig__db *db = run->db;
	struct mig__store_journal text = { .in_flight = "" };
	struct mig__done_step begun = { .node = l->node, .journal = &text };
	int hooked = mig__hooks_are_before(job);
	mig_status rc = mig__db_begin(run->db);

	if (rc)
		return rc;
	mig__run_utc(begun.started);
	rc = check_alone(l);
	if (!rc)
		rc = mig__job_tables(job);
	if (!rc) /* until the end no number stands for the rows */
		rc = mig__stamp_clear(db, &job->rows.stored);
	if (!rc)
		rc = mig__hooks_before(job, l->script, l->direction);
	if (!rc)
		rc = add_flight(l, 0, &text);
	if (!rc)
		rc = mig__job_log(job, l->node, l->direction, "running", &begun);
	if (!rc)
		rc = mig__version_mark(db, &run->world, &job->rows, l->node);
	if (!rc)
		rc = mig__db_commit(db, 0);
	if (!rc)
		mig__hooks_commit(job);
	/* what it set for the session would not be there when the step is resumed: put it back */
	if (!rc && hooked)
		rc = mig__revision_begin(run, l->script, l->direction, 1);
	if (!rc && hooked)
		rc = db->dialect->conn->run_begin(db->conn);
	return rc;
}

static mig_status call_after(struct lone *l)
{
	struct mig__run *run = l->job->run;
	mig_status rc = mig__revision_begin(run, l->script, l->direction, 1);

	if (rc)
		return rc;
	rc = mig__hooks_after(l->job, l->script, l->direction, l->last);
	return mig__revision_end(run, l->script, rc);
}

static mig_status lone_end(struct lone *l)
{
	struct mig__job *job = l->job;
	struct mig__run *run = job->run;
	struct mig__store_journal text = { .in_flight = "" };
	mig_status rc = mig__db_begin(run->db);

	l->in_flight = 0;
	if (!rc && mig__hooks_are_after(job, l->last))
		rc = call_after(l);
	if (!rc)
		rc = mig__version_read(run->db, &job->rows, NULL);
	if (!rc)
		rc = mig__version_unmark(run->db, &job->rows);
	if (!rc)
		rc = mig__version_apply_one(run->alloc, &run->world, &job->rows, l->node,
					    l->direction, run->err);
	if (!rc)
		rc = mig__version_write(run->db, run->alloc, &run->world, &job->rows);
	mig__journal_hex(&l->journal, text.done_digest);
	if (!rc)
		rc = mark_text(l, &text, "done");
	return rc ? rc : mig__db_commit(run->db, 0);
}

mig_status mig__job_lone(struct mig__job *job, uint32_t node, int32_t direction,
			 const struct mig__store_running *resumed)
{
	struct mig__run *run = job->run;
	struct lone l = {
		.job = job, .node = node, .direction = direction, .began_us = mig__clock_us()
	};
	mig_status rc = mig__db_check(run->db);

	if (rc)
		return rc;
	l.script = &run->world.set->at[node];
	/* the plan has what comes after one that is resumed */
	l.last = job->plan.route.step_count == (resumed ? 0 : job->at + 1);
	l.section = (struct mig__section_run){ .run = run, .script = l.script };
	mig__journal_init(&l.journal);
	if (!l.script->upgrade)
		rc = mig__script_body(run->alloc, l.script, direction, run->world.dialect,
				      run->world.database, run->err, &l.section.body);
	if (rc)
		return rc;
	mig__run_now_step(run, l.script, job->at);
	rc = mig__revision_begin(run, l.script, direction, 1);
	if (!rc)
		rc = mig__run_emit(run, MIG_EVENT_STEP_BEGIN);
	if (!rc && !resumed)
		rc = lone_begin(&l);
	if (!rc)
		rc = mig__job_timeouts(job, l.script);
	if (!rc)
		rc = l.script->upgrade ? mig__step_call(run, l.script, direction, 1)
				       : run_section(&l, resumed);
	if (rc)
		end_failed(&l);
	rc = mig__revision_end(run, l.script, rc);
	if (!rc)
		rc = lone_end(&l);
	if (rc)
		end_failed(&l);
	mig__body_finish(run->alloc, &l.section.body);
	mig__unit_finish(&l.unit, run->alloc);
	job->timeouts = 0;
	job->resumable = rc != MIG_OK;
	if (!rc) /* the section may have changed what a run needs */
		rc = run->db->dialect->conn->run_begin(run->db->conn);
	return rc ? rc : mig__run_emit(run, MIG_EVENT_STEP_END);
}
