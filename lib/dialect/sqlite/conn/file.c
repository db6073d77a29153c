/* file: opens the database's file, now or when it is first needed.
 *
 * A file that is missing is made no earlier than something can be written: until then an empty database in
 * memory stands for it, so that who only asks leaves no file behind. */
#include "dialect/sqlite/conn/conn.h"

#include "base/holder.h"
#include "base/url.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void folder_of(const char *name, char folder[PATH_MAX])
{
	const char *slash = strrchr(name, '/');

	snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(slash - name) + 1 : 1, slash ? name : ".");
}

/* Whether there is no file of a name that is none of SQLite's URIs, but a folder for it. */
static int is_missing(const char *name)
{
	char folder[PATH_MAX];
	struct stat st;

	if (!name[0] || name[0] == ':' || !strncmp(name, "file:", 5) || !stat(name, &st) ||
	    errno != ENOENT)
		return 0;
	folder_of(name, folder);
	return !stat(folder, &st) && S_ISDIR(st.st_mode);
}

/* SQLite tells what went wrong last: a file that it may not create it tries to read, which is not there. */
static int system_error(sqlite3 *db, const char *name)
{
	int number = sqlite3_system_errno(db);
	char folder[PATH_MAX];

	if (number != ENOENT || !is_missing(name))
		return number;
	folder_of(name, folder);
	return access(folder, W_OK | X_OK) ? errno : number;
}

static mig_status fail_exhausted(mig_conn *conn, const char *name, int number)
{
	char shown[PATH_MAX];

	mig__url_display(name, shown, sizeof shown);
	return mig__sqlite_report(conn, MIG_ECONNECT, NULL,
				  "close files, or raise the limit (ulimit -n)", "database %s: %s",
				  shown, strerror(number));
}

/* What SQLite says of a URI's parameter quotes its value, e.g. "no such vfs: x". */
static mig_status fail_open(mig_conn *conn, sqlite3 *db, const char *name)
{
	const char *words = sqlite3_errmsg(db);
	int code = db ? sqlite3_errcode(db) : SQLITE_NOMEM;
	int of_uri = (code == SQLITE_ERROR || code == SQLITE_PERM) && !strncmp(name, "file:", 5);
	int size = (int)(of_uri ? strcspn(words, ":") : strlen(words));
	char shown[PATH_MAX];
	int number;

	if (code == SQLITE_NOMEM)
		return mig__sqlite_nomem(conn);
	mig__url_display(name, shown, sizeof shown);
	if (code == SQLITE_CANTOPEN && mig__files_exhausted(&number))
		return fail_exhausted(conn, name, number);
	number = system_error(db, name);
	if (number)
		return mig__sqlite_report(conn, MIG_ECONNECT, NULL,
					  number == EACCES || number == EPERM || number == EROFS
						  ? "the user that runs this must be allowed to write the "
						    "database's file and its folder"
						  : NULL,
					  "database %s: %.*s (%s)", shown, size, words, strerror(number));
	return mig__sqlite_report(conn, MIG_ECONNECT, NULL, NULL, "database %s: %.*s", shown, size,
				  words);
}

/* Absolute: the host may leave its folder meanwhile. */
static mig_status keep_for_later(mig_conn *conn, const char *name)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	char path[PATH_MAX];
	int number;

	if (mig__files_exhausted(&number)) /* as opening it would have told */
		return fail_exhausted(conn, name, number);
	if (vfs->xFullPathname(vfs, name, sizeof path, path) == SQLITE_OK)
		name = path;
	conn->later = mig__strdup(&conn->alloc, name);
	return conn->later ? MIG_OK : mig__sqlite_nomem(conn);
}

mig_status mig__sqlite_open_file(mig_conn *conn, const mig_conn_options *o)
{
	int flags = SQLITE_OPEN_READWRITE |
		    (o->create == MIG_CREATE_NEVER ? 0 : SQLITE_OPEN_CREATE);
	const char *why;
	char *name = mig__sqlite_filename(&conn->alloc, o->url, &why);
	mig_status rc = MIG_OK;

	if (!name && !why)
		return mig__sqlite_nomem(conn);
	if (!name) {
		char shown[PATH_MAX];

		mig__url_display(o->url, shown, sizeof shown);
		return mig__sqlite_report(conn, MIG_ECONNECT, NULL, NULL, "%s: %s", shown, why);
	}
	if (strncmp(name, "file:", 5) == 0)
		flags |= SQLITE_OPEN_URI;
	conn->missing = o->create != MIG_CREATE_NEVER && is_missing(name);
	if (sqlite3_open_v2(conn->missing ? ":memory:" : name, &conn->db, flags, NULL) != SQLITE_OK)
		rc = fail_open(conn, conn->db, name);
	else if (conn->missing && o->create == MIG_CREATE_MISSING)
		rc = keep_for_later(conn, name);
	mig__free(&conn->alloc, name);
	return rc;
}

/* -- a file that is made when it is needed: a program that only asks leaves none behind */

mig_status mig__sqlite_appear(mig_conn *conn)
{
	char *name = conn->later;
	mig_status rc = MIG_OK;
	sqlite3 *db = NULL;

	if (!name)
		return MIG_OK;
	if (sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK) {
		rc = fail_open(conn, db, name);
		sqlite3_close(db);
		return rc;
	}
	conn->stand_in = conn->db; /* closed with the connection: another thread may cancel just now */
	conn->db = db;
	conn->later = NULL;
	conn->missing = 0;
	mig__free(&conn->alloc, name);
	return MIG_OK;
}

mig_status mig__sqlite_call_begin(mig_conn *conn)
{
	return conn->later && !is_missing(conn->later) ? mig__sqlite_appear(conn) : MIG_OK;
}
