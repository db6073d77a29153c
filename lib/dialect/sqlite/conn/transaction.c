/* transaction: libmig's own transactions, and foreign keys checked at their ends. Not the lock that
 * is held outside them: lock.c; nor what a rollback needs: undo.c. */
#include "dialect/sqlite/conn/conn.h"

#include <string.h>

/* -- whether somebody has written between two transactions of a run
 *
 * The data version tells of other connections, whose changes of the schema it counts as well; the number
 * of rows changed tells of this one. What it does not tell is who had the handle: with a host's own
 * connection, or one that it has been given, the answer is always that it may be touched. */

static int is_ours_alone(const mig_conn *conn)
{
	return !conn->lent && !conn->exposed && strcmp(conn->schema, "main") == 0;
}

/* The number is asked where something is gained by it: for foreign keys, or after a commit. */
static mig_status look(mig_conn *conn, int32_t check, int64_t *version)
{
	struct mig__sqlite_quiet *q = &conn->quiet;
	int ask = check || (q->committed && is_ours_alone(conn));
	mig_status rc = ask ? mig__sqlite_number(conn, "PRAGMA data_version", version) : MIG_OK;

	q->untouched = !rc && ask && q->committed && q->known && !q->aside &&
		       q->data_version == *version &&
		       q->changes == sqlite3_total_changes(conn->db) && is_ours_alone(conn);
	q->known = ask;
	q->data_version = *version;
	q->committed = q->aside = 0;
	return rc;
}

mig_status mig__sqlite_untouched(mig_conn *conn, int32_t *untouched)
{
	*untouched = conn->quiet.untouched;
	return MIG_OK;
}

mig_status mig__sqlite_begin(mig_conn *conn, int32_t check, int32_t *freed)
{
	int64_t version = 0;
	mig_status rc;

	(void)freed; /* the file's lock is had when the wait ends */
	if (!sqlite3_get_autocommit(conn->db))
		return mig__sqlite_report(conn, MIG_EMISUSE, NULL, "commit or roll back first",
					  "database %s: the connection is inside a transaction",
					  mig__sqlite_path(conn));
	rc = mig__sqlite_begin_immediate(conn);
	conn->fk.touched = conn->fk.compared = conn->fk.open = 0;
	if (rc)
		return rc;
	rc = look(conn, check, &version);
	if (!rc && check)
		rc = mig__sqlite_fk_before(conn, version);
	if (rc)
		mig__sqlite_undo(conn);
	return rc;
}

mig_status mig__sqlite_commit(mig_conn *conn, int32_t check)
{
	mig_status rc;

	if (sqlite3_get_autocommit(conn->db))
		return mig__sqlite_verify(conn);
	rc = check ? mig__sqlite_fk_check(conn) : mig__sqlite_fk_check_lone(conn);
	if (!rc)
		rc = mig__sqlite_exec(conn, "COMMIT");
	if (rc)
		return rc;
	mig__sqlite_fk_committed(conn);
	conn->quiet.committed = 1;
	conn->quiet.changes = sqlite3_total_changes(conn->db);
	return MIG_OK;
}

mig_status mig__sqlite_verify(mig_conn *conn)
{
	if (!sqlite3_get_autocommit(conn->db))
		return mig__sqlite_undo_renew(conn, NULL);
	return mig__sqlite_report(
		conn, MIG_ETRANSACTION, NULL,
		"OR ROLLBACK, RAISE(ROLLBACK) and statements on the connection itself "
		"can do that: nothing was written",
		"the transaction was ended");
}

mig_status mig__sqlite_in_transaction(mig_conn *conn, int32_t *out)
{
	*out = !sqlite3_get_autocommit(conn->db);
	return MIG_OK;
}
