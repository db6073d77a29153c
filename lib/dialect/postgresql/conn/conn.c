/* conn: opens, takes over, hands out and closes a connection. Not what is sent over it: send.c;
 * nor transactions: those have a file of their own. A lent connection is left as it was found. */
#include "dialect/postgresql/conn/conn.h"
#include "base/ascii.h"
#include "dialect/postgresql/conn/connect.h"
#include "dialect/postgresql/conn/later.h"
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/stop.h"
#include "dialect/postgresql/conn/url.h"
#include "dialect/postgresql/conn/watch.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/schema/scratch.h"
#include "dialect/postgresql/store/prepared.h"
#include "dialect/postgresql/store/store.h"
#include "dialect/postgresql/store/trust.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OLDEST_SERVER = 110000 }; /* hashtextextended() */

static char *copy(const mig_conn *conn, const char *text)
{
	return mig__strdup(&conn->alloc, text);
}

/* The connection and what is kept of it, in one piece. */
struct whole {
	mig_conn conn;
	struct mig__pg_wire wire;
	struct mig__pg_stop stop;
	struct mig__pg_watch watch;
	struct mig__pg_session session;
	struct mig__pg_later later;
	struct mig__pg_lock lock;
	struct mig__pg_store store;
	struct mig__pg_prepared prepared;
	struct mig__pg_trust trust;
};

static mig_conn *new_whole(const struct mig__alloc *alloc)
{
	struct whole *w = mig__calloc(alloc, 1, sizeof *w);

	if (!w)
		return NULL;
	w->conn.alloc = *alloc;
	w->conn.wire = &w->wire;
	w->conn.stop = &w->stop;
	w->conn.watch = &w->watch;
	w->conn.session = &w->session;
	w->conn.later = &w->later;
	w->conn.lock = &w->lock;
	w->conn.store = &w->store;
	w->conn.prepared = &w->prepared;
	w->conn.trust = &w->trust;
	return &w->conn;
}

static mig_conn *new_conn(const mig_dialect_host *host, const mig_conn_options *o)
{
	const struct mig__alloc alloc = { host->realloc_fn, host->user };
	mig_conn *conn = new_whole(&alloc);
	struct timespec now;

	if (!conn)
		return NULL;
	conn->host = host;
	conn->watch->state = o->watch ? MIG__PG_CLOSED : MIG__PG_BLIND;
	conn->lock->timeout_ms = o->lock_timeout_ms > 0 ? o->lock_timeout_ms : 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	conn->lock->seed = ((uint32_t)now.tv_nsec ^ (uint32_t)(uintptr_t)&now) | 1;
	mig__buf_init(&conn->wire->pending.text, &conn->alloc);
	mig__buf_init(&conn->wire->message, &conn->alloc);
	mig__buf_init(&conn->later->text, &conn->alloc);
	mig__buf_init(&conn->later->after, &conn->alloc);
	mig__pg_prepared_init(conn, conn->lock->seed ^ (uint32_t)getpid());
	conn->store->version_table =
		copy(conn, o->version_table ? o->version_table : MIG_VERSION_TABLE);
	conn->store->history_table =
		copy(conn, o->history_table ? o->history_table : MIG_HISTORY_TABLE);
	return conn;
}

/* What libpq is given for a URL: "postgresql+asyncpg://x" is "postgresql://x". */
static char *plain_url(const mig_conn *conn, const char *url)
{
	size_t scheme = strspn(url, MIG__SMALL);
	size_t driver = url[scheme] == '+' ? strcspn(url + scheme, ":/") : 0;
	struct mig__buf buf;

	mig__buf_init(&buf, &conn->alloc);
	mig__buf_add(&buf, url, scheme);
	mig__buf_adds(&buf, url + scheme + driver);
	return mig__buf_take(&buf);
}

/* What a server or PgBouncer says while it stops or starts. In another language there is no hint. */
static int is_passing(const char *words)
{
	static const char *const said[] = { "database removed", "shutting down", "starting up" };

	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		if (strstr(words, said[i]))
			return 1;
	return 0;
}

static mig_status fail_open(mig_conn *conn, const char *url, const char *said)
{
	const char *hint = NULL;
	int malformed = 0;
	char *words = mig__pg_unsecret(conn, url, said, &malformed);
	mig_status rc;

	if (!words)
		return mig__pg_nomem(conn);
	if (malformed)
		hint = "in a URL's name or password, % @ : / ? # are written %25 %40 "
		       "%3A %2F %3F %23; in password='...', quotes and backslashes have "
		       "a backslash in front";
	else if (PQconnectionNeedsPassword(conn->db))
		hint = "give the password in PGPASSWORD, in a password file or in the URL";
	else if (is_passing(words))
		hint = "the server, or a pooler before it, takes no connections just now: run again";
	else
		hint = "check the host, port, database and user in the URL; if the server is "
		       "starting or stopping, run again";
	rc = mig__pg_report(conn, MIG_ECONNECT, NULL, hint, "%s%s",
			    malformed ? "the URL is not well formed: " : "", words);
	mig__free(&conn->alloc, words);
	return rc;
}

/* connect_timeout is over. */
static mig_status fail_late(mig_conn *conn, const char *url)
{
	struct mig__buf words;
	mig_status rc;

	mig__buf_init(&words, &conn->alloc);
	mig__buf_addf(&words, "connection to server at \"%s\", port %s failed: timeout expired",
		      PQhost(conn->db), PQport(conn->db));
	rc = words.failed ? mig__pg_nomem(conn) : fail_open(conn, url, words.data);
	mig__buf_finish(&words);
	return rc;
}

