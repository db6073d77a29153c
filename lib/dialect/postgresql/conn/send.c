/* send: messages to the server and what comes back. Waiting for the server is interrupted now and
 * then to ask the host whether to go on; if not, the server is asked to stop, and its answer is
 * still waited for a while, so that the connection stays usable: stop.c.
 *
 * E.g. an UPDATE of the version rows is pending and a script comes: both are one message, and the
 * server answers with a result for each statement. If the third fails, its results say where: the
 * position, in characters of the whole message, or else the number of results before it. Both are
 * brought back to an offset in the script: bytes_of(), and what was pending does not count. */
#include "dialect/postgresql/conn/cursor.h"
#include "dialect/postgresql/conn/error.h"
#include "dialect/postgresql/conn/later.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/stop.h"
#include "dialect/postgresql/conn/watch.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/sql/split.h"
#include "dialect/postgresql/store/prepared.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 50, KEEP_MESSAGE = 1 << 20 };
enum { PENDING_SIZE = 1 << 16 }; /* the rows of many revisions do not wait all */

/* The results of one message. */
struct answer {
	size_t done;     /* statements completed */
	PGresult *error; /* what stopped it, or NULL */
	struct mig__pg_reply *reply;
	size_t skip;      /* results that are not for the reply */
	PGresult *copied; /* rows of COPY … TO STDOUT, until its end */
	int no_memory;
	int later;        /* it has what was put off: */
	size_t commit;    /* which result is COMMIT's */
	size_t locks;     /* and which takes the lock */
	int committed;    /* it has said so */
	PGresult *lock;   /* the lock's row */
	const char *copy; /* what COPY … FROM STDIN reads, or NULL */
	size_t copy_size;
	/* what is to be called with the reply when it has `first` results, or NULL */
	void (*then)(void *user, struct mig__pg_reply *reply);
	void *user;
	int first;
};

/* Waits until the next result, or a part of COPY's data, can be read without waiting. */
static void wait_for_server(mig_conn *conn)
{
	mig__pg_stop_look(conn);
	if (!PQisBusy(conn->db))
		return;
	mig__pg_watch_begin(conn);
	while (PQisBusy(conn->db)) {
		struct pollfd p = { .fd = PQsocket(conn->db), .events = POLLIN };

		if (PQflush(conn->db) > 0)
			p.events |= POLLOUT;
		if (poll(&p, 1, TICK_MS) <= 0) /* nothing for a tick, or a signal */
			mig__pg_watch_look(conn);
		mig__pg_stop_look(conn);
		if (!PQconsumeInput(conn->db))
			return; /* lost: PQgetResult says it */
	}
}

static PGresult *next_result(mig_conn *conn)
{
	PGresult *result;

	wait_for_server(conn);
	result = PQgetResult(conn->db);
	mig__pg_stop_result(conn);
	return result;
}

/* One more try to put something, which is full. */
static void wait_for_room(mig_conn *conn)
{
	struct pollfd p = { .fd = PQsocket(conn->db), .events = POLLIN | POLLOUT };

	if (poll(&p, 1, TICK_MS) > 0)
		PQconsumeInput(conn->db);
	mig__pg_stop_look(conn);
}

/* Gives COPY … FROM STDIN its data; errors come with the next result. */
static void put_copy_data(mig_conn *conn, const struct answer *a)
{
	enum { PART = 1 << 20 };
	size_t at = 0;

	while (a->copy && at < a->copy_size) {
		size_t size = a->copy_size - at < PART ? a->copy_size - at : PART;
		int sent = PQputCopyData(conn->db, a->copy + at, (int)size);

		if (sent < 0)
			return;
		if (sent)
			at += size;
		if (!sent || PQflush(conn->db) > 0)
			wait_for_room(conn);
	}
	while (!PQputCopyEnd(conn->db, a->copy ? NULL : "there is no data for it"))
		wait_for_room(conn);
}

