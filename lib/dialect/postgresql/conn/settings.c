/* settings: the session's settings. What libmig changes itself it changes for the transaction; what
 * a script changes (SET, set_config) is put back after it, so that the next script, the host, and
 * whoever gets the session from a pooler find it as it was.
 *
 * The session's own settings are noted before the first statement that may change them. A setting
 * that libmig has changed for the transaction cannot be read then, so these few are read when the
 * run begins (`base`). */
#include "base/ascii.h"
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/sql/quote.h"
#include "dialect/postgresql/sql/split.h"
#include "dialect/postgresql/store/prepared.h"

#include <stdio.h>
#include <string.h>

#define CATALOG "pg_catalog."

/* Of pg_settings: what a session may set. */
#define MAY_SET                                                                            \
	"s.context OPERATOR(pg_catalog.=) ANY (ARRAY['user', 'superuser']::pg_catalog.text[]) " \
	"AND NOT pg_catalog.starts_with(s.name, 'transaction')"

static const char *const base_names[MIG__PG_BASE_COUNT] = {
	[MIG__PG_SEARCH_PATH] = "search_path",
	[MIG__PG_CLIENT_ENCODING] = "client_encoding",
	[MIG__PG_LOCK_TIMEOUT] = "lock_timeout",
	[MIG__PG_STATEMENT_TIMEOUT] = "statement_timeout",
	[MIG__PG_CHECK_INTERVAL] = "client_connection_check_interval",
	[MIG__PG_AUTHORIZATION] = "session_authorization",
	[MIG__PG_ROLE] = "role",
};

/* Those that pg_settings does not show. */
static int is_hidden(int i)
{
	return i == MIG__PG_AUTHORIZATION || i == MIG__PG_ROLE;
}

static void add_setting(struct mig__buf *sql, const char *name, const char *value, int local)
{
	mig__buf_addf(sql, CATALOG "set_config('%s', ", name);
	mig__pg_add_text(sql, value, strlen(value));
	mig__buf_adds(sql, local ? ", true)" : ", false)");
}

/* "SELECT …" that sets what libmig needs; 0 and nothing if all is well. For a transaction,
 * transaction.c has the check of the client in a statement of its own. */
static int list_settings(const mig_conn *conn, struct mig__buf *sql, int local)
{
	const char *lead = "SELECT ";

	if (conn->session->search_path) {
		mig__buf_adds(sql, lead);
		mig__buf_adds(sql, CATALOG "set_config('search_path', ");
		mig__pg_add_safe_text(conn, sql, conn->session->search_path);
		mig__buf_adds(sql, local ? ", true)" : ", false)");
		lead = ", ";
	}
	if (conn->session->recode) {
		mig__buf_adds(sql, lead);
		add_setting(sql, "client_encoding", "UTF8", local);
		lead = ", ";
	}
	if (!local && PQserverVersion(conn->db) >= MIG__PG_CHECK_CLIENT) {
		mig__buf_adds(sql, lead);
		mig__buf_adds(sql, MIG__PG_CHECK_SQL("false"));
		lead = ", ";
	}
	return *lead == ',';
}

int mig__pg_add_settings(const mig_conn *conn, struct mig__buf *sql, int local)
{
	int listed = list_settings(conn, sql, local);

	if (listed)
		mig__buf_adds(sql, ";");
	return listed;
}

/* -- what a run finds */

const char *mig__pg_base_sql(const mig_conn *conn)
{
	if (conn->session->base[0])
		return "";
	return "SELECT " CATALOG "current_setting('search_path'), " CATALOG
	       "current_setting('client_encoding'), " CATALOG
	       "current_setting('lock_timeout'), " CATALOG
	       "current_setting('statement_timeout'), " CATALOG
	       "current_setting('client_connection_check_interval', true), " CATALOG
	       "current_setting('session_authorization'), " CATALOG "current_setting('role');";
}

void mig__pg_base_forget(mig_conn *conn)
{
	int i;

	for (i = 0; i < MIG__PG_BASE_COUNT; i++) {
		mig__free(&conn->alloc, conn->session->base[i]);
		conn->session->base[i] = NULL;
	}
}

mig_status mig__pg_base_take(mig_conn *conn, const PGresult *result)
{
	int i;

	for (i = MIG__PG_BASE_COUNT - 1; i >= 0; i--) {
		mig__free(&conn->alloc, conn->session->base[i]);
		conn->session->base[i] = mig__strdup(&conn->alloc, PQgetvalue(result, 0, i));
		if (!conn->session->base[i])
			return mig__pg_nomem(conn);
	}
	return MIG_OK;
}

