/* watch: how far a long statement is. The session that runs it cannot say; a second one reads it
 * from the server's views. It is opened once a statement has taken a second, and nothing here ever
 * waits: each look does what can be done at once. Where something fails, nothing is told. */
#include "dialect/postgresql/conn/watch.h"
#include "base/clock.h"
#include "dialect/postgresql/conn/connect.h"
#include "dialect/postgresql/conn/session.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_US = 1000000 };

/* What is being done, how far, of how much. A phase counts in blocks, tuples or lockers; which of
 * them its name tells (PostgreSQL's documentation, "Progress Reporting"). */
#define COUNT(what)                                                                    \
	"CASE WHEN pg_catalog.starts_with(phase, 'waiting') THEN lockers_" what " "    \
	"WHEN pg_catalog.strpos(phase, 'tuples') OPERATOR(pg_catalog.>) 0 "            \
	"THEN tuples_" what " ELSE blocks_" what " END"
#define PROGRESS                                                                       \
	"SELECT pg_catalog.concat('waiting for process ', pg_catalog.array_to_string(" \
	"pg_catalog.pg_blocking_pids($1), ', ')), 0, 0 WHERE pg_catalog.cardinality("  \
	"pg_catalog.pg_blocking_pids($1)) OPERATOR(pg_catalog.>) 0 "                   \
	"UNION ALL SELECT phase, " COUNT("done") ", " COUNT("total") " "               \
	"FROM pg_catalog.pg_stat_progress_create_index "                               \
	"WHERE pid OPERATOR(pg_catalog.=) $1 "                                         \
	"UNION ALL SELECT phase, heap_blks_scanned, heap_blks_total "                  \
	"FROM pg_catalog.pg_stat_progress_cluster "                                    \
	"WHERE pid OPERATOR(pg_catalog.=) $1 "                                         \
	"UNION ALL SELECT phase, heap_blks_scanned, heap_blks_total "                  \
	"FROM pg_catalog.pg_stat_progress_vacuum "                                     \
	"WHERE pid OPERATOR(pg_catalog.=) $1 "
/* A server has this view from version 13 on. */
#define ANALYZE                                                                        \
	"UNION ALL SELECT phase, sample_blks_scanned, sample_blks_total "              \
	"FROM pg_catalog.pg_stat_progress_analyze "                                    \
	"WHERE pid OPERATOR(pg_catalog.=) $1 "

static void give_up(struct mig__pg_watch *w)
{
	PQfinish(w->db);
	w->db = NULL;
	w->state = MIG__PG_BLIND;
}

static void connect_on(struct mig__pg_watch *w)
{
	struct pollfd p = { .fd = PQsocket(w->db),
			    .events = w->wants == PGRES_POLLING_READING ? POLLIN : POLLOUT };

	if (poll(&p, 1, 0) > 0)
		w->wants = PQconnectPoll(w->db);
	if (w->wants == PGRES_POLLING_FAILED || PQstatus(w->db) == CONNECTION_BAD ||
	    (w->wants == PGRES_POLLING_OK && PQsetnonblocking(w->db, 1)))
		give_up(w);
	else if (w->wants == PGRES_POLLING_OK)
		w->state = MIG__PG_IDLE;
}

static void begin_connect(mig_conn *conn)
{
	struct mig__pg_watch *w = conn->watch;

	w->db = mig__pg_connect_like(conn);
	if (!w->db || PQstatus(w->db) == CONNECTION_BAD) {
		give_up(w);
		return;
	}
	w->wants = PGRES_POLLING_WRITING;
	w->state = MIG__PG_CONNECTING;
}

static void ask(mig_conn *conn)
{
	struct mig__pg_watch *w = conn->watch;
	int pid = conn->session->pid ? conn->session->pid : PQbackendPID(conn->db);
	static const Oid int4 = 23;
	const char bytes[4] = { (char)(pid >> 24), (char)(pid >> 16), (char)(pid >> 8), (char)pid };
	const char *const values[] = { bytes };
	static const int sizes[] = { 4 }, formats[] = { 1 };
	const char *sql = PQserverVersion(w->db) < 130000 ? PROGRESS "LIMIT 1"
							  : PROGRESS ANALYZE "LIMIT 1";

	w->next_us = mig__clock_us() + PATIENCE_US;
	if (PQsendQueryParams(w->db, sql, 1, &int4, values, sizes, formats, 0))
		w->state = MIG__PG_ASKED;
	else
		give_up(w);
}

static void tell(mig_conn *conn, const PGresult *result)
{
	if (PQntuples(result))
		conn->host->working(conn->host->user, PQgetvalue(result, 0, 0),
				    strtoull(PQgetvalue(result, 0, 1), NULL, 10),
				    strtoull(PQgetvalue(result, 0, 2), NULL, 10));
}

static void take_answer(mig_conn *conn)
{
	struct mig__pg_watch *w = conn->watch;
	PGresult *result;
	int ok = 1;

	if (PQflush(w->db) < 0 || !PQconsumeInput(w->db)) {
		give_up(w);
		return;
	}
	while (ok && !PQisBusy(w->db)) {
		result = PQgetResult(w->db);
		if (!result) {
			w->state = MIG__PG_IDLE;
			return;
		}
		ok = PQresultStatus(result) == PGRES_TUPLES_OK;
		if (ok)
			tell(conn, result);
		PQclear(result);
	}
	if (!ok) /* e.g. a server that is going down */
		give_up(w);
}

void mig__pg_watch_begin(mig_conn *conn)
{
	if (conn->watch->state != MIG__PG_BLIND)
		conn->watch->next_us = mig__clock_us() + PATIENCE_US;
}

void mig__pg_watch_look(mig_conn *conn)
{
	struct mig__pg_watch *w = conn->watch;

	if (w->state == MIG__PG_BLIND || !conn->session->running ||
	    conn->host->struct_size <= offsetof(mig_dialect_host, working))
		return;
	if (w->state == MIG__PG_CONNECTING)
		connect_on(w);
	else if (w->state == MIG__PG_ASKED)
		take_answer(conn);
	if (mig__clock_us() < w->next_us)
		return;
	if (w->state == MIG__PG_CLOSED)
		begin_connect(conn);
	else if (w->state == MIG__PG_IDLE)
		ask(conn);
}

void mig__pg_watch_close(mig_conn *conn)
{
	if (conn->watch->state == MIG__PG_BLIND)
		return;
	PQfinish(conn->watch->db);
	conn->watch->db = NULL;
	conn->watch->state = MIG__PG_CLOSED;
}
