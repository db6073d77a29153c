/* scratch: a temporary database. */
#ifndef MIG__PG_SCRATCH_H
#define MIG__PG_SCRATCH_H

#include "dialect/postgresql/conn/conn.h"

/* Closes db, the connection to it (may be NULL), drops the database and frees the rest. silent: the
 * server does not answer, so the database is left to the next run. */
void mig__pg_scratch_drop(struct mig__pg_scratch *scratch, PGconn *db, int silent);
mig_status mig__pg_scratch(mig_conn *conn, mig_conn **out);

#endif
