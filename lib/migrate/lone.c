/* lone: a step outside a transaction, statement by statement, with a journal row in the history.
 *
 * A statement that can be rolled back runs in a transaction with its mark in the journal; one that
 * the script's own BEGIN … COMMIT holds is marked by the transaction of that COMMIT. Both are
 * exact. Only a statement that cannot be in a transaction (VACUUM) is marked after it ran; when the
 * process dies in between it is run again. */
#include "migrate/job.h"
#include "migrate/stamp.h"

#include <string.h>

struct lone {
	struct mig__job *job;
	struct mig__script *script;
	uint32_t node;
	int32_t direction;
	int64_t began_us;
	int64_t done;              /* statements behind us */
	int64_t kept;              /* of these, those that are committed */
	struct mig__digest prefix; /* over their digests */
	struct mig__section_run section;
};

static void prefix_hex(const struct lone *l, char hex[MIG__DIGEST_HEX])
{
	struct mig__digest copy = l->prefix;
	uint8_t digest[MIG__DIGEST_SIZE];

	mig__digest_final(&copy, digest);
	mig__digest_hex(digest, hex);
}

static void prefix_add(struct lone *l, const mig_statement *statement)
{
	uint8_t digest[MIG__DIGEST_SIZE];

	mig__script_text_digest(l->section.body.text + statement->offset, statement->size, digest);
	mig__digest_add(&l->prefix, digest, sizeof digest);
	l->done++;
}

static mig_status mark(struct lone *l, const char *state)
{
	char hex[MIG__DIGEST_HEX];

	prefix_hex(l, hex);
	return mig__store_mark(l->job->run->db,
			       &(struct mig__store_mark){
				       .revision = l->script->id,
				       .direction = l->direction,
				       .before = l->kept,
				       .state = state,
				       .done_digest = hex,
				       .statements = l->done,
				       .duration_us = mig__run_now_us() - l->began_us,
			       });
}

/* After a commit with a mark. */
static mig_status keep(struct lone *l, mig_status rc)
{
	if (!rc)
		l->kept = l->done;
	return rc;
}

static mig_status mark_alone(struct lone *l)
{
	struct mig__db *db = l->job->run->db;
	mig_status rc = mig__job_begin(l->job->run);

	if (rc)
		return rc;
	rc = mark(l, "running");
	if (!rc)
		rc = db->dialect->commit(db->conn, 0);
	return keep(l, rc);
}

/* Undoes an open transaction without losing the error that led here. */
static void undo(struct mig__run *run)
{
	struct mig__error kept = *run->err;
	int32_t open = 0;

	mig__error_init(run->err, run->alloc);
	if (!run->db->dialect->in_transaction(run->db->conn, &open) && open)
		run->db->dialect->rollback(run->db->conn);
	mig__error_clear(run->err);
	*run->err = kept;
}

static mig_status lone_statement(struct lone *l, const mig_statement *st)
{
	struct mig__db *db = l->job->run->db;
	const char *sql = l->section.body.text + st->offset;
	const uint32_t special = MIG_STATEMENT_BEGIN | MIG_STATEMENT_COMMIT |
				 MIG_STATEMENT_ROLLBACK | MIG_STATEMENT_SESSION |
				 MIG_STATEMENT_LONE;
	int32_t inside = 0, after = 0;
	int wrap;
	mig_status rc = db->dialect->in_transaction(db->conn, &inside);

	if (rc)
		return rc;
	wrap = !inside && !(st->kind & special);
	if (wrap)
		rc = mig__job_begin(l->job->run);
	if (rc)
		return rc;
	if (inside && (st->kind & MIG_STATEMENT_COMMIT)) {
		prefix_add(l, st);
		rc = mark(l, "running");
		return rc ? rc : keep(l, db->dialect->run_statement(db->conn, sql, st->size));
	}
	rc = db->dialect->run_statement(db->conn, sql, st->size);
	if (rc == MIG_ETRANSACTION && wrap) { /* it ends transactions itself, e.g. a procedure */
		wrap = 0;
		rc = db->dialect->rollback(db->conn);
		if (!rc)
			rc = db->dialect->run_statement(db->conn, sql, st->size);
	}
	if (rc)
		return rc;
	prefix_add(l, st);
	if (wrap) {
		rc = mark(l, "running");
		return rc ? rc : keep(l, db->dialect->commit(db->conn, 0));
	}
	rc = db->dialect->in_transaction(db->conn, &after);
	if (!rc && !after)
		rc = mark_alone(l);
	return rc;
}

/* Walks over the statements that an earlier process did, repeating only those that set the
 * connection's state. */
static mig_status lone_skip(struct lone *l, const struct mig__store_running *running,
			    size_t *offset)
{
	struct mig__run *run = l->job->run;
	struct mig__section_run *s = &l->section;
	char hex[MIG__DIGEST_HEX];
	mig_statement st = { .struct_size = sizeof st };
	size_t first = SIZE_MAX;
	mig_status rc;

	while (l->done < running->statements) {
		rc = run->db->dialect->next_statement(run->db->conn, s->body.text, s->body.size,
						      *offset, &st);
		if (rc)
			return rc;
		if (!st.size)
			break;
		s->last = st.offset;
		first = first == SIZE_MAX ? st.offset : first;
		if (st.kind & MIG_STATEMENT_SESSION)
			rc = run->db->dialect->run_statement(run->db->conn,
							     s->body.text + st.offset, st.size);
		if (rc)
			return rc;
		prefix_add(l, &st);
		*offset = st.next;
	}
	prefix_hex(l, hex);
	if (running->statements && strcmp(hex, running->done_digest)) {
		s->last = first == SIZE_MAX ? 0 : first;
		rc = mig__fail(run->err, MIG_EEDITED,
			       "edited in its first %lld statements, which have already run",
			       (long long)running->statements);
		mig__error_set_hint(run->err,
				    "put these statements back as they were; what follows "
				    "them may be changed");
		return rc;
	}
	s->count = l->kept = l->done;
	return MIG_OK;
}

