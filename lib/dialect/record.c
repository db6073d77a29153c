/* record: writes a run down as a script. It is not a database: what can be known of one beforehand, the
 * version rows and whether a section is unfinished, it keeps itself. The SQL on libmig's own tables
 * comes from the real dialect's store, which gets a sink in place of the database. */
#include "dialect/record.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "dialect/store.h"

#include <stdlib.h>
#include <string.h>

struct row {
	char *id, *digest;
};

struct mig_conn {
	mig_dialect table; /* the name and capabilities of the dialect, with the two below */
	mig_dialect_conn slots;
	mig_dialect_store store;
	struct mig__db *real; /* for what never touches the database */
	struct mig__error *err;
	mig_sql_fn fn;
	void *user;
	mig_sql_sink sink; /* where the real store puts its SQL */
	int assume, headed, expect;
	int locked;     /* the session has the lock */
	int keys;       /* foreign keys are enforced */
	int due;        /* a transaction has begun, and nothing was written since */
	int inside;     /* a transaction */
	int tables;     /* are there */
	int unfinished; /* the history table has a row in state "running" */
	int changed;    /* the transaction has written version rows, or begun or ended a section */
	int checking;   /* between check_begin and check_end */
	struct row *rows;
	size_t count, cap;
};

/* The query of a check, which is in the script already: it has no rows. */
struct mig_cursor {
	mig_conn *conn;
};

/* -- the script */

static mig_status put(mig_conn *conn, const char *text, size_t size)
{
	mig_status rc = size ? conn->fn(conn->user, text, size) : MIG_OK;

	return rc ? mig__fail(conn->err, rc, "the script could not be written") : MIG_OK;
}

/* The same for what is not libmig's own. */
static mig_status put_foreign(mig_conn *conn, const char *text, size_t size)
{
	mig_status (*write)(mig_conn *, const char *, size_t, mig_sql_fn, void *) =
		MIG__CONN_SLOT(conn->real, shell_text);
	mig_status rc;

	if (!write || !size)
		return put(conn, text, size);
	rc = write(conn->real->conn, text, size, conn->fn, conn->user);
	return rc ? mig__fail(conn->err, rc, "the script could not be written") : MIG_OK;
}

static mig_status puts_(mig_conn *conn, const char *text)
{
	return put(conn, text, strlen(text));
}

static const char *begin_sql(const mig_conn *conn)
{
	const char *sql = MIG__CONN_SLOT(conn->real, begin_sql);

	return sql ? sql : "BEGIN";
}

static mig_status put_expected(mig_conn *conn);
static mig_status put_enter(mig_conn *conn, int32_t session);

static mig_status put_head(mig_conn *conn)
{
	const char *head = MIG__CONN_SLOT(conn->real, script_begin);
	int headed = conn->headed;

	conn->headed = 1;
	return !headed && head ? puts_(conn, head) : MIG_OK;
}

/* Before anything else: the head of the script, and the BEGIN that is due. */
static mig_status lead(mig_conn *conn)
{
	mig_status rc = put_head(conn);

	if (rc || !conn->due)
		return rc;
	conn->due = 0;
	rc = puts_(conn, begin_sql(conn));
	if (!rc)
		rc = puts_(conn, ";\n\n");
	if (!rc)
		rc = put_enter(conn, 0);
	if (!rc && conn->tables) /* otherwise it waits until they are there */
		rc = put_expected(conn);
	return rc;
}

/* Without the blanks around it; a semicolon is put behind `end`, where the last statement ends, if
 * it has none. */
static mig_status put_text(mig_conn *conn, const char *text, size_t size, size_t end, int is_own)
{
	mig_status rc = lead(conn);

	while (size > end && strchr(" \t\r\n", text[size - 1]))
		size--;
	if (!rc)
		rc = is_own ? put(conn, text, end) : put_foreign(conn, text, end);
	if (!rc && end && text[end - 1] != ';' && text[end - 1] != '\n')
		rc = puts_(conn, ";");
	if (!rc)
		rc = put(conn, text + end, size - end);
	return rc ? rc : puts_(conn, "\n\n");
}

