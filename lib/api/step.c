/* step: what a revision written in C can do. */
#include "api/statement.h"

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

static mig_status fail_null(mig_step *step)
{
	return step ? mig__fail(step->run->err, MIG_EINVAL, "the statement or the output is NULL")
		    : MIG_EINVAL;
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
		return fail_null(step);
	rc = before_sql(step, &db);
	return rc ? rc : db->dialect->conn->run_script(db->conn, sql, strlen(sql), NULL, NULL);
}

/* The transaction is the run's: no statement may end it. */
static mig_status check_control(mig_step *step, struct mig__db *db, const char *sql, size_t size)
{
	const uint32_t control =
		MIG_STATEMENT_BEGIN | MIG_STATEMENT_COMMIT | MIG_STATEMENT_ROLLBACK;
	mig_statement st = { .struct_size = sizeof st };
	mig_status rc = db->dialect->conn->next_statement(db->conn, sql, size, 0, &st);

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
	mig_status rc;

	if (!step || !sql || !out)
		return fail_null(step);
	rc = before_sql(step, &db);
	if (!rc)
		rc = check_control(step, db, sql, strlen(sql));
	return rc ? rc : mig__stmt_new(db, sql, strlen(sql), &step->run->statements, out);
}

/* One statement without rows. */
static mig_status exec_counted(mig_step *step, struct mig__db *db, const char *sql, size_t size,
			       int64_t *changes)
{
	mig_stmt *stmt = NULL;
	int32_t more = 1;
	int64_t count;
	mig_status rc = check_control(step, db, sql, size);

	if (!rc)
		rc = mig__stmt_new(db, sql, size, &step->run->statements, &stmt);
	while (!rc && more)
		rc = mig_stmt_step(stmt, &more);
	if (!rc)
		rc = mig__stmt_changes(stmt, &count);
	if (!rc)
		*changes += count;
	mig_stmt_free(stmt);
	return rc;
}

mig_status mig_step_exec_changes(mig_step *step, const char *sql, int64_t *changes)
{
	mig_statement st = { .struct_size = sizeof st };
	struct mig__db *db;
	int64_t sum = 0;
	size_t size;
	mig_status rc;

	if (!step || !sql || !changes)
		return fail_null(step);
	rc = before_sql(step, &db);
	size = strlen(sql);
	while (!rc) {
		rc = db->dialect->conn->next_statement(db->conn, sql, size, st.next, &st);
		if (rc || !st.size)
			break;
		rc = exec_counted(step, db, sql + st.offset, st.size, &sum);
	}
	if (!rc)
		*changes = sum;
	return rc;
}

mig_status mig_step_fail(mig_step *step, const char *message)
{
	return mig_step_fail_with(step, MIG_EREVISION, message, NULL);
}

enum { LAST_OWN_STATUS = -1000 }; /* the program's own are this and less */

mig_status mig_step_fail_with(mig_step *step, mig_status status, const char *message,
			      const char *hint)
{
	if (!step)
		return MIG_EREVISION;
	mig__error_clear(step->run->err);
	if (status > 0 || (status < 0 && status > LAST_OWN_STATUS && !mig__status_is_known(status)))
		return mig__fail(&step->own, MIG_EINVAL, "%d is not a status to fail with",
				 (int)status);
	mig__fail(&step->own, status ? status : MIG_EREVISION, "%s", message ? message : "failed");
	if (hint)
		mig__error_set_hint(&step->own, "%s", hint);
	return step->own.status;
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
