/* error: what SQLite says, as a status of libmig. Not the texts of the core: base/error.c. The
 * extended result code decides; an interrupt counts as a cancel only if libmig was asked for
 * one. */
#include "dialect/sqlite/conn/conn.h"

#include "base/holder.h"

#include <string.h>

static const struct {
	int code; /* SQLite's, primary or extended */
	mig_status status;
	int named; /* the message needs the database's path to make sense */
	const char *hint;
} meanings[] = {
	{ SQLITE_LOCKED_SHAREDCACHE, MIG_ELOCKED, 1, NULL },
	{ SQLITE_LOCKED, MIG_ESQL, 0,
	  "finish or reset the statements that are still running on this connection" },
	{ SQLITE_BUSY, MIG_ELOCKED, 1, NULL },
	{ SQLITE_IOERR_NOMEM, MIG_ENOMEM, 0, NULL },
	{ SQLITE_NOMEM, MIG_ENOMEM, 0, NULL },
	{ SQLITE_READONLY_DBMOVED, MIG_EIO, 1,
	  "open the database again; a file that is in use must not be replaced" },
	{ SQLITE_READONLY, MIG_EREADONLY, 1,
	  "the file, its folder or the connection does not allow writing" },
	{ SQLITE_CONSTRAINT, MIG_ECONSTRAINT, 0, NULL },
	{ SQLITE_NOTADB, MIG_ECONNECT, 1, "the file is not an SQLite database, or it is encrypted" },
	{ SQLITE_CANTOPEN, MIG_ECONNECT, 1, NULL },
	{ SQLITE_IOERR, MIG_EIO, 1, NULL },
	{ SQLITE_FULL, MIG_EIO, 1,
	  "free space where the database is, and in the folder for temporary files; then run it again" },
	{ SQLITE_CORRUPT, MIG_EIO, 1,
	  "restore a backup; \"PRAGMA integrity_check\" says what is damaged" },
	{ SQLITE_MISUSE, MIG_EMISUSE, 0, NULL },
};

static mig_status send(mig_conn *conn, mig_status status, int32_t native,
		       const struct mig__sqlite_place *place, const char *hint, const char *message)
{
	mig_dialect_error e = {
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

static mig_status send_named(mig_conn *conn, mig_status status, int32_t native,
			     const struct mig__sqlite_place *place, const char *hint)
{
	const char *words = sqlite3_errmsg(conn->db);
	int number = sqlite3_system_errno(conn->db);
	struct mig__buf buf;
	mig_status rc;

	if (native == SQLITE_READONLY_DBMOVED)
		words = "the file was moved, removed or replaced while it was open";
	else if ((native & 0xff) == SQLITE_CANTOPEN && mig__files_exhausted(&number))
		hint = "close files, or raise the limit (ulimit -n)";
	mig__buf_init(&buf, &conn->alloc);
	mig__buf_addf(&buf, "database %s: %s", mig__sqlite_path(conn), words);
	if (status == MIG_ELOCKED) { /* a statement that cannot be tried again */
		mig__buf_adds(&buf, " by ");
		mig__sqlite_add_holder(conn, &buf, 0);
	}
	if (number && (status == MIG_ECONNECT || status == MIG_EIO) &&
	    (native & 0xff) != SQLITE_NOTADB && (native & 0xff) != SQLITE_CORRUPT)
		mig__buf_addf(&buf, " (%s)", strerror(number));
	rc = send(conn, status, native, place, hint, buf.failed ? words : mig__buf_text(&buf));
	mig__buf_finish(&buf);
	return rc;
}

/* An interrupt counts as ours only if somebody asked for it through libmig. */
static int cancelled(mig_conn *conn)
{
	return atomic_exchange(&conn->cancelled, 0) || conn->host->poll(conn->host->user, 0);
}

/* An ALTER TABLE that is interrupted while it reads the schema again says "error in table t:
 * interrupted", or "SQL logic error", with a plain SQLITE_ERROR. */
static int is_interrupted(mig_conn *conn, int code)
{
	const char *words = sqlite3_errmsg(conn->db);

	if (code == SQLITE_INTERRUPT)
		return cancelled(conn);
	return code == SQLITE_ERROR && atomic_load(&conn->cancelled) &&
	       (strstr(words, "interrupted") || !strcmp(words, sqlite3_errstr(SQLITE_ERROR))) &&
	       cancelled(conn);
}

/* For an error in a statement of the script. */
static const char *sql_hint(const char *words, const struct mig__sqlite_place *place)
{
	static const char *const within[] = { "within a transaction", "within transaction",
					      "inside a transaction" };
	char first = place && place->statement && place->size ? place->statement[0] : '\0';

	if (first == '.' || first == '\\')
		return "a command of a shell, sqlite3 or psql, and not SQL: remove it";
	for (size_t i = 0; i < sizeof within / sizeof *within; i++)
		if (strstr(words, within[i]))
			return "move it to a section of its own with transaction=no";
	return NULL;
}

static mig_status fail_with(mig_conn *conn, const struct mig__sqlite_place *place)
{
	int code = sqlite3_extended_errcode(conn->db);
	size_t i;

	if (is_interrupted(conn, code))
		return send(conn, MIG_ECANCELLED, code, place, NULL, "cancelled");
	if (code == SQLITE_CONSTRAINT_COMMITHOOK)
		return send(conn, MIG_ECONSTRAINT, code, place,
			    "the function of sqlite3_commit_hook() returned nonzero",
			    "the host's commit hook refused the commit");
	for (i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (meanings[i].code == code || meanings[i].code == (code & 0xff))
			break;
	if (i == sizeof meanings / sizeof *meanings)
		return send(conn, MIG_ESQL, code, place, sql_hint(sqlite3_errmsg(conn->db), place),
			    sqlite3_errmsg(conn->db));
	if (meanings[i].named)
		return send_named(conn, meanings[i].status, code, place, meanings[i].hint);
	return send(conn, meanings[i].status, code, place, meanings[i].hint,
		    sqlite3_errmsg(conn->db));
}

mig_status mig__sqlite_fail(mig_conn *conn, const struct mig__sqlite_place *place)
{
	mig_status rc = fail_with(conn, place);

	mig__sqlite_rest(conn);
	return rc;
}

mig_status mig__sqlite_report(mig_conn *conn, mig_status status,
			      const struct mig__sqlite_place *place, const char *hint,
			      const char *format, ...)
{
	struct mig__buf buf;
	va_list args;
	mig_status rc;

	mig__buf_init(&buf, &conn->alloc);
	va_start(args, format);
	mig__buf_addv(&buf, format, args);
	va_end(args);
	rc = buf.failed ? mig__sqlite_nomem(conn)
			: send(conn, status, 0, place, hint, mig__buf_text(&buf));
	mig__buf_finish(&buf);
	return rc;
}

mig_status mig__sqlite_nomem(mig_conn *conn)
{
	return send(conn, MIG_ENOMEM, 0, NULL, NULL, "out of memory");
}

void mig__sqlite_rest(mig_conn *conn)
{
	if (conn->guard)
		sqlite3_reset(conn->guard);
}
