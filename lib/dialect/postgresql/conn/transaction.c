/* transaction: begins, ends and checks libmig's own transactions. Not the lock of a session:
 * lock.c; nor what is run inside: script.c.
 *
 * One message begins a transaction, takes the lock for it (pg_try_advisory_xact_lock, which never
 * waits) and reads the version rows; commit_begin() puts the COMMIT of the last one in front. E.g.
 * with the lock taken by somebody else:
 *
 *     BEGIN; SELECT lock ...; SELECT rows ...      the lock says no
 *     ROLLBACK                                     give_up()
 *     ... until the lock is free                   mig__pg_wait_until_free(), and the core begins
 * anew
 *
 * A script, or somebody who has the connection, can end the transaction and begin another one. A
 * COMMIT then is preceded by a statement that fails unless the token, the time at which the server
 * began ours, is still the same. */
#include "dialect/postgresql/conn/transaction.h"
#include "dialect/postgresql/conn/error.h"
#include "dialect/postgresql/conn/later.h"
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/store/guard.h"
#include "dialect/postgresql/store/place.h"
#include "dialect/postgresql/store/prepared.h"
#include "dialect/postgresql/store/render.h"
#include "dialect/postgresql/store/store.h"
#include "dialect/postgresql/store/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- is it ours? */

/* Fails unless the transaction is the one that was begun. */
static mig_status add_token(mig_conn *conn, struct mig__buf *sql)
{
	mig__buf_addf(sql,
		      "SELECT CASE WHEN " MIG__PG_TOKEN_SQL
		      " OPERATOR(pg_catalog.=) '%s' THEN 0 ELSE ",
		      conn->session->token);
	mig__pg_add_guard(sql, MIG__PG_GUARD_TOKEN, "pg_catalog.transaction_timestamp()");
	mig__buf_adds(sql, " END");
	return sql->failed ? mig__pg_nomem(conn) : MIG_OK;
}

static int may_be_another(const mig_conn *conn)
{
	return conn->session->begun && (conn->lent || conn->exposed) &&
	       PQtransactionStatus(conn->db) == PQTRANS_INTRANS;
}

mig_status mig__pg_guard(mig_conn *conn)
{
	struct mig__buf sql;
	mig_status rc;

	if (!may_be_another(conn))
		return MIG_OK;
	mig__buf_init(&sql, &conn->alloc);
	rc = add_token(conn, &sql);
	if (!rc)
		rc = mig__pg_defer(conn, sql.data);
	mig__buf_finish(&sql);
	return rc;
}

mig_status mig__pg_verify(mig_conn *conn)
{
	mig_status rc;

	if (PQtransactionStatus(conn->db) == PQTRANS_IDLE) {
		mig__pg_forget(conn); /* what was to be part of it */
		return mig__pg_report(
			conn, MIG_ETRANSACTION, NULL,
			"statements on the connection itself can do that: nothing was "
			"written",
			"the transaction was ended");
	}
	rc = mig__pg_guard(conn);
	return rc ? rc : mig__pg_flush(conn);
}

/* -- ending */

void mig__pg_transaction_over(mig_conn *conn)
{
	conn->session->begun = conn->session->stepped = 0;
	conn->store->version = conn->store->history = MIG__PG_UNKNOWN;
	if (!conn->lock->held)
		conn->session->timeouts = conn->session->statement_ms = conn->session->lock_ms = 0;
	PQclear(conn->store->rows);
	conn->store->rows = NULL;
}

/* COMMIT of a transaction that an error has ended does not fail: it says ROLLBACK. */
static mig_status check_committed(mig_conn *conn, PGresult *result)
{
	if (result && strcmp(PQcmdStatus(result), "COMMIT") == 0)
		return MIG_OK;
	return mig__pg_report(conn, MIG_ESQL, NULL, NULL,
			      "the transaction was rolled back instead of committed, since an "
			      "error in it was passed over");
}

/* COMMIT, and with it what the run has prepared: mostly it is the run's last. */
static mig_status send_commit(mig_conn *conn, struct mig__pg_reply *reply)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "COMMIT");
	mig__pg_prepared_add_end(conn, &sql);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_try(conn, sql.data, reply);
	mig__buf_finish(&sql);
	if (rc)
		return rc;
	if (reply->error && !reply->count)
		return mig__pg_fail(conn, reply->error, NULL);
	mig__pg_prepared_ended(conn, !reply->error);
	return MIG_OK;
}

mig_status mig__pg_commit(mig_conn *conn, int32_t check)
{
	struct mig__pg_reply reply = { .count = 0 };
	int put_off = mig__pg_later_drop(conn);
	mig_status rc;

	(void)check; /* the server does */
	if (PQtransactionStatus(conn->db) == PQTRANS_IDLE)
		return mig__pg_report(conn, MIG_ETRANSACTION, NULL, NULL,
				      "there is no transaction any more");
	/* what a section outside a transaction has set holds until its end */
	rc = conn->lock->held ? MIG_OK : mig__pg_settings_restore(conn);
	conn->session->committing = 1;
	conn->session->ending = put_off; /* the run had come further when it was stopped */
	if (!rc)
		rc = mig__pg_guard(conn);
	if (!rc)
		rc = send_commit(conn, &reply);
	conn->session->committing = conn->session->ending = 0;
	if (!rc)
		rc = check_committed(conn, reply.at[0]);
	mig__pg_reply_clear(&reply);
	if (PQtransactionStatus(conn->db) == PQTRANS_IDLE)
		mig__pg_transaction_over(conn);
	if (!rc)
		mig__pg_way_forget(conn);
	return rc;
}