static mig_status open_own(mig_conn *conn, const char *given)
{
	char *url = plain_url(conn, given);
	mig_status rc = MIG_OK;
	enum mig__pg_end end;

	if (!url)
		return mig__pg_nomem(conn);
	end = mig__pg_connect(conn, url);
	if (!conn->db)
		rc = mig__pg_nomem(conn);
	else if (end == MIG__PG_END_STOPPED)
		rc = mig__pg_cancelled(conn);
	else if (end == MIG__PG_END_LATE)
		rc = fail_late(conn, url);
	else if (end == MIG__PG_END_REFUSED)
		rc = fail_open(conn, url, PQerrorMessage(conn->db));
	mig__free(&conn->alloc, url);
	return rc;
}

static int is_utf8(const mig_conn *conn)
{
	return strcmp(pg_encoding_to_char(PQclientEncoding(conn->db)), "UTF8") == 0;
}

static mig_status adopt(mig_conn *conn, const mig_conn_options *o)
{
	int version = o->offline ? 0 : PQserverVersion(conn->db);

	if (!o->offline && PQstatus(conn->db) != CONNECTION_OK)
		return mig__pg_report(conn, MIG_ECONNECT, NULL,
				      "lend a connection that is open", "the connection is closed");
	if (version && version < OLDEST_SERVER)
		return mig__pg_report(conn, MIG_EUNSUPPORTED, NULL, NULL,
				      "the server is PostgreSQL %d; libmig needs 11 or later",
				      version / 10000);
	conn->wire->listens = !conn->lent; /* a lent one is looked at when a run begins */
	conn->session->recode = !o->offline && !is_utf8(conn);
	if (o->search_path)
		conn->session->search_path = copy(conn, o->search_path);
	if (o->schema)
		conn->store->schema = copy(conn, o->schema);
	if (o->trusted_owner)
		conn->trust->owner = copy(conn, o->trusted_owner);
	conn->store->schema_given = conn->store->schema != NULL;
	if ((o->search_path && !conn->session->search_path) ||
	    (o->schema && !conn->store->schema) || (o->trusted_owner && !conn->trust->owner))
		return mig__pg_nomem(conn);
	return MIG_OK;
}

mig_status mig__pg_call_begin(mig_conn *conn)
{
	conn->session->recode = !is_utf8(conn);
	if (conn->store->schema_given || !conn->store->schema || conn->session->running)
		return MIG_OK;
	mig__free(&conn->alloc, conn->store->schema);
	conn->store->schema = NULL;
	conn->lock->number[0] = '\0';
	conn->store->seen_version = 0;
	conn->store->version = conn->store->history = MIG__PG_UNKNOWN;
	return MIG_OK;
}

mig_status mig__pg_open(const mig_dialect_host *host, const mig_conn_options *options,
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
	mig_status rc = MIG_OK;

	memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
	conn = new_conn(host, &o);
	if (!conn)
		return host->error(host->user, &no_memory);
	if (!conn->store->version_table || !conn->store->history_table) {
		rc = mig__pg_nomem(conn);
	} else if (o.native) {
		conn->db = o.native;
		conn->lent = 1;
	} else if (o.url && !o.offline) {
		rc = open_own(conn, o.url);
	} else if (!o.offline) {
		rc = mig__pg_report(conn, MIG_EINVAL, NULL, NULL, "neither a URL nor a connection");
	}
	if (!rc)
		rc = adopt(conn, &o);
	if (rc)
		mig__pg_close(conn);
	else
		*out = conn;
	return rc;
}

void mig__pg_close(mig_conn *conn)
{
	int i, silent = conn->stop->cut != MIG__PG_CUT_NOT;

	if (conn->session->running || conn->lock->held)
		mig__pg_run_end(conn);
	if (conn->scratch)
		mig__pg_scratch_drop(conn->scratch, conn->db, silent);
	else if (!conn->lent)
		PQfinish(conn->db);
	PQclear(conn->store->rows);
	PQclear(conn->trust->others);
	mig__buf_finish(&conn->wire->pending.text);
	mig__buf_finish(&conn->wire->message);
	mig__buf_finish(&conn->later->text);
	mig__buf_finish(&conn->later->after);
	for (i = 0; i < MIG__PG_BASE_COUNT; i++)
		mig__free(&conn->alloc, conn->session->base[i]);
	mig__free(&conn->alloc, conn->store->schema);
	mig__free(&conn->alloc, conn->store->version_table);
	mig__free(&conn->alloc, conn->store->history_table);
	mig__free(&conn->alloc, conn->session->search_path);
	mig__free(&conn->alloc, conn->trust->owner);
	mig__free(&conn->alloc, conn->store->current_schema);
	mig__free(&conn->alloc, conn->session->noted);
	mig__free(&conn->alloc, conn->session->customs);
	mig__free(&conn->alloc, conn);
}

void *mig__pg_native(mig_conn *conn)
{
	conn->exposed = 1;
	/* what its user does must not run in front of what we have noted to send, nor leave
	 * settings behind; an error shows in the transaction */
	if (conn->session->running) {
		mig__pg_settings_note(conn);
		conn->session->touched = 1;
		mig__pg_flush(conn);
	}
	return conn->db;
}

void *mig__pg_detach(mig_conn *conn)
{
	if (conn->lent)
		return NULL;
	conn->lent = 1;
	return conn->db;
}

/* Nothing to do: whoever waits for the server asks host->poll() every few milliseconds, and that
 * says so. So this is safe in a signal handler. */
void mig__pg_cancel(mig_conn *conn)
{
	(void)conn;
}
