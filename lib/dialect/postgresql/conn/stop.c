/* stop: ends a statement that somebody wants to end, without ever waiting for a silent server.
 *
 * The server is asked to stop the statement, over a second connection; each look does what can be
 * done at once. If it has not answered after a while (it is suspended, the network swallows what we
 * send), our connection is shut down: that ends the wait for certain. The server notices that its
 * client is gone and undoes what was not committed (client_connection_check_interval, which a run
 * sets).
 *
 * From libpq 17 on the request is PQcancelStart()'s. Before, there is only PQcancel(), which blocks
 * until the server answers, so it is used only after the server has just answered something else.
 * Otherwise an ordinary connection calls pg_cancel_backend(), which needs the number of the
 * server's process: not known for certain through a pooler outside a transaction; then nothing is
 * asked. */
#include "dialect/postgresql/conn/stop.h"
#include "base/clock.h"
#include "dialect/postgresql/conn/connect.h"
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/session.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	PATIENCE_US = 1500000, /* from the first look that wants to stop, to the cut */
	AT_LEAST_US = 500000,  /* the same for each message after that */
	GRACE_US = 1000000,    /* the server's own time-out comes first */
	OFTEN_US = 45000       /* less than a tick of send.c; a quick answer is not looked at */
};

#define CANCEL_SQL                                                              \
	"SELECT pg_catalog.pg_cancel_backend(a.pid) FROM "                      \
	"pg_catalog.pg_stat_activity AS a WHERE a.pid OPERATOR(pg_catalog.=) "  \
	"%d AND a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()"

static void drop_request(mig_conn *conn)
{
#ifdef LIBPQ_HAS_ASYNC_CANCEL
	PQcancelFinish(conn->stop->request);
	conn->stop->request = NULL;
#else
	PQfinish(conn->stop->db);
	conn->stop->db = NULL;
#endif
}

static void end_request(mig_conn *conn)
{
	drop_request(conn);
	conn->stop->state = MIG__PG_STOP_DONE;
}

/* Whether the socket can go on in the way that libpq has said. */
static int is_ready(int fd, PostgresPollingStatusType wants)
{
	struct pollfd p = { .fd = fd, .events = wants == PGRES_POLLING_READING ? POLLIN : POLLOUT };

	return poll(&p, 1, 0) > 0;
}

#ifdef LIBPQ_HAS_ASYNC_CANCEL
static void begin_request(mig_conn *conn)
{
	struct mig__pg_stop *s = conn->stop;

	s->request = PQcancelCreate(conn->db);
	if (!s->request || !PQcancelStart(s->request)) {
		end_request(conn);
		return;
	}
	s->wants = PGRES_POLLING_WRITING;
	s->state = MIG__PG_STOP_CONNECTING;
}

static void drive(mig_conn *conn)
{
	struct mig__pg_stop *s = conn->stop;

	if (s->state != MIG__PG_STOP_CONNECTING || !is_ready(PQcancelSocket(s->request), s->wants))
		return;
	s->wants = PQcancelPoll(s->request);
	if (s->wants == PGRES_POLLING_OK || s->wants == PGRES_POLLING_FAILED)
		end_request(conn);
}
#else
/* The server's process that works for us; 0: not known for certain. */
static int server_pid(const mig_conn *conn)
{
	int told = PQbackendPID(conn->db);

	if (conn->session->pid &&
	    conn->session->pid != told) /* a pooler's number is not the server's */
		return conn->session->begun || conn->lock->held ? conn->session->pid : 0;
	return told;
}

static void begin_request(mig_conn *conn)
{
	struct mig__pg_stop *s = conn->stop;

	s->db = server_pid(conn) ? mig__pg_connect_like(conn) : NULL;
	if (!s->db || PQstatus(s->db) == CONNECTION_BAD) {
		end_request(conn);
		return;
	}
	s->wants = PGRES_POLLING_WRITING;
	s->state = MIG__PG_STOP_CONNECTING;
}

/* The server lives, but accepts no connection: too many connections, or another way to log in by
 * now. */
