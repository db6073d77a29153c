/* connect: opens connections, as the host's or like the one that there is. */
#ifndef MIG__PG_CONNECT_H
#define MIG__PG_CONNECT_H

#include "dialect/postgresql/conn/conn.h"

enum mig__pg_end {
	MIG__PG_END_OPEN,
	MIG__PG_END_REFUSED, /* PQerrorMessage() says why */
	MIG__PG_END_LATE,    /* connect_timeout is over */
	MIG__PG_END_STOPPED  /* the host wants the call to end */
};
/* Opens conn->db, which is NULL if there is no memory. */
enum mig__pg_end mig__pg_connect(mig_conn *conn, const char *url);
/* Waits for a connection that has been started. stoppable: its host may end that;
 * otherwise the server has two seconds. */
enum mig__pg_end mig__pg_await(const mig_conn *conn, PGconn *db, int stoppable);
/* Begins to connect another client to the same database, whose notices go nowhere; NULL: no memory.
 */
PGconn *mig__pg_connect_like(const mig_conn *conn);

#endif
