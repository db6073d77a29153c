/* conn: one PostgreSQL connection, libmig's own or lent by the host application.
 *
 * Messages decide what a run costs, so they are few:
 *  - a script goes out as one simple-query message; its errors are found by position, or by the
 *    number of statements that were completed before;
 *  - what needs no answer (rows of libmig's tables, settings) waits in `pending`, and goes out in
 *    front of the next message;
 *  - the message that begins a transaction also takes the lock and reads the version rows.
 *
 * The session is left as it was found: what a run sets, it sets with SET LOCAL; before anything
 * that outlives its transaction the settings are noted, and put back. */
#ifndef MIG__PG_CONN_H
#define MIG__PG_CONN_H

#include "base/alloc.h"
#include "base/buf.h"
#include "dialect/postgresql/sql/split.h"

#include <libpq-fe.h>
#include <mig/dialect.h>

/* Settings that libmig itself changes for the length of a run: see settings.c. */
enum mig__pg_base {
	MIG__PG_SEARCH_PATH,
	MIG__PG_CLIENT_ENCODING,
	MIG__PG_LOCK_TIMEOUT,
	MIG__PG_STATEMENT_TIMEOUT,
	MIG__PG_CHECK_INTERVAL,
	MIG__PG_AUTHORIZATION,
	MIG__PG_ROLE,
	MIG__PG_BASE_COUNT
};

/* Servers from this version on can look whether their client is still there. */
enum { MIG__PG_CHECK_CLIENT = 140000 };
#define MIG__PG_CHECK_SQL(local)                                                    \
	"CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') "               \
	"OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config("                      \
	"'client_connection_check_interval', '1s', " local ") END"

/* When the transaction began, to the microsecond: no two of a session have the same. */
#define MIG__PG_TOKEN_SQL                                           \
	"pg_catalog.encode(pg_catalog.timestamptz_send(pg_catalog." \
	"transaction_timestamp()), 'hex')"

/* What is known of a table. */
enum mig__pg_there { MIG__PG_UNKNOWN, MIG__PG_THERE, MIG__PG_MISSING };
/* Which of libmig's tables. */
enum mig__pg_table { MIG__PG_BOTH, MIG__PG_VERSION, MIG__PG_HISTORY };
/* The time as the history table has it. */
#define MIG__PG_NOW                                                                      \
	"pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', "           \
	"'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

/* Statements of libmig's own that wait for the next message. */
struct mig__pg_pending {
	struct mig__buf text;
	size_t count;
	int creates; /* creates a table if it is missing: says a notice if not */
};

/* A second connection that asks how far a long statement is: watch.c. */
struct mig__pg_watch {
	enum {
		MIG__PG_BLIND, /* not wanted, or not to be had */
		MIG__PG_CLOSED,
		MIG__PG_CONNECTING,
		MIG__PG_IDLE,
		MIG__PG_ASKED
	} state;
	PGconn *db;
	PostgresPollingStatusType wants; /* MIG__PG_CONNECTING: what it waits for */
	int64_t next_us;                 /* when to ask again */
};

/* Ending a statement: stop.c. */
struct mig__pg_stop {
	enum {
		MIG__PG_STOP_NONE,
		MIG__PG_STOP_CONNECTING,
		MIG__PG_STOP_ASKED,
		MIG__PG_STOP_DONE /* nothing more can be asked */
	} state;
#ifdef LIBPQ_HAS_ASYNC_CANCEL
	PGcancelConn *request;
#else
	PGconn *db;
#endif
	PostgresPollingStatusType wants; /* MIG__PG_STOP_CONNECTING: what it waits for */
	int64_t message_us;              /* when the message was sent */
	int64_t result_us;               /* when the last result came */
	int64_t since_us;                /* since when it is to stop; 0: it is not */
	int64_t looked_us;
	int late; /* the statement's time is over */
	/* why our connection was shut down; it stays unusable */
	enum { MIG__PG_CUT_NOT, MIG__PG_CUT_CANCELLED, MIG__PG_CUT_LATE } cut;
	int told; /* that has been reported */
};

/* Relations that a deadlock was about: way.c. */
enum { MIG__PG_WAY_MAX = 32 };
struct mig__pg_way {
	uint32_t oids[MIG__PG_WAY_MAX];
	int count;
};