/* Rows of COPY … TO STDOUT are read and dropped, as those of SELECT. */
static void drop_copy_data(mig_conn *conn)
{
	char *row;
	int n;

	for (;;) {
		n = PQgetCopyData(conn->db, &row, 1);
		if (n < 0)
			return;
		if (n)
			PQfreemem(row);
		else
			wait_for_server(conn);
	}
}

/* -- rows of COPY … TO STDOUT in a message of our own */

/* Undoes the escapes of a field of COPY, which ends at a TAB or the line's end; 0 for \\N. */
static int read_field(char **at, char *out, int *size)
{
	static const char from[] = "bfnrtv", to[] = "\b\f\n\r\t\v";
	int null = (*at)[0] == '\\' && (*at)[1] == 'N', n = 0;
	char *p = *at;

	for (; *p && *p != '\t' && *p != '\n'; p++) {
		const char *letter;

		if (*p == '\\' && p[1]) {
			letter = strchr(from, *++p);
			out[n++] = letter ? to[letter - from] : *p;
		} else {
			out[n++] = *p;
		}
	}
	*at = *p == '\t' ? p + 1 : p;
	*size = n;
	return !null;
}

/* Adds a line to the rows; its bytes are overwritten. */
static int add_line(PGresult *rows, char *line)
{
	int row = PQntuples(rows), fields = PQnfields(rows), ok = 1;

	for (int i = 0; ok && i < fields; i++) {
		char *start = line; /* what comes out is never longer */
		int size, value = read_field(&line, start, &size);

		ok = PQsetvalue(rows, row, i, value ? start : NULL, value ? size : -1);
	}
	return ok;
}

static PGresult *new_rows(mig_conn *conn, int fields)
{
	PGresAttDesc names[MIG__PG_REPLIES] = { { .name = NULL } };
	PGresult *rows = PQmakeEmptyPGresult(conn->db, PGRES_TUPLES_OK);
	char none[] = "";

	for (int i = 0; i < MIG__PG_REPLIES; i++)
		names[i].name = none;
	if (rows && fields <= MIG__PG_REPLIES && PQsetResultAttrs(rows, fields, names))
		return rows;
	PQclear(rows);
	return NULL;
}

/* NULL: there is no memory for it. */
static PGresult *read_copy_data(mig_conn *conn, int fields)
{
	PGresult *rows = new_rows(conn, fields);
	int n, ok = rows != NULL;
	char *line;

	while ((n = PQgetCopyData(conn->db, &line, 1)) >= 0) {
		if (!n) {
			wait_for_server(conn);
			continue;
		}
		ok = ok && add_line(rows, line);
		PQfreemem(line);
	}
	if (ok)
		return rows;
	PQclear(rows);
	return NULL;
}

static void take(mig_conn *conn, struct answer *a, PGresult *result)
{
	struct mig__pg_reply *reply = a->reply;

	if (a->later && a->done == a->commit) {
		a->committed = !strcmp(PQcmdStatus(result), "COMMIT");
		conn->session->committing = 0;
	}
	if (a->copied) { /* what COPY has said at its end is dropped */
		PQclear(result);
		result = a->copied;
		a->copied = NULL;
	}
	if (reply && a->done >= a->skip && reply->count < MIG__PG_REPLIES)
		reply->at[reply->count++] = result;
	else
		PQclear(result);
	a->done++;
	if (a->then && reply->count == a->first) {
		a->then(a->user, reply);
		a->then = NULL;
	}
}

/* Reads to the end of the answer. */
static void receive(mig_conn *conn, struct answer *a)
{
	PGresult *result;

	while ((result = next_result(conn)) != NULL) {
		switch (PQresultStatus(result)) {
		case PGRES_SINGLE_TUPLE:
			if (a->later && a->done == a->locks && !a->lock)
				a->lock = result;
			else
				PQclear(result);
			break;
		case PGRES_COPY_OUT:
			if (a->reply && a->done >= a->skip)
				a->copied = read_copy_data(conn, PQnfields(result));
			else
				drop_copy_data(conn);
			a->no_memory |= a->reply && a->done >= a->skip && !a->copied;
			PQclear(result);
			break;
		case PGRES_COPY_IN:
			PQclear(result);
			put_copy_data(conn, a);
			break;
		case PGRES_BAD_RESPONSE:
		case PGRES_NONFATAL_ERROR:
		case PGRES_FATAL_ERROR:
			if (a->error)
				PQclear(result);
			else
				a->error = result;
			break;
		default:
			take(conn, a, result);
			break;
		}
	}
}

