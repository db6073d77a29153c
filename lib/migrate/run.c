#include "migrate/run.h"

#include "base/text.h"
#include "migrate/rows.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ACTOR_SIZE = 128, TIME_SIZE = 32 };

/* A step that has run in the open transaction and waits for its history row. */
struct done_step {
	uint32_t node;
	int64_t statements, duration_us;
	char started[TIME_SIZE];
};

/* One call of mig__run_to. */
struct job {
	struct mig__run *run;
	int32_t direction;
	const char *target;
	struct mig__version_rows rows;
	struct mig__plan plan;
	size_t at;     /* next step of the plan */
	int planned;   /* plan belongs to rows */
	int locked;    /* db lock for work outside a transaction */
	int announced; /* MIG_EVENT_RUN_BEGIN was sent */
	int tables;    /* both tables are known to be there */
	struct mig__store_running running;
	struct mig__arena running_arena;
	struct done_step *done;
	size_t done_count, done_cap;
	char actor[ACTOR_SIZE];
};

/* -- time, who, events */

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* RFC 3339, UTC, with milliseconds. */
static void utc_now(char out[TIME_SIZE])
{
	struct timespec t;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	n = strftime(out, TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, TIME_SIZE - n, ".%03dZ", (int)(t.tv_nsec / 1000000));
}

/* user@host:pid, the user by number if it has no name. */
static void who(char out[ACTOR_SIZE])
{
	char names[1024], host[64] = "";
	struct passwd pw, *found = NULL;

	if (gethostname(host, sizeof host - 1))
		host[0] = '\0';
	if (!getpwuid_r(geteuid(), &pw, names, sizeof names, &found) && found)
		snprintf(out, ACTOR_SIZE, "%.40s@%s:%ld", found->pw_name, host, (long)getpid());
	else
		snprintf(out, ACTOR_SIZE, "%lu@%s:%ld", (unsigned long)geteuid(), host,
			 (long)getpid());
}

static mig_status emit(struct mig__run *run, int32_t event)
{
	if (!run->progress)
		return MIG_OK;
	run->now.struct_size = sizeof run->now;
	run->now.event = event;
	run->now.elapsed_us = now_us() - run->began_us;
	if (run->progress(run->progress_user, &run->now) && event != MIG_EVENT_RUN_END)
		return mig__fail(run->err, MIG_ECANCELLED, "stopped by the progress callback");
	return MIG_OK;
}

int32_t mig__run_poll(struct mig__run *run, int32_t waiting)
{
	int64_t now = now_us();

	if (!run->progress || now - run->last_poll_us < 1000000)
		return 0;
	run->last_poll_us = now;
	run->now.struct_size = sizeof run->now;
	run->now.event = waiting ? MIG_EVENT_WAITING : MIG_EVENT_WORKING;
	run->now.elapsed_us = now - run->began_us;
	return run->progress(run->progress_user, &run->now);
}

/* A warning to the log. */
static void tell(struct mig__run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void tell(struct mig__run *run, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!run->db->log)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	run->db->log(run->db->user, MIG_LOG_WARNING, text);
}

static void now_step(struct mig__run *run, const struct mig__script *script, size_t step)
{
	run->now.revision = script ? script->id : NULL;
	run->now.message = script ? script->message : NULL;
	run->now.step = script ? step + 1 : 0;
	run->now.statement = 0;
	run->now.sql = NULL;
	run->now.sql_size = 0;
}

/* -- one section or function */

struct section_run {
	struct mig__run *run;
	const struct mig__script *script;
	struct mig__body body;
	size_t last; /* offset of the statement that was begun last */
	int64_t count;
};

static mig_status on_statement(void *user, const mig_statement *statement)
{
	struct section_run *s = user;
	mig_status rc = mig__db_check(s->run->db);

	if (rc)
		return rc;
	s->last = statement->offset;
	s->count++;
	s->run->now.statement = (uint64_t)s->count;
	s->run->now.sql = s->body.text + statement->offset;
	s->run->now.sql_size = statement->size;
	return emit(s->run, MIG_EVENT_STATEMENT);
}

/* Puts file, line, column and revision to an error of the engine. offset is used where the engine
 * told none. */
