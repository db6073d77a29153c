/* scratch: a temporary database to try DDL in: empty, of the same make as the live one, reached
 * with the same parameters, and dropped when its connection is closed.
 *
 * If the process dies before that, the database stays. Its name tells which of the server's
 * processes made it (pid and when that began), so whoever makes a scratch next drops those whose
 * maker is gone and that nobody is connected to. */
#include "dialect/postgresql/schema/scratch.h"
#include "dialect/postgresql/conn/connect.h"
#include "dialect/postgresql/conn/error.h"
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/stop.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/schema/objects.h"
#include "dialect/postgresql/sql/quote.h"
#include "dialect/postgresql/store/store.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct mig__pg_scratch {
	mig_conn *parent; /* outlives the scratch */
	char *name;
	char token[64]; /* what distinguishes it from a database of the same name elsewhere */
};

enum { FORCE = 130000, PROVIDER = 150000, RULES = 160000, LOCALE = 170000 };

/* When a server's process began, as a number. */
#define BEGUN(a)                                                                    \
	"(extract(epoch FROM " a ".backend_start) OPERATOR(pg_catalog.*) 1000000)::" \
	"pg_catalog.int8"

/* -- connections */

static const char *actual(PGconn *db, const char *keyword, const char *given, const char *database)
{
	const char *is = given;

	/* of several hosts, the one that was reached; the password may be from a file */
	if (!strcmp(keyword, "dbname"))
		is = database;
	else if (!strcmp(keyword, "host"))
		is = PQhost(db);
	else if (!strcmp(keyword, "port"))
		is = PQport(db);
	else if (!strcmp(keyword, "hostaddr") && given)
		is = PQhostaddr(db);
	else if (!strcmp(keyword, "password"))
		is = PQpass(db);
	else if (!strcmp(keyword, "client_encoding"))
		is = "UTF8";
	return is && *is ? is : NULL;
}

/* Connects to another database as the parent was; end may be NULL: that cleans up, and
 * is not to be stopped. NULL: out of memory. */
static PGconn *connect_like(const mig_conn *parent, const char *database, enum mig__pg_end *end)
{
	enum { MOST = 100 };
	const char *keywords[MOST + 1] = { NULL }, *values[MOST + 1] = { NULL };
	PQconninfoOption *options = PQconninfo(parent->db);
	enum mig__pg_end ended;
	PGconn *out = NULL;
	size_t count = 0;

	for (PQconninfoOption *o = options; o && o->keyword && count < MOST; o++) {
		const char *value = actual(parent->db, o->keyword, o->val, database);

		if (!value || !strcmp(o->keyword, "service"))
			continue;
		keywords[count] = o->keyword;
		values[count++] = value;
	}
	if (options)
		out = PQconnectStartParams(keywords, values, 0);
	PQconninfoFree(options);
	if (!out)
		return NULL;
	PQsetNoticeReceiver(out, mig__pg_drop_notice, NULL); /* libpq's own writes to stderr */
	ended = mig__pg_await(parent, out, end != NULL);
	if (end)
		*end = ended;
	return out;
}

/* -- dropping */

static int drop(PGconn *db, const char *name, int force)
{
	char sql[128];
	PGresult *result;
	int dropped;

	snprintf(sql, sizeof sql, "DROP DATABASE %s%s", name,
		 force && PQserverVersion(db) >= FORCE ? " WITH (FORCE)" : "");
	result = PQexec(db, sql);
	dropped = PQresultStatus(result) == PGRES_COMMAND_OK;
	PQclear(result);
	return dropped;
}

/* Over the parent's connection, or if that is lost or busy, over a new one. */
static int drop_by(mig_conn *parent, const char *name)
{
	PGconn *db;
	int dropped;

	if (PQstatus(parent->db) == CONNECTION_OK &&
	    PQtransactionStatus(parent->db) == PQTRANS_IDLE && drop(parent->db, name, 1))
		return 1;
	db = connect_like(parent, PQdb(parent->db), NULL);
	dropped = PQstatus(db) == CONNECTION_OK && drop(db, name, 1);
	PQfinish(db);
	return dropped;
}

static void forget(mig_conn *parent, struct mig__pg_scratch *scratch)
{
	if (scratch)
		mig__free(&parent->alloc, scratch->name);
	mig__free(&parent->alloc, scratch);
}

