/* step: what a revision written in C can do. */
#include "api/ctx.h"

#include <string.h>

const char *mig_step_revision(const mig_step *step)
{
	return step ? step->script->id : NULL;
}

int32_t mig_step_direction(const mig_step *step)
{
	return step ? step->direction : MIG_UPGRADE;
}

const char *mig_step_dialect(const mig_step *step)
{
	return step ? step->run->db->dialect->name : NULL;
}

const char *mig_step_argument(const mig_step *step, const char *name)
{
	return step ? mig_argument(step->run->ctx, name) : NULL;
}

void *mig_step_connection(mig_step *step)
{
	return step ? step->run->db->dialect->conn->native(step->run->db->conn) : NULL;
}

/* Anew for each call, so that what fails next is the error that is told. */
static struct mig__db *fresh(mig_step *step)
{
	mig__error_clear(step->run->err);
	return step->run->db;
}

/* Operations that were gathered come before a statement. */
static mig_status before_sql(mig_step *step, struct mig__db **db)
{
	*db = fresh(step);
	if (step->edits.reverse)
		return mig__fail(step->run->err, MIG_EIRREVERSIBLE,
				 "the upgrade runs a statement, which has no reverse");
	return mig__edits_flush(&step->edits, *db);
}

mig_status mig_step_exec(mig_step *step, const char *sql)
{
	struct mig__db *db;
	mig_status rc;

	if (!step || !sql)
		return MIG_EINVAL;
	rc = before_sql(step, &db);
	return rc ? rc : db->dialect->conn->run_script(db->conn, sql, strlen(sql), NULL, NULL);
}

/* The transaction is the run's: no statement may end it. */
static mig_status check_control(mig_step *step, struct mig__db *db, const char *sql)
{
	const uint32_t control =
		MIG_STATEMENT_BEGIN | MIG_STATEMENT_COMMIT | MIG_STATEMENT_ROLLBACK;
	mig_statement st = { .struct_size = sizeof st };
	mig_status rc = db->dialect->conn->next_statement(db->conn, sql, strlen(sql), 0, &st);

	if (rc || step->alone || !(st.kind & control))
		return rc;
	mig__fail(db->err, MIG_ETRANSACTION, "a revision may not begin or end a transaction");
	mig__error_set_statement(db->err, sql + st.offset, st.size);
	mig__error_set_hint(db->err, "its function runs in a transaction of libmig's; one that needs "
				     "its own is marked with no_transaction");
	return MIG_ETRANSACTION;
}

mig_status mig_step_prepare(mig_step *step, const char *sql, mig_stmt **out)
{
	struct mig__db *db;
	mig_stmt *stmt;
	mig_status rc;

	if (!step || !sql || !out)
		return MIG_EINVAL;
	rc = before_sql(step, &db);
	if (!rc)
		rc = check_control(step, db, sql);
	if (rc)
		return rc;
	stmt = mig__calloc(step->run->alloc, 1, sizeof *stmt);
	if (!stmt)
		return mig__fail_nomem(step->run->err);
	stmt->db = db;
	rc = db->dialect->conn->prepare(db->conn, sql, strlen(sql), 1, &stmt->cursor);
	if (rc)
		mig__free(step->run->alloc, stmt);
	else
		*out = stmt;
	return rc;
}

mig_status mig_step_fail(mig_step *step, const char *message)
{
	if (!step)
		return MIG_EREVISION;
	return mig__fail(step->run->err, MIG_EREVISION, "%s", message ? message : "failed");
}

enum { LAST_OWN_STATUS = -1000 }; /* the program's own are this and less */

mig_status mig_step_fail_with(mig_step *step, mig_status status, const char *message,
			      const char *hint)
{
	if (!step)
		return MIG_EREVISION;
	if (status > 0 || (status < 0 && status > LAST_OWN_STATUS && !mig__status_is_known(status)))
		return mig__fail(step->run->err, MIG_EINVAL, "%d is not a status to fail with",
				 (int)status);
	status = mig__fail(step->run->err, status ? status : MIG_EREVISION, "%s",
			   message ? message : "failed");
	if (hint)
		mig__error_set_hint(step->run->err, "%s", hint);
	return status;
}

/* -- what it says of itself */

