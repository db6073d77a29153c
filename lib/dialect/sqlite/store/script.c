/* script: what only the shell sqlite3 needs of libmig's own tables, and whether they are there. They are
 * read and written by the default store (lib/dialect/store.c). Names come from the user, so they are
 * always quoted, and always qualified: an unqualified one could be found in a temporary or attached
 * database. */
#include "base/quote.h"
#include "dialect/sqlite/conn/conn.h"
#include "dialect/sqlite/sql/quote.h"

#include <string.h>

static void add_table(const mig_conn *conn, struct mig__buf *buf, const char *table)
{
	mig__sqlite_add_name(buf, conn->schema);
	mig__buf_add(buf, ".", 1);
	mig__sqlite_add_name(buf, table);
}

/* A script cannot raise an error of its own, but break a constraint with a speaking name. Ids have no
 * quotes in them. */
mig_status mig__sqlite_expect(mig_conn *conn, const char *ids, const mig_sql_sink *script)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_addf(&sql,
		      "CREATE TEMP TABLE mig_place (\n"
		      "\tfound TEXT CONSTRAINT \"the database is where the script expects it\" "
		      "CHECK (found = '%s')\n"
		      ");\n"
		      "INSERT INTO temp.mig_place SELECT coalesce(group_concat(revision, ', '), 'base') "
		      "|| CASE WHEN EXISTS (SELECT 1 FROM ",
		      ids);
	add_table(conn, &sql, conn->history_table);
	mig__buf_adds(&sql, " WHERE state = 'running') THEN ', unfinished' ELSE '' END FROM (SELECT "
			    "revision FROM ");
	add_table(conn, &sql, conn->version_table);
	mig__buf_adds(&sql, " ORDER BY revision);\nDROP TABLE temp.mig_place");
	rc = sql.failed ? mig__sqlite_nomem(conn)
			: script->statement(script->user, sql.data, sql.len, NULL, 0, NULL);
	mig__buf_finish(&sql);
	return rc;
}

mig_status mig__sqlite_keys(mig_conn *conn, int32_t on, const mig_sql_sink *script)
{
	const char *sql = on ? "PRAGMA foreign_keys = ON" : "PRAGMA foreign_keys = OFF";

	(void)conn;
	return script->statement(script->user, sql, strlen(sql), NULL, 0, NULL);
}

mig_status mig__sqlite_table_exists(mig_conn *conn, int32_t history, int32_t *out)
{
	const char *table = history ? conn->history_table : conn->version_table;
	sqlite3_stmt *stmt = NULL;
	struct mig__buf sql;
	int row = 0;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "SELECT 1 FROM ");
	mig__sqlite_add_name(&sql, conn->schema);
	mig__buf_adds(&sql, ".sqlite_master WHERE type IN ('table', 'view') "
			    "AND name = ?1 COLLATE NOCASE");
	rc = sql.failed ? mig__sqlite_nomem(conn) : mig__sqlite_query(conn, sql.data, &stmt);
	mig__buf_finish(&sql);
	if (!rc && sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC) != SQLITE_OK)
		rc = mig__sqlite_fail(conn, NULL);
	if (!rc)
		rc = mig__sqlite_row(conn, stmt, &row);
	sqlite3_finalize(stmt);
	if (!rc)
		*out = row;
	return rc;
}
