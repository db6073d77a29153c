/* undo: what a rollback needs is there before the transaction begins, so that running out of memory
 * never leaves one open: a host whose connection came back inside libmig's transaction would make half
 * a run permanent with its next COMMIT.
 *
 * Preparing any statement takes memory, stepping ROLLBACK takes none. But some statements make SQLite
 * prepare all others again before they run (CREATE INDEX, temporary tables, ANALYZE, some PRAGMAs). So
 * after whatever may be one of these it is prepared anew, at once; if that fails, the run ends with
 * the statement that is there. Only where that one is of no use any more, some memory that was put
 * aside is given back first. */
#include "dialect/sqlite/conn/conn.h"

enum { ASIDE = 64 * 1024 }; /* bytes: preparing a statement takes 3 KB */

/* A new statement, before the old one goes. */
static int renew(mig_conn *conn)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v3(conn->db, "ROLLBACK", -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);

	if (code != SQLITE_OK)
		return code;
	sqlite3_finalize(conn->undo);
	conn->undo = stmt;
	return SQLITE_OK;
}

mig_status mig__sqlite_undo_prepare(mig_conn *conn)
{
	if (!conn->aside)
		conn->aside = sqlite3_malloc(ASIDE);
	if (!conn->aside)
		return mig__sqlite_nomem(conn);
	return conn->undo || renew(conn) == SQLITE_OK ? MIG_OK : mig__sqlite_fail(conn, NULL);
}

mig_status mig__sqlite_undo_renew(mig_conn *conn, const char *text)
{
	if (!conn->undo || sqlite3_get_autocommit(conn->db) || (text && mig__sqlite_is_data(text)) ||
	    renew(conn) == SQLITE_OK)
		return MIG_OK;
	return mig__sqlite_fail(conn, NULL);
}

int mig__sqlite_undo(mig_conn *conn)
{
	int code = SQLITE_OK;

	mig__sqlite_rest(conn);
	if (sqlite3_get_autocommit(conn->db))
		return SQLITE_OK;
	if (conn->undo) {
		code = sqlite3_step(conn->undo);
		sqlite3_reset(conn->undo);
	}
	if (sqlite3_get_autocommit(conn->db))
		return code == SQLITE_DONE ? SQLITE_OK : code;
	sqlite3_free(conn->aside);
	conn->aside = NULL;
	sqlite3_db_release_memory(conn->db);
	return sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL);
}

void mig__sqlite_undo_finish(mig_conn *conn)
{
	if (conn->left) /* to be tried again */
		return;
	sqlite3_finalize(conn->undo);
	sqlite3_free(conn->aside);
	conn->undo = NULL;
	conn->aside = NULL;
}

mig_status mig__sqlite_rollback(mig_conn *conn)
{
	int code;

	/* some errors have rolled back already */
	if (!conn->db || sqlite3_get_autocommit(conn->db)) {
		conn->left = 0;
		return MIG_OK;
	}
	code = mig__sqlite_undo(conn);
	conn->left = !sqlite3_get_autocommit(conn->db);
	conn->left_changes = sqlite3_total_changes(conn->db);
	return code == SQLITE_OK ? MIG_OK : mig__sqlite_fail(conn, NULL);
}

/* A transaction that could not be ended without memory is ended before anything is read in it. That of
 * a lent connection may be the host's by now. */
mig_status mig__sqlite_recover(mig_conn *conn)
{
	mig_status rc;

	if (!conn->left || conn->lent)
		return MIG_OK;
	rc = mig__sqlite_rollback(conn);
	if (!rc && !conn->running)
		mig__sqlite_undo_finish(conn);
	return rc;
}

void mig__sqlite_undo_close(mig_conn *conn)
{
	/* unless the host has gone on with the connection */
	if (conn->left && conn->left_changes == sqlite3_total_changes(conn->db))
		mig__sqlite_undo(conn);
	conn->left = 0;
	mig__sqlite_undo_finish(conn);
}
