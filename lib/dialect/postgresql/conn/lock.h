/* lock: the migration lock, and the relations of a deadlock. */
#ifndef MIG__PG_LOCK_H
#define MIG__PG_LOCK_H

#include "base/buf.h"
#include "dialect/postgresql/conn/conn.h"

/* Relations that a deadlock was about: deadlock.c. */
enum { MIG__PG_WAY_MAX = 32 };
struct mig__pg_way {
	uint32_t oids[MIG__PG_WAY_MAX];
	int count;
};

struct mig__pg_lock {
	int held;        /* by the session */
	char number[24]; /* as the server made it of the key; "": not known yet */
	int pooled;      /* there is a pooler between us and the server */
	int32_t timeout_ms;
	int64_t waiting_since_us; /* 0: not waiting for it */
	uint32_t seed;            /* of the pauses */
	struct mig__pg_way way;
};

/* The columns of what takes the lock as a transaction begins. */
enum {
	MIG__PG_LOCK_TAKEN,
	MIG__PG_LOCK_SCHEMA,
	MIG__PG_LOCK_NUMBER,
	MIG__PG_LOCK_PID,
	MIG__PG_LOCK_READ_ONLY,
	MIG__PG_LOCK_TOKEN
};

mig_status mig__pg_lock(mig_conn *conn, int32_t *freed);
mig_status mig__pg_unlock(mig_conn *conn);
/* The same, keeping the error that is reported. */
void mig__pg_release(mig_conn *conn);
/* Waits until it is free, as long as its time-out allows. */
mig_status mig__pg_wait_until_free(mig_conn *conn, int32_t *freed);
/* Adds an expression for a query with mig__pg_add_key(): takes it for the transaction, or says
 * whether the session still has it. */
void mig__pg_add_taking(const mig_conn *conn, struct mig__buf *sql);
/* Reports that the session has it no more. */
mig_status mig__pg_lock_lost(mig_conn *conn);

/* pooler.c */
/* MIG_EUNSUPPORTED if a pooler gives each transaction another session; otherwise conn->pid is the
 * server's process. */
mig_status mig__pg_refuse_pooler(mig_conn *conn);
/* Reports the same, when it shows later. */
mig_status mig__pg_refuse_changed(mig_conn *conn);

/* deadlock.c, way.c */
/* Notes the relations that the detail of a deadlock names. */
void mig__pg_way_note(mig_conn *conn, const char *detail);
/* Locks them, as the first thing in a transaction. */
mig_status mig__pg_way_lock(mig_conn *conn);
void mig__pg_way_forget(mig_conn *conn);

#endif
