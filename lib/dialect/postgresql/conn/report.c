/* report: errors of libmig's own, and the server's notices, to the host. Not what the server's
 * errors mean: error.c. Nothing here sends anything, so every file may report. */
#include "dialect/postgresql/conn/report.h"
#include "base/buf.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/store/store.h"

#include <string.h>

mig_status mig__pg_put_error(mig_conn *conn, mig_dialect_error *e,
			     const struct mig__pg_place *place)
{
	e->struct_size = sizeof *e;
	e->offset = place ? place->offset : MIG_NO_OFFSET;
	e->statement = place ? place->statement : NULL;
	e->statement_size = place ? place->size : 0;
	return conn->host->error(conn->host->user, e);
}

mig_status mig__pg_report(mig_conn *conn, mig_status status, const struct mig__pg_place *place,
			  const char *hint, const char *format, ...)
{
	mig_dialect_error e = { .status = status, .hint = hint };
	struct mig__buf buf;
	va_list args;
	mig_status rc;

	mig__buf_init(&buf, &conn->alloc);
	va_start(args, format);
	mig__buf_addv(&buf, format, args);
	va_end(args);
	while (buf.len && buf.data[buf.len - 1] == '\n') /* libpq's messages are lines */
		buf.data[--buf.len] = '\0';
	e.message = mig__buf_text(&buf);
	rc = buf.failed ? mig__pg_nomem(conn) : mig__pg_put_error(conn, &e, place);
	mig__buf_finish(&buf);
	return rc;
}

mig_status mig__pg_nomem(mig_conn *conn)
{
	mig_dialect_error e = { .status = MIG_ENOMEM, .message = "out of memory" };

	return mig__pg_put_error(conn, &e, NULL);
}

mig_status mig__pg_cancelled(mig_conn *conn)
{
	return mig__pg_report(conn, MIG_ECANCELLED, NULL, NULL, "cancelled");
}

int mig__pg_is(const PGresult *result, const char *sqlstate)
{
	const char *is = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;

	return is && strcmp(is, sqlstate) == 0;
}

/* Of our own CREATE TABLE IF NOT EXISTS: it names the table in every language. */
static int is_of_tables(const mig_conn *conn, const PGresult *result, const char *message)
{
	return mig__pg_is(result, "42P07") && (strstr(message, conn->store->version_table) ||
					       strstr(message, conn->store->history_table));
}

void mig__pg_notice(void *user, const PGresult *result)
{
	mig_conn *conn = user;
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	int32_t level = MIG_LOG_INFO;
	struct mig__buf buf;

	if (!message || (conn->wire->pending.creates && is_of_tables(conn, result, message)))
		return;
	if (severity && strcmp(severity, "WARNING") == 0)
		level = MIG_LOG_WARNING;
	else if (severity && strncmp(severity, "DEBUG", 5) == 0)
		level = MIG_LOG_DEBUG;
	mig__buf_init(&buf, &conn->alloc);
	mig__buf_addf(&buf, "server: %s%s%s", message, hint ? " — " : "", hint ? hint : "");
	conn->host->log(conn->host->user, level, mig__buf_text(&buf));
	mig__buf_finish(&buf);
}

void mig__pg_drop_notice(void *user, const PGresult *result)
{
	(void)user;
	(void)result;
}