static mig_status put_line(mig_conn *conn, const char *text)
{
	return conn->assume ? MIG_OK : put_text(conn, text, strlen(text), strlen(text), 1);
}

/* For the real store. */
static mig_status put_sink(void *user, const char *text, size_t size, const mig_op *op, uint32_t kind,
			   const char *comment)
{
	mig_conn *conn = user;

	(void)op, (void)kind, (void)comment;
	return conn->assume ? MIG_OK : put_text(conn, text, size, size, 1);
}

static mig_status put_enter(mig_conn *conn, int32_t session)
{
	mig_status (*enter)(mig_conn *, int32_t, const mig_sql_sink *) =
		MIG__STORE_SLOT(conn->real, enter);

	return enter ? enter(conn->real->conn, session, &conn->sink) : MIG_OK;
}

static mig_status put_leave(mig_conn *conn)
{
	mig_status (*leave)(mig_conn *, const mig_sql_sink *) = MIG__STORE_SLOT(conn->real, leave);

	return leave ? leave(conn->real->conn, &conn->sink) : MIG_OK;
}

/* -- a run */

static void close_(mig_conn *conn)
{
	const struct mig__alloc *alloc = conn->err->alloc;

	for (size_t i = 0; i < conn->count; i++) {
		mig__free(alloc, conn->rows[i].id);
		mig__free(alloc, conn->rows[i].digest);
	}
	mig__free(alloc, conn->rows);
	mig__free(alloc, conn);
}

static void *no_handle(mig_conn *conn)
{
	(void)conn;
	return NULL;
}

static void cancel(mig_conn *conn)
{
	(void)conn;
}

static mig_status nothing(mig_conn *conn)
{
	(void)conn;
	return MIG_OK;
}

static mig_status lock(mig_conn *conn, int32_t *freed)
{
	(void)freed;
	conn->locked = 1;
	return put_enter(conn, 1);
}

static mig_status unlock(mig_conn *conn)
{
	int locked = conn->locked;

	conn->locked = 0;
	return locked ? put_leave(conn) : MIG_OK;
}

static mig_status begin(mig_conn *conn, int32_t check, int32_t *freed)
{
	(void)check;
	(void)freed;
	conn->inside = 1;
	conn->due = !conn->assume;
	return MIG_OK;
}

static mig_status end(mig_conn *conn, const char *how)
{
	int written = !conn->due && !conn->assume;

	conn->due = conn->inside = 0;
	return written ? put_line(conn, how) : MIG_OK;
}

/* Rows that are not what was written, or that a revision has changed, are not committed. */
static mig_status commit(mig_conn *conn, int32_t check)
{
	mig_status (*clear)(mig_conn *, uint32_t, const mig_sql_sink *) =
		MIG__STORE_SLOT(conn->real, write_header_digest);
	mig_status rc = MIG_OK;

	(void)check;
	if (conn->changed && conn->real->header_digest && clear)
		rc = clear(conn->real->conn, 0, &conn->sink);
	if (!rc && conn->changed && !conn->assume)
		rc = put_expected(conn);
	conn->changed = 0;
	return rc ? rc : end(conn, "COMMIT");
}

static mig_status rollback(mig_conn *conn)
{
	return conn->inside ? end(conn, "ROLLBACK") : MIG_OK;
}

static mig_status run_end(mig_conn *conn)
{
	mig_status rc = rollback(conn), unlocked = unlock(conn);

	return rc ? rc : unlocked;
}

/* Outside the transaction that is due. */
static mig_status put_before(void *user, const char *text, size_t size, const mig_op *op, uint32_t kind,
			     const char *comment)
{
	mig_conn *conn = user;
	mig_status rc = put_head(conn);

	(void)op, (void)kind, (void)comment;
	if (!rc)
		rc = put(conn, text, size);
	return rc ? rc : puts_(conn, ";\n\n");
}

