/* transaction: libmig's own transactions, and foreign keys checked at their ends. Not the lock that
 * is held outside them: lock.c; nor what a rollback needs: undo.c. */
#include "dialect/sqlite/conn/conn.h"

mig_status mig__sqlite_begin(mig_conn *conn, int32_t check, int32_t *freed)
{
	mig_status rc;

	(void)freed; /* the file's lock is had when the wait ends */
	if (!sqlite3_get_autocommit(conn->db))
		return mig__sqlite_report(conn, MIG_EMISUSE, NULL, "commit or roll back first",
					  "database %s: the connection is inside a transaction",
					  mig__sqlite_path(conn));
	rc = mig__sqlite_begin_immediate(conn);
	conn->fk.touched = conn->fk.compared = conn->fk.open = 0;
	if (rc || !check)
		return rc;
	rc = mig__sqlite_fk_before(conn);
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
	if (!rc)
		mig__sqlite_fk_committed(conn);
	return rc;
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
