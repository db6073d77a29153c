/* run: where a run, and a revision in it, begins and ends on the connection: what it has set is put
 * back, and what was known for its length is forgotten. Not its transactions: transaction.c; nor
 * its SQL: script.c. */
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/transaction.h"
#include "dialect/postgresql/conn/watch.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/store/prepared.h"
#include "dialect/postgresql/store/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

mig_status mig__pg_run_begin(mig_conn *conn)
{
	mig_status rc;

	if (conn->session->running) /* something has run that may have left settings behind */
		return mig__pg_settings_hand_back(conn);
	rc = mig__pg_check_idle(conn);
	if (rc)
		return rc;
	conn->session->running = 1;
	conn->session->strings = mig__pg_standard_strings(conn);
	mig__pg_listen(conn);
	conn->lock->waiting_since_us = 0;
	return MIG_OK;
}

mig_status mig__pg_run_end(mig_conn *conn)
{
	mig_status rc = MIG_OK, next;

	if (!conn->session->running && !conn->lock->held && !conn->session->begun)
		return MIG_OK;
	if (PQstatus(conn->db) == CONNECTION_OK) {
		rc = mig__pg_rollback(conn);
		conn->session->ending = 1;
		next = mig__pg_settings_restore(conn);
		rc = rc ? rc : next;
		next = mig__pg_unlock(conn);
		rc = rc ? rc : next;
		mig__pg_prepared_end(conn);
		conn->session->ending = 0;
	}
	mig__pg_forget(conn);
	mig__pg_transaction_over(conn);
	mig__free(&conn->alloc, conn->session->noted);
	mig__free(&conn->alloc, conn->session->customs);
	conn->session->noted = conn->session->customs = NULL;
	mig__pg_base_forget(conn);
	mig__pg_watch_close(conn);
	conn->session->running = conn->lock->held = conn->session->dirty = conn->trust->checked = 0;
	conn->session->touched = conn->session->in_revision = 0;
	mig__pg_way_forget(conn);
	conn->lock->waiting_since_us = 0;
	return rc;
}

mig_status mig__pg_revision_begin(mig_conn *conn, const mig_revision_run *revision)
{
	mig_status rc = conn->session->in_revision ? mig__pg_revision_end(conn) : MIG_OK;

	conn->session->in_revision = !rc;
	conn->session->adds_value = 0;
	conn->session->stepped |= conn->session->begun && !revision->no_transaction;
	conn->session->lock_own =
		revision->struct_size > offsetof(mig_revision_run, lock_timeout_ms) &&
		revision->lock_timeout_ms != 0;
	return rc;
}

mig_status mig__pg_revision_end(mig_conn *conn)
{
	PGTransactionStatusType status = PQtransactionStatus(conn->db);

	if (!conn->session->in_revision)
		return MIG_OK;
	conn->session->in_revision = 0;
	/* in a failed transaction nothing can be set; its end undoes what it has set */
	return status == PQTRANS_IDLE || status == PQTRANS_INTRANS ? mig__pg_settings_hand_back(conn)
								   : MIG_OK;
}
