/* db: calls a dialect's slots for the core, with the defaults of those that it does not have,
 * and passes its errors, log and waiting on to the context. Not how a dialect is found:
 * registry.c. */
#include "dialect/db.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/quote.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { MESSAGE_MAX = 2000 };

/* Engines quote the script in their messages, with its line ends. */
static void make_one_line(char *text)
{
	for (; text && *text; text++)
		if ((unsigned char)*text < ' ')
			*text = ' ';
}

static mig_status host_error(void *user, const mig_dialect_error *given)
{
	struct mig__db *db = user;
	mig_dialect_error e = { .offset = MIG_NO_OFFSET };
	size_t size = given->struct_size < sizeof e ? given->struct_size : sizeof e;

	memcpy(&e, given, size);
	if (!e.status)
		e.status = MIG_ERROR;
	if (e.status == MIG_ENOMEM)
		return mig__fail_nomem(db->err);
	if (!e.message)
		e.message = "unknown error";
	mig__fail(db->err, e.status, "%.*s", (int)mig__text_cut(e.message, strlen(e.message), MESSAGE_MAX),
		  e.message);
	make_one_line(db->err->message);
	db->err->native_code = e.native_code;
	db->err->offset = e.offset;
	if (e.sqlstate) {
		strncpy(db->err->sqlstate, e.sqlstate, sizeof db->err->sqlstate - 1);
		db->err->sqlstate[sizeof db->err->sqlstate - 1] = '\0';
	}
	db->err->retry = e.retry;
	if (e.detail)
		mig__error_set_detail(db->err, e.detail);
	if (e.hint)
		mig__error_set_hint(db->err, "%s", e.hint);
	if (e.statement)
		mig__error_set_statement(db->err, e.statement, e.statement_size);
	return e.status;
}

static void host_log(void *user, int32_t level, const char *message)
{
	struct mig__db *db = user;

	if (db->log)
		db->log(db->user, level, message);
}

static int32_t host_poll(void *user, int32_t waiting)
{
	struct mig__db *db = user;

	if (!atomic_load(&db->cancelled) && db->poll && db->poll(db->user, waiting))
		atomic_store(&db->cancelled, 1);
	return atomic_load(&db->cancelled);
}

static void host_working(void *user, const char *what, uint64_t done, uint64_t total)
{
	struct mig__db *db = user;

	snprintf(db->work.what, sizeof db->work.what, "%s", what);
	db->work.done = done;
	db->work.total = total;
}

static void *host_realloc(void *user, void *ptr, size_t size)
{
	const struct mig__alloc *alloc = ((struct mig__db *)user)->err->alloc;

	return alloc->fn(alloc->user, ptr, size);
}

static void forget_names(struct mig__db *db)
{
	mig__free(db->err->alloc, db->schema);
	mig__free(db->err->alloc, db->version_table);
	mig__free(db->err->alloc, db->history_table);
	mig__free(db->err->alloc, db->search_path);
	db->schema = db->search_path = db->version_table = db->history_table = NULL;
}

static mig_status keep_names(struct mig__db *db, const mig_conn_options *o)
{
	const struct mig__alloc *alloc = db->err->alloc;

	forget_names(db);
	db->schema = o->schema ? mig__strdup(alloc, o->schema) : NULL;
	db->search_path = o->search_path ? mig__strdup(alloc, o->search_path) : NULL;
	db->version_table = mig__strdup(alloc, o->version_table ? o->version_table : MIG_VERSION_TABLE);
	db->history_table = mig__strdup(alloc, o->history_table ? o->history_table : MIG_HISTORY_TABLE);
	return (o->schema && !db->schema) || (o->search_path && !db->search_path) ||
			       !db->version_table || !db->history_table
		       ? mig__fail_nomem(db->err)
		       : MIG_OK;
}

mig_status mig__db_open(struct mig__db *db, const mig_conn_options *options)
{
	mig_conn *conn = NULL;
	mig_status rc;

	db->host = (mig_dialect_host){
		.struct_size = sizeof db->host,
		.user = db,
		.realloc_fn = host_realloc,
		.error = host_error,
		.log = host_log,
		.poll = host_poll,
		.working = host_working,
	};
	rc = keep_names(db, options);
	if (!rc)
		rc = db->dialect->conn->open(&db->host, options, &conn);
	if (rc) {
		forget_names(db);
		return rc;
	}
	db->conn = conn;
	atomic_store(&db->open, 1);
	return MIG_OK;
}

/* The connection to scratch_url, if there is one. */
static mig_status open_maker(struct mig__db *db)
{
	mig_conn_options options = { .struct_size = sizeof options,
				     .url = db->scratch_url,
				     .search_path = db->search_path,
				     .create = MIG_CREATE_NEVER };
	mig_status rc = MIG_OK;

	if (db->scratch_url && !db->scratch_maker) {
		rc = db->dialect->conn->open(&db->host, &options, &db->scratch_maker);
		if (rc)
			mig__error_prefix(db->err, "scratch: ");
	}
	return rc;
}

mig_status mig__db_may_copy(struct mig__db *db)
{
	mig_status (*may_copy)(mig_conn *, mig_conn *) = MIG__SCHEMA_SLOT(db, may_copy);
	mig_status rc = may_copy ? open_maker(db) : MIG_OK;

	return may_copy && !rc ? may_copy(db->conn, db->scratch_maker) : rc;
}

mig_status mig__db_scratch(struct mig__db *db, mig_conn **out)
{
	mig_status rc;

	if (!MIG__SCHEMA_SLOT(db, scratch))
		return mig__fail(db->err, MIG_EUNSUPPORTED, "dialect %s has no scratch databases",
				 db->dialect->name);
	if (db->spare) {
		*out = db->spare;
		db->spare = NULL;
		return MIG_OK;
	}
	rc = open_maker(db);
	if (rc)
		return rc;
	return db->dialect->schema->scratch(db->scratch_maker ? db->scratch_maker : db->conn, out);
}