static void locate(struct section_run *s, size_t base, size_t offset)
{
	struct mig__error *err = s->run->err;
	const char *file = s->script->file ? s->script->file : s->script->id;
	struct mig__place at;

	if (err->status == MIG_ENOMEM || err->status == MIG_ECANCELLED) {
		mig__error_set_revision(err, s->script->id);
		return;
	}
	if (err->offset != SIZE_MAX)
		offset = base + err->offset;
	at = mig__text_place(s->body.file_text, s->body.file_size, s->body.at + offset);
	mig__error_prefix(err, "%s:%d:%d: revision %s: ", file, (int)at.line, (int)at.column,
			  s->script->id);
	mig__error_set_place(err, file, at.line, at.column);
	mig__error_set_revision(err, s->script->id);
	if (err->status == MIG_ETRANSACTION && !err->hint)
		mig__error_set_hint(err,
				    "libmig runs the section in a transaction of its own: leave "
				    "the statement out, or mark the section transaction=no");
}

static mig_status run_function(struct mig__run *run, const struct mig__script *script,
			       mig_step_fn fn, void *user, int32_t direction, const char *what)
{
	struct mig_step step = { run, script, direction };
	mig_status rc;

	mig__error_clear(run->err);
	rc = fn(user, &step);
	if (!rc) {
		mig__error_clear(run->err); /* an error that the function dealt with */
		return mig__db_check(run->db);
	}
	if (rc != run->err->status)
		rc = mig__fail(run->err, MIG_EREVISION, "the function returned status %d", (int)rc);
	if (rc != MIG_ECANCELLED && rc != MIG_ENOMEM)
		mig__error_prefix(run->err, "revision %s%s: ", script->id, what);
	mig__error_set_revision(run->err, script->id);
	return rc;
}

static mig_status run_c(struct mig__run *run, const struct mig__script *script, int32_t direction)
{
	return run_function(run, script,
			    direction == MIG_DOWNGRADE ? script->downgrade : script->upgrade,
			    script->user, direction, "");
}

/* The whole section in the open transaction. */
static mig_status run_section(struct mig__run *run, const struct mig__script *script,
			      int32_t direction, int64_t *statements)
{
	struct section_run s = { .run = run, .script = script };
	mig_status rc = mig__script_body(run->alloc, script, direction, run->world.dialect,
					 run->world.database, run->err, &s.body);

	if (rc)
		return rc;
	rc = run->db->dialect->run_script(run->db->conn, s.body.text, s.body.size, on_statement,
					  &s);
	if (rc)
		locate(&s, 0, s.last);
	*statements = s.count;
	mig__body_finish(run->alloc, &s.body);
	return rc;
}

/* -- steps in a transaction */

static mig_status hook(struct mig__run *run, mig_step_fn fn, const struct mig__script *script,
		       int32_t direction, const char *what)
{
	return fn ? run_function(run, script, fn, run->hooks_user, direction, what) : MIG_OK;
}

static mig_status run_step(struct job *job)
{
	struct mig__run *run = job->run;
	uint32_t node = job->plan.route.steps[job->at].node;
	const struct mig__script *script = &run->world.set->at[node];
	struct done_step *done;
	int64_t began = now_us();
	mig_status rc = mig__db_check(run->db);

	if (rc)
		return rc;
	if (!mig__grow(run->alloc, (void **)&job->done, &job->done_cap, job->done_count + 1,
		       sizeof *job->done))
		return mig__fail_nomem(run->err);
	done = &job->done[job->done_count];
	*done = (struct done_step){ .node = node };
	utc_now(done->started);
	now_step(run, script, job->at);
	rc = emit(run, MIG_EVENT_STEP_BEGIN);
	if (!rc)
		rc = hook(run, run->before, script, job->direction, ", before-step hook");
	if (!rc)
		rc = script->upgrade ? run_c(run, script, job->direction)
				     : run_section(run, script, job->direction, &done->statements);
	if (!rc)
		rc = hook(run, run->after, script, job->direction, ", after-step hook");
	if (!rc)
		rc = mig__version_apply(run->alloc, &run->world, &job->rows, &job->plan.route,
					job->at, run->err);
	if (rc)
		return rc;
	done->duration_us = now_us() - began;
	job->done_count++;
	job->at++;
	return emit(run, MIG_EVENT_STEP_END);
}