struct mig_conn {
	const mig_dialect_host *host;
	struct mig__alloc alloc;
	PGconn *db;
	int lent;
	int exposed; /* somebody else has the handle, and may end our transactions */
	int listens; /* notices come to us */
	int32_t lock_timeout_ms;
	uint32_t seed; /* of the pauses */
	char *schema;      /* of libmig's tables; NULL: not known yet */
	int schema_given;  /* by the host: it is not looked for */
	char *search_path; /* NULL: as it is */
	int recode;        /* the client encoding is not UTF-8 */
	char *trusted_owner; /* NULL: none */
	char *current_schema; /* what was answered last, or NULL */
	char *version_table, *history_table;

	/* a run */
	int running;
	int begun;  /* in a transaction of begin() */
	char token[24]; /* of that transaction: when it began, as the server has it */
	int locked; /* has the session's lock */
	int pid; /* of the server's process that has answered last, or has the lock; 0: unknown */
	int pooled;      /* there is a pooler between us and the server */
	char number[24]; /* of the lock, as the server made it of the key; "": not known yet */
	int64_t waiting_since_us;            /* 0: not waiting for the lock */
	enum mig__pg_there version, history; /* in this transaction, or at the last read */
	int seen_version;                    /* the version table has been read */
	int trusted; /* the tables may be written to, as was looked up in this run */
	PGresult *others; /* of the schema as inspected last: mig__pg_add_others(); or NULL */
	PGresult *rows;                      /* version rows that came with the lock, or NULL */
	char *base[MIG__PG_BASE_COUNT]; /* settings as the run found them; NULL: not read yet */
	char *noted;                    /* SQL that puts the session's settings back, or NULL */
	char *customs;                  /* the same for settings of somebody's own, or NULL */
	int dirty;                      /* they may have been changed */
	int touched;                    /* by a revision's SQL, not by libmig alone */
	int in_revision;                /* what it sets holds until its end */
	int timeouts;                   /* time-outs are set */
	int32_t statement_ms;           /* the one of statements; 0: not by us */
	int32_t lock_ms;                /* the one of locks */
	int lock_own;                   /* the revision's header says that one */
	int committing;                 /* a COMMIT is under way */
	int ending;                     /* what is sent cleans up: it is not to be stopped */
	struct mig__pg_pending pending;
	struct mig__buf message;

	struct mig__pg_scratch *scratch; /* the database that goes with it, or NULL: scratch.c */
	struct mig__pg_watch watch;
	struct mig__pg_stop stop;
	struct mig__pg_way way;
};

struct mig_cursor {
	mig_conn *conn;
	char *text;
	PGresult *result; /* NULL: not run yet */
	int row;          /* the current one, from 0; -1: before the first */
	int parameters, columns;
	char **values; /* one for each parameter, NULL: null */
	int *sizes, *formats;
	struct mig__buf scratch; /* of the column that was converted last */
};

/* Where something went wrong: a script's statement and the place in that script. */
struct mig__pg_place {
	const char *statement; /* NULL: none */
	size_t size;
	size_t offset; /* MIG_NO_OFFSET: unknown */
};

/* conn.c */
mig_status mig__pg_open(const mig_dialect_host *host, const mig_conn_options *options,
			mig_conn **out);
void mig__pg_close(mig_conn *conn);
void *mig__pg_native(mig_conn *conn);
void *mig__pg_detach(mig_conn *conn);
void mig__pg_cancel(mig_conn *conn);
/* Has notices come to us, if nobody else has asked for them: libpq's own receiver, which a
 * connection that is none has as well, writes them to stderr. */
void mig__pg_listen(mig_conn *conn);

/* connect.c */
enum mig__pg_end {
	MIG__PG_END_OPEN,
	MIG__PG_END_REFUSED, /* PQerrorMessage() says why */
	MIG__PG_END_LATE,    /* connect_timeout is over */
	MIG__PG_END_STOPPED  /* the host wants the call to end */
};
/* Opens conn->db, which is NULL if there is no memory. */
enum mig__pg_end mig__pg_connect(mig_conn *conn, const char *url);
/* Waits for a connection that has been started. stoppable: its host may end that;
 * otherwise the server has two seconds. */
enum mig__pg_end mig__pg_await(const mig_conn *conn, PGconn *db, int stoppable);

