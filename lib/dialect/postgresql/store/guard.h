/* guard: errors that statements of libmig's own raise. */
#ifndef MIG__PG_GUARD_H
#define MIG__PG_GUARD_H

#include "base/buf.h"
#include "dialect/postgresql/conn/conn.h"

/* When the transaction began, to the microsecond: no two of a session have the same. */
#define MIG__PG_TOKEN_SQL                                           \
	"pg_catalog.encode(pg_catalog.timestamptz_send(pg_catalog." \
	"transaction_timestamp()), 'hex')"

/* The error that a statement of ours gives with what it has counted, after this text: see guard.c.
 */
#define MIG__PG_GUARD "libmig guard"
enum mig__pg_guard { MIG__PG_GUARD_ROWS, MIG__PG_GUARD_RUNNING, MIG__PG_GUARD_TOKEN, MIG__PG_GUARD_LOCK,
		      MIG__PG_GUARD_NEW };
/* Adds the error of a guard, as an expression of type int4: `shown` is one, of any type. */
void mig__pg_add_guard(struct mig__buf *sql, enum mig__pg_guard which, const char *shown);
/* What the server's message says, if it is that of a guard; NULL: it is not. */
const struct mig__pg_guard_meaning {
	mig_status status;
	const char *message, *hint;
	int32_t retry; /* enum mig_retry */
} * mig__pg_guard_meaning(const char *message);
/* 1 if the error is that of a check, which is reported then: *rc. */
int mig__pg_distrust(mig_conn *conn, const PGresult *error, mig_status *rc);

#endif