/* -- what a script may change */

/* The settings as SQL has them in VALUES, after those of base. */
static mig_status read_session(mig_conn *conn, struct mig__pg_reply *reply)
{
	struct mig__buf sql;
	int i;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, mig__pg_base_sql(conn));
	mig__buf_adds(&sql,
		      "SELECT coalesce(" CATALOG "string_agg(" CATALOG
		      "format(', (%L, %L)', s.name, s.setting), ''), '') FROM " CATALOG
		      "pg_settings AS s WHERE s.source OPERATOR(pg_catalog.=) 'session' AND " MAY_SET
		      " AND s.name OPERATOR(pg_catalog.<>) ALL (ARRAY[''");
	for (i = 0; i < MIG__PG_BASE_COUNT; i++)
		mig__buf_addf(&sql, ", '%s'", base_names[i]);
	mig__buf_adds(&sql, "]::pg_catalog.text[])");
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, reply);
	mig__buf_finish(&sql);
	return rc;
}

static void add_base(const mig_conn *conn, struct mig__buf *sql)
{
	int i;

	for (i = 0; i < MIG__PG_BASE_COUNT; i++) {
		if (is_hidden(i))
			continue;
		mig__buf_addf(sql, "%s('%s', ", i ? ", " : "", base_names[i]);
		mig__pg_add_text(sql, conn->session->base[i], strlen(conn->session->base[i]));
		mig__buf_adds(sql, ")");
	}
}

/* SQL that sets every setting that is not what it was. */
static char *make_restoring(const mig_conn *conn, const char *session)
{
	struct mig__buf sql;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "SELECT " CATALOG
			    "set_config(s.name, coalesce(o.setting, s.reset_val), false) "
			    "FROM " CATALOG "pg_settings AS s LEFT JOIN (VALUES ");
	add_base(conn, &sql);
	mig__buf_adds(&sql, session);
	mig__buf_adds(&sql, ") AS o (name, setting) ON o.name OPERATOR(pg_catalog.=) s.name "
			    "WHERE " MAY_SET " AND (s.source OPERATOR(pg_catalog.=) 'session' "
			    "OR o.name IS NOT NULL) AND coalesce(s.setting, '') "
			    "OPERATOR(pg_catalog.<>) coalesce(o.setting, s.reset_val, '')");
	return mig__buf_take(&sql);
}

mig_status mig__pg_settings_note(mig_conn *conn)
{
	struct mig__pg_reply reply = { .count = 0 };
	int at = !conn->session->base[0];
	mig_status rc;

	conn->session->dirty = 1;
	if (conn->session->noted)
		return MIG_OK;
	rc = read_session(conn, &reply);
	if (!rc && at)
		rc = mig__pg_base_take(conn, reply.at[0]);
	if (!rc) {
		conn->session->noted = make_restoring(conn, PQgetvalue(reply.at[at], 0, 0));
		if (!conn->session->noted)
			rc = mig__pg_nomem(conn);
	}
	mig__pg_reply_clear(&reply);
	return rc;
}

/* The role and what it is derived from, in this order. */
static mig_status restore_hidden(mig_conn *conn, int local)
{
	struct mig__buf sql;
	mig_status rc = MIG_OK;
	int i;

	mig__buf_init(&sql, &conn->alloc);
	for (i = 0; !rc && i < MIG__PG_BASE_COUNT; i++) {
		if (!is_hidden(i))
			continue;
		mig__buf_clear(&sql);
		mig__buf_adds(&sql, "SELECT ");
		add_setting(&sql, base_names[i], conn->session->base[i], local);
		mig__buf_addf(&sql, " WHERE " CATALOG "current_setting('%s') "
			    "OPERATOR(pg_catalog.<>) ", base_names[i]);
		mig__pg_add_text(&sql, conn->session->base[i], strlen(conn->session->base[i]));
		rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_defer(conn, sql.data);
	}
	mig__buf_finish(&sql);
	return rc;
}

mig_status mig__pg_settings_own_role(mig_conn *conn)
{
	return conn->session->touched && conn->session->base[0] ? restore_hidden(conn, 1) : MIG_OK;
}

