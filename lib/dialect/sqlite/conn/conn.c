/* conn: opens, takes over, hands out and closes a connection. Not its file: file.c; nor what runs on it:
 * script.c and cursor.c. A lent one is never configured. */
#include "dialect/sqlite/conn/engine.h"

#include <string.h>
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
	conn->version_table = copy(conn, o->version_table, MIG_VERSION_TABLE);
	conn->history_table = copy(conn, o->history_table, MIG_HISTORY_TABLE);
	return conn;
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
	rc = mig__sqlite_engine_check(conn);
	if (rc) {
		mig__sqlite_close(conn);
		return rc;
	}
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
		rc = mig__sqlite_open_file(conn, &o);
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
	mig__sqlite_apart_free(&conn->alloc, conn->apart);
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
	mig__sqlite_on_progress(conn->db, 0, NULL, NULL);
	return conn->db;
}

void mig__sqlite_cancel(mig_conn *conn)
{
	atomic_store(&conn->cancelled, 1);
	/* not what a host runs on its connection meanwhile */
	if (atomic_load(&conn->stepping) && !atomic_load(&conn->silent))
		sqlite3_interrupt(conn->db);
}