mig_status mig__pg_rollback(mig_conn *conn)
{
	PGTransactionStatusType status = PQtransactionStatus(conn->db);
	struct mig__pg_reply reply = { .count = 0 };
	mig_status rc;

	mig__pg_later_drop(conn);
	mig__pg_forget(conn);
	mig__pg_prepared_unsent(conn);
	conn->trust->checked =
		0; /* tables that it made are gone, and somebody else may make them */
	if (status != PQTRANS_INTRANS && status != PQTRANS_INERROR) {
		mig__pg_transaction_over(conn);
		return MIG_OK;
	}
	conn->session->ending = 1;
	/* a request to cancel what ran before may come late, and hit this one */
	rc = mig__pg_try(conn, "ROLLBACK", &reply);
	if (!rc && reply.error) {
		mig__pg_reply_clear(&reply);
		rc = mig__pg_exec(conn, "ROLLBACK", NULL);
	}
	mig__pg_reply_clear(&reply);
	conn->session->ending = 0;
	mig__pg_transaction_over(conn);
	return rc;
}

mig_status mig__pg_in_transaction(mig_conn *conn, int32_t *out)
{
	PGTransactionStatusType status = PQtransactionStatus(conn->db);

	*out = status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
	return MIG_OK;
}

/* -- beginning */

/* Where the results of the message's statements are. */
struct begin_message {
	int base, lock, there, rows; /* -1: not asked */
};

/* The version rows; as long as the table's owner is unknown, in the way that is safe for all. */
static void add_rows(mig_conn *conn, struct mig__buf *sql, int *at, struct begin_message *m)
{
	if (conn->trust->checked) {
		mig__pg_add_own(conn, sql, MIG__PG_READ_VERSION, NULL);
		mig__buf_adds(sql, ";");
		m->rows = (*at)++;
		return;
	}
	mig__buf_adds(sql, "SAVEPOINT mig_rows;");
	mig__pg_add_plain_read(conn, sql);
	mig__buf_adds(sql, ";ROLLBACK TO SAVEPOINT mig_rows;RELEASE SAVEPOINT mig_rows;");
	m->rows = *at + 2; /* after SET */
	*at += 5;
}

void mig__pg_add_lock(const mig_conn *conn, struct mig__buf *sql, int strict)
{
	mig__buf_adds(sql, strict ? "SELECT CASE WHEN " : "SELECT ");
	mig__pg_add_taking(conn, sql);
	if (strict) {
		mig__buf_adds(sql, " THEN true ELSE ");
		mig__pg_add_guard(sql, MIG__PG_GUARD_LOCK, "k");
		mig__buf_adds(sql, " OPERATOR(pg_catalog.=) 0 END");
	}
	mig__buf_adds(sql,
		      ", s, k, pg_catalog.pg_backend_pid(), "
		      "pg_catalog.current_setting('transaction_read_only') OPERATOR(pg_catalog.=) "
		      "'on', " MIG__PG_TOKEN_SQL);
	/* a server whose client is gone must not go on working, nor keep its locks */
	if (PQserverVersion(conn->db) >= MIG__PG_CHECK_CLIENT) {
		mig__buf_adds(sql, ", ");
		mig__buf_adds(sql, MIG__PG_CHECK_SQL("true"));
	}
	mig__pg_add_key(conn, sql);
}

/* The section that holds the session's lock may have made it read-only. */
const char *mig__pg_begin_sql(const mig_conn *conn)
{
	return conn->lock->held ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
				: "BEGIN ISOLATION LEVEL READ COMMITTED;";
}

/* BEGIN, the lock, and the version rows if the table is known to be there. */
static void add_begin(mig_conn *conn, struct mig__buf *sql, int at, struct begin_message *m)
{
	const char *base = mig__pg_base_sql(conn);

	*m = (struct begin_message){ -1, -1, -1, -1 };
	mig__buf_adds(sql, mig__pg_begin_sql(conn));
	at++;
	if (*base) {
		mig__buf_adds(sql, base);
		m->base = at++;
	}
	at += mig__pg_add_settings(conn, sql, 1);
	m->lock = at++;
	mig__pg_add_lock(conn, sql, 0);
	mig__buf_adds(sql, ";");
	/* statements of their own: they see what was done before the lock was ours */
	if (conn->store->seen_version && conn->store->schema && !conn->session->touched)
		add_rows(conn, sql, &at, m);
	if (m->rows < 0 || *base || !conn->trust->checked) {
		mig__pg_add_there(conn, sql);
		m->there = at;
	}
}

