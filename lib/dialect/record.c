/* record: a connection without a database, which writes what it is asked to do as a script for
 * the engine's own shell. Not the guards around it: the dialect words those. */
#include "dialect/record.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/quote.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	VALUES = 10, /* of libmig's own statements */
	GIVE_UP = -1, /* MIG_SQL_UPDATE_RUNNING with the values that the row has when the script
		       * runs */
	CHECKED = -2  /* the query of a check, which is in the script already */
};

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

struct mig_cursor {
	mig_conn *conn;
	int32_t which; /* enum mig_table_sql */
	const char *text;
	char *texts[VALUES]; /* those of values */
	mig_value values[VALUES];
	size_t at; /* next row */
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

static mig_status put_own(mig_conn *conn, int32_t which);
static mig_status put_expected(mig_conn *conn);
static const char *table_sql(mig_conn *conn, int32_t which);

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
		rc = put_own(conn, MIG_SQL_ENTER);
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

static mig_status put_own(mig_conn *conn, int32_t which)
{
	const char *text = conn->real->dialect->store->table_sql(conn->real->conn, which);

	return text ? put_line(conn, text) : MIG_OK;
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

static mig_status lock(mig_conn *conn)
{
	conn->locked = 1;
	return put_own(conn, MIG_SQL_ENTER_SESSION);
}

static mig_status unlock(mig_conn *conn)
{
	int locked = conn->locked;

	conn->locked = 0;
	return locked ? put_own(conn, MIG_SQL_LEAVE_SESSION) : MIG_OK;
}

static mig_status begin(mig_conn *conn, int32_t check)
{
	(void)check;
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
	const char *clear = table_sql(conn, MIG_SQL_CLEAR_STAMP);
	mig_status rc = MIG_OK;

	(void)check;
	if (conn->changed && conn->real->header_digest && clear)
		rc = put_line(conn, clear);
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

/* Foreign keys are switched between two transactions: inside one, shells cannot. */
static mig_status revision_begin(mig_conn *conn, const mig_revision_run *revision)
{
	int keys = revision->foreign_keys ? revision->foreign_keys > 0
					  : conn->real->foreign_keys != 0;
	const char *text = conn->real->dialect->store->table_sql(
		conn->real->conn, keys ? MIG_SQL_KEYS_ON : MIG_SQL_KEYS_OFF);
	mig_status rc;

	if (!text || keys == conn->keys)
		return MIG_OK;
	if (conn->inside && !conn->due) {
		mig__fail(conn->err, MIG_EUNSUPPORTED,
			  "a script cannot turn foreign keys %s inside a transaction",
			  keys ? "on" : "off");
		mig__error_set_hint(conn->err, "write one transaction for each revision "
					       "(transaction_mode, or --per-revision)");
		return MIG_EUNSUPPORTED;
	}
	conn->keys = keys;
	rc = put_head(conn);
	if (!rc)
		rc = puts_(conn, text);
	return rc ? rc : puts_(conn, ";\n\n");
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

/* -- libmig's own tables */

/* The rows that are known here are read back by the core; the script itself expects them before its
 * COMMIT. */
static const char *table_sql(mig_conn *conn, int32_t which)
{
	const char *text = conn->real->dialect->store->table_sql(conn->real->conn, which);

	if (which == MIG_SQL_MARK_RUNNING && !text)
		return table_sql(conn, MIG_SQL_UPDATE_RUNNING);
	return which == MIG_SQL_CHECK_VERSION ? NULL : text;
}

/* Whether a statement is one that a cursor is made for. */
static int is_own(int32_t which)
{
	return (which >= MIG_SQL_CREATE_VERSION && which <= MIG_SQL_READ_HISTORY) ||
	       which == MIG_SQL_MARK_RUNNING;
}

static mig_status table_exists(mig_conn *conn, int32_t which, int32_t *out)
{
	(void)which;
	*out = conn->tables;
	return MIG_OK;
}

static mig_status prepare(mig_conn *conn, const char *text, size_t size, int32_t keep,
			  mig_cursor **out)
{
	mig_cursor *cursor;
	int32_t which = MIG_SQL_CREATE_VERSION;

	(void)size;
	(void)keep;
	if (conn->checking)
		which = CHECKED;
	/* the core hands over what table_sql() returned */
	while (which != CHECKED && which <= MIG_SQL_MARK_RUNNING &&
	       (!is_own(which) || text != table_sql(conn, which)))
		which++;
	if (which > MIG_SQL_MARK_RUNNING)
		return mig__fail(conn->err, MIG_EUNSUPPORTED,
				 "a statement with parameters or rows cannot be part of a script");
	if (!conn->tables && (which == MIG_SQL_READ_VERSION || which == MIG_SQL_READ_RUNNING ||
			      which == MIG_SQL_READ_HISTORY))
		return mig__fail(conn->err, MIG_ESQL, "the table is not there yet");
	cursor = mig__calloc(conn->err->alloc, 1, sizeof *cursor);
	if (!cursor)
		return mig__fail_nomem(conn->err);
	*cursor = (struct mig_cursor){ .conn = conn, .which = which, .text = text };
	*out = cursor;
	return MIG_OK;
}

static mig_status bind(mig_cursor *cursor, int32_t index, const mig_value *value)
{
	const struct mig__alloc *alloc = cursor->conn->err->alloc;
	size_t i = (size_t)index - 1;

	if (index < 1 || i >= VALUES)
		return mig__fail(cursor->conn->err, MIG_EINVAL, "there is no parameter %d",
				 (int)index);
	mig__free(alloc, cursor->texts[i]);
	cursor->texts[i] = NULL;
	cursor->values[i] = *value;
	if (value->type != MIG_TEXT)
		return MIG_OK;
	cursor->texts[i] = mig__strndup(alloc, value->data, value->size);
	return cursor->texts[i] ? MIG_OK : mig__fail_nomem(cursor->conn->err);
}

static int marks(const mig_cursor *cursor)
{
	return cursor->which == MIG_SQL_UPDATE_RUNNING || cursor->which == MIG_SQL_MARK_RUNNING;
}

/* What is known only when the script runs: nobody can say it now, and the same revisions shall give
 * the same script. */
static const char *only_then(const mig_cursor *cursor, size_t i)
{
	const char *now = MIG__CONN_SLOT(cursor->conn->real, now_sql);

	static const char *const as_it_is[] = { NULL, "statements", "done_digest", "duration_us" };

	if (cursor->which == GIVE_UP)
		return i < 4 ? as_it_is[i] : NULL;
	if (cursor->which == MIG_SQL_INSERT_HISTORY && i == 6)
		return now ? now : "NULL";
	if (cursor->which == MIG_SQL_INSERT_HISTORY && i == 8)
		return "'script'";
	if ((cursor->which == MIG_SQL_INSERT_HISTORY && i == 7) ||
	    (marks(cursor) && i == 3))
		return "0";
	return NULL;
}

static void add_value(const mig_cursor *cursor, size_t i, struct mig__buf *out)
{
	const char *then = only_then(cursor, i);

	if (then)
		mig__buf_adds(out, then);
	else if (i < VALUES && cursor->values[i].type == MIG_INTEGER)
		mig__buf_addf(out, "%" PRId64, cursor->values[i].integer);
	else if (i < VALUES && cursor->texts[i])
		mig__add_quoted(out, cursor->texts[i], mig__db_text_quotes(cursor->conn->real));
	else
		mig__buf_adds(out, "NULL");
}

static mig_status write_down(mig_cursor *cursor)
{
	mig_conn *conn = cursor->conn;
	const char *text = cursor->text;
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, conn->err->alloc);
	while (*text) {
		size_t plain = strcspn(text, "$");
		char *behind;

		mig__buf_add(&sql, text, plain);
		text += plain;
		if (*text && mig__ascii_is_digit(text[1])) {
			add_value(cursor, (size_t)strtoul(text + 1, &behind, 10) - 1, &sql);
			text = behind;
		} else if (*text) {
			mig__buf_add(&sql, text++, 1);
		}
	}
	rc = sql.failed ? mig__fail_nomem(conn->err) : put_line(conn, sql.data);
	mig__buf_finish(&sql);
	return rc;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->id, ((const struct row *)b)->id);
}

/* The database has the rows that the script has brought it to so far. */
static mig_status put_expected(mig_conn *conn)
{
	struct mig_cursor cursor = { .conn = conn,
				     .text = table_sql(conn, MIG_SQL_EXPECT_VERSION) };
	struct mig__buf ids;
	mig_status rc;

	if (!conn->expect || !cursor.text)
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
	cursor.texts[0] = ids.data;
	rc = ids.failed ? mig__fail_nomem(conn->err) : write_down(&cursor);
	mig__buf_finish(&ids);
	return rc;
}

/* Who clears all rows gives up a section that was interrupted, as the run does that knows of it. */
static mig_status give_up_unfinished(mig_conn *conn)
{
	struct mig_cursor cursor = { .conn = conn,
				     .which = GIVE_UP,
				     .text = table_sql(conn, MIG_SQL_UPDATE_RUNNING) };
	char state[] = "abandoned";

	cursor.texts[0] = state;
	return write_down(&cursor);
}

static size_t find(const mig_conn *conn, const char *id)
{
	size_t i = 0;

	while (i < conn->count && strcmp(conn->rows[i].id, id) != 0)
		i++;
	return i;
}

static void remove_row(mig_conn *conn, size_t i)
{
	mig__free(conn->err->alloc, conn->rows[i].id);
	mig__free(conn->err->alloc, conn->rows[i].digest);
	conn->rows[i] = conn->rows[--conn->count];
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

static int which_changes(int32_t which)
{
	return which == MIG_SQL_INSERT_VERSION || which == MIG_SQL_UPDATE_VERSION ||
	       which == MIG_SQL_DELETE_VERSION || which == MIG_SQL_CLEAR_VERSION;
}

/* The version rows as the statement leaves them. */
static mig_status follow(mig_cursor *cursor)
{
	mig_conn *conn = cursor->conn;
	char **texts = cursor->texts;
	const char *gone = cursor->which == MIG_SQL_UPDATE_VERSION   ? texts[2]
			   : cursor->which == MIG_SQL_DELETE_VERSION ? texts[0]
								     : NULL;

	if (cursor->which == MIG_SQL_CREATE_HISTORY) { /* the second one */
		conn->tables = 1;
		return put_expected(conn);
	}
	conn->changed |= which_changes(cursor->which);
	if (cursor->which == MIG_SQL_INSERT_HISTORY && !strcmp(texts[2], "running"))
		conn->unfinished = conn->changed = 1;
	if (marks(cursor) && strcmp(texts[0], "running") != 0)
		conn->unfinished = 0;
	while (cursor->which == MIG_SQL_CLEAR_VERSION && conn->count)
		remove_row(conn, 0);
	if (cursor->which == MIG_SQL_CLEAR_VERSION)
		return give_up_unfinished(conn);
	if (gone && find(conn, gone) < conn->count)
		remove_row(conn, find(conn, gone));
	if (cursor->which == MIG_SQL_INSERT_VERSION || cursor->which == MIG_SQL_UPDATE_VERSION)
		return add_row(conn, texts[0], texts[1]);
	return MIG_OK;
}

static mig_status step(mig_cursor *cursor, int32_t *has_row)
{
	mig_status rc;

	*has_row = 0;
	if (cursor->which == MIG_SQL_READ_VERSION) {
		*has_row = cursor->at < cursor->conn->count;
		cursor->at++;
		return MIG_OK;
	}
	if (cursor->which == MIG_SQL_READ_RUNNING || cursor->which == MIG_SQL_READ_HISTORY ||
	    cursor->which == CHECKED)
		return MIG_OK;
	rc = write_down(cursor);
	return rc ? rc : follow(cursor);
}

static mig_status reset(mig_cursor *cursor)
{
	cursor->at = 0;
	return MIG_OK;
}

static int32_t column_count(const mig_cursor *cursor)
{
	return cursor->which == MIG_SQL_READ_VERSION ? 2 : 0;
}

static mig_status column(mig_cursor *cursor, int32_t n, int32_t as, mig_value *out)
{
	const struct row *row = &cursor->conn->rows[cursor->at - 1];

	(void)as;
	*out = mig__value_text(n ? row->digest : row->id);
	return MIG_OK;
}

static void finish(mig_cursor *cursor)
{
	if (!cursor)
		return;
	for (size_t i = 0; i < VALUES; i++)
		mig__free(cursor->conn->err->alloc, cursor->texts[i]);
	mig__free(cursor->conn->err->alloc, cursor);
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
	mig_conn *conn = mig__calloc(db->err->alloc, 1, sizeof *conn);

	if (!conn)
		return mig__fail_nomem(db->err);
	*conn = (struct mig_conn){ .real = db, .err = db->err, .fn = fn, .user = user };
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
		.table_sql = table_sql,
		.table_exists = table_exists,
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