/* Foreign keys are switched between two transactions: inside one, shells cannot. */
static mig_status revision_begin(mig_conn *conn, const mig_revision_run *revision)
{
	int on = revision->foreign_keys ? revision->foreign_keys > 0 : conn->real->foreign_keys != 0;
	mig_status (*keys)(mig_conn *, int32_t, const mig_sql_sink *) =
		MIG__STORE_SLOT(conn->real, keys);
	const mig_sql_sink sink = { .struct_size = sizeof sink,
				    .user = conn,
				    .statement = put_before };

	if (!keys || on == conn->keys)
		return MIG_OK;
	if (conn->inside && !conn->due) {
		mig__fail(conn->err, MIG_EUNSUPPORTED,
			  "a script cannot turn foreign keys %s inside a transaction",
			  on ? "on" : "off");
		mig__error_set_hint(conn->err, "write one transaction for each revision "
					       "(transaction_mode, or --per-revision)");
		return MIG_EUNSUPPORTED;
	}
	conn->keys = on;
	return keys(conn->real->conn, on, &sink);
}

static mig_status in_transaction(mig_conn *conn, int32_t *out)
{
	*out = conn->inside;
	return MIG_OK;
}

/* -- SQL */

static mig_status next_statement(mig_conn *conn, const char *text, size_t size, size_t offset,
				 mig_statement *out)
{
	return conn->real->dialect->conn->next_statement(conn->real->conn, text, size, offset, out);
}

enum { CONTROL = MIG_STATEMENT_BEGIN | MIG_STATEMENT_COMMIT | MIG_STATEMENT_ROLLBACK };

/* Nobody gives a parameter of a script a value. */
static mig_status check_recorded_parameters(mig_conn *conn, const mig_statement *st)
{
	if (!(st->kind & MIG_STATEMENT_PARAMETERS))
		return MIG_OK;
	mig__fail(conn->err, MIG_ESYNTAX, "the statement has a parameter, which a script cannot have");
	mig__error_set_hint(conn->err, "write the value itself");
	conn->err->offset = st->offset;
	return MIG_ESYNTAX;
}

static mig_status run_script(mig_conn *conn, const char *text, size_t size, mig_statement_fn hook,
			     void *user)
{
	mig_statement st = { .struct_size = sizeof st };
	size_t last = 0;
	mig_status rc;

	for (size_t at = 0;; at = st.next) {
		st.size = 0;
		rc = next_statement(conn, text, size, at, &st);
		if (rc || !st.size)
			break;
		if (st.kind & CONTROL) {
			rc = mig__fail(conn->err, MIG_ETRANSACTION,
				       "the script begins or ends a transaction");
			conn->err->offset = st.offset;
			return rc;
		}
		rc = check_recorded_parameters(conn, &st);
		if (!rc && hook)
			rc = hook(user, &st);
		if (rc)
			return rc;
		last = st.offset + st.size;
	}
	return rc || !last ? rc : put_text(conn, text, size, last, 0);
}

static mig_status run_statement(mig_conn *conn, const char *text, size_t size)
{
	mig_statement st = { .struct_size = sizeof st };
	char *copy = mig__strndup(conn->err->alloc, text, size);
	mig_status rc;

	if (!copy)
		return mig__fail_nomem(conn->err);
	rc = next_statement(conn, copy, size, 0, &st);
	mig__free(conn->err->alloc, copy);
	if (!rc)
		rc = check_recorded_parameters(conn, &st);
	if (rc)
		return rc;
	/* the section's own transaction was begun without asking where the database is */
	if (st.kind & MIG_STATEMENT_COMMIT && conn->unfinished)
		rc = put_expected(conn);
	if (rc)
		return rc;
	if (st.kind & MIG_STATEMENT_BEGIN)
		conn->inside = 1;
	if (st.kind & (MIG_STATEMENT_COMMIT | MIG_STATEMENT_ROLLBACK))
		conn->inside = 0;
	return put_text(conn, text, size, size, 0);
}

