/* transaction: libmig's own transactions. */
#ifndef MIG__PG_TRANSACTION_H
#define MIG__PG_TRANSACTION_H

#include "base/buf.h"
#include "dialect/postgresql/conn/conn.h"

mig_status mig__pg_begin(mig_conn *conn, int32_t check, int32_t *freed);
mig_status mig__pg_commit_begin(mig_conn *conn, int32_t check, int32_t *freed);
mig_status mig__pg_commit(mig_conn *conn, int32_t check);
mig_status mig__pg_rollback(mig_conn *conn);
mig_status mig__pg_in_transaction(mig_conn *conn, int32_t *out);
mig_status mig__pg_verify(mig_conn *conn);
/* The transaction is about to be committed: has the server look whether it is ours, if it may be
 * another one. */
mig_status mig__pg_guard(mig_conn *conn);
/* Adds what takes the lock, and reads what has to be known of the transaction: MIG__PG_LOCK_TAKEN and so
 * on. strict: fails without the lock. */
void mig__pg_add_lock(const mig_conn *conn, struct mig__buf *sql, int strict);
/* How a transaction begins. Not REPEATABLE READ: the rows must be those of after the lock. */
const char *mig__pg_begin_sql(const mig_conn *conn);
/* What begins after a transaction has ended. */
void mig__pg_transaction_over(mig_conn *conn);

#endif
