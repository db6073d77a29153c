/* revision: what is around one revision: foreign keys on or off as it asked, and the session put back
 * after it.
 *
 * Foreign keys are switched by sqlite3_db_config(), which, unlike the PRAGMA, works inside a
 * transaction, so that a run stays one. SQLite counts the violations of deferred keys only while
 * keys are on: with any pending, they cannot be switched. */
#include "dialect/sqlite/conn/conn.h"

#include <string.h>

int mig__sqlite_keys_are_on(const mig_conn *conn)
{
	int on = 0;

	sqlite3_db_config(conn->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &on);
	return on;
}

static int has_deferred(const mig_conn *conn)
{
	int now = 0, highest;

	sqlite3_db_status(conn->db, SQLITE_DBSTATUS_DEFERRED_FKS, &now, &highest, 0);
	return now != 0;
}

/* before: the revision that ran last. */
static mig_status set_keys(mig_conn *conn, int on, const char *before)
{
	int now;

	if (mig__sqlite_keys_are_on(conn) == on)
		return MIG_OK;
	if (has_deferred(conn))
		return mig__sqlite_report(
			conn, MIG_EFOREIGN_KEY, NULL,
			"give these rows their parents in the revision that makes them",
			"foreign keys cannot be turned %s: revision %s leaves rows whose deferred "
			"foreign keys have no parent",
			on ? "on" : "off", before ? before : "");
	sqlite3_db_config(conn->db, SQLITE_DBCONFIG_ENABLE_FKEY, on, &now);
	return mig__sqlite_undo_renew(conn, NULL);
}

mig_status mig__sqlite_foreign_keys(mig_conn *conn, int32_t how)
{
	return set_keys(conn, how ? how > 0 : conn->revision.keys, conn->revision.id);
}

mig_status mig__sqlite_revision_begin(mig_conn *conn, const mig_revision_run *revision)
{
	struct mig__sqlite_revision *r = &conn->revision;
	const char *before = r->id;
	mig_revision_run info = { 0 };

	memcpy(&info, revision,
	       revision->struct_size < sizeof info ? revision->struct_size : sizeof info);
	if (r->begun)
		mig__sqlite_revision_end(conn);
	r->id = mig__arena_strdup(&conn->deeds.arena, info.revision ? info.revision : "");
	if (!r->id)
		return mig__sqlite_nomem(conn);
	r->begun = 1;
	r->all = r->undone = 0;
	r->lone = info.no_transaction != 0;
	r->check = info.check != 0;
	r->keys = info.foreign_keys ? info.foreign_keys > 0 : conn->keys;
	return set_keys(conn, r->keys, before);
}

mig_status mig__sqlite_revision_end(mig_conn *conn)
{
	struct mig__sqlite_revision *r = &conn->revision;
	mig_status rc;

	if (!r->begun)
		return MIG_OK;
	rc = mig__sqlite_check_finished(conn, NULL);
	if (!rc && r->undone)
		rc = mig__sqlite_report(conn, MIG_EFOREIGN_KEY, NULL,
					"read or reset a statement that writes before it is freed",
					"a statement would have left rows that violate a foreign "
					"key, and was undone when it was freed");
	if (!rc && has_deferred(conn) && mig__sqlite_is_noted(conn, "defer_foreign_keys"))
		rc = mig__sqlite_report(
			conn, MIG_EFOREIGN_KEY, NULL, "give them their parents in this revision",
			"PRAGMA defer_foreign_keys ends with the revision, and there are rows that "
			"have no parent");
	mig__sqlite_restore(conn);
	r->begun = r->lone = 0;
	return rc ? rc : mig__sqlite_undo_renew(conn, NULL);
}

mig_status mig__sqlite_before(mig_conn *conn, const char *text,
			      const struct mig__sqlite_place *place, int *skip)
{
	mig_status rc;

	*skip = 0;
	if (!conn->running)
		return MIG_OK;
	if (mig__sqlite_kind(text) & MIG_STATEMENT_LONE) /* a PRAGMA acts when it is prepared */
		mig__sqlite_rest(conn);
	rc = mig__sqlite_note_setting(conn, text, skip);
	if (rc)
		return rc;
	return mig__sqlite_keys_are_on(conn) ? mig__sqlite_check_drop(conn, text, place)
					     : mig__sqlite_deed_note(conn, text);
}