/* A connection gets its receiver back after each message. libpq tells a receiver but not its
 * argument, so only the standard one, which has none, is replaced: see conn.c. */
static PQnoticeReceiver listen_to(mig_conn *conn)
{
	return conn->wire->listens ? PQsetNoticeReceiver(conn->db, mig__pg_notice, conn) : NULL;
}

static void listen_no_more(mig_conn *conn, PQnoticeReceiver before)
{
	if (conn->wire->listens)
		PQsetNoticeReceiver(conn->db, before, NULL);
}

void mig__pg_reply_clear(struct mig__pg_reply *reply)
{
	int i;

	for (i = 0; i < reply->count; i++)
		PQclear(reply->at[i]);
	PQclear(reply->error);
	*reply = (struct mig__pg_reply){ .count = 0 };
}

void mig__pg_forget(mig_conn *conn)
{
	mig__buf_clear(&conn->wire->pending.text);
	conn->wire->pending.count = 0;
	conn->wire->pending.creates = 0;
}

/* A message of a script: with what was put off, if anything was. */
static struct answer for_script(mig_conn *conn)
{
	const struct mig__pg_later *l = conn->later;
	size_t pending = conn->wire->pending.count;
	struct answer a = { .skip = pending };

	if (!mig__pg_later_waits(conn))
		return a;
	a.later = 1;
	a.commit = pending;
	a.locks = pending + l->lock;
	a.skip = pending + l->count + l->after_count;
	return a;
}

/* Puts what is pending and the text into conn->wire->message; later: and what was put off. */
static mig_status compose(mig_conn *conn, const char *text, size_t size, int later)
{
	struct mig__buf *message = &conn->wire->message;

	if (message->cap > KEEP_MESSAGE)
		mig__buf_finish(message);
	mig__buf_clear(message);
	mig__buf_add(message, conn->wire->pending.text.data, conn->wire->pending.text.len);
	if (later) {
		mig__buf_add(message, conn->later->text.data, conn->later->text.len);
		mig__buf_add(message, conn->later->after.data, conn->later->after.len);
	}
	mig__buf_add(message, text, size);
	if (!message->failed && !conn->wire->pending.text.failed)
		return MIG_OK;
	mig__buf_finish(message);
	mig__buf_init(message, &conn->alloc);
	return mig__pg_nomem(conn);
}

/* Kinds of message. */
static int send_message(mig_conn *conn, const mig_cursor *cursor)
{
	(void)cursor;
	return PQsendQuery(conn->db, mig__buf_text(&conn->wire->message));
}

/* Its rows come one by one, so that they take no memory. */
static int send_script(mig_conn *conn, const mig_cursor *cursor)
{
	int sent = send_message(conn, cursor);

	if (sent)
		PQsetSingleRowMode(conn->db);
	return sent;
}

static int send_parse(mig_conn *conn, const mig_cursor *cursor)
{
	return PQsendPrepare(conn->db, "", cursor->text, 0, NULL);
}

static int send_describe(mig_conn *conn, const mig_cursor *cursor)
{
	(void)cursor;
	return PQsendDescribePrepared(conn->db, "");
}

static int send_execute(mig_conn *conn, const mig_cursor *cursor)
{
	return PQsendQueryParams(conn->db, cursor->text, cursor->parameters, NULL,
				 (const char *const *)cursor->values, cursor->sizes,
				 cursor->formats, 0);
}

