/* pooler: whether the session is ours alone.
 *
 * A pooler tells its clients a process number of its own, so one that differs from the server's
 * means that there is one. In its session mode all is well. In transaction mode, the server's
 * session goes to somebody else as soon as our statement is done, and the lock with it. Which mode
 * it is in no pooler tells; but a second client that is given our session, or finds our lock its
 * own, proves it; and so does a first client that gets another session. */
#include "dialect/postgresql/conn.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_MS = 2000 }; /* a pooler without a free session makes the second one wait */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 0 when the time is up. */
static int wait_for(PGconn *db, short events, int64_t until)
{
	struct pollfd p = { .fd = PQsocket(db), .events = events };
	int64_t left = until - now_ms();

	return left > 0 && poll(&p, 1, (int)left) > 0;
}

/* A second connection like the first; NULL: none to be had in time. */
static PGconn *connect_like(mig_conn *conn, int64_t until)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;
	PQconninfoOption *options = PQconninfo(conn->db);
	const char *names[100], *values[100];
	PGconn *db = NULL;
	size_t i, n = 0;

	for (i = 0; options && options[i].keyword && n < 99; i++) {
		if (!options[i].val)
			continue;
		names[n] = options[i].keyword;
		values[n++] = options[i].val;
	}
	names[n] = values[n] = NULL;
	if (options)
		db = PQconnectStartParams(names, values, 0);
	PQconninfoFree(options);
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

/* The second one begins a transaction, in which it keeps its session: the number of that, or 0 if
 * it has to wait for one. *ours: it has our lock. */
static int second_session(mig_conn *conn, PGconn *db, int64_t until, int *ours)
{
	char sql[160];
	PGresult *result;
	int pid = 0;

	snprintf(sql, sizeof sql,
		 "BEGIN; SELECT pg_catalog.pg_backend_pid(), "
		 "pg_catalog.pg_try_advisory_xact_lock(%s)",
		 conn->number);
	if (PQsendQuery(db, sql)) {
		while (PQisBusy(db) && wait_for(db, POLLIN, until) && PQconsumeInput(db))
			;
		while (!PQisBusy(db) && (result = PQgetResult(db)) != NULL) {
			if (PQresultStatus(result) == PGRES_TUPLES_OK) {
				pid = atoi(PQgetvalue(result, 0, 0));
				*ours = PQgetvalue(result, 0, 1)[0] == 't';
			}
			PQclear(result);
			while (PQisBusy(db) && wait_for(db, POLLIN, until) && PQconsumeInput(db))
				;
		}
	}
	return pid;
}

/* The number of our session, as it is now. */
static mig_status ask_pid(mig_conn *conn, int *pid)
{
	struct mig__pg_reply reply = { .count = 0 };
	mig_status rc = mig__pg_exec(conn, "SELECT pg_catalog.pg_backend_pid()", &reply);

	if (!rc)
		*pid = atoi(PQgetvalue(reply.at[0], 0, 0));
	mig__pg_reply_clear(&reply);
	return rc;
}

mig_status mig__pg_refuse_pooler(mig_conn *conn)
{
	int64_t until = now_ms() + PATIENCE_MS;
	int other, mine = conn->pid, ours = 0;
	PGconn *second;
	mig_status rc = MIG_OK;

	if (PQbackendPID(conn->db) == conn->pid)
		return MIG_OK;
	second = connect_like(conn, until);
	if (!second)
		return mig__pg_report(
			conn, MIG_EUNSUPPORTED, NULL, "connect to the server directly",
			"a revision outside a transaction needs a session of its own, "
			"and behind this pooler that cannot be made sure of: it gives "
			"no second connection");
	other = second_session(conn, second, until, &ours);
	if (!ours && other != conn->pid)
		rc = ask_pid(conn, &mine);
	PQfinish(second);
	if (!rc && (ours || other == conn->pid || mine != conn->pid))
		rc = mig__pg_report(
			conn, MIG_EUNSUPPORTED, NULL,
			"run it over a direct connection to the server, or a pool in session mode",
			"a revision outside a transaction needs a session of its own, and this is "
			"a "
			"pooler in transaction mode");
	return rc;
}
