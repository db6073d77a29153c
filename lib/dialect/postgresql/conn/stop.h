/* stop: ends a statement. */
#ifndef MIG__PG_STOP_H
#define MIG__PG_STOP_H

#include "dialect/postgresql/conn/conn.h"

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

/* A message is sent; its answer begins. */
void mig__pg_stop_begin(mig_conn *conn);
/* One of its results has come. */
void mig__pg_stop_result(mig_conn *conn);
/* To be called often while it is waited for: does what can be done at once to end it, if the host
 * or the statement's time says so. Shuts the connection down at last. */
void mig__pg_stop_look(mig_conn *conn);
void mig__pg_stop_end(mig_conn *conn);

#endif