/* -- cursors: of checks alone */

static mig_status prepare(mig_conn *conn, const char *text, size_t size, uint32_t flags,
			  mig_cursor **out)
{
	(void)text, (void)size, (void)flags;
	if (!conn->checking)
		return mig__fail(conn->err, MIG_EUNSUPPORTED,
				 "a statement with parameters or rows cannot be part of a script");
	*out = mig__calloc(conn->err->alloc, 1, sizeof **out);
	if (!*out)
		return mig__fail_nomem(conn->err);
	(*out)->conn = conn;
	return MIG_OK;
}

static mig_status bind(mig_cursor *cursor, int32_t index, const mig_value *value)
{
	(void)value;
	return mig__fail(cursor->conn->err, MIG_EINVAL, "there is no parameter %d", (int)index);
}

static mig_status step(mig_cursor *cursor, int32_t *has_row)
{
	(void)cursor;
	*has_row = 0;
	return MIG_OK;
}

static mig_status reset(mig_cursor *cursor)
{
	(void)cursor;
	return MIG_OK;
}

static int32_t column_count(const mig_cursor *cursor)
{
	(void)cursor;
	return 0;
}

static mig_status column(mig_cursor *cursor, int32_t n, int32_t as, mig_value *out)
{
	(void)as, (void)out;
	return mig__fail(cursor->conn->err, MIG_EINVAL, "there is no column %d", (int)n);
}

static void finish(mig_cursor *cursor)
{
	if (cursor)
		mig__free(cursor->conn->err->alloc, cursor);
}

/* -- libmig's own tables */

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->id, ((const struct row *)b)->id);
}

/* The database has the rows that the script has brought it to so far. */
static mig_status put_expected(mig_conn *conn)
{
	struct mig__buf ids;
	mig_status rc;

	if (!conn->expect)
		return MIG_OK;
	mig__buf_init(&ids, conn->err->alloc);
	if (conn->count)
		qsort(conn->rows, conn->count, sizeof *conn->rows, by_id);
	for (size_t i = 0; i < conn->count; i++)
		mig__buf_addf(&ids, "%s%s", i ? ", " : "", conn->rows[i].id);
	if (!conn->count)
		mig__buf_adds(&ids, "base");
	if (conn->unfinished)
		mig__buf_adds(&ids, ", unfinished");
	rc = ids.failed ? mig__fail_nomem(conn->err)
			: conn->real->dialect->store->expect(conn->real->conn, ids.data,
							     &conn->sink);
	mig__buf_finish(&ids);
	return rc;
}

static mig_status create(mig_conn *conn, const mig_sql_sink *script)
{
	mig_status rc = mig__tables_create(conn->real, &conn->sink);

	(void)script;
	conn->tables = 1;
	return rc ? rc : put_expected(conn);
}

static mig_status read_rows(mig_conn *conn, mig_version_row_fn fn, void *user, int32_t *there)
{
	mig_status rc = MIG_OK;

	*there = conn->tables;
	for (size_t i = 0; !rc && conn->tables && i < conn->count; i++)
		rc = fn(user, &(mig_version_row){ sizeof(mig_version_row), conn->rows[i].id,
						  conn->rows[i].digest });
	return rc;
}

/* Nobody has run the script yet. */
static mig_status read_nothing(mig_conn *conn, mig_history_row_fn fn, void *user, int32_t *there)
{
	(void)fn, (void)user;
	*there = conn->tables;
	return MIG_OK;
}

static void remove_row(mig_conn *conn, size_t i)
{
	mig__free(conn->err->alloc, conn->rows[i].id);
	mig__free(conn->err->alloc, conn->rows[i].digest);
	conn->rows[i] = conn->rows[--conn->count];
}

static void remove_id(mig_conn *conn, const char *id)
{
	size_t i = 0;

	while (i < conn->count && strcmp(conn->rows[i].id, id) != 0)
		i++;
	if (i < conn->count)
		remove_row(conn, i);
}