/* error.c */
/* Reports an error of the server, or of the connection if result is NULL. */
mig_status mig__pg_fail(mig_conn *conn, const PGresult *result, const struct mig__pg_place *place);
/* Reports an error of our own; place and hint may be NULL. */
mig_status mig__pg_report(mig_conn *conn, mig_status status, const struct mig__pg_place *place,
			  const char *hint, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
mig_status mig__pg_nomem(mig_conn *conn);
/* shell.c: what psql makes of a statement of a script, without a connection. */
mig_status mig__pg_shell_check(mig_conn *conn, const char *text, const mig_statement *st);
mig_status mig__pg_shell_text(mig_conn *conn, const char *text, size_t size,
			      mig_status (*fn)(void *user, const char *text, size_t size),
			      void *user);
/* secret.c: what may be shown of libpq's words about a URL, freed by the caller; NULL: no memory.
 * *malformed: the URL is not what libpq takes, or can be read in two ways. */
/* url.c */
/* "host=x dbname=y": a keyword and "=" at the start. */
int32_t mig__pg_is_keywords(const char *url);
/* As mig__url_is_shown() and mig__url_display(), for these as well. */
int mig__pg_url_is_shown(const char *url);
size_t mig__pg_url_display(const char *url, char *out, size_t size);

/* secret.c */
char *mig__pg_unsecret(const mig_conn *conn, const char *url, const char *words, int *malformed);
mig_status mig__pg_cancelled(mig_conn *conn);
/* Whether the result's SQLSTATE is this one. */
int mig__pg_is(const PGresult *result, const char *sqlstate);
/* For PQsetNoticeReceiver: to the log, or nowhere. */
void mig__pg_notice(void *conn, const PGresult *result);
void mig__pg_drop_notice(void *user, const PGresult *result);

/* send.c: messages */
enum { MIG__PG_REPLIES = 16 };
/* The results of a message of ours, one for each statement; of COPY … TO STDOUT its rows. */
struct mig__pg_reply {
	PGresult *at[MIG__PG_REPLIES];
	int count;
	PGresult *error; /* the server's complaint, or NULL */
};
void mig__pg_reply_clear(struct mig__pg_reply *reply);
/* Sends what is pending and then the text, of at most MIG__PG_REPLIES statements, and reports
 * errors. reply may be NULL; otherwise the caller clears it, also after errors. */
mig_status mig__pg_exec(mig_conn *conn, const char *text, struct mig__pg_reply *reply);
/* The same, but an error of the server in the text is not reported: it is in reply->error. */
mig_status mig__pg_try(mig_conn *conn, const char *text, struct mig__pg_reply *reply);
/* Sends statements of a script: text[from] up to `to`. Places are told from text on. */
mig_status mig__pg_send(mig_conn *conn, const char *text, size_t from, size_t to);
/* One statement, COPY … FROM STDIN, with the lines that follow it. */
mig_status mig__pg_send_copy(mig_conn *conn, const char *text, size_t from, size_t to);
/* Runs one statement of ours whose failure does not matter; keeps the error that is reported. */
void mig__pg_quiet(mig_conn *conn, const char *text);
/* Has the server look at a statement without running it: parameters and columns. */
mig_status mig__pg_describe(mig_conn *conn, const mig_cursor *cursor, PGresult **out);
/* One statement with parameters, in one round trip. */
mig_status mig__pg_send_params(mig_conn *conn, const mig_cursor *cursor, PGresult **out);
/* Sends what is pending, if anything is. */
mig_status mig__pg_flush(mig_conn *conn);
/* Adds one statement of ours to what is pending; without a semicolon. */
mig_status mig__pg_defer(mig_conn *conn, const char *statement);
/* Forgets what is pending: the transaction that it belongs to is undone. */
void mig__pg_forget(mig_conn *conn);
/* What the server calls standard_conforming_strings, now. */
int mig__pg_standard_strings(const mig_conn *conn);

/* render.c */
void mig__pg_add_name(struct mig__buf *buf, const char *name);
/* A string constant that reads the same whatever the settings. */
void mig__pg_add_text(struct mig__buf *buf, const char *text, size_t size);
/* Adds FROM … for the lock's number (k), and the schema of the tables (s), "" if there is none:
 * where the version table is, otherwise where it will be created. */
void mig__pg_add_key(const mig_conn *conn, struct mig__buf *sql);
/* The statements on libmig's tables. */
enum mig__pg_own {
	MIG__PG_CREATE_VERSION,
	MIG__PG_CREATE_HISTORY,
	MIG__PG_READ_VERSION,
	MIG__PG_INSERT_VERSION,
	MIG__PG_UPDATE_VERSION,
	MIG__PG_DELETE_VERSION,
	MIG__PG_CLEAR_VERSION,
	MIG__PG_CHECK_VERSION,
	MIG__PG_INSERT_HISTORY,
	MIG__PG_READ_RUNNING,
	MIG__PG_READ_HISTORY,
	MIG__PG_MARK_RUNNING,
	MIG__PG_MARK_ANY,
	MIG__PG_EXPECT_VERSION,
	MIG__PG_ENTER,
	MIG__PG_ENTER_SESSION,
	MIG__PG_LEAVE_SESSION
};
/* Their values: $1 is the first. */
struct mig__pg_values {
	mig_value at[24];
	const mig_value *time; /* which is the time at which a script runs, or NULL */
};
/* Adds one, with its values as constants, for conn->schema as it is now. */
void mig__pg_add_own(const mig_conn *conn, struct mig__buf *buf, enum mig__pg_own which,
		     const struct mig__pg_values *values);
/* The error that a statement of ours gives with what it has counted, after this text: see guard.c. */
#define MIG__PG_GUARD "libmig guard"
enum mig__pg_guard { MIG__PG_GUARD_ROWS, MIG__PG_GUARD_RUNNING, MIG__PG_GUARD_TOKEN };
/* Adds the error of a guard, as an expression of type int4: `shown` is one, of any type. */
void mig__pg_add_guard(struct mig__buf *sql, enum mig__pg_guard which, const char *shown);
/* What the server's message says, if it is that of a guard; NULL: it is not. */
const struct mig__pg_guard_meaning {
	mig_status status;
	const char *message, *hint;
} * mig__pg_guard_meaning(const char *message);
/* Adds an expression that is true if there is a table with this name in our schema; for a query
 * with mig__pg_add_key(). */
void mig__pg_add_exists(const mig_conn *conn, struct mig__buf *sql, const char *table);
/* Adds the name of our tables' schema, as a constant or as a query for it; NULL: there is none. */
void mig__pg_add_schema(const mig_conn *conn, struct mig__buf *sql);
/* A name and a constant as mig__pg_add_name() and mig__pg_add_text() have them, but what is not
 * ASCII is escaped where the server can read that: it is the same in every client encoding. */
void mig__pg_add_safe_name(const mig_conn *conn, struct mig__buf *buf, const char *name);
void mig__pg_add_safe_text(const mig_conn *conn, struct mig__buf *buf, const char *text);
/* A table of ours, with the schema if that is known. */
void mig__pg_add_table(const mig_conn *conn, struct mig__buf *buf, const char *name);
/* The same as a string constant: what regclass reads. */
void mig__pg_add_table_text(const mig_conn *conn, struct mig__buf *buf, const char *name);
/* Asks for the tables' schema, and pins it. */
mig_status mig__pg_find_schema(mig_conn *conn);
/* The tables' schema, as the server found it; from now on they are qualified. */
mig_status mig__pg_pin_schema(mig_conn *conn, const char *schema);
/* The schema in which unqualified names are created. */
mig_status mig__pg_current_schema(mig_conn *conn, const char **out);
/* A call of the host's begins: the session may have another path or encoding than in the last. */
mig_status mig__pg_call_begin(mig_conn *conn);
/* What is known of the table that a statement is about. */
enum mig__pg_there *mig__pg_there(mig_conn *conn, enum mig__pg_table which);
mig_status mig__pg_table_exists(mig_conn *conn, enum mig__pg_table which, int32_t *out);

/* store.c: the slots of mig_dialect_store */
mig_status mig__pg_create(mig_conn *conn, const mig_sql_sink *script);
mig_status mig__pg_read_rows(mig_conn *conn, mig_version_row_fn fn, void *user, int32_t *there);
mig_status mig__pg_write_rows(mig_conn *conn, const mig_rows_write *write, const mig_sql_sink *script);
mig_status mig__pg_clear_rows(mig_conn *conn, const mig_sql_sink *script);
mig_status mig__pg_read_running(mig_conn *conn, mig_history_row_fn fn, void *user, int32_t *there);
mig_status mig__pg_mark_running(mig_conn *conn, const mig_journal_mark *mark,
				const mig_sql_sink *script);
mig_status mig__pg_read_history(mig_conn *conn, mig_history_row_fn fn, void *user, int32_t *there);
mig_status mig__pg_expect(mig_conn *conn, const char *ids, const mig_sql_sink *script);
mig_status mig__pg_enter(mig_conn *conn, int32_t session, const mig_sql_sink *script);
mig_status mig__pg_leave(mig_conn *conn, const mig_sql_sink *script);

/* trust.c */
/* Adds a query that needs no checks: revision and digest of the version table. An error of the
 * kind mig__pg_is_refusal() means that it cannot be read like that. */
void mig__pg_add_plain_read(const mig_conn *conn, struct mig__buf *sql);
int mig__pg_is_refusal(const PGresult *error);
/* Adds a query for what is there: a row for each of our tables, whether it is the version table, and
 * whether it has to be looked at closely before it is written to. */
void mig__pg_add_there(const mig_conn *conn, struct mig__buf *sql);
/* Takes its rows; *close: a write check is needed. */
void mig__pg_take_there(mig_conn *conn, const PGresult *result, int *close);
/* Adds a statement without rows that fails if a read of the table runs code of others'. */
void mig__pg_add_read_check(const mig_conn *conn, struct mig__buf *sql, enum mig__pg_table which);
/* The same for both tables, for writing. */
void mig__pg_add_write_check(const mig_conn *conn, struct mig__buf *sql);
/* The body of a DO statement that does. */
void mig__pg_add_script_check(const mig_conn *conn, struct mig__buf *sql);
/* Adds a query for an object that would run code of a role that is not trusted if the schema were
 * built again: message and hint, or no row. */
void mig__pg_add_others(const mig_conn *conn, struct mig__buf *sql);
/* MIG_EPERMISSION if the schema that was inspected last has one. */
mig_status mig__pg_may_copy(mig_conn *conn, mig_conn *maker);
/* 1 if the error is that of a check, which is reported then: *rc. */
int mig__pg_distrust(mig_conn *conn, const PGresult *error, mig_status *rc);

/* lock.c */
mig_status mig__pg_begin(mig_conn *conn, int32_t check, int32_t *freed);
mig_status mig__pg_commit_begin(mig_conn *conn, int32_t check, int32_t *freed);
mig_status mig__pg_lock(mig_conn *conn, int32_t *freed);
mig_status mig__pg_unlock(mig_conn *conn);
/* The same, keeping the error that is reported. */
void mig__pg_release(mig_conn *conn);

/* pooler.c */
/* MIG_EUNSUPPORTED if a pooler gives each transaction another session; otherwise conn->pid is the
 * server's process. */
mig_status mig__pg_refuse_pooler(mig_conn *conn);
/* Reports the same, when it shows later. */
mig_status mig__pg_refuse_changed(mig_conn *conn);

/* Begins to connect another client to the same database, whose notices go nowhere; NULL: no memory. */
PGconn *mig__pg_connect_like(const mig_conn *conn);

/* watch.c */
/* A statement begins to be waited for. */
void mig__pg_watch_begin(mig_conn *conn);
/* To be called now and then while it is: looks, without ever waiting, how far it is, and tells the
 * host. */
void mig__pg_watch_look(mig_conn *conn);
/* Closes the second connection. */
void mig__pg_watch_close(mig_conn *conn);

/* stop.c */
/* A message is sent; its answer begins. */
void mig__pg_stop_begin(mig_conn *conn);
/* One of its results has come. */
void mig__pg_stop_result(mig_conn *conn);
/* To be called often while it is waited for: does what can be done at once to end it, if the host
 * or the statement's time says so. Shuts the connection down at last. */
void mig__pg_stop_look(mig_conn *conn);
void mig__pg_stop_end(mig_conn *conn);

/* way.c */
/* Notes the relations that the detail of a deadlock names. */
void mig__pg_way_note(mig_conn *conn, const char *detail);
/* Locks them, as the first thing in a transaction. */
mig_status mig__pg_way_lock(mig_conn *conn);
void mig__pg_way_forget(mig_conn *conn);

/* settings.c */
/* Adds one statement that sets what libmig needs, for the transaction (local) or the session; or
 * nothing if all is well. Returns the number of statements. */
int mig__pg_add_settings(const mig_conn *conn, struct mig__buf *sql, int local);
/* SQL that reads conn->base, in front of the first message that changes any of it; "" later. */
const char *mig__pg_base_sql(const mig_conn *conn);
/* Takes its result. */
mig_status mig__pg_base_take(mig_conn *conn, const PGresult *result);
/* Forgets them at the end of a run. */
void mig__pg_base_forget(mig_conn *conn);
/* Notes the session's settings, once a run, before something changes them. */
mig_status mig__pg_settings_note(mig_conn *conn);
/* The same, if this statement may change any; also those of somebody's own that it names (app.tenant),
 * which pg_settings does not show. */
mig_status mig__pg_settings_foresee(mig_conn *conn, const char *text, size_t size);
/* Lets the transaction be of the role that the run began with, whatever a script has set. */
mig_status mig__pg_settings_own_role(mig_conn *conn);
/* Puts them back, inside a transaction with its next message. */
mig_status mig__pg_settings_restore(mig_conn *conn);
/* At the end of a revision: puts back what it may have changed, and sets what the run needs. */
mig_status mig__pg_settings_hand_back(mig_conn *conn);
/* Sets what is needed outside transactions. */
mig_status mig__pg_settings_session(mig_conn *conn);
mig_status mig__pg_set_timeouts(mig_conn *conn, int32_t lock_ms, int32_t statement_ms);

/* run.c */
/* MIG_EMISUSE unless the connection waits for a command, outside a transaction. */
mig_status mig__pg_check_idle(mig_conn *conn);
/* Whether the result of a COMMIT says that. */
mig_status mig__pg_check_committed(mig_conn *conn, PGresult *result);
mig_status mig__pg_run_begin(mig_conn *conn);
mig_status mig__pg_run_end(mig_conn *conn);
mig_status mig__pg_commit(mig_conn *conn, int32_t check);
mig_status mig__pg_rollback(mig_conn *conn);
mig_status mig__pg_next_statement(mig_conn *conn, const char *text, size_t size, size_t offset,
				  mig_statement *out);
mig_status mig__pg_run_script(mig_conn *conn, const char *text, size_t size, mig_statement_fn hook,
			      void *user);
mig_status mig__pg_run_statement(mig_conn *conn, const char *text, size_t size);
mig_status mig__pg_revision_begin(mig_conn *conn, const mig_revision_run *revision);
mig_status mig__pg_revision_end(mig_conn *conn);
mig_status mig__pg_in_transaction(mig_conn *conn, int32_t *out);
mig_status mig__pg_verify(mig_conn *conn);
/* The transaction is about to be committed: has the server look whether it is ours, if it may be
 * another one. */
mig_status mig__pg_guard(mig_conn *conn);
/* What begins after a transaction has ended. */
void mig__pg_transaction_over(mig_conn *conn);

/* scratch.c */
/* Closes db, the connection to it (may be NULL), drops the database and frees the rest. silent: the
 * server does not answer, so the database is left to the next run. */
void mig__pg_scratch_drop(struct mig__pg_scratch *scratch, PGconn *db, int silent);

/* units.c */
mig_status mig__pg_check_units(mig_conn *conn, const char *text, size_t size, const mig_unit *units,
			       size_t count);

/* check.c */
mig_status mig__pg_check_begin(mig_conn *conn, const char *message, const char *text, size_t size);
mig_status mig__pg_check_end(mig_conn *conn);
mig_status mig__pg_check_sql(mig_conn *conn, const char *message, const char *text, size_t size,
			     const mig_sql_sink *sink);

/* probe.c */
mig_status mig__pg_observe(mig_conn *conn, const char *text, size_t size, char *seen);
mig_status mig__pg_recover(mig_conn *conn, const char *text, size_t size, const char *seen,
			   int32_t *done);
/* Before a statement that builds an index concurrently: drops what an interrupted build left. */
mig_status mig__pg_clear_way(mig_conn *conn, const char *text, size_t size);

/* cursor.c */
mig_status mig__pg_cursor_prepare(mig_conn *conn, const char *text, size_t size, uint32_t flags,
				  mig_cursor **out);
mig_status mig__pg_cursor_bind(mig_cursor *cursor, int32_t index, const mig_value *value);
mig_status mig__pg_cursor_step(mig_cursor *cursor, int32_t *has_row);
mig_status mig__pg_cursor_reset(mig_cursor *cursor);
int32_t mig__pg_cursor_column_count(const mig_cursor *cursor);
mig_status mig__pg_cursor_column(mig_cursor *cursor, int32_t column, int32_t as, mig_value *out);
mig_status mig__pg_cursor_affected(mig_cursor *cursor, int64_t *out);
void mig__pg_cursor_finish(mig_cursor *cursor);

#endif
