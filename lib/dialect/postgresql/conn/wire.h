/* wire: messages to the server and their answers. */
#ifndef MIG__PG_WIRE_H
#define MIG__PG_WIRE_H

#include "base/buf.h"
#include "dialect/postgresql/conn/conn.h"

/* Statements of libmig's own that wait for the next message. */
struct mig__pg_pending {
	struct mig__buf text;
	size_t count;
	int creates; /* creates a table if it is missing: says a notice if not */
};

struct mig__pg_wire {
	int listens; /* notices come to us */
	struct mig__pg_pending pending;
	struct mig__buf message;
};

enum { MIG__PG_REPLIES = 40 };
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
/* The same; as soon as the first `count` results of the text are there, then() gets them, while the server
 * goes on with the rest. It must not use the connection, and may take results out of the reply. */
mig_status mig__pg_exec_then(mig_conn *conn, const char *text, struct mig__pg_reply *reply, int count,
			     void (*then)(void *user, struct mig__pg_reply *reply), void *user);
/* The same as the first, but an error of the server in the text is not reported: it is in reply->error. */
mig_status mig__pg_try(mig_conn *conn, const char *text, struct mig__pg_reply *reply);
/* Sends statements of a script: text[from] up to `to`. Offsets in errors count from text. */
mig_status mig__pg_send(mig_conn *conn, const char *text, size_t from, size_t to);
/* One statement, COPY … FROM STDIN, with the lines that follow it. */
mig_status mig__pg_send_copy(mig_conn *conn, const char *text, size_t from, size_t to);
/* Runs one statement of ours whose failure does not matter; keeps the error that is reported. */
void mig__pg_quiet(mig_conn *conn, const char *text);
/* The same, with its results. */
void mig__pg_ask_quietly(mig_conn *conn, const char *text, struct mig__pg_reply *reply);
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
/* MIG_EMISUSE unless the connection waits for a command, outside a transaction. */
mig_status mig__pg_check_idle(mig_conn *conn);
/* Has notices come to us, if nobody else has asked for them: libpq's own receiver, which a
 * connection that is none has as well, writes them to stderr. */
void mig__pg_listen(mig_conn *conn);
/* Whether the first row of a result says true there. */
int mig__pg_is_true(const PGresult *result, int column);

#endif