static mig_status add_row(mig_conn *conn, const char *id, const char *digest)
{
	const struct mig__alloc *alloc = conn->err->alloc;
	struct row row = { 0 };

	if (!mig__grow(alloc, (void **)&conn->rows, &conn->cap, conn->count + 1, sizeof row))
		return mig__fail_nomem(conn->err);
	row = (struct row){ mig__strdup(alloc, id), mig__strdup(alloc, digest) };
	if (!row.id || !row.digest) {
		mig__free(alloc, row.id);
		mig__free(alloc, row.digest);
		return mig__fail_nomem(conn->err);
	}
	conn->rows[conn->count++] = row;
	return MIG_OK;
}

/* When, by whom and how long is known only when the script runs; the same revisions give the same
 * script. */
static mig_status put_entry(mig_conn *conn, const mig_history_row *given)
{
	mig_history_row row = *given;
	const mig_history_row *const at = &row;
	const mig_rows_write write = { .struct_size = sizeof write,
				       .history = &at,
				       .history_count = 1 };
	mig_status rc;

	row.started_at = NULL;
	row.actor = "script";
	row.duration_us = 0;
	rc = mig__tables_write_rows(conn->real, &write, &conn->sink); /* begins with what is due */
	if (!strcmp(row.state, "running"))
		conn->unfinished = conn->changed = 1;
	return rc;
}

static mig_status put_change(mig_conn *conn, const mig_row_change *change)
{
	const mig_rows_write write = { .struct_size = sizeof write,
				       .changes = &change,
				       .change_count = 1 };
	mig_status rc = mig__tables_write_rows(conn->real, &write, &conn->sink);

	conn->changed = 1;
	if (!rc && change->old_revision)
		remove_id(conn, change->old_revision);
	return rc || !change->revision ? rc : add_row(conn, change->revision, change->digest);
}

/* The rows that are known here need no check; the script itself expects them before its COMMIT. */
static mig_status write_rows(mig_conn *conn, const mig_rows_write *write, const mig_sql_sink *script)
{
	mig_status rc = MIG_OK;

	(void)script;
	for (size_t i = 0; !rc && i < write->change_count; i++)
		rc = put_change(conn, write->changes[i]);
	for (size_t i = 0; !rc && i < write->history_count; i++)
		rc = put_entry(conn, write->history[i]);
	return rc;
}

static mig_status mark_running(mig_conn *conn, const mig_journal_mark *given,
			       const mig_sql_sink *script)
{
	mig_journal_mark mark = *given;
	mig_status rc;

	(void)script;
	mark.duration_us = 0;
	rc = mig__tables_mark_running(conn->real, &mark, &conn->sink);
	if (strcmp(mark.state, "running") != 0)
		conn->unfinished = 0;
	return rc;
}

/* Who clears all rows gives up a section that was interrupted, as the run does that knows of it. */
static mig_status clear_rows(mig_conn *conn, const mig_sql_sink *script)
{
	const mig_journal_mark give_up = { .struct_size = sizeof give_up, .state = "abandoned" };
	mig_status rc = mig__tables_clear_rows(conn->real, &conn->sink);

	(void)script;
	conn->changed = 1;
	while (conn->count)
		remove_row(conn, 0);
	return rc ? rc : mig__tables_mark_running(conn->real, &give_up, &conn->sink);
}

/* What is there when the script runs, nobody can say now. */
static mig_status observe(mig_conn *conn, const char *text, size_t size, char *seen)
{
	(void)conn;
	(void)text;
	(void)size;
	seen[0] = '?';
	seen[1] = '\0';
	return MIG_OK;
}

/* -- checks */

static mig_status put_check(void *user, const char *text, size_t size, const mig_op *op,
			    uint32_t kind, const char *comment)
{
	(void)op, (void)kind, (void)comment;
	return put_text(user, text, size, size, 0);
}

