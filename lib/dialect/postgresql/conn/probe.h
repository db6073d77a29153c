/* probe: what a statement outside a transaction has done. */
#ifndef MIG__PG_PROBE_H
#define MIG__PG_PROBE_H

#include "dialect/postgresql/conn/conn.h"

mig_status mig__pg_observe(mig_conn *conn, const char *text, size_t size, char *seen);
mig_status mig__pg_recover(mig_conn *conn, const char *text, size_t size, const char *seen,
			   int32_t *done);
/* Before a statement that builds an index concurrently: drops what an interrupted build left. */
mig_status mig__pg_clear_way(mig_conn *conn, const char *text, size_t size);

#endif
