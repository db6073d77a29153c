/* snapshot: what it takes to make a snapshot of a database, and to run one. */
#ifndef MIG__PG_SNAPSHOT_H
#define MIG__PG_SNAPSHOT_H

#include "dialect/postgresql/conn/conn.h"

/* snapshot.c */
mig_status mig__pg_is_empty(mig_conn *conn, int32_t *empty);
mig_status mig__pg_snapshot_key(mig_conn *conn, char *key);
mig_status mig__pg_scratch_apart(mig_conn *conn, int32_t side, mig_conn **out);
/* inspect_rows.c */
mig_status mig__pg_dump_rows(mig_conn *conn, const mig_sql_sink *sink);

#endif
