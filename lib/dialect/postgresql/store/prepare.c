/* prepare: has statements prepared, and takes them out of the session again. What is known of them:
 * prepared.c. */
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/store/prepared.h"

static mig_status prepare(mig_conn *conn, enum mig__pg_again which, const char *text)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "PREPARE ");
	mig__pg_prepared_name(conn, &sql, which);
	mig__buf_adds(&sql, " AS ");
	mig__buf_adds(&sql, text);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_defer(conn, sql.data);
	mig__buf_finish(&sql);
	if (!rc)
		conn->prepared->at[which].state = MIG__PG_PREPARE_WAITS;
	return rc;
}

mig_status mig__pg_add_execute(mig_conn *conn, struct mig__buf *sql, enum mig__pg_again which,
			       const struct mig__buf *text)
{
	mig_status rc = MIG_OK;

	if (text->failed)
		rc = mig__pg_nomem(conn);
	else if (text->len)
		rc = prepare(conn, which, text->data);
	mig__buf_adds(sql, "EXECUTE ");
	mig__pg_prepared_name(conn, sql, which);
	return rc;
}

/* ";DEALLOCATE …" for all that the session has of ours. */
static void find_all(mig_conn *conn, struct mig__buf *sql)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf query;

	mig__buf_init(&query, &conn->alloc);
	mig__buf_adds(&query, "SELECT name FROM pg_catalog.pg_prepared_statements WHERE "
			      "pg_catalog.starts_with(name, '");
	mig__pg_prepared_prefix(conn, &query);
	mig__buf_adds(&query, "')");
	mig__buf_clear(sql);
	if (!query.failed)
		mig__pg_ask_quietly(conn, query.data, &reply);
	for (int i = 0; reply.count && i < PQntuples(reply.at[0]); i++) {
		mig__buf_adds(sql, ";DEALLOCATE ");
		mig__buf_adds(sql, PQgetvalue(reply.at[0], i, 0));
	}
	mig__pg_reply_clear(&reply);
	mig__buf_finish(&query);
}

void mig__pg_prepared_end(mig_conn *conn)
{
	struct mig__buf sql;

	if (!conn->prepared->unsure && !mig__pg_prepared_any(conn))
		return;
	mig__buf_init(&sql, &conn->alloc);
	mig__pg_prepared_add_end(conn, &sql);
	if (conn->prepared->unsure)
		find_all(conn, &sql);
	if (sql.len && !sql.failed && PQstatus(conn->db) == CONNECTION_OK)
		mig__pg_quiet(conn, sql.data + 1);
	mig__buf_finish(&sql);
	mig__pg_prepared_ended(conn, 1);
	conn->prepared->unsure = 0;
}