static mig_status log_step(struct job *job, uint32_t node, int32_t direction, const char *state,
			   const struct done_step *done)
{
	struct mig__run *run = job->run;
	struct mig__script *script = &run->world.set->at[node];
	char hex[MIG__DIGEST_HEX];
	struct mig__store_entry entry = {
		.revision = script->id,
		.direction = mig__direction_name(direction),
		.state = state,
		.digest = hex,
		.done_digest = "",
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

static mig_status ensure_tables(struct job *job)
{
	mig_status rc = MIG_OK;

	if (!job->tables)
		rc = mig__store_create(job->run->db);
	if (!rc)
		job->tables = 1;
	return rc;
}

/* An accepted edit is told in the history, so that it is not blamed again. */
static mig_status log_accepted(struct job *job)
{
	struct mig__run *run = job->run;
	struct done_step now = { 0 };
	struct mig__nodes edited = { 0 };
	mig_status rc = mig__version_edited(run->db, run->alloc, &run->world, &job->rows, &edited);

	utc_now(now.started);
	for (uint32_t i = 0; !rc && i < edited.count; i++)
		rc = log_step(job, edited.at[i], MIG_STAMP, "done", &now);
	mig__nodes_finish(run->world.graph, &edited);
	return rc;
}

/* Version and history rows of the steps that ran in the open transaction. */
static mig_status write_steps(struct job *job)
{
	struct mig__run *run = job->run;
	mig_status rc = ensure_tables(job);

	if (!rc && job->rows.stale)
		rc = log_accepted(job);
	if (!rc)
		rc = mig__version_write(run->db, run->alloc, &run->world, &job->rows);
	for (size_t i = 0; !rc && i < job->done_count; i++)
		rc = log_step(job, job->done[i].node, job->direction, "done", &job->done[i]);
	job->done_count = 0;
	return rc;
}

/* -- a step outside a transaction, statement by statement, with a journal row in the history
 *
 * A statement that can be rolled back runs in a transaction with its mark in the journal; one that
 * the script's own BEGIN … COMMIT holds is marked by the transaction of that COMMIT. Both are
 * exact. Only a statement that cannot be in a transaction (VACUUM) is marked after it ran; when the
 * process dies in between it is run again. */

struct lone {
	struct job *job;
	struct mig__script *script;
	uint32_t node;
	int32_t direction;
	int64_t began_us;
	int64_t done;              /* statements behind us */
	struct mig__digest prefix; /* over their digests */
	struct section_run section;
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
	return mig__store_mark(l->job->run->db, state, l->done, hex, now_us() - l->began_us);
}

static mig_status mark_alone(struct lone *l)
{
	struct mig__db *db = l->job->run->db;
	mig_status rc = db->dialect->begin(db->conn, 0);

	if (rc)
		return rc;
	rc = mark(l, "running");
	if (!rc)
		rc = db->dialect->commit(db->conn, 0);
	return rc;
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
		rc = db->dialect->begin(db->conn, 0);
	if (rc)
		return rc;
	if (inside && (st->kind & MIG_STATEMENT_COMMIT)) {
		prefix_add(l, st);
		rc = mark(l, "running");
		return rc ? rc : db->dialect->run_statement(db->conn, sql, st->size);
	}
	rc = db->dialect->run_statement(db->conn, sql, st->size);
	if (rc)
		return rc;
	prefix_add(l, st);
	if (wrap) {
		rc = mark(l, "running");
		return rc ? rc : db->dialect->commit(db->conn, 0);
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
	struct section_run *s = &l->section;
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
	s->count = l->done;
	return MIG_OK;
}

static mig_status lone_section(struct lone *l, const struct mig__store_running *resumed)
{
	struct mig__run *run = l->job->run;
	struct section_run *s = &l->section;
	mig_statement st = { .struct_size = sizeof st };
	size_t offset = 0;
	int32_t inside = 0;
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
		rc = on_statement(s, &st);
		if (!rc)
			rc = lone_statement(l, &st);
		offset = st.next;
	}
	if (!rc)
		rc = run->db->dialect->in_transaction(run->db->conn, &inside);
	if (!rc && inside)
		rc = mig__fail(run->err, MIG_ETRANSACTION,
			       "the section ends inside a transaction that it began");
	if (rc) {
		locate(s, st.size && run->err->offset != SIZE_MAX ? st.offset : 0, s->last);
		if (l->done && !run->err->hint)
			mig__error_set_hint(
				run->err,
				"the %lld statements before it are done and stay: mend the "
				"rest and run again, or give the step up by a stamp",
				(long long)l->done);
	}
	mig__body_finish(run->alloc, &s->body);
	return rc;
}

/* Notes in the journal that the step begins. A downgrade also marks the version row, so that
 * nobody takes a half undone revision for an applied one. */
static mig_status lone_begin(struct lone *l)
{
	struct job *job = l->job;
	struct mig__db *db = job->run->db;
	struct done_step begun = { .node = l->node };
	mig_status rc = db->dialect->begin(db->conn, 0);

	if (rc)
		return rc;
	utc_now(begun.started);
	rc = ensure_tables(job);
	if (!rc)
		rc = log_step(job, l->node, l->direction, "running", &begun);
	if (!rc && l->direction == MIG_DOWNGRADE)
		rc = mig__store_update(db, l->script->id, MIG__DIGEST_RUNNING, l->script->id);
	return rc ? rc : db->dialect->commit(db->conn, 0);
}

static mig_status lone_end(struct lone *l)
{
	struct job *job = l->job;
	struct mig__run *run = job->run;
	mig_status rc = run->db->dialect->begin(run->db->conn, 0);

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

static mig_status run_lone(struct job *job, uint32_t node, int32_t direction,
			   const struct mig__store_running *resumed)
{
	struct mig__run *run = job->run;
	struct lone l = { .job = job, .node = node, .direction = direction, .began_us = now_us() };
	mig_status rc = mig__db_check(run->db);

	if (rc)
		return rc;
	l.script = &run->world.set->at[node];
	l.section = (struct section_run){ .run = run, .script = l.script };
	mig__digest_init(&l.prefix);
	now_step(run, l.script, job->at);
	rc = emit(run, MIG_EVENT_STEP_BEGIN);
	if (!rc && !resumed)
		rc = lone_begin(&l);
	if (!rc)
		rc = l.script->upgrade ? run_c(run, l.script, direction)
				       : lone_section(&l, resumed);
	if (!rc)
		rc = lone_end(&l);
	if (rc)
		undo(run);
	if (!rc) /* the section may have changed what a run needs */
		rc = run->db->dialect->run_begin(run->db->conn);
	return rc ? rc : emit(run, MIG_EVENT_STEP_END);
}

/* -- the run */

/* What the table says now: checked, and planned from if it is not what the plan expects. */
static mig_status replan(struct job *job)
{
	struct mig__run *run = job->run;
	struct mig__rows rows;
	int changed;
	mig_status rc = mig__version_read(run->db, &job->rows, &changed);

	if (rc || (job->planned && !changed))
		return rc;
	mig__plan_finish(run->alloc, &run->world, &job->plan);
	job->planned = 0;
	job->at = 0;
	mig__arena_finish(&job->running_arena);
	rc = mig__version_check(run->db, run->alloc, &run->world, run->options.edited, &job->rows);
	if (rc)
		return rc;
	memset(&job->running, 0, sizeof job->running);
	if (!job->rows.stored.missing)
		rc = mig__store_read_running(run->db, &job->running_arena, &job->running);
	if (rc)
		return rc;
	job->tables = !job->rows.stored.missing && !job->running.missing;
	rows = (struct mig__rows){ job->rows.stored.ids, job->rows.stored.count };
	rc = mig__plan_make(run->alloc, &run->world, rows, job->direction, job->target, run->err,
			    &job->plan);
	if (rc)
		return rc;
	job->planned = 1;
	run->now.direction = job->direction;
	run->now.steps = job->plan.route.step_count;
	return MIG_OK;
}

static mig_status announce(struct job *job)
{
	if (job->announced)
		return MIG_OK;
	job->announced = 1;
	now_step(job->run, NULL, 0);
	return emit(job->run, MIG_EVENT_RUN_BEGIN);
}

/* Takes up the step that an earlier process left unfinished. */
static mig_status resume(struct job *job)
{
	struct mig__run *run = job->run;
	struct mig__store_running running = job->running;
	uint32_t node = mig__graph_find(run->world.graph, running.revision);
	uint8_t transactional;
	mig_status rc;

	if (node == MIG__NO_NODE) {
		rc = mig__fail(run->err, MIG_ENEWER,
			       "an unfinished %s of revision %s, which this program does not know",
			       mig__direction_name(running.direction), running.revision);
		mig__error_set_revision(run->err, running.revision);
		mig__error_set_hint(run->err,
				    "bring its script back to finish it, or give it up by a "
				    "stamp");
		return rc;
	}
	tell(run, "finishing the %s of revision %s that was left unfinished after %lld statements",
	     mig__direction_name(running.direction), running.revision,
	     (long long)running.statements);
	rc = mig__plan_step(&run->world, node, running.direction, run->err, &transactional);
	if (!rc)
		rc = run_lone(job, node, running.direction, &running);
	job->planned = 0;
	return rc;
}

/* One transaction with as many steps as it takes, and the step outside a transaction that comes
 * after it. *more: call again. */
static mig_status round_of(struct job *job, int *more)
{
	struct mig__run *run = job->run;
	const mig_dialect *d = run->db->dialect;
	mig_conn *conn = run->db->conn;
	size_t count;
	mig_status rc;

	*more = 1;
	rc = d->begin(conn, !run->options.no_foreign_key_check);
	if (!rc)
		rc = replan(job);
	if (rc)
		return rc;
	if ((job->running.present || job->plan.lone_count) && !job->locked) {
		/* the lock comes before the transaction: go back for it */
		rc = d->rollback(conn);
		if (!rc)
			rc = d->lock(conn);
		job->locked = !rc;
		job->planned = 0;
		return rc;
	}
	rc = announce(job);
	if (!rc && job->running.present) {
		rc = d->rollback(conn);
		return rc ? rc : resume(job);
	}
	count = job->plan.route.step_count;
	while (!rc && job->at < count && job->plan.transactional[job->at]) {
		rc = run_step(job);
		if (run->options.transaction_mode == MIG_TRANSACTION_REVISION)
			break;
	}
	if (rc)
		return rc;
	if (job->done_count || job->rows.stale) {
		rc = write_steps(job);
		if (!rc)
			rc = d->commit(conn, !run->options.no_foreign_key_check);
	} else {
		rc = d->rollback(conn);
	}
	if (!rc && job->at < count && !job->plan.transactional[job->at]) {
		rc = run_lone(job, job->plan.route.steps[job->at].node, job->direction, NULL);
		if (!rc)
			job->at++;
	}
	*more = job->at < count;
	return rc;
}

static void job_finish(struct job *job)
{
	mig__plan_finish(job->run->alloc, &job->run->world, &job->plan);
	mig__version_finish(&job->rows);
	mig__arena_finish(&job->running_arena);
	mig__free(job->run->alloc, job->done);
}

static void job_init(struct job *job, struct mig__run *run)
{
	memset(job, 0, sizeof *job);
	job->run = run;
	mig__version_init(&job->rows, run->alloc);
	mig__arena_init(&job->running_arena, run->alloc);
	run->began_us = run->last_poll_us = now_us();
}

/* Rolls back what is open and restores the connection; the first error stays. */
static mig_status end_run(struct mig__run *run, mig_status rc)
{
	struct mig__error first = *run->err;

	if (!rc)
		return run->db->dialect->run_end(run->db->conn);
	mig__error_init(run->err, run->alloc);
	run->db->dialect->run_end(run->db->conn); /* rolls back, too */
	mig__error_clear(run->err);
	*run->err = first;
	return rc;
}

/* Whether the rows already are where the target wants them; then nothing is to be done. */
static mig_status already_there(struct job *job, int *there)
{
	struct mig__run *run = job->run;
	struct mig__rows rows;
	mig_status rc = mig__version_read(run->db, &job->rows, NULL);

	if (!rc)
		rc = mig__version_check(run->db, run->alloc, &run->world, run->options.edited,
					&job->rows);
	if (rc)
		return rc;
	rows = (struct mig__rows){ job->rows.stored.ids, job->rows.stored.count };
	rc = mig__plan_make(run->alloc, &run->world, rows, job->direction, job->target, run->err,
			    &job->plan);
	if (!rc)
		*there = !job->plan.route.step_count && !job->rows.stale && !job->rows.running;
	return rc;
}

mig_status mig__run_to(struct mig__run *run, int32_t direction, const char *target)
{
	struct job job;
	int there = 0, more = 1;
	mig_status rc;

	job_init(&job, run);
	job.direction = direction;
	job.target = target;
	rc = mig__db_check(run->db);
	if (!rc)
		rc = already_there(&job, &there);
	if (rc || there)
		goto out;
	who(job.actor);
	rc = run->db->dialect->run_begin(run->db->conn);
	while (!rc && more)
		rc = round_of(&job, &more);
	rc = end_run(run, rc);
	now_step(run, NULL, 0);
	if (!rc)
		emit(run, MIG_EVENT_RUN_END);
out:
	job_finish(&job);
	return rc;
}

/* -- stamp, ensure */

static mig_status log_stamp(struct job *job, const struct mig__store_rows *before)
{
	struct done_step done = { 0 };
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

	utc_now(done.started);
	for (size_t k = 0; !rc && k < now->count; k++) { /* both by revision */
		while (i < before->count && strcmp(before->ids[i], now->ids[k]) < 0)
			i++;
		if (i < before->count && !strcmp(before->ids[i], now->ids[k]) &&
		    !strcmp(before->digests[i], now->digests[k]))
			continue;
		rc = log_step(job, mig__graph_find(job->run->world.graph, now->ids[k]), MIG_STAMP,
			      "done", &done);
		logged++;
	}
	if (!rc && !logged && now->count < before->count)
		rc = mig__store_log(job->run->db, &entry);
	return rc;
}

static mig_status stamp_inside(struct job *job, const char *const *targets, size_t count)
{
	struct mig__run *run = job->run;
	struct mig__store_rows before;
	struct mig__arena arena;
	struct mig__nodes nodes = { 0 };
	struct mig__rows rows;
	mig_status rc;

	mig__arena_init(&arena, run->alloc);
	rc = mig__store_read(run->db, &arena, &before);
	if (!rc && !before.missing)
		rc = mig__store_read_running(run->db, &job->running_arena, &job->running);
	if (rc)
		goto out;
	job->tables = !before.missing && !job->running.missing;
	rc = ensure_tables(job);
	if (!rc && job->running.present) {
		rc = mig__store_mark(run->db, "abandoned", job->running.statements,
				     job->running.done_digest, 0);
		tell(run, "the unfinished %s of revision %s (%lld statements done) is given up",
		     mig__direction_name(job->running.direction), job->running.revision,
		     (long long)job->running.statements);
	}
	if (!rc && run->options.purge)
		rc = mig__store_clear(run->db);
	if (!rc)
		rc = mig__version_read(run->db, &job->rows, NULL);
	if (rc)
		goto out;
	rows = (struct mig__rows){ job->rows.stored.ids, job->rows.stored.count };
	rc = mig__graph_stamp(run->world.graph, rows, targets, count, run->err, &nodes);
	if (rc == MIG_ENEWER)
		mig__error_set_hint(run->err, "clear the unknown rows as well (purge, or --purge)");
	if (!rc)
		rc = mig__version_replace(run->alloc, &run->world, &job->rows, &nodes, run->err);
	if (!rc)
		rc = mig__version_write(run->db, run->alloc, &run->world, &job->rows);
	if (!rc)
		rc = log_stamp(job, &before);
out:
	mig__nodes_finish(run->world.graph, &nodes);
	mig__arena_finish(&arena);
	return rc;
}

mig_status mig__run_stamp(struct mig__run *run, const char *const *targets, size_t count)
{
	const mig_dialect *d = run->db->dialect;
	struct job job;
	mig_status rc;

	job_init(&job, run);
	who(job.actor);
	rc = d->run_begin(run->db->conn);
	if (!rc)
		rc = d->begin(run->db->conn, 0);
	if (!rc)
		rc = stamp_inside(&job, targets, count);
	if (!rc)
		rc = d->commit(run->db->conn, 0);
	rc = end_run(run, rc);
	job_finish(&job);
	return rc;
}

mig_status mig__run_ensure(struct mig__run *run)
{
	const mig_dialect *d = run->db->dialect;
	mig_status rc = d->run_begin(run->db->conn);

	if (!rc)
		rc = d->begin(run->db->conn, 0);
	if (!rc)
		rc = mig__store_create(run->db);
	if (!rc)
		rc = d->commit(run->db->conn, 0);
	return end_run(run, rc);
}
