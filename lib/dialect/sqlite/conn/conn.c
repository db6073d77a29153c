/* conn: opens, takes over, hands out and closes a connection. Not what runs on it: script.c and
 * cursor.c. A lent one is never configured. */
#include "dialect/sqlite/conn/conn.h"
#include "base/holder.h"
#include "base/url.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { FOREIGN_KEY_LIMIT = 100000 };

static char *copy(const mig_conn *conn, const char *text, const char *otherwise)
{
	return mig__strdup(&conn->alloc, text ? text : otherwise);
}

static mig_conn *new_conn(const mig_dialect_host *host, const mig_conn_options *o)
{
	const struct mig__alloc alloc = { host->realloc_fn, host->user };
	mig_conn *conn = mig__calloc(&alloc, 1, sizeof *conn);
	struct timespec now;

	if (!conn)
		return NULL;
	conn->host = host;
	conn->alloc = alloc;
	conn->lock_fd = -1;
	conn->lock_timeout_ms = o->lock_timeout_ms > 0 ? o->lock_timeout_ms : 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	conn->seed = ((uint32_t)now.tv_nsec ^ (uint32_t)(uintptr_t)&now) | 1;
	atomic_init(&conn->cancelled, 0);
	atomic_init(&conn->silent, 0);
	mig__arena_init(&conn->revision.arena, &conn->alloc);
	mig__arena_init(&conn->deeds.arena, &conn->alloc);
	conn->keys = o->foreign_keys != 0;
	atomic_init(&conn->stepping, 0);
	mig__sqlite_fk_init(conn);
	conn->fk.limit = FOREIGN_KEY_LIMIT;
	conn->schema = copy(conn, o->schema, "main");
	conn->version_table = copy(conn, o->version_table, "mig_version");
	conn->history_table = copy(conn, o->history_table, "mig_history");
	return conn;
}

/* Whether there is no file of a name that is none of SQLite's URIs, but a folder for it. */
static int is_missing(const char *name)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(name, '/');
	struct stat st;

	if (!name[0] || name[0] == ':' || !strncmp(name, "file:", 5) || !stat(name, &st) ||
	    errno != ENOENT)
		return 0;
	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - name) + 1 : 1,
		 slash ? name : ".");
	return !stat(folder, &st) && S_ISDIR(st.st_mode);
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
static mig_status fail_open(mig_conn *conn, const char *name)
{
	const char *words = sqlite3_errmsg(conn->db);
	int code = conn->db ? sqlite3_errcode(conn->db) : SQLITE_NOMEM;
	int of_uri = (code == SQLITE_ERROR || code == SQLITE_PERM) && !strncmp(name, "file:", 5);
	int size = (int)(of_uri ? strcspn(words, ":") : strlen(words));
	char shown[PATH_MAX];
	int number;

	if (code == SQLITE_NOMEM)
		return mig__sqlite_nomem(conn);
	mig__url_display(name, shown, sizeof shown);
	if (code == SQLITE_CANTOPEN && mig__files_exhausted(&number))
		return fail_exhausted(conn, name, number);
	if (sqlite3_system_errno(conn->db))
		return mig__sqlite_report(conn, MIG_ECONNECT, NULL, NULL, "database %s: %.*s (%s)",
					  shown, size, words,
					  strerror(sqlite3_system_errno(conn->db)));
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

static mig_status open_own(mig_conn *conn, const mig_conn_options *o)
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
		rc = fail_open(conn, name);
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

	if (!name)
		return MIG_OK;
	conn->stand_in = conn->db; /* closed with the connection: another thread may cancel just now */
	conn->db = NULL;
	if (sqlite3_open_v2(name, &conn->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) ==
	    SQLITE_OK) {
		conn->later = NULL;
		conn->missing = 0;
		mig__free(&conn->alloc, name);
		return MIG_OK;
	}
	rc = fail_open(conn, name);
	sqlite3_close(conn->db);
	conn->db = conn->stand_in;
	conn->stand_in = NULL;
	return rc;
}

mig_status mig__sqlite_call_begin(mig_conn *conn)
{
	return conn->later && !is_missing(conn->later) ? mig__sqlite_appear(conn) : MIG_OK;
}

mig_status mig__sqlite_open(const mig_dialect_host *host, const mig_conn_options *options,
			    mig_conn **out)
{
	static const mig_dialect_error no_memory = {
		.struct_size = sizeof no_memory,
		.status = MIG_ENOMEM,
		.message = "out of memory",
		.offset = MIG_NO_OFFSET,
	};
	mig_conn_options o = { 0 };
	mig_conn *conn;
	mig_status rc;

	memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
	conn = new_conn(host, &o);
	if (!conn)
		return host->error(host->user, &no_memory);
	if (!conn->schema || !conn->version_table || !conn->history_table) {
		rc = mig__sqlite_nomem(conn);
	} else if (o.native) {
		conn->db = o.native;
		conn->lent = 1;
		rc = MIG_OK;
	} else if (o.offline) {
		conn->offline = 1;
		rc = sqlite3_open(":memory:", &conn->db) == SQLITE_OK ? MIG_OK
								      : mig__sqlite_nomem(conn);
	} else if (o.url) {
		rc = open_own(conn, &o);
	} else {
		rc = mig__sqlite_report(conn, MIG_EINVAL, NULL, NULL,
					"neither a URL nor a connection");
	}
	if (rc)
		mig__sqlite_close(conn);
	else
		*out = conn;
	return rc;
}

void mig__sqlite_close(mig_conn *conn)
{
	mig__sqlite_run_end(conn);
	mig__sqlite_undo_close(conn);
	sqlite3_close(conn->stand_in);
	if (!conn->lent)
		sqlite3_close_v2(conn->db); /* a cursor that is still there keeps it for a while */
	mig__sqlite_fk_finish(conn);
	mig__sqlite_deeds_finish(conn);
	mig__arena_finish(&conn->revision.arena);
	mig__free(&conn->alloc, conn->revision.settings);
	mig__free(&conn->alloc, conn->schema);
	mig__free(&conn->alloc, conn->version_table);
	mig__free(&conn->alloc, conn->history_table);
	mig__free(&conn->alloc, conn->lock_path);
	mig__free(&conn->alloc, conn->later);
	mig__free(&conn->alloc, conn);
}

void *mig__sqlite_native(mig_conn *conn)
{
	if (mig__sqlite_appear(conn))
		return NULL;
	conn->exposed = 1;
	mig__sqlite_rest(conn);
	mig__sqlite_note_all(conn);
	if (!sqlite3_get_autocommit(conn->db))
		mig__sqlite_fk_touch_all(conn);
	return conn->db;
}

void *mig__sqlite_detach(mig_conn *conn)
{
	if (conn->lent || mig__sqlite_appear(conn))
		return NULL;
	conn->lent = 1;
	sqlite3_progress_handler(conn->db, 0, NULL, NULL);
	return conn->db;
}

void mig__sqlite_cancel(mig_conn *conn)
{
	atomic_store(&conn->cancelled, 1);
	/* not what a host runs on its connection meanwhile */
	if (atomic_load(&conn->stepping) && !atomic_load(&conn->silent))
		sqlite3_interrupt(conn->db);
}
