/* watch: a second connection that asks how far a long statement is. */
#ifndef MIG__PG_WATCH_H
#define MIG__PG_WATCH_H

#include "dialect/postgresql/conn/conn.h"

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

/* A statement begins to be waited for. */
void mig__pg_watch_begin(mig_conn *conn);
/* To be called now and then while it is: looks, without ever waiting, how far it is, and tells the
 * host. */
void mig__pg_watch_look(mig_conn *conn);
/* Closes the second connection. */
void mig__pg_watch_close(mig_conn *conn);

#endif
