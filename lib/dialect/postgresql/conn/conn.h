/* conn: one PostgreSQL connection, libmig's own or lent by the host application.
 *
 * Messages decide what a run costs, so they are few:
 *  - a script goes out as one simple-query message; its errors are found by position, or by the
 *    number of statements that were completed before;
 *  - what needs no answer (rows of libmig's tables, settings) waits in `pending`, and goes out in
 *    front of the next message;
 *  - the message that begins a transaction also takes the lock and reads the version rows.
 *
 * The session is left as it was found: what a run sets, it sets with SET LOCAL; before anything
 * that outlives its transaction the settings are noted, and put back.
 *
 * What is known of a connection is kept by noun: each has a struct in a header of its own, and only
 * the files that need a noun include it. */
#ifndef MIG__PG_CONN_H
#define MIG__PG_CONN_H

#include "base/alloc.h"

#include <libpq-fe.h>
#include <mig/dialect.h>

/* Servers that were tested; of a newer one it is not known what its catalogue means. */
enum { MIG__PG_OLDEST = 12, MIG__PG_NEWEST = 18 };

struct mig_conn {
	const mig_dialect_host *host;
	struct mig__alloc alloc;
	PGconn *db;
	int lent;
	int exposed; /* somebody else has the handle, and may end our transactions */

	struct mig__pg_wire *wire;       /* messages: wire.h */
	struct mig__pg_stop *stop;       /* how a statement is ended: stop.h */
	struct mig__pg_watch *watch;     /* how far a long one is: watch.h */
	struct mig__pg_session *session; /* the run, the transaction, the settings: session.h */
	struct mig__pg_later *later;     /* a transaction's end that is put off: later.h */
	struct mig__pg_lock *lock;       /* the migration lock: lock.h */
	struct mig__pg_store *store;     /* libmig's own tables: store/store.h */
	struct mig__pg_prepared *prepared; /* statements on them: store/prepared.h */
	struct mig__pg_trust *trust;     /* whose objects are used: store/trust.h */
	struct mig__pg_scratch *scratch; /* its database, or NULL: schema/scratch.h */
};

mig_status mig__pg_open(const mig_dialect_host *host, const mig_conn_options *options,
			mig_conn **out);
void mig__pg_close(mig_conn *conn);
void *mig__pg_native(mig_conn *conn);
void *mig__pg_detach(mig_conn *conn);
void mig__pg_cancel(mig_conn *conn);
/* A call of the host's begins: the session may have another path or encoding than in the last. */
mig_status mig__pg_call_begin(mig_conn *conn);

#endif
