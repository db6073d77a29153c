/* check: a query that must return no rows. SQLite itself says whether a statement only reads. Not
 * when checks run: that is the core's. */
#include "dialect/sqlite/schema/objects.h"
#include "dialect/sqlite/sql/quote.h"

static int begins_query(struct mig__sqlite_token t)
{
	return mig__sqlite_is(t, "SELECT") || mig__sqlite_is(t, "WITH") ||
	       mig__sqlite_is(t, "VALUES");
}

static mig_status refuse(mig_conn *conn, const char *message, const char *text, size_t size)
{
	const struct mig__sqlite_place place = { text, size, 0 };

	if (!message)
		return mig__sqlite_report(conn, MIG_EINVAL, &place, NULL,
					  "the statement must be a query that only reads");
	return mig__sqlite_report(conn, MIG_EINVAL, &place,
				  "a check begins with SELECT, WITH or VALUES",
				  "the statement of a check must be a query");
}

mig_status mig__sqlite_check_begin(mig_conn *conn, const char *message, const char *text,
				   size_t size)
{
	const struct mig__sqlite_place place = { text, size, 0 };
	sqlite3_stmt *stmt = NULL;
	int reads, parameters;
	mig_status rc = mig__sqlite_prepare_one(conn, text, size, 0, &stmt);

	if (rc)
		return rc;
	/* SQLite's copy ends with a NUL. BEGIN and its like only read, but have no columns. */
	reads = sqlite3_stmt_readonly(stmt) &&
		(message ? begins_query(mig__sqlite_token(sqlite3_sql(stmt)))
			 : sqlite3_column_count(stmt) > 0);
	parameters = sqlite3_bind_parameter_count(stmt);
	sqlite3_finalize(stmt);
	if (!reads)
		return refuse(conn, message, text, size);
	if (parameters)
		return mig__sqlite_report(conn, MIG_EINVAL, &place, NULL,
					  "the query has parameters");
	return MIG_OK;
}

/* A script cannot raise an error of its own, but break a constraint with a speaking name. */
mig_status mig__sqlite_check_sql(mig_conn *conn, const char *message, const char *text, size_t size,
				 const mig_sql_sink *sink)
{
	static const char drop[] = "DROP TABLE temp.mig_check";
	struct mig__buf sql;
	mig_status rc;

	if (!begins_query(mig__sqlite_token(text)))
		return refuse(conn, message, text, size);
	while (size && text[size - 1] == ';')
		size--;
	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "CREATE TEMP TABLE mig_check (\n\tfound INTEGER CONSTRAINT ");
	mig__sqlite_add_name(&sql, message);
	mig__buf_adds(&sql, " CHECK (found = 0)\n)");
	rc = sql.failed ? mig__sqlite_nomem(conn)
			: sink->statement(sink->user, sql.data, sql.len, NULL, 0, NULL);
	mig__buf_clear(&sql);
	mig__buf_adds(&sql, "INSERT INTO temp.mig_check SELECT count(*) FROM (\n");
	mig__buf_add(&sql, text, size);
	mig__buf_adds(&sql, "\n)");
	if (!rc)
		rc = sql.failed ? mig__sqlite_nomem(conn)
				: sink->statement(sink->user, sql.data, sql.len, NULL, 0, NULL);
	mig__buf_finish(&sql);
	return rc ? rc : sink->statement(sink->user, drop, sizeof drop - 1, NULL, 0, NULL);
}
