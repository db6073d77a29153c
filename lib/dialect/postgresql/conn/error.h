/* error: what the server says, as an error of libmig's. */
#ifndef MIG__PG_ERROR_H
#define MIG__PG_ERROR_H

#include "dialect/postgresql/conn/report.h"

/* Reports an error of the server, or of the connection if result is NULL. */
mig_status mig__pg_fail(mig_conn *conn, const PGresult *result, const struct mig__pg_place *place);

#endif