/* Reads SET [SESSION | LOCAL] a.b, or RESET a.b, from behind its first word. */
static int read_set(struct mig__pg_word *word, const char *text, size_t size, size_t at, char *out,
		    size_t room)
{
	struct mig__pg_word name[3];
	size_t i;
	int more = mig__pg_word_next(text, size, &at, 1, word);

	if (more && (mig__pg_word_is(word, "SESSION") || mig__pg_word_is(word, "LOCAL")))
		more = mig__pg_word_next(text, size, &at, 1, word);
	name[0] = *word;
	for (i = 1; more && i < 3; i++)
		more = mig__pg_word_next(text, size, &at, 1, &name[i]);
	if (!more || name[0].quoted || name[1].symbol != '.' || name[2].quoted)
		return 0;
	return (size_t)snprintf(out, room, "%.*s.%.*s", (int)name[0].size, name[0].text,
				(int)name[2].size, name[2].text) < room;
}

/* Reads ('a.b' behind set_config. */
static int read_set_config(const char *text, size_t size, size_t at, char *out, size_t room)
{
	struct mig__pg_word word;

	if (!mig__pg_word_next(text, size, &at, 1, &word) || word.symbol != '(' ||
	    !mig__pg_word_next(text, size, &at, 1, &word) || word.quoted != '\'' || word.size < 5 ||
	    word.size >= room || !memchr(word.text, '.', word.size))
		return 0;
	snprintf(out, room, "%.*s", (int)word.size - 2, word.text + 1);
	return !strpbrk(out, "'\\");
}

static mig_status note_custom(mig_conn *conn, const char *name)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	mig_status rc;

	if (conn->session->customs && strstr(conn->session->customs, name))
		return MIG_OK;
	mig__buf_init(&sql, &conn->alloc);
	mig__buf_addf(&sql, "SELECT coalesce(" CATALOG "current_setting('%s', true), '')", name);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, &reply);
	mig__buf_clear(&sql);
	if (!rc) {
		mig__buf_adds(&sql, conn->session->customs ? conn->session->customs : "SELECT 1");
		mig__buf_adds(&sql, ", ");
		add_setting(&sql, name, PQgetvalue(reply.at[0], 0, 0), 0);
		mig__free(&conn->alloc, conn->session->customs);
		conn->session->customs = mig__buf_take(&sql);
		if (!conn->session->customs)
			rc = mig__pg_nomem(conn);
	}
	mig__buf_finish(&sql);
	mig__pg_reply_clear(&reply);
	return rc;
}

/* Behind the next "set_config" from at on, also in the bodies of DO and of functions, which are one
 * word of their statement; 0: there is none. */
static size_t after_set_config(const char *text, size_t size, size_t at)
{
	static const char function[] = "set_config";
	const size_t length = sizeof function - 1;

	for (; at + length <= size; at++)
		if ((text[at] == 's' || text[at] == 'S') &&
		    !mig__ascii_compare_n(text + at, function, length))
			return at + length;
	return 0;
}

static mig_status note_customs(mig_conn *conn, const char *text, size_t size)
{
	struct mig__pg_word word;
	size_t at = 0;
	char name[130];
	mig_status rc = MIG_OK;

	if (mig__pg_word_next(text, size, &at, 1, &word) &&
	    (mig__pg_word_is(&word, "SET") || mig__pg_word_is(&word, "RESET")))
		return read_set(&word, text, size, at, name, sizeof name) ? note_custom(conn, name)
									  : MIG_OK;
	for (at = 0; !rc && (at = after_set_config(text, size, at)) > 0;)
		if (read_set_config(text, size, at, name, sizeof name))
			rc = note_custom(conn, name);
	return rc;
}

/* For the session, or (SET LOCAL) for the scripts after it in the same transaction. Any function may
 * do so; those that triggers and other statements call are not thought of. */
/* ALTER TYPE ... ADD VALUE; at: after the first word. */
static int adds_value(const char *text, size_t size, size_t at)
{
	struct mig__pg_word word;
	int after_add = 0;

	if (!mig__pg_word_next(text, size, &at, 1, &word) || !mig__pg_word_is(&word, "TYPE"))
		return 0;
	while (mig__pg_word_next(text, size, &at, 1, &word)) {
		if (after_add && mig__pg_word_is(&word, "VALUE"))
			return 1;
		after_add = mig__pg_word_is(&word, "ADD");
	}
	return 0;
}