/* Closes the connection, and waits until the server's process behind it is gone. DROP DATABASE looks
 * whether somebody is still there, and if so sleeps 100 ms before it looks again, although the
 * process needs less than one to end. The process closes its end of the socket as the last thing:
 * the second descriptor keeps our end open to see that. */
static void leave(PGconn *db)
{
	enum { LONGEST_MS = 100 };
	struct pollfd p = { .fd = fcntl(PQsocket(db), F_DUPFD_CLOEXEC, 0), .events = POLLIN };
	char rest[256];

	PQfinish(db);
	if (p.fd < 0)
		return;
	while (poll(&p, 1, LONGEST_MS) > 0 && read(p.fd, rest, sizeof rest) > 0)
		;
	close(p.fd);
}

void mig__pg_scratch_drop(struct mig__pg_scratch *scratch, PGconn *db, int silent)
{
	mig_conn *parent = scratch->parent;
	char words[160];

	if (silent)
		PQfinish(db);
	else
		leave(db);
	if (silent || parent->stop->cut || !drop_by(parent, scratch->name)) {
		snprintf(words, sizeof words,
			 "the temporary database %s could not be dropped; the next run tries again",
			 scratch->name);
		parent->host->log(parent->host->user, MIG_LOG_WARNING, words);
	}
	forget(parent, scratch);
}

/* -- creating */

/* What the live database is made like, which scratches were left behind, and settings that how DDL
 * is read depends on. */
enum { PID, BEGUN_AT, ENCODING, COLLATE, CTYPE, PROVIDER_LETTER, PROVIDER_LOCALE, ICU_RULES };

static void add_questions(const mig_conn *conn, struct mig__buf *sql)
{
	int version = PQserverVersion(conn->db);

	mig__buf_addf(
		sql,
		"SELECT a.pid, " BEGUN(
			"a") ", pg_catalog.pg_encoding_to_char(d.encoding), "
			     "d.datcollate, d.datctype, %s, %s, %s FROM pg_catalog.pg_database d, "
			     "pg_catalog.pg_stat_activity a WHERE d.datname "
			     "OPERATOR(pg_catalog.=) pg_catalog.current_database() AND "
			     "a.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid();",
		version >= PROVIDER ? "d.datlocprovider" : "'c'",
		version >= LOCALE     ? "d.datlocale"
		: version >= PROVIDER ? "d.daticulocale"
				      : "NULL",
		version >= RULES ? "d.daticurules" : "NULL");
	mig__buf_adds(
		sql,
		"SELECT d.datname FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.~) "
		"'^mig_scratch_[0-9]{1,9}_[0-9]{1,18}_[0-9a-f]+$' AND "
		"pg_catalog.pg_has_role(d.datdba, 'MEMBER') AND NOT EXISTS (SELECT FROM "
		"pg_catalog.pg_stat_activity a WHERE a.datid OPERATOR(pg_catalog.=) d.oid OR "
		"(a.pid::pg_catalog.text OPERATOR(pg_catalog.=) "
		"pg_catalog.split_part(d.datname, '_', 3) AND (a.backend_start IS NULL OR " BEGUN(
			"a") "::pg_catalog.text OPERATOR(pg_catalog.=) "
			     "pg_catalog.split_part(d.datname, '_', 4))));");
	mig__buf_adds(sql, "SELECT name, setting FROM pg_catalog.pg_settings WHERE name "
			   "OPERATOR(pg_catalog.=) ANY (ARRAY['search_path', 'TimeZone', 'DateStyle', 'IntervalStyle', "
			   "'default_tablespace', 'default_table_access_method', "
			   "'default_toast_compression', 'check_function_bodies', 'xmloption', "
			   "'standard_conforming_strings', 'array_nulls']::pg_catalog.text[]) AND "
			   "source OPERATOR(pg_catalog.<>) 'default'");
}

static void add_word(struct mig__buf *sql, const char *word, const PGresult *make, int column)
{
	const char *value = PQgetvalue(make, 0, column);

	if (!*value)
		return;
	mig__buf_addf(sql, " %s ", word);
	mig__pg_add_text(sql, value, strlen(value));
}

/* The server's usual strategy is left, WAL_LOG where there is a choice: FILE_COPY makes
 * checkpoints, and takes four times as long on a disk. */
