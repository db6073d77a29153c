/* later: what is known of a transaction's end that is put off: put_off.c. send.c puts it in front of a script,
 * and tells what came back. */
#include "dialect/postgresql/conn/later.h"
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t mig__pg_later(mig_conn *conn)
{
	return conn->later->state;
}

int mig__pg_later_waits(const mig_conn *conn)
{
	return conn->later->state == MIG_LATER_WAITS;
}

static void clear(struct mig__pg_later *l)
{
	mig__buf_clear(&l->text);
	mig__buf_clear(&l->after);
	l->count = l->after_count = 0;
}

/* An error after which nothing is to be tried: the connection is lost, or the host wants to stop. */
static int is_final(mig_conn *conn, const PGresult *error)
{
	return PQstatus(conn->db) != CONNECTION_OK || !PQresultErrorField(error, PG_DIAG_SQLSTATE) ||
	       (mig__pg_is(error, "57014") && conn->host->poll(conn->host->user, 0));
}

void mig__pg_later_take(mig_conn *conn, const struct mig__pg_came *came)
{
	struct mig__pg_later *l = conn->later;

	clear(l);
	if (came->lock) {
		conn->session->pid = atoi(PQgetvalue(came->lock, 0, MIG__PG_LOCK_PID));
		snprintf(conn->session->token, sizeof conn->session->token, "%s",
			 PQgetvalue(came->lock, 0, MIG__PG_LOCK_TOKEN));
	}
	if (came->committed)
		conn->store->version = conn->store->history = MIG__PG_UNKNOWN;
	if (!came->error || came->done >= came->script)
		l->state = MIG_LATER_DONE;
	else if (is_final(conn, came->error))
		l->state = MIG_LATER_UNKNOWN;
	else
		l->state = came->committed ? MIG_LATER_LOST : MIG_LATER_UNDONE;
}

void mig__pg_later_failed(mig_conn *conn, const PGresult *error)
{
	clear(conn->later);
	conn->later->state = is_final(conn, error) ? MIG_LATER_UNKNOWN : MIG_LATER_UNDONE;
}

int mig__pg_later_drop(mig_conn *conn)
{
	int waited = mig__pg_later_waits(conn);

	clear(conn->later);
	conn->later->state = MIG_LATER_DONE;
	return waited;
}