/* Sends a message and reads the answer, never waiting inside of libpq; 0: it could not be sent. */
static int converse(mig_conn *conn, int (*send)(mig_conn *, const mig_cursor *),
		    const mig_cursor *cursor, struct answer *a)
{
	int theirs = PQisnonblocking(conn->db), sent;

	if (!theirs && PQsetnonblocking(conn->db, 1))
		return 0;
	mig__pg_stop_begin(conn);
	sent = send(conn, cursor);
	if (sent)
		receive(conn, a);
	mig__pg_stop_end(conn);
	if (!theirs)
		PQsetnonblocking(conn->db, 0);
	return sent;
}

/* What has become of what was put off. */
static void take_later(mig_conn *conn, struct answer *a, mig_status rc)
{
	struct mig__pg_came came = { a->done, a->commit, a->skip, a->committed, a->lock, a->error };

	mig__pg_later_take(conn, &came);
	if (rc)
		conn->later->state = MIG_LATER_UNKNOWN;
	PQclear(a->lock);
	a->lock = NULL;
}

/* The same, with what is pending; that has been sent then, whatever comes. */
static mig_status exchange(mig_conn *conn, int (*send)(mig_conn *, const mig_cursor *),
			   const mig_cursor *cursor, struct answer *a)
{
	PQnoticeReceiver theirs;
	mig_status rc = MIG_OK;

	if (PQtransactionStatus(conn->db) == PQTRANS_ACTIVE)
		return mig__pg_report(conn, MIG_EMISUSE, NULL, NULL,
				      "the connection is in the middle of another command");
#ifdef LIBPQ_HAS_PIPELINING
	if (PQpipelineStatus(conn->db) != PQ_PIPELINE_OFF)
		return mig__pg_report(conn, MIG_EMISUSE, NULL, NULL,
				      "the connection is in pipeline mode");
#endif
	theirs = listen_to(conn);
	conn->session->committing |= a->later;
	if (!converse(conn, send, cursor, a))
		rc = mig__pg_fail(conn, NULL, NULL);
	listen_no_more(conn, theirs);
	mig__pg_forget(conn);
	mig__pg_prepared_sent(conn, a->error);
	if (a->later)
		take_later(conn, a, rc);
	else if (a->error && mig__pg_later_waits(conn))
		mig__pg_later_failed(conn, a->error);
	return rc;
}

/* A message of our own. */
static mig_status ask_with(mig_conn *conn, const char *text, struct answer *a, int errors_too)
{
	mig_status rc = compose(conn, text, strlen(text), 0);

	a->skip = conn->wire->pending.count;
	if (!rc)
		rc = exchange(conn, send_message, NULL, a);
	PQclear(a->copied);
	if (!rc && !a->error && a->no_memory)
		rc = mig__pg_nomem(conn);
	if (rc || !a->error)
		return rc;
	if (errors_too && a->done >= a->skip && PQstatus(conn->db) == CONNECTION_OK) {
		a->reply->error = a->error;
		return MIG_OK;
	}
	rc = mig__pg_fail(conn, a->error, NULL);
	PQclear(a->error);
	return rc;
}

static mig_status ask(mig_conn *conn, const char *text, struct mig__pg_reply *reply, int errors_too)
{
	struct answer a = { .reply = reply };

	return ask_with(conn, text, &a, errors_too);
}

mig_status mig__pg_exec_then(mig_conn *conn, const char *text, struct mig__pg_reply *reply, int count,
			     void (*then)(void *user, struct mig__pg_reply *reply), void *user)
{
	struct answer a = { .reply = reply, .then = then, .user = user, .first = count };

	return ask_with(conn, text, &a, 0);
}

mig_status mig__pg_exec(mig_conn *conn, const char *text, struct mig__pg_reply *reply)
{
	return ask(conn, text, reply, 0);
}

mig_status mig__pg_try(mig_conn *conn, const char *text, struct mig__pg_reply *reply)
{
	return ask(conn, text, reply, 1);
}

mig_status mig__pg_flush(mig_conn *conn)
{
	return conn->wire->pending.count ? ask(conn, "", NULL, 0) : MIG_OK;
}