mig_status mig_step_progress(mig_step *step, const char *what, uint64_t done, uint64_t total)
{
	mig_status rc;

	if (!step)
		return MIG_EINVAL;
	fresh(step);
	rc = mig__run_working(step->run, what, done, total);
	return rc ? rc : mig__db_check(step->run->db);
}

mig_status mig_step_log(mig_step *step, int32_t level, const char *message)
{
	const struct mig__db *db;

	if (!step || !message || level < MIG_LOG_DEBUG || level > MIG_LOG_WARNING)
		return MIG_EINVAL;
	db = step->run->db;
	if (db->log)
		db->log(db->user, level, message);
	return MIG_OK;
}

static mig_status bind(mig_stmt *stmt, int32_t index, const mig_value *value)
{
	return stmt ? stmt->db->dialect->conn->bind(stmt->cursor, index, value) : MIG_EINVAL;
}

mig_status mig_stmt_bind_null(mig_stmt *stmt, int32_t index)
{
	mig_value value = { .type = MIG_NULL };

	return bind(stmt, index, &value);
}

mig_status mig_stmt_bind_int64(mig_stmt *stmt, int32_t index, int64_t n)
{
	mig_value value = mig__value_int(n);

	return bind(stmt, index, &value);
}

mig_status mig_stmt_bind_double(mig_stmt *stmt, int32_t index, double n)
{
	mig_value value = { .type = MIG_REAL, .real = n };

	return bind(stmt, index, &value);
}

mig_status mig_stmt_bind_text(mig_stmt *stmt, int32_t index, const char *text)
{
	mig_value value = mig__value_text(text);

	return bind(stmt, index, &value);
}

mig_status mig_stmt_bind_blob(mig_stmt *stmt, int32_t index, const void *data, size_t size)
{
	mig_value value = { .type = data || !size ? MIG_BLOB : MIG_NULL,
			    .data = data ? data : "",
			    .size = size };

	if (!data && size)
		return MIG_EINVAL;
	return bind(stmt, index, &value);
}

mig_status mig_stmt_step(mig_stmt *stmt, int32_t *has_row)
{
	mig_status rc;

	if (!stmt || !has_row)
		return MIG_EINVAL;
	rc = mig__db_check(stmt->db);
	return rc ? rc : stmt->db->dialect->conn->step(stmt->cursor, has_row);
}

mig_status mig_stmt_reset(mig_stmt *stmt)
{
	return stmt ? stmt->db->dialect->conn->reset(stmt->cursor) : MIG_EINVAL;
}

int32_t mig_stmt_column_count(const mig_stmt *stmt)
{
	return stmt ? stmt->db->dialect->conn->column_count(stmt->cursor) : 0;
}

/* A column that cannot be read reads as NULL. */
static mig_value column(mig_stmt *stmt, int32_t index, int32_t as)
{
	mig_value value = { .type = MIG_NULL };

	if (!stmt || index < 0 || index >= mig_stmt_column_count(stmt) ||
	    stmt->db->dialect->conn->column(stmt->cursor, index, as, &value))
		return (mig_value){ .type = MIG_NULL };
	return value;
}

int32_t mig_stmt_type(mig_stmt *stmt, int32_t index)
{
	return column(stmt, index, MIG_NULL).type;
}

int64_t mig_stmt_int64(mig_stmt *stmt, int32_t index)
{
	mig_value value = column(stmt, index, MIG_INTEGER);

	return value.type == MIG_INTEGER ? value.integer : 0;
}

double mig_stmt_double(mig_stmt *stmt, int32_t index)
{
	mig_value value = column(stmt, index, MIG_REAL);

	return value.type == MIG_REAL ? value.real : 0;
}

const char *mig_stmt_text(mig_stmt *stmt, int32_t index)
{
	mig_value value = column(stmt, index, MIG_TEXT);

	return value.type == MIG_TEXT ? value.data : NULL;
}

const void *mig_stmt_blob(mig_stmt *stmt, int32_t index, size_t *size)
{
	mig_value value = column(stmt, index, MIG_BLOB);

	if (size)
		*size = value.type == MIG_BLOB ? value.size : 0;
	return value.type == MIG_BLOB ? value.data : NULL;
}

void mig_stmt_free(mig_stmt *stmt)
{
	if (!stmt)
		return;
	stmt->db->dialect->conn->finish(stmt->cursor);
	mig__free(stmt->db->err->alloc, stmt);
}
