/* check: a query that must return no rows. */
#ifndef MIG__PG_CHECK_H
#define MIG__PG_CHECK_H

#include "dialect/postgresql/conn/conn.h"

mig_status mig__pg_check_begin(mig_conn *conn, const char *message, const char *text, size_t size);
mig_status mig__pg_check_end(mig_conn *conn);
mig_status mig__pg_check_sql(mig_conn *conn, const char *message, const char *text, size_t size,
			     const mig_sql_sink *sink);

#endif
