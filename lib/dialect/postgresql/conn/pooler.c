/* pooler: whether the session is ours alone.
 *
 * A pooler tells its clients a process number of its own, so one that differs from the server's
 * means that there is one. In its session mode all is well. In transaction mode, the server's
 * session goes to somebody else as soon as our statement is done, and a lock of the session with
 * it. No pooler tells its mode; but a client whose session changes, or who has the same one as
 * another client, proves it. Two clients ask a number of times which session they have, with
 * statements that leave nothing behind: a pooler that gives out the session that was used last
 * gives the second client the first one's, one that goes round gives each a new one, a busy one
 * does either. */
#include "base/clock.h"
#include "dialect/postgresql/conn/connect.h"
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/wire.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATIENCE_US = 2000000,
	ROUNDS = 20
}; /* a pooler without a free session makes the second one wait */

/* 0 when the time is up. */
static int wait_for(PGconn *db, short events, int64_t until)
{
	struct pollfd p = { .fd = PQsocket(db), .events = events };
	int64_t left = until - mig__clock_us();

	return left > 0 && poll(&p, 1, (int)(left / 1000) + 1) > 0;
}

/* A second connection like the first; NULL: none to be had in time. */
static PGconn *connect_like(mig_conn *conn, int64_t until)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;
	PGconn *db = mig__pg_connect_like(conn);

	while (db && status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
		short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;

		if (PQstatus(db) == CONNECTION_BAD || !wait_for(db, events, until))
			break;
		status = PQconnectPoll(db);
	}
	if (status == PGRES_POLLING_OK)
		return db;
	PQfinish(db);
	return NULL;
}

/* The server's process, as a query tells it. */
static int pid_of(PGresult *result)
{
	return PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1
		       ? atoi(PQgetvalue(result, 0, 0))
		       : 0;
}

static const char which_pid[] = "SELECT pg_catalog.pg_backend_pid()";

/* Asks the second client; 0: it has to wait for a session, or is gone. */
static int second_pid(PGconn *db, int64_t until)
{
	PGresult *result;
	int pid = 0;

	if (!PQsendQuery(db, which_pid))
		return 0;
	for (;;) {
		while (PQisBusy(db))
			if (!wait_for(db, POLLIN, until) || !PQconsumeInput(db))
				return 0;
		result = PQgetResult(db);
		if (!result)
			return pid;
		pid = pid_of(result);
		PQclear(result);
	}
}

static mig_status first_pid(mig_conn *conn, int *pid)
{
	struct mig__pg_reply reply = { .count = 0 };
	mig_status rc = mig__pg_exec(conn, which_pid, &reply);

	if (!rc)
		*pid = pid_of(reply.at[0]);
	mig__pg_reply_clear(&reply);
	return rc;
}

static mig_status refuse(mig_conn *conn)
{
	return mig__pg_report(
		conn, MIG_EUNSUPPORTED, NULL,
		"run it over a direct connection to the server, or a pool in session mode",
		"a revision outside a transaction needs a session of its own, and this is a pooler "
		"in transaction mode");
}

/* *other is 0 as long as the second client has no session. */
static mig_status compare(mig_conn *conn, PGconn *second, int *other, int *same)
{
	int64_t until = mig__clock_us() + PATIENCE_US;
	int mine = 0, theirs = *other;
	mig_status rc = first_pid(conn, &mine);

	if (!rc && second) {
		theirs = second_pid(second, until);
		if (!theirs) /* it waits, because we keep ours? then ours stays the same */
			rc = first_pid(conn, &mine);
	}
	if (!rc && second && PQstatus(second) != CONNECTION_OK)
		rc = mig__pg_report(conn, MIG_ECONNECT, NULL, "run again",
				    "the connection to the pooler that was to show its mode was "
				    "lost: %s",
				    PQerrorMessage(second));
	if (rc)
		return rc;
	*same = mine == conn->session->pid && theirs != mine && (!*other || theirs == *other);
	*other = theirs;
	return MIG_OK;
}

mig_status mig__pg_refuse_pooler(mig_conn *conn)
{
	PGconn *second;
	int other = 0, same = 1, round;
	mig_status rc = MIG_OK;

	conn->lock->pooled = 0;
	if (!conn->session->pid)
		rc = first_pid(conn, &conn->session->pid);
	if (rc || PQbackendPID(conn->db) == conn->session->pid)
		return rc;
	conn->lock->pooled = 1;
	second = connect_like(conn, mig__clock_us() + PATIENCE_US);
	if (!second)
		return mig__pg_report(
			conn, MIG_EUNSUPPORTED, NULL, "connect to the server directly",
			"a revision outside a transaction needs a session of its own, "
			"and behind this pooler that cannot be made sure of: it gives "
			"no second connection");
	rc = first_pid(conn, &conn->session->pid);
	for (round = 0; !rc && same && round < ROUNDS; round++) {
		rc = compare(conn, second, &other, &same);
		if (!other)
			break;
	}
	PQfinish(second);
	return rc || same ? rc : refuse(conn);
}

mig_status mig__pg_refuse_changed(mig_conn *conn)
{
	return refuse(conn);
}