mig_status mig__pg_defer(mig_conn *conn, const char *statement)
{
	int later = mig__pg_later_waits(conn);
	struct mig__buf *text = later ? &conn->later->after : &conn->wire->pending.text;

	if (PQtransactionStatus(conn->db) != PQTRANS_INTRANS)
		return mig__pg_exec(conn, statement, NULL);
	mig__buf_adds(text, statement);
	mig__buf_adds(text, ";");
	if (text->failed)
		return mig__pg_nomem(conn);
	*(later ? &conn->later->after_count : &conn->wire->pending.count) += 1;
	return later || text->len < PENDING_SIZE ? MIG_OK : mig__pg_flush(conn);
}

int mig__pg_standard_strings(const mig_conn *conn)
{
	const char *value = PQparameterStatus(conn->db, "standard_conforming_strings");

	return !value || strcmp(value, "on") == 0;
}

/* -- scripts */

/* The server's position, in characters from 1, as an offset. A server that knows no encoding counts
 * bytes. */
static size_t bytes_of(const mig_conn *conn, const char *text, size_t position)
{
	const char *encoding = PQparameterStatus(conn->db, "server_encoding");
	size_t at = 0, size = strlen(text);

	if (encoding && strcmp(encoding, "SQL_ASCII") == 0)
		return position > size ? size : position - (position > 0);

	while (text[at] && position > 1) {
		for (at++; ((unsigned char)text[at] & 0xc0) == 0x80; at++)
			;
		position--;
	}
	return at;
}

/* The statement of text[from … to) that holds offset `at`, or the one with number `index`. */
static struct mig__pg_place find_place(mig_conn *conn, const char *text, size_t from, size_t to,
				       size_t at, size_t index)
{
	struct mig__pg_place place = { .offset = at };
	struct mig__pg_split_error ignored;
	mig_statement st = { .struct_size = sizeof st, .next = from };
	size_t i;

	for (i = 0; st.next < to; i++) {
		if (mig__pg_split_next(text, to, st.next, mig__pg_standard_strings(conn), &st,
				       &ignored) ||
		    !st.size)
			break;
		place.statement = text + st.offset;
		place.size = st.size;
		if (at == MIG_NO_OFFSET ? i == index : at < st.offset + st.size)
			break;
	}
	if (at == MIG_NO_OFFSET && place.statement)
		place.offset = (size_t)(place.statement - text);
	return place;
}

/* Reports the server's complaint about a message that ended with text[from … to). */
static mig_status fail_at(mig_conn *conn, const struct answer *a, const char *text, size_t from,
			  size_t to)
{
	const char *position = PQresultErrorField(a->error, PG_DIAG_STATEMENT_POSITION);
	size_t size = to - from, before = conn->wire->message.len - size, at = MIG_NO_OFFSET;
	struct mig__pg_place place;

	if (position) {
		at = bytes_of(conn, conn->wire->message.data, (size_t)strtoul(position, NULL, 10));
		if (at < before)
			return mig__pg_fail(conn, a->error, NULL);
		at = at - before + from;
	} else if (a->done < a->skip) {
		return mig__pg_fail(conn, a->error, NULL);
	}
	place = find_place(conn, text, from, to, at, a->done - (position ? 0 : a->skip));
	return mig__pg_fail(conn, a->error, &place);
}

mig_status mig__pg_send(mig_conn *conn, const char *text, size_t from, size_t to)
{
	struct answer a = for_script(conn);
	mig_status rc = compose(conn, text + from, to - from, a.later);

	if (!rc)
		rc = exchange(conn, send_script, NULL, &a);
	if (!rc && a.error)
		rc = fail_at(conn, &a, text, from, to);
	PQclear(a.error);
	return rc;
}

mig_status mig__pg_send_copy(mig_conn *conn, const char *text, size_t from, size_t to)
{
	struct answer a = for_script(conn);
	struct mig__pg_place place;
	size_t data = 0;
	mig_status rc;

	mig__pg_split_copy(text + from, to - from, &data, &a.copy_size);
	a.copy = text + from + data;
	rc = compose(conn, text + from, data, a.later);
	if (!rc)
		rc = exchange(conn, send_script, NULL, &a);
	if (!rc && a.error) {
		place = (struct mig__pg_place){ text + from, data, from };
		while (place.size && strchr("\r\n", place.statement[place.size - 1]))
			place.size--;
		rc = mig__pg_fail(conn, a.error, a.done < a.skip ? NULL : &place);
	}
	PQclear(a.error);
	return rc;
}