/* Ends the transaction that has just begun, keeping the error that is reported. */
static mig_status give_up(mig_conn *conn, mig_status rc)
{
	if (PQstatus(conn->db) == CONNECTION_OK)
		mig__pg_quiet(conn, "ROLLBACK");
	mig__pg_transaction_over(conn);
	return rc;
}

static mig_status check_closely(mig_conn *conn)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__pg_add_write_check(conn, &sql);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, NULL);
	mig__buf_finish(&sql);
	return rc;
}

/* MIG_OK with *locked: the transaction is ours; without: it is not, and is over. */
static mig_status take_begin(mig_conn *conn, struct mig__pg_reply *reply,
			     const struct begin_message *m, int *locked)
{
	const PGresult *lock = reply->at[m->lock];
	mig_status rc = MIG_OK;
	int close = 0;

	*locked = mig__pg_is_true(lock, MIG__PG_LOCK_TAKEN);
	if (m->base >= 0)
		rc = mig__pg_base_take(conn, reply->at[m->base]);
	if (!rc && *locked)
		rc = mig__pg_pin_schema(conn, PQgetvalue(lock, 0, MIG__PG_LOCK_SCHEMA));
	snprintf(conn->lock->number, sizeof conn->lock->number, "%s", PQgetvalue(lock, 0, MIG__PG_LOCK_NUMBER));
	if (!rc && mig__pg_is_true(lock, MIG__PG_LOCK_READ_ONLY))
		rc = mig__pg_report(
			conn, MIG_EREADONLY, NULL,
			"the server is a standby, or default_transaction_read_only is on",
			"database %s cannot be written", PQdb(conn->db));
	if (!rc && conn->lock->held &&
	    (!*locked || atoi(PQgetvalue(lock, 0, MIG__PG_LOCK_PID)) != conn->session->pid))
		rc = mig__pg_lock_lost(conn);
	if (!conn->lock->held)
		conn->session->pid = atoi(PQgetvalue(lock, 0, MIG__PG_LOCK_PID));
	if (rc || !*locked)
		return give_up(conn, rc);
	conn->session->begun = 1;
	snprintf(conn->session->token, sizeof conn->session->token, "%s", PQgetvalue(lock, 0, MIG__PG_LOCK_TOKEN));
	conn->lock->waiting_since_us = 0;
	if (m->there >= 0)
		mig__pg_take_there(conn, reply->at[m->there], &close);
	if (m->rows >= 0) {
		conn->store->version = MIG__PG_THERE;
		conn->store->rows = reply->at[m->rows];
		reply->at[m->rows] = NULL;
	}
	rc = close && !conn->trust->checked ? check_closely(conn) : MIG_OK;
	conn->trust->checked = !rc;
	return rc ? give_up(conn, rc) : MIG_OK;
}

mig_status mig__pg_begin(mig_conn *conn, int32_t check, int32_t *freed)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct begin_message m;
	struct mig__buf sql;
	int locked = 0;
	mig_status rc;

	(void)check; /* the server checks by itself */
	mig__pg_later_drop(conn);
	rc = mig__pg_check_idle(conn);
	if (rc)
		return rc;
	mig__buf_init(&sql, &conn->alloc);
	add_begin(conn, &sql, 0, &m);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_try(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc && reply.error && conn->store->seen_version &&
	    (mig__pg_is(reply.error, "42P01") || mig__pg_is_refusal(reply.error))) {
		conn->store->seen_version = 0; /* somebody has dropped the table, or changed it */
		mig__pg_reply_clear(&reply);
		rc = give_up(conn, MIG_OK);
		return rc ? rc : mig__pg_begin(conn, check, freed);
	}
	if (!rc && reply.error)
		rc = mig__pg_fail(conn, reply.error, NULL);
	rc = rc ? give_up(conn, rc) : take_begin(conn, &reply, &m, &locked);
	mig__pg_reply_clear(&reply);
	if (!rc && locked && conn->lock->way.count && !conn->lock->held) {
		rc = mig__pg_way_lock(conn);
		if (rc)
			give_up(conn, rc);
	}
	return rc || locked ? rc : mig__pg_wait_until_free(conn, freed);
}

mig_status mig__pg_commit_begin(mig_conn *conn, int32_t check, int32_t *freed)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct begin_message m;
	struct mig__buf sql;
	int locked = 0;
	mig_status rc;

	(void)check;
	mig__pg_later_drop(conn);
	rc = conn->lock->held ? MIG_OK : mig__pg_settings_restore(conn);
	if (!rc)
		rc = mig__pg_guard(conn);
	if (rc)
		return rc;
	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "COMMIT;");
	add_begin(conn, &sql, 1, &m);
	conn->session->committing = 1;
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_try(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc && reply.error)
		rc = mig__pg_fail(conn, reply.error, NULL);
	conn->session->committing = 0;
	if (!rc)
		rc = check_committed(conn, reply.at[0]);
	if (!rc || PQtransactionStatus(conn->db) == PQTRANS_IDLE)
		mig__pg_transaction_over(conn);
	if (!rc)
		mig__pg_way_forget(conn);
	if (!rc)
		rc = take_begin(conn, &reply, &m, &locked);
	mig__pg_reply_clear(&reply);
	*freed = !rc && !locked;
	return rc;
}