mig_status mig__db_scratch_apart(struct mig__db *db, int32_t side, mig_conn **out)
{
	mig_status rc = open_maker(db);

	if (rc)
		return rc;
	return db->dialect->schema->scratch_apart(db->scratch_maker ? db->scratch_maker : db->conn, side, out);
}

int mig__db_has_snapshots(const struct mig__db *db)
{
	return MIG__SCHEMA_SLOT(db, scratch) && MIG__SCHEMA_SLOT(db, is_empty) &&
	       MIG__SCHEMA_SLOT(db, snapshot_key) && MIG__SCHEMA_SLOT(db, dump_rows) &&
	       MIG__SCHEMA_SLOT(db, scratch_apart) && !mig__db_ddl_commits(db);
}

int mig__dialect_same_name(const mig_dialect *dialect, const char *a, const char *b)
{
	return dialect->capabilities & MIG_NAMES_FOLD ? !mig__ascii_compare(a, b) : !strcmp(a, b);
}

void mig__db_close_spare(struct mig__db *db)
{
	if (db->spare)
		db->dialect->conn->close(db->spare);
	db->spare = NULL;
}

void mig__db_close(struct mig__db *db)
{
	atomic_store(&db->open, 0);
	mig__db_close_spare(db);
	if (db->conn)
		db->dialect->conn->close(db->conn);
	if (db->scratch_maker)
		db->dialect->conn->close(db->scratch_maker);
	db->scratch_maker = NULL;
	db->conn = NULL;
	forget_names(db);
}

mig_status mig__db_begin(struct mig__db *db)
{
	int32_t freed;
	mig_status rc;

	do {
		freed = 0;
		rc = db->dialect->conn->begin(db->conn, 0, &freed);
	} while (!rc && freed);
	return rc;
}

void mig__db_cancel(struct mig__db *db)
{
	atomic_store(&db->cancelled, 1);
	if (atomic_load(&db->open))
		db->dialect->conn->cancel(db->conn);
}

mig_status mig__db_find_default_schema(struct mig__db *db)
{
	mig_status (*ask)(mig_conn *, const char **) = MIG__CONN_SLOT(db, current_schema);

	return ask ? ask(db->conn, &db->default_schema) : MIG_OK;
}

const char *mig__db_usual_schema(const struct mig__db *db)
{
	const char *usual = MIG__SCHEMA_SLOT(db, default_schema);

	return usual ? usual : "";
}

const char *mig__db_default_schema(const struct mig__db *db)
{
	return db->default_schema ? db->default_schema : mig__db_usual_schema(db);
}

const char *mig__db_name_quotes(const struct mig__db *db)
{
	const char *marks = MIG__CONN_SLOT(db, name_quotes);

	return marks ? marks : mig__quote_names;
}

const char *mig__db_text_quotes(const struct mig__db *db)
{
	const char *marks = MIG__CONN_SLOT(db, text_quotes);

	return marks ? marks : mig__quote_texts;
}

mig_status mig__db_call_begin(struct mig__db *db)
{
	mig_status (*call_begin)(mig_conn *) = MIG__CONN_SLOT(db, call_begin);

	db->default_schema = NULL;
	return call_begin ? call_begin(db->conn) : MIG_OK;
}

mig_status mig__db_check(struct mig__db *db)
{
	if (!host_poll(db, 0))
		return MIG_OK;
	return mig__fail(db->err, MIG_ECANCELLED, "cancelled");
}

/* Outside a transaction a write would stay, whatever becomes of the run. */
mig_status mig__db_inside(struct mig__db *db)
{
	int32_t inside = 0;
	mig_status rc = db->dialect->conn->in_transaction(db->conn, &inside);

	if (rc || inside)
		return rc;
	mig__fail(db->err, MIG_ETRANSACTION, "the transaction that libmig began is not open any more");
	mig__error_set_hint(db->err, "a statement or a function has ended it, and libmig has written no "
				     "row; if it was committed, what this run did before stays: undo that by "
				     "hand, or stamp the revisions that it belongs to");
	return MIG_ETRANSACTION;
}

mig_status mig__db_commit(struct mig__db *db, int32_t check)
{
	mig_status rc = mig__db_inside(db);

	return rc ? rc : db->dialect->conn->commit(db->conn, check);
}

mig_status mig__db_run_end(struct mig__db *db, mig_status rc)
{
	struct mig__error first;

	if (!rc)
		return db->dialect->conn->run_end(db->conn);
	first = mig__error_take(db->err);
	(void)db->dialect->conn->run_end(db->conn); /* rolls back, too */
	mig__error_put_back(db->err, first);
	return rc;
}

int32_t mig__db_later(struct mig__db *db)
{
	int32_t (*later)(mig_conn *) = MIG__CONN_SLOT(db, later);

	return later ? later(db->conn) : MIG_LATER_DONE;
}

mig_status mig__db_verify(struct mig__db *db)
{
	mig_status (*verify)(mig_conn *) = MIG__CONN_SLOT(db, verify);
	mig_status rc = mig__db_inside(db);

	return rc || !verify ? rc : verify(db->conn);
}

mig_value mig__value_text(const char *text)
{
	return (mig_value){
		.type = text ? MIG_TEXT : MIG_NULL,
		.data = text,
		.size = text ? strlen(text) : 0,
	};
}

mig_value mig__value_int(int64_t n)
{
	return (mig_value){ .type = MIG_INTEGER, .integer = n };
}
