/* error: what the server says, as an error of libmig's: by SQLSTATE, since texts are translated. */
#include "dialect/postgresql/conn/error.h"
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/stop.h"
#include "dialect/postgresql/store/guard.h"
#include "dialect/postgresql/store/prepared.h"
#include "dialect/postgresql/store/trust.h"

#include <string.h>

/* By SQLSTATE or its beginning; the first that fits. */
static const struct {
	const char *sqlstate;
	mig_status status;
	int retry;
	const char *hint;
} meanings[] = {
	{ "08", MIG_ECONNECT, 0, NULL },
	{ "23503", MIG_EFOREIGN_KEY, 0, NULL },
	{ "23", MIG_ECONSTRAINT, 0, NULL },
	{ "25001", MIG_ETRANSACTION, 0,
	  "mark the section transaction=no: then its statements run outside a transaction, one by "
	  "one" },
	{ "25006", MIG_EREADONLY, 0,
	  "the server is a standby (after a switchover, connect to the new primary), or "
	  "default_transaction_read_only is on" },
	{ "25P03", MIG_ECONNECT, 0, NULL },
	{ "2D000", MIG_ETRANSACTION, 0, NULL },
	{ "3D000", MIG_ECONNECT, 0, NULL },
	{ "40001", MIG_ELOCKED, MIG_RETRY_LATER, NULL },
	{ "40P01", MIG_ELOCKED, MIG_RETRY_LATER, NULL },
	{ "42501", MIG_EPERMISSION, 0, NULL },
	{ "53200", MIG_ESQL, 0,
	  "one transaction holds a lock on every table that it touches: use a transaction per "
	  "revision (--per-revision), or raise the server's "
	  "max_locks_per_transaction" },
	{ "53300", MIG_ECONNECT, 0, NULL },
	{ "53", MIG_EIO, 0, NULL },
	{ "55P03", MIG_ELOCKED, MIG_RETRY_LATER, "another session holds a lock on the object" },
	{ "55P04", MIG_ETRANSACTION, MIG_RETRY_COMMITTED,
	  "use a new value of an enum in a later revision, or mark the section that adds it "
	  "transaction=no" },
	{ "57014", MIG_ETIMEOUT, 0,
	  "the server's statement_timeout ended it, or an administrator did" },
	{ "57P03", MIG_ECONNECT, 0, "wait until the server takes connections, and run again" },
	{ "57P", MIG_ECONNECT, 0, NULL }, /* an administrator, a switchover, a crash: lost */
	{ "58", MIG_EIO, 0, NULL },
};

/* Six bits a character, the first the lowest: PostgreSQL's MAKE_SQLSTATE (utils/elog.h). */
static int32_t packed(const char *sqlstate)
{
	int32_t code = 0;
	int i;

	for (i = 4; i >= 0; i--)
		code = (code << 6) + ((sqlstate[i] - '0') & 0x3f);
	return code;
}

static const char *lost_hint(const mig_conn *conn)
{
	return conn->session->committing
		       ? "COMMIT had been sent, so whether it was done is not known: run again, "
			 "which reads the rows and goes on from there"
		       : "what was not committed is undone by the server: run again";
}

/* We have given up waiting. */
static mig_status fail_cut(mig_conn *conn)
{
	int cancelled = conn->stop->cut == MIG__PG_CUT_CANCELLED;
	const char *what = cancelled ? "cancelled, but the server does not answer"
				     : "a statement took too long, and the server does not answer";

	if (conn->stop->told)
		return mig__pg_report(conn, MIG_ECONNECT, NULL, "open another context",
				      "the connection was closed, since the server did not answer");
	conn->stop->told = 1;
	if (conn->lent)
		return mig__pg_report(conn, MIG_ECONNECT, NULL, lost_hint(conn),
				      "%s: the connection was shut down and is unusable, close it",
				      what);
	return mig__pg_report(conn, cancelled ? MIG_ECANCELLED : MIG_ECONNECT, NULL,
			      lost_hint(conn), "%s: the connection was closed", what);
}

/* An error without a SQLSTATE is libpq's own: nearly always, the connection is lost. */
static mig_status fail_libpq(mig_conn *conn, const PGresult *result)
{
	const char *words = result ? PQresultErrorMessage(result) : PQerrorMessage(conn->db);
	int lost = PQstatus(conn->db) != CONNECTION_OK;

	if (conn->stop->cut)
		return fail_cut(conn);
	if (strstr(words, "out of memory"))
		return mig__pg_nomem(conn);
	if (!*words)
		words = lost ? "the connection to the server is lost" : "libpq reports an error";
	return mig__pg_report(conn, lost ? MIG_ECONNECT : MIG_ERROR, NULL,
			      lost ? lost_hint(conn) : NULL, "%.*s", (int)strcspn(words, "\n"),
			      words);
}

/* DETAIL, and where in a function it was. */
static void add_detail(struct mig__buf *buf, const PGresult *result)
{
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);

	if (detail)
		mig__buf_adds(buf, detail);
	if (context) {
		if (detail)
			mig__buf_adds(buf, "\n");
		mig__buf_adds(buf, context);
	}
}

mig_status mig__pg_fail(mig_conn *conn, const PGresult *result, const struct mig__pg_place *place)
{
	const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const struct mig__pg_guard_meaning *guard;
	const char *message, *hint;
	mig_dialect_error e = { .status = MIG_ESQL };
	struct mig__buf detail;
	mig_status rc;
	size_t i;

	if (!sqlstate || strlen(sqlstate) != 5)
		return fail_libpq(conn, result);
	if (mig__pg_distrust(conn, result, &rc))
		return rc;
	if (strcmp(sqlstate, "57014") == 0 && conn->host->poll(conn->host->user, 0))
		return mig__pg_cancelled(conn);
	if (!strcmp(sqlstate, "40P01"))
		mig__pg_way_note(conn, PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
	message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	guard = mig__pg_guard_meaning(message);
	if (guard) {
		e = (mig_dialect_error){ .status = guard->status, .message = guard->message,
					 .hint = guard->hint, .retry = guard->retry };
		conn->trust->closely |= guard->retry != 0;
		return mig__pg_put_error(conn, &e, NULL);
	}
	if (mig__pg_prepared_missing(conn, result)) /* a script has deallocated it: again, with another */
		e.retry = MIG_RETRY_LATER;
	hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	for (i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		if (strncmp(sqlstate, meanings[i].sqlstate, strlen(meanings[i].sqlstate)) != 0)
			continue;
		e.status = meanings[i].status;
		e.retry = meanings[i].retry;
		e.hint = meanings[i].hint;
		break;
	}
	/* committing what ran before does not help a revision that uses the value that it adds itself */
	if (e.retry == MIG_RETRY_COMMITTED && conn->session->adds_value)
		e.retry = 0;
	mig__buf_init(&detail, &conn->alloc);
	add_detail(&detail, result);
	e.native_code = packed(sqlstate);
	e.sqlstate = sqlstate;
	e.message = message ? message : "unknown error";
	e.detail = detail.len && !detail.failed ? detail.data : NULL;
	if (!e.hint)
		e.hint = hint;
	if (!e.hint && e.status == MIG_ECONNECT)
		e.hint = conn->session->running ? lost_hint(conn)
						: "the other side closed the connection: run again";
	rc = mig__pg_put_error(conn, &e, place);
	mig__buf_finish(&detail);
	return rc;
}