/* What fails in the script if the query returns rows. Nobody knows now whether it will. */
static mig_status check_begin(mig_conn *conn, const char *message, const char *text, size_t size)
{
	mig_status (*sql)(mig_conn *, const char *, const char *, size_t, const mig_sql_sink *) =
		MIG__CONN_SLOT(conn->real, check_sql);
	const mig_sql_sink sink = { .struct_size = sizeof sink,
				    .user = conn,
				    .statement = put_check };

	if (!sql)
		return mig__fail(conn->err, MIG_EUNSUPPORTED,
				 "dialect %s cannot have a check in a script", conn->table.name);
	conn->checking = 1;
	return sql(conn->real->conn, message, text, size, &sink);
}

static mig_status check_end(mig_conn *conn)
{
	conn->checking = 0;
	return MIG_OK;
}

/* -- for the core */

mig_status mig__record_open(struct mig__db *db, mig_sql_fn fn, void *user, struct mig__db *out)
{
	mig_conn *conn;

	if (!MIG__STORE_SLOT(db, expect))
		return mig__fail(db->err, MIG_EUNSUPPORTED,
				 "dialect %s cannot have scripts: they could not make sure of where the "
				 "database is",
				 db->dialect->name);
	conn = mig__calloc(db->err->alloc, 1, sizeof *conn);
	if (!conn)
		return mig__fail_nomem(db->err);
	*conn = (struct mig_conn){ .real = db, .err = db->err, .fn = fn, .user = user };
	conn->sink = (mig_sql_sink){ .struct_size = sizeof conn->sink,
				     .user = conn,
				     .statement = put_sink };
	conn->slots = (mig_dialect_conn){
		.struct_size = sizeof conn->slots,
		.close = close_,
		.native = no_handle,
		.detach = no_handle,
		.cancel = cancel,
		.run_begin = nothing,
		.run_end = run_end,
		.begin = begin,
		.commit = commit,
		.rollback = rollback,
		.lock = lock,
		.unlock = unlock,
		.next_statement = next_statement,
		.run_script = run_script,
		.run_statement = run_statement,
		.in_transaction = in_transaction,
		.prepare = prepare,
		.bind = bind,
		.step = step,
		.reset = reset,
		.column_count = column_count,
		.column = column,
		.finish = finish,
		.revision_begin = revision_begin,
		.check_begin = check_begin,
		.check_end = check_end,
	};
	conn->store = (mig_dialect_store){
		.struct_size = sizeof conn->store,
		.create = create,
		.read_rows = read_rows,
		.write_rows = write_rows,
		.clear_rows = clear_rows,
		.read_running = read_nothing,
		.mark_running = mark_running,
		.read_history = read_nothing,
	};
	conn->table = (mig_dialect){
		.struct_size = sizeof conn->table,
		.contract = MIG_DIALECT_CONTRACT,
		.name = db->dialect->name,
		.schemes = db->dialect->schemes,
		.capabilities = db->dialect->capabilities,
		.conn = &conn->slots,
		.store = &conn->store,
	};
	if (MIG__CONN_SLOT(db, observe))
		conn->slots.observe = observe;
	memset(out, 0, sizeof *out);
	out->dialect = &conn->table;
	out->conn = conn;
	out->err = db->err;
	out->log = db->log;
	out->user = db->user;
	return MIG_OK;
}

void mig__record_assume(struct mig__db *record, int assume)
{
	record->conn->assume = assume;
	record->conn->tables |= assume;
}

void mig__record_expect(struct mig__db *record)
{
	record->conn->expect = 1;
}

mig_status mig__record_comment(struct mig__db *record, const char *text)
{
	mig_conn *conn = record->conn;
	mig_status rc = conn->assume ? MIG_OK : lead(conn);

	if (rc || conn->assume)
		return rc;
	rc = puts_(conn, "-- ");
	/* what a message holds must not end the comment */
	for (size_t n; !rc && *text; text += n) {
		n = strcspn(text, "\r\n");
		rc = put(conn, text, n);
		if (!rc && text[n]) {
			rc = puts_(conn, " ");
			n++;
		}
	}
	return rc ? rc : puts_(conn, "\n");
}