/* The first statement that is not behind us may have run, or half run, when the process died. */
static mig_status lone_probe(struct lone *l, const mig_statement *st, int *done)
{
	struct mig__db *db = l->job->run->db;
	mig_status (*probe)(mig_conn *, const char *, size_t, int32_t *) = MIG__DB_SLOT(db, probe);
	int32_t ran = 0;
	mig_status rc;

	if (!probe || !(st->kind & MIG_STATEMENT_LONE))
		return MIG_OK;
	rc = probe(db->conn, l->section.body.text + st->offset, st->size, &ran);
	if (rc || !ran)
		return rc;
	*done = 1;
	prefix_add(l, st);
	return mark_alone(l);
}

static mig_status lone_section(struct lone *l, const struct mig__store_running *resumed)
{
	struct mig__run *run = l->job->run;
	struct mig__section_run *s = &l->section;
	mig_statement st = { .struct_size = sizeof st };
	size_t offset = 0;
	int32_t inside = 0;
	int doubt = resumed != NULL, done;
	mig_status rc = mig__script_body(run->alloc, l->script, l->direction, run->world.dialect,
					 run->world.database, run->err, &s->body);

	if (rc)
		return rc;
	if (resumed)
		rc = lone_skip(l, resumed, &offset);
	while (!rc) {
		st.size = 0;
		rc = run->db->dialect->next_statement(run->db->conn, s->body.text, s->body.size,
						      offset, &st);
		if (rc || !st.size)
			break;
		done = 0;
		rc = mig__section_statement(s, &st);
		if (!rc && doubt)
			rc = lone_probe(l, &st, &done);
		if (!rc && !done)
			rc = lone_statement(l, &st);
		doubt = 0;
		offset = st.next;
	}
	if (!rc)
		rc = run->db->dialect->in_transaction(run->db->conn, &inside);
	if (!rc && inside)
		rc = mig__fail(run->err, MIG_ETRANSACTION,
			       "the section ends inside a transaction that it began");
	if (rc) {
		mig__section_locate(s, st.size && run->err->offset != SIZE_MAX ? st.offset : 0,
				    s->last);
		if (l->kept && !run->err->hint)
			mig__error_set_hint(
				run->err,
				"the first %lld statements are done and stay: mend the rest and "
				"run again, or give the step up by a stamp",
				(long long)l->kept);
	}
	mig__body_finish(run->alloc, &s->body);
	return rc;
}

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

/* Notes in the journal that the step begins. A downgrade also marks the version row, so that
 * nobody takes a half undone revision for an applied one. */
static mig_status lone_begin(struct lone *l)
{
	struct mig__job *job = l->job;
	struct mig__db *db = job->run->db;
	struct mig__done_step begun = { .node = l->node };
	mig_status rc = mig__job_begin(l->job->run);

	if (rc)
		return rc;
	mig__run_utc(begun.started);
	rc = check_alone(l);
	if (!rc)
		rc = mig__job_tables(job);
	if (!rc) /* until the end no number stands for the rows */
		rc = mig__stamp_clear(db, &job->rows.stored);
	if (!rc)
		rc = mig__job_log(job, l->node, l->direction, "running", &begun);
	if (!rc && l->direction == MIG_DOWNGRADE)
		rc = mig__store_update(db, l->script->id, MIG__DIGEST_RUNNING, l->script->id);
	return rc ? rc : db->dialect->commit(db->conn, 0);
}

static mig_status lone_end(struct lone *l)
{
	struct mig__job *job = l->job;
	struct mig__run *run = job->run;
	mig_status rc = mig__job_begin(run);

	if (!rc)
		rc = mig__version_read(run->db, &job->rows, NULL);
	if (!rc)
		rc = mig__version_apply_one(run->alloc, &run->world, &job->rows, l->node,
					    l->direction, run->err);
	if (!rc)
		rc = mig__version_write(run->db, run->alloc, &run->world, &job->rows);
	if (!rc)
		rc = mark(l, "done");
	return rc ? rc : run->db->dialect->commit(run->db->conn, 0);
}

mig_status mig__job_lone(struct mig__job *job, uint32_t node, int32_t direction,
			 const struct mig__store_running *resumed)
{
	struct mig__run *run = job->run;
	struct lone l = {
		.job = job, .node = node, .direction = direction, .began_us = mig__run_now_us()
	};
	mig_status rc = mig__db_check(run->db);

	if (rc)
		return rc;
	l.script = &run->world.set->at[node];
	l.section = (struct mig__section_run){ .run = run, .script = l.script };
	mig__digest_init(&l.prefix);
	mig__run_now_step(run, l.script, job->at);
	rc = mig__revision_begin(run, l.script, direction, 1);
	if (rc)
		return rc;
	rc = mig__run_emit(run, MIG_EVENT_STEP_BEGIN);
	if (!rc && !resumed)
		rc = lone_begin(&l);
	if (!rc)
		rc = mig__job_timeouts(job, l.script);
	if (!rc)
		rc = l.script->upgrade ? mig__step_call(run, l.script, direction, 1)
				       : lone_section(&l, resumed);
	if (rc)
		undo(run);
	rc = mig__revision_end(run, l.script, rc);
	if (!rc)
		rc = lone_end(&l);
	if (rc)
		undo(run);
	job->timeouts = 0;
	if (!rc) /* the section may have changed what a run needs */
		rc = run->db->dialect->run_begin(run->db->conn);
	return rc ? rc : mig__run_emit(run, MIG_EVENT_STEP_END);
}