static void ask_plainly(mig_conn *conn)
{
	PGcancel *cancel = PQgetCancel(conn->db);
	char words[256];

	if (cancel)
		PQcancel(cancel, words, sizeof words);
	PQfreeCancel(cancel);
}

static void ask(mig_conn *conn)
{
	char sql[sizeof CANCEL_SQL + 16];

	snprintf(sql, sizeof sql, CANCEL_SQL, server_pid(conn));
	if (PQsetnonblocking(conn->stop->db, 1) || !PQsendQuery(conn->stop->db, sql))
		end_request(conn);
	else
		conn->stop->state = MIG__PG_STOP_ASKED;
}

static void connect_on(mig_conn *conn)
{
	struct mig__pg_stop *s = conn->stop;

	PostgresPollingStatusType before = s->wants;

	if (!is_ready(PQsocket(s->db), s->wants))
		return;
	s->wants = PQconnectPoll(s->db);
	if (s->wants == PGRES_POLLING_OK) {
		ask(conn);
	} else if (s->wants == PGRES_POLLING_FAILED) {
		if (before == PGRES_POLLING_READING) /* it has answered that it refuses */
			ask_plainly(conn);
		end_request(conn);
	}
}

static void drive(mig_conn *conn)
{
	PGconn *db = conn->stop->db;
	PGresult *result;

	if (conn->stop->state == MIG__PG_STOP_CONNECTING)
		connect_on(conn);
	if (conn->stop->state != MIG__PG_STOP_ASKED)
		return;
	if (PQflush(db) < 0 || !PQconsumeInput(db)) {
		end_request(conn);
		return;
	}
	while (!PQisBusy(db)) {
		result = PQgetResult(db);
		if (!result) {
			end_request(conn);
			return;
		}
		PQclear(result);
	}
}
#endif

void mig__pg_stop_begin(mig_conn *conn)
{
	conn->stop->message_us = conn->stop->result_us = conn->stop->looked_us = mig__clock_us();
	conn->stop->state = MIG__PG_STOP_NONE;
	conn->stop->late = 0;
}

void mig__pg_stop_result(mig_conn *conn)
{
	if (conn->session->statement_ms)
		conn->stop->result_us = mig__clock_us();
}

/* The time that libmig has set for statements is over, and the server has not said so. */
static int is_late(mig_conn *conn, int64_t now)
{
	if (conn->session->statement_ms &&
	    now - conn->stop->result_us > (int64_t)conn->session->statement_ms * 1000 + GRACE_US)
		conn->stop->late = 1;
	return conn->stop->late;
}

void mig__pg_stop_look(mig_conn *conn)
{
	struct mig__pg_stop *s = conn->stop;
	int64_t now = mig__clock_us();
	int asked;

	if (s->cut || now - s->looked_us < OFTEN_US)
		return;
	s->looked_us = now;
	asked = conn->host->poll(conn->host->user, 0);
	if (!asked && !is_late(conn, now)) {
		s->since_us = 0;
		return;
	}
	if (!s->since_us)
		s->since_us = now;
	if (s->state == MIG__PG_STOP_NONE && !conn->session->ending)
		begin_request(conn);
	drive(conn);
	if (now - s->since_us < PATIENCE_US || now - s->message_us < AT_LEAST_US)
		return;
	s->cut = asked ? MIG__PG_CUT_CANCELLED : MIG__PG_CUT_LATE;
	shutdown(PQsocket(conn->db), SHUT_RDWR);
}

void mig__pg_stop_end(mig_conn *conn)
{
	enum { ROUNDS = 40, ROUND_MS = 5 };
	int i;

	/* an order that is on its way must not hit the next statement */
	for (i = 0; i < ROUNDS && conn->stop->state == MIG__PG_STOP_ASKED && !conn->stop->cut;
	     i++) {
		poll(NULL, 0, ROUND_MS);
		drive(conn);
	}
	if (conn->stop->state != MIG__PG_STOP_NONE)
		drop_request(conn);
	conn->stop->state = MIG__PG_STOP_NONE;
}
