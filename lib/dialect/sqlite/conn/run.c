/* run: where a run begins and ends on the connection: what has to be put back is noted, and a
 * cancel is noticed while SQLite works. Not its transactions: transaction.c; nor its SQL: script.c.
 */
#include "dialect/sqlite/conn/engine.h"

#include <string.h>

enum { PROGRESS_STEPS = 500000 }; /* of SQLite's virtual machine: some milliseconds */

/* Tells how long it works already, and notices a cancel that fell between two statements, which
 * sqlite3_interrupt() forgets. */
static int on_progress(void *user)
{
	mig_conn *conn = user;

	conn->steps += PROGRESS_STEPS;
	if (conn->host->struct_size > offsetof(mig_dialect_host, working))
		conn->host->working(conn->host->user, "steps", conn->steps, 0);
	return atomic_load(&conn->cancelled) || conn->host->poll(conn->host->user, 0);
}

/* What a lent connection has instead of a handler. While a statement of the host is running, an
 * interrupt would stop that one, and everything else until it is reset: also the rollback. Then a cancel
 * waits for the end of a statement. */
static void begin_guard(mig_conn *conn)
{
	sqlite3_stmt *stmt = NULL;

	while ((stmt = sqlite3_next_stmt(conn->db, stmt)) != NULL)
		if (sqlite3_stmt_busy(stmt))
			break;
	atomic_store(&conn->silent, stmt != NULL);
	if (!stmt && sqlite3_prepare_v2(conn->db, "SELECT 1 UNION ALL SELECT 2", -1, &conn->guard,
					NULL) != SQLITE_OK)
		conn->guard = NULL; /* e.g. the host's authorizer refuses it */
}

mig_status mig__sqlite_run_begin(mig_conn *conn)
{
	int found = 0;
	mig_status rc = mig__sqlite_appear(conn);

	if (rc)
		return rc;
	if (conn->missing)
		return mig__sqlite_report(
			conn, MIG_EMISUSE, NULL, NULL,
			"there is no database file, and it was not to be created");
	rc = mig__sqlite_recover(conn);
	if (rc)
		return rc;
	if (!conn->running) {
		if (!sqlite3_get_autocommit(conn->db))
			return mig__sqlite_report(
				conn, MIG_EMISUSE, NULL, "commit or roll back first",
				"database %s: the connection is inside a transaction",
				mig__sqlite_path(conn));
		rc = mig__sqlite_check_finished(conn, NULL);
		if (rc)
			return rc;
		sqlite3_db_config(conn->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &conn->foreign_keys);
		sqlite3_db_config(conn->db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, -1,
				  &conn->legacy_alter_table);
		conn->last_rowid = sqlite3_last_insert_rowid(conn->db);
		conn->running = 1;
		conn->warned = 0;
		atomic_store(&conn->cancelled, 0);
		/* a lent one may have a handler, which cannot be read back */
		if (conn->lent ||
		    !mig__sqlite_on_progress(conn->db, PROGRESS_STEPS, on_progress, conn))
			begin_guard(conn);
	}
	/* without a statement, so that nothing is read */
	sqlite3_db_config(conn->db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, &found);
	return MIG_OK;
}

mig_status mig__sqlite_run_end(mig_conn *conn)
{
	mig_status rc = MIG_OK, unlocked;

	if (conn->running || conn->lock_fd >= 0)
		rc = mig__sqlite_rollback(conn);
	unlocked = mig__sqlite_unlock(conn);
	if (conn->running) {
		mig__sqlite_revision_end(conn);
		mig__sqlite_restore(conn); /* what could not be, inside a transaction */
		sqlite3_db_config(conn->db, SQLITE_DBCONFIG_ENABLE_FKEY, conn->foreign_keys, NULL);
		sqlite3_db_config(conn->db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE,
				  conn->legacy_alter_table, NULL);
		if (conn->lent)
			sqlite3_set_last_insert_rowid(conn->db, conn->last_rowid);
		else
			mig__sqlite_on_progress(conn->db, 0, NULL, NULL);
		conn->running = 0;
	}
	sqlite3_finalize(conn->guard);
	conn->guard = NULL;
	atomic_store(&conn->silent, 0);
	mig__sqlite_undo_finish(conn);
	conn->revision.count = 0;
	mig__arena_finish(&conn->revision.arena);
	mig__free(&conn->alloc, conn->revision.attached);
	conn->revision.attached = NULL;
	conn->revision.id = NULL;
	mig__sqlite_deeds_finish(conn);
	mig__sqlite_fk_finish(conn);
	return rc ? rc : unlocked;
}
