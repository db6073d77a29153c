#include "sqlcipher.h"

#include <stdio.h>
#include <time.h>

/* What the core has to know about SQLite's codes; anything else is MIG_ESQL. */
static const struct {
	int code;
	mig_status status;
	const char *hint;
} meanings[] = {
	{ SQLITE_BUSY, MIG_ELOCKED, "wait until it is done, or allow a longer lock timeout" },
	{ SQLITE_NOMEM, MIG_ENOMEM, NULL },
	{ SQLITE_READONLY, MIG_EREADONLY,
	  "the file, its folder or the URL does not allow writing" },
	{ SQLITE_CONSTRAINT, MIG_ECONSTRAINT, NULL },
	{ SQLITE_NOTADB, MIG_ECONNECT, "the key is wrong, or it is no encrypted database" },
	{ SQLITE_CANTOPEN, MIG_ECONNECT, NULL },
	{ SQLITE_IOERR, MIG_EIO, NULL },
	{ SQLITE_FULL, MIG_EIO, NULL },
	{ SQLITE_CORRUPT, MIG_EIO, NULL },
};

static mig_status send(mig_conn *conn, mig_status status, int native, const struct place *place,
		       const char *hint, const char *message)
{
	const mig_dialect_error e = {
		.struct_size = sizeof e,
		.status = status,
		.native_code = native,
		.message = message,
		.hint = hint,
		.offset = place ? place->offset : MIG_NO_OFFSET,
		.statement = place ? place->statement : NULL,
		.statement_size = place ? place->size : 0,
	};

	return conn->host->error(conn->host->user, &e);
}

mig_status report(mig_conn *conn, mig_status status, const struct place *place, const char *hint,
		  const char *message)
{
	return send(conn, status, 0, place, hint, message);
}

mig_status report_sql(mig_conn *conn, const struct place *place)
{
	int code = sqlite3_extended_errcode(conn->db);
	const char *words = sqlite3_errmsg(conn->db);
	const char *file = sqlite3_db_filename(conn->db, "main");
	char message[300];
	size_t i;

	/* somebody else may interrupt a lent connection: that is an error like any other */
	if (code == SQLITE_INTERRUPT &&
	    (atomic_exchange(&conn->cancelled, 0) || conn->host->poll(conn->host->user, 0)))
		return send(conn, MIG_ECANCELLED, code, place, NULL, "cancelled");
	for (i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (meanings[i].code == (code & 0xff))
			break;
	if (i == sizeof meanings / sizeof *meanings)
		return send(conn, MIG_ESQL, code, place, NULL, words);
	if (file && meanings[i].status == MIG_ECONNECT) { /* SQLite does not say which */
		snprintf(message, sizeof message, "database %.200s: %s", file, words);
		words = message;
	}
	return send(conn, meanings[i].status, code, place, meanings[i].hint, words);
}

mig_status wait_a_little(mig_conn *conn, int *waited_ms)
{
	enum { PAUSE_MS = 5 };
	const struct timespec pause = { 0, PAUSE_MS * 1000000L };
	char message[80];

	if (*waited_ms >= conn->lock_timeout_ms) {
		snprintf(message, sizeof message, "locked by another process for %d ms",
			 (int)conn->lock_timeout_ms);
		return report(conn, MIG_ELOCKED, NULL, meanings[0].hint, message);
	}
	if (conn->host->poll(conn->host->user, 1))
		return report(conn, MIG_ECANCELLED, NULL, NULL, "cancelled");
	nanosleep(&pause, NULL);
	*waited_ms += PAUSE_MS;
	return MIG_OK;
}