/* One message about a cursor's statement; its one result. */
static mig_status about_cursor(mig_conn *conn, const mig_cursor *cursor,
			       int (*send)(mig_conn *, const mig_cursor *), PGresult **out)
{
	struct mig__pg_place place = { cursor->text, strlen(cursor->text), MIG_NO_OFFSET };
	struct mig__pg_reply reply = { .count = 0 };
	struct answer a = { .reply = &reply };
	const char *position;
	mig_status rc = exchange(conn, send, cursor, &a);

	if (rc)
		return rc;
	if (a.error) {
		position = PQresultErrorField(a.error, PG_DIAG_STATEMENT_POSITION);
		if (position)
			place.offset =
				bytes_of(conn, cursor->text, (size_t)strtoul(position, NULL, 10));
		rc = mig__pg_fail(conn, a.error, &place);
		PQclear(a.error);
		return rc;
	}
	*out = reply.at[0];
	return *out ? MIG_OK : mig__pg_fail(conn, NULL, NULL);
}

mig_status mig__pg_describe(mig_conn *conn, const mig_cursor *cursor, PGresult **out)
{
	PGresult *parsed = NULL;
	mig_status rc = mig__pg_flush(conn);

	if (!rc)
		rc = about_cursor(conn, cursor, send_parse, &parsed);
	PQclear(parsed);
	return rc ? rc : about_cursor(conn, cursor, send_describe, out);
}

mig_status mig__pg_send_params(mig_conn *conn, const mig_cursor *cursor, PGresult **out)
{
	mig_status rc = mig__pg_flush(conn);

	return rc ? rc : about_cursor(conn, cursor, send_execute, out);
}

void mig__pg_ask_quietly(mig_conn *conn, const char *text, struct mig__pg_reply *reply)
{
	PQnoticeReceiver theirs = NULL;
	struct answer a = { .reply = reply };

	if (conn->wire->listens)
		theirs = PQsetNoticeReceiver(conn->db, mig__pg_drop_notice, NULL);
	mig__pg_forget(conn);
	mig__buf_clear(&conn->wire->message);
	mig__buf_adds(&conn->wire->message, text);
	if (!conn->wire->message.failed)
		converse(conn, send_message, NULL, &a);
	PQclear(a.error);
	listen_no_more(conn, theirs);
}

void mig__pg_quiet(mig_conn *conn, const char *text)
{
	mig__pg_ask_quietly(conn, text, NULL);
}

/* -- the state of the connection */

mig_status mig__pg_check_idle(mig_conn *conn)
{
	switch (PQtransactionStatus(conn->db)) {
	case PQTRANS_IDLE:
		return MIG_OK;
	case PQTRANS_UNKNOWN:
		return mig__pg_fail(conn, NULL, NULL);
	case PQTRANS_ACTIVE:
		return mig__pg_report(conn, MIG_EMISUSE, NULL, "read its results first",
				      "database %s: the connection is in the middle of a command",
				      PQdb(conn->db));
	default:
		return mig__pg_report(conn, MIG_EMISUSE, NULL, "commit or roll back first",
				      "database %s: the connection is inside a transaction",
				      PQdb(conn->db));
	}
}

void mig__pg_listen(mig_conn *conn)
{
	PGconn *none;

	if (conn->wire->listens)
		return;
	none = PQconnectStart("none");
	conn->wire->listens = none && PQsetNoticeReceiver(none, NULL, NULL) ==
					      PQsetNoticeReceiver(conn->db, NULL, NULL);
	PQfinish(none);
}

int mig__pg_is_true(const PGresult *result, int column)
{
	return result && PQntuples(result) > 0 && PQgetvalue(result, 0, column)[0] == 't';
}