mig_status mig__pg_settings_foresee(mig_conn *conn, const char *text, size_t size)
{
	static const char *const verbs[] = { "SET",  "RESET", "DISCARD", "SELECT", "WITH",
					     "CALL", "DO",    "EXECUTE", "VALUES" };
	struct mig__pg_word word;
	size_t at = 0, i;
	int may = 0;
	mig_status rc;

	if (!mig__pg_word_next(text, size, &at, 1, &word))
		return MIG_OK;
	if (mig__pg_word_is(&word, "DEALLOCATE") || mig__pg_word_is(&word, "DISCARD"))
		mig__pg_prepared_lost(conn);
	conn->session->adds_value |= mig__pg_word_is(&word, "ALTER") && adds_value(text, size, at);
	for (i = 0; !may && i < sizeof verbs / sizeof *verbs; i++)
		may = mig__pg_word_is(&word, verbs[i]);
	if (!may && !after_set_config(text, size, 0))
		return MIG_OK;
	conn->session->touched = 1;
	rc = mig__pg_settings_note(conn);
	return rc ? rc : note_customs(conn, text, size);
}

/* Putting the settings back in the middle of a transaction has undone those of libmig. While the
 * session's lock is held they are the session's, and to be put back again. */
static mig_status set_again(mig_conn *conn)
{
	struct mig__buf sql;
	mig_status rc = MIG_OK;

	conn->session->dirty = conn->lock->held;
	mig__buf_init(&sql, &conn->alloc);
	if (list_settings(conn, &sql, !conn->lock->held))
		rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_defer(conn, sql.data);
	mig__buf_finish(&sql);
	return rc;
}

mig_status mig__pg_settings_restore(mig_conn *conn)
{
	mig_status rc;

	if (!conn->session->dirty || !conn->session->noted)
		return MIG_OK;
	rc = restore_hidden(conn, 0);
	if (!rc)
		rc = mig__pg_defer(conn, conn->session->noted);
	if (!rc && conn->session->customs)
		rc = mig__pg_defer(conn, conn->session->customs);
	if (rc)
		return rc;
	conn->session->dirty = conn->session->touched = conn->session->timeouts =
		conn->session->statement_ms = conn->session->lock_ms = 0;
	return conn->session->begun ? set_again(conn) : MIG_OK;
}

mig_status mig__pg_settings_hand_back(mig_conn *conn)
{
	mig_status rc;

	if (!conn->session->touched && !conn->session->timeouts)
		return MIG_OK;
	rc = mig__pg_settings_restore(conn);
	return rc || !conn->lock->held || conn->session->begun ? rc
							       : mig__pg_settings_session(conn);
}

mig_status mig__pg_settings_session(mig_conn *conn)
{
	struct mig__buf sql;
	mig_status rc = mig__pg_settings_note(conn);

	if (rc)
		return rc;
	mig__buf_init(&sql, &conn->alloc);
	if (list_settings(conn, &sql, 0))
		rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, NULL);
	mig__buf_finish(&sql);
	return rc;
}

/* -- time-outs */

static void add_timeout(const mig_conn *conn, struct mig__buf *sql, enum mig__pg_base which,
			int32_t ms, int local)
{
	char number[16];

	snprintf(number, sizeof number, "%d", ms < 0 ? 0 : (int)ms);
	add_setting(sql, base_names[which], ms ? number : conn->session->base[which], local);
}

mig_status mig__pg_set_timeouts(mig_conn *conn, int32_t lock_ms, int32_t statement_ms)
{
	int local = conn->session->begun;
	struct mig__buf sql;
	mig_status rc = MIG_OK;

	if (!lock_ms && !statement_ms && !conn->session->timeouts)
		return MIG_OK;
	if (!local)
		rc = mig__pg_settings_note(conn);
	if (rc)
		return rc;
	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "SELECT ");
	add_timeout(conn, &sql, MIG__PG_LOCK_TIMEOUT, lock_ms, local);
	mig__buf_adds(&sql, ", ");
	add_timeout(conn, &sql, MIG__PG_STATEMENT_TIMEOUT, statement_ms, local);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_defer(conn, sql.data);
	mig__buf_finish(&sql);
	conn->session->timeouts = lock_ms || statement_ms;
	conn->session->statement_ms = statement_ms > 0 ? statement_ms : 0;
	conn->session->lock_ms = lock_ms > 0 ? lock_ms : 0;
	return rc;
}
