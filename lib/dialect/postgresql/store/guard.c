/* guard: statements of libmig's own that fail unless something is as it must be. They wait with the
 * rows for the message of the COMMIT, and so cost no message; an error there undoes everything.
 *
 * SQL has no expression that raises an error with words of its own, and DO needs a language that
 * may have been dropped. So a text that is not a number is cast to one: the server's message, in
 * whatever language, quotes that text. E.g. (the text begins with MIG__PG_GUARD)
 *
 *     invalid input syntax for type integer: "libmig guard 0: 2 rows"
 *
 * concat() is not constant, so that nothing is cast before it is clear that it must be. */
#include "dialect/postgresql/conn/conn.h"

#include <string.h>

static const struct mig__pg_guard_meaning meanings[] = {
	[MIG__PG_GUARD_ROWS] = { MIG_EREVISION,
				 "the rows of libmig's own tables are not those that were read and "
				 "written",
				 "a revision, a trigger or another program has changed them: leave that "
				 "out; nothing of this transaction is kept" },
	[MIG__PG_GUARD_RUNNING] = { MIG_ELOCKED,
				    "the unfinished section is not where this process left it: "
				    "another one has gone on with it, or a stamp has given it up",
				    "this process has stopped here: run again" },
	[MIG__PG_GUARD_TOKEN] = { MIG_ETRANSACTION,
				  "the transaction that libmig began was ended, and another one was "
				  "begun",
				  "use savepoints on the connection, or mark the revision as one "
				  "outside a transaction; of this transaction nothing is kept" },
};

const struct mig__pg_guard_meaning *mig__pg_guard_meaning(const char *message)
{
	const char *at = message ? strstr(message, MIG__PG_GUARD " ") : NULL;
	size_t which = at ? (size_t)(at[sizeof MIG__PG_GUARD] - '0') : SIZE_MAX;

	return which < sizeof meanings / sizeof *meanings ? &meanings[which] : NULL;
}

void mig__pg_add_guard(struct mig__buf *sql, enum mig__pg_guard which, const char *shown)
{
	mig__buf_addf(sql, "CAST(pg_catalog.concat('" MIG__PG_GUARD " %d: ', %s) AS pg_catalog.int4)",
		      (int)which, shown);
}

/* Fails unless the transaction is the one that was begun. */
static mig_status add_token(mig_conn *conn, struct mig__buf *sql)
{
	mig__buf_addf(sql,
		      "SELECT CASE WHEN " MIG__PG_TOKEN_SQL " OPERATOR(pg_catalog.=) '%s' THEN 0 ELSE ",
		      conn->token);
	mig__pg_add_guard(sql, MIG__PG_GUARD_TOKEN, "pg_catalog.transaction_timestamp()");
	mig__buf_adds(sql, " END");
	return sql->failed ? mig__pg_nomem(conn) : MIG_OK;
}

static int may_be_another(const mig_conn *conn)
{
	return conn->begun && (conn->lent || conn->exposed) &&
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
		return mig__pg_report(conn, MIG_ETRANSACTION, NULL,
				      "statements on the connection itself can do that: nothing was "
				      "written",
				      "the transaction was ended");
	}
	rc = mig__pg_guard(conn);
	return rc ? rc : mig__pg_flush(conn);
}
