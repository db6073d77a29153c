/* report: errors and notices to the host. */
#ifndef MIG__PG_REPORT_H
#define MIG__PG_REPORT_H

#include "dialect/postgresql/conn/conn.h"

/* Where something went wrong: a script's statement and the place in that script. */
struct mig__pg_place {
	const char *statement; /* NULL: none */
	size_t size;
	size_t offset; /* MIG_NO_OFFSET: unknown */
};

/* The server's or libmig's own error to the host, as the host's answer to it. */
mig_status mig__pg_put_error(mig_conn *conn, mig_dialect_error *e,
			     const struct mig__pg_place *place);
/* Reports an error of our own; place and hint may be NULL. */
mig_status mig__pg_report(mig_conn *conn, mig_status status, const struct mig__pg_place *place,
			  const char *hint, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
mig_status mig__pg_nomem(mig_conn *conn);
mig_status mig__pg_cancelled(mig_conn *conn);
/* Whether the result's SQLSTATE is this one. */
int mig__pg_is(const PGresult *result, const char *sqlstate);
/* For PQsetNoticeReceiver: to the log, or nowhere. */
void mig__pg_notice(void *conn, const PGresult *result);
void mig__pg_drop_notice(void *user, const PGresult *result);

#endif