static void add_create(const mig_conn *conn, struct mig__buf *sql, const char *name,
		       const PGresult *make)
{
	char provider = *PQgetvalue(make, 0, PROVIDER_LETTER);
	int version = PQserverVersion(conn->db);

	mig__buf_addf(sql, "CREATE DATABASE %s TEMPLATE template0", name);
	add_word(sql, "ENCODING", make, ENCODING);
	add_word(sql, "LC_COLLATE", make, COLLATE);
	add_word(sql, "LC_CTYPE", make, CTYPE);
	if (version >= PROVIDER)
		mig__buf_adds(sql, provider == 'i'   ? " LOCALE_PROVIDER icu"
				   : provider == 'b' ? " LOCALE_PROVIDER builtin"
						     : " LOCALE_PROVIDER libc");
	if (provider == 'i')
		add_word(sql, "ICU_LOCALE", make, PROVIDER_LOCALE);
	if (provider == 'b')
		add_word(sql, "BUILTIN_LOCALE", make, PROVIDER_LOCALE);
	add_word(sql, "ICU_RULES", make, ICU_RULES);
}

static mig_status create(mig_conn *conn, const char *name, const PGresult *make)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	add_create(conn, &sql, name, make);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_try(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc && mig__pg_is(reply.error, "42501"))
		rc = mig__pg_report(
			conn, MIG_EPERMISSION, NULL,
			"a temporary database is needed to compare with: let the role "
			"make one (ALTER ROLE ... CREATEDB), or use another role for this",
			"database %s: role %s may not create databases", PQdb(conn->db),
			PQuser(conn->db));
	else if (!rc && reply.error)
		rc = mig__pg_fail(conn, reply.error, NULL);
	mig__pg_reply_clear(&reply);
	return rc;
}

/* What the database is known by, in its comment. */
static mig_status put_token(mig_conn *conn, const struct mig__pg_scratch *scratch)
{
	char sql[200];

	snprintf(sql, sizeof sql, "COMMENT ON DATABASE %s IS '%s'", scratch->name, scratch->token);
	return mig__pg_exec(conn, sql, NULL);
}

/* Whatever was connected to, it is not touched unless it is that database: a pooler, or a server that
 * has a single database, may give another one than was asked for, and what is run in a scratch would
 * be run in that. */
static mig_status check_scratch(mig_conn *parent, PGconn *db, const struct mig__pg_scratch *scratch)
{
	PGresult *result = PQexec(db, "SELECT datname, pg_catalog.shobj_description(oid, "
				      "'pg_database') FROM pg_catalog.pg_database WHERE datname "
				      "OPERATOR(pg_catalog.=) pg_catalog.current_database()");
	mig_status rc = MIG_OK;

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		rc = mig__pg_fail(parent, result, NULL);
	else if (PQntuples(result) != 1 || strcmp(PQgetvalue(result, 0, 0), scratch->name) != 0 ||
		 strcmp(PQgetvalue(result, 0, 1), scratch->token) != 0)
		rc = mig__pg_report(parent, MIG_ECONNECT, NULL,
				    "a pooler may route every name to one database: connect to the "
				    "server itself, or name one for scratch databases (scratch_url)",
				    "the server gives database %s for the temporary one, %s: nothing "
				    "was run in it",
				    PQntuples(result) == 1 ? PQgetvalue(result, 0, 0) : PQdb(db),
				    scratch->name);
	PQclear(result);
	return rc;
}

/* What the live session has other settings for than a new session of the server. */
static mig_status set_up(mig_conn *scratch, const PGresult *settings)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &scratch->alloc);
	mig__buf_adds(&sql, "SELECT pg_catalog.set_config('synchronous_commit', 'off', false)");
	for (int i = 0; i < PQntuples(settings); i++) {
		const char *value = PQgetvalue(settings, i, 1);

		mig__buf_addf(&sql, ", pg_catalog.set_config('%s', ", PQgetvalue(settings, i, 0));
		mig__pg_add_text(&sql, value, strlen(value));
		mig__buf_adds(&sql, ", false)");
	}
	rc = sql.failed ? mig__pg_nomem(scratch) : mig__pg_exec(scratch, sql.data, NULL);
	mig__buf_finish(&sql);
	return rc;
}

/* The connection as others are. */
static mig_status open_scratch(mig_conn *parent, const struct mig__pg_scratch *made, mig_conn **out)
{
	mig_conn_options o = { .struct_size = sizeof o,
			       .schema = parent->store->schema,
			       .version_table = parent->store->version_table,
			       .history_table = parent->store->history_table,
			       .lock_timeout_ms = parent->lock->timeout_ms,
			       .search_path = parent->session->search_path };
	enum mig__pg_end end;
	PGconn *db = connect_like(parent, made->name, &end);
	mig_status rc;

	if (!db)
		return mig__pg_nomem(parent);
	if (end == MIG__PG_END_STOPPED)
		rc = mig__pg_cancelled(parent);
	else if (end == MIG__PG_END_LATE)
		rc = mig__pg_report(parent, MIG_ECONNECT, NULL,
				    "raise connect_timeout in the URL, or run again",
				    "database %s: timeout expired", made->name);
	else if (end != MIG__PG_END_OPEN)
		rc = mig__pg_report(parent, MIG_ECONNECT, NULL,
				    "a pooler may know no other database: connect to the server "
				    "itself",
				    "%s", PQerrorMessage(db));
	else
		rc = check_scratch(parent, db, made);
	if (!rc) {
		o.native = db;
		rc = mig__pg_open(parent->host, &o, out);
	}
	if (rc) {
		PQfinish(db);
		return rc;
	}
	(*out)->lent = 0;
	(*out)->wire->listens = 1;
	return MIG_OK;
}

/* mig_scratch_PID_BEGUN_RANDOM */
static struct mig__pg_scratch *new_scratch(mig_conn *parent, const PGresult *make)
{
	struct mig__pg_scratch *scratch = mig__calloc(&parent->alloc, 1, sizeof *scratch);
	struct timespec now;
	char name[64];

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(name, sizeof name, "mig_scratch_%.9s_%.18s_%08" PRIx32, PQgetvalue(make, 0, PID),
		 PQgetvalue(make, 0, BEGUN_AT),
		 (uint32_t)now.tv_nsec * 2654435761u ^ (uint32_t)now.tv_sec);
	if (scratch) {
		snprintf(scratch->token, sizeof scratch->token,
			 "libmig scratch %08" PRIx32 "%08" PRIx32,
			 parent->lock->seed * 2654435761u ^ (uint32_t)now.tv_sec,
			 (uint32_t)now.tv_nsec ^ (uint32_t)(uintptr_t)scratch);
		scratch->parent = parent;
		scratch->name = mig__strdup(&parent->alloc, name);
	}
	if (scratch && scratch->name)
		return scratch;
	forget(parent, scratch);
	return NULL;
}

static mig_status make_scratch(mig_conn *conn, const PGresult *make, const PGresult *settings,
			       mig_conn **out)
{
	struct mig__pg_scratch *scratch = new_scratch(conn, make);
	mig_status rc;

	if (!scratch)
		return mig__pg_nomem(conn);
	rc = create(conn, scratch->name, make);
	if (rc) {
		forget(conn, scratch);
		return rc;
	}
	rc = put_token(conn, scratch);
	if (!rc)
		rc = open_scratch(conn, scratch, out);
	if (rc) {
		mig__pg_scratch_drop(scratch, NULL, 0);
		return rc;
	}
	(*out)->scratch = scratch;
	rc = set_up(*out, settings);
	if (rc)
		mig__pg_close(*out);
	return rc;
}

mig_status mig__pg_scratch(mig_conn *conn, mig_conn **out)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	mig_status rc = mig__pg_check_idle(conn);

	if (rc)
		return rc;
	mig__buf_init(&sql, &conn->alloc);
	add_questions(conn, &sql);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc && (reply.count < 3 || PQntuples(reply.at[0]) != 1))
		rc = mig__pg_report(conn, MIG_ESQL, NULL, NULL,
				    "the server does not tell what database %s is like",
				    PQdb(conn->db));
	for (int i = 0; !rc && i < PQntuples(reply.at[1]); i++)
		drop(conn->db, PQgetvalue(reply.at[1], i, 0), 0);
	if (!rc)
		rc = make_scratch(conn, reply.at[0], reply.at[2], out);
	mig__pg_reply_clear(&reply);
	return rc;
}
