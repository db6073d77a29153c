/* render: the SQL on libmig's own tables. Names come from the user, so they are always quoted, and
 * always qualified: an unqualified one could be found in a temporary or attached database. */
#include "dialect/sqlite/conn/conn.h"

#include <string.h>

/* @v: the version table, @h: the history table */
static const char *const patterns[MIG__SQLITE_TEXTS] = {
	[MIG_SQL_CREATE_VERSION] = "CREATE TABLE IF NOT EXISTS @v (\n"
				   "\trevision TEXT NOT NULL PRIMARY KEY,\n"
				   "\tdigest TEXT NOT NULL\n"
				   ") WITHOUT ROWID",
	[MIG_SQL_CREATE_HISTORY] = "CREATE TABLE IF NOT EXISTS @h (\n"
				   "\tid INTEGER PRIMARY KEY,\n"
				   "\trevision TEXT NOT NULL,\n"
				   "\tdirection TEXT NOT NULL,\n"
				   "\tstate TEXT NOT NULL,\n"
				   "\tdigest TEXT,\n"
				   "\tstatements INTEGER,\n"
				   "\tdone_digest TEXT,\n"
				   "\tstarted_at TEXT,\n"
				   "\tduration_us INTEGER,\n"
				   "\tactor TEXT,\n"
				   "\tlibrary TEXT\n"
				   ")",
	[MIG_SQL_READ_VERSION] = "SELECT revision, digest FROM @v ORDER BY revision",
	[MIG_SQL_INSERT_VERSION] = "INSERT INTO @v (revision, digest) VALUES ($1, $2)",
	[MIG_SQL_UPDATE_VERSION] = "UPDATE @v SET revision = $1, digest = $2 WHERE revision = $3",
	[MIG_SQL_DELETE_VERSION] = "DELETE FROM @v WHERE revision = $1",
	[MIG_SQL_CLEAR_VERSION] = "DELETE FROM @v",
	[MIG_SQL_INSERT_HISTORY] =
		"INSERT INTO @h (revision, direction, state, digest, statements, done_digest, "
		"started_at, duration_us, actor, library) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	[MIG_SQL_UPDATE_RUNNING] = "UPDATE @h SET state = $1, statements = $2, done_digest = $3, "
				   "duration_us = $4 WHERE state = 'running'",
	[MIG_SQL_READ_RUNNING] = "SELECT revision, direction, digest, statements, done_digest, "
				 "started_at, actor, library FROM @h WHERE state = 'running' "
				 "ORDER BY id",
	[MIG_SQL_READ_HISTORY] =
		"SELECT revision, direction, state, digest, statements, started_at, "
		"duration_us, actor, library FROM @h ORDER BY id",
	/* a script cannot raise an error of its own, but break a constraint with a speaking name */
	[MIG_SQL_EXPECT_VERSION] =
		"CREATE TEMP TABLE mig_place (\n"
		"\tfound TEXT CONSTRAINT \"the database is where the script expects it\" "
		"CHECK (found = $1)\n"
		");\n"
		"INSERT INTO temp.mig_place SELECT coalesce(group_concat(revision, ', '), 'base') "
		"|| CASE WHEN EXISTS (SELECT 1 FROM @h WHERE state = 'running') "
		"THEN ', unfinished' ELSE '' END FROM (SELECT revision FROM @v ORDER BY "
		"revision);\n"
		"DROP TABLE temp.mig_place",
	[MIG_SQL_KEYS_ON] = "PRAGMA foreign_keys = ON",
	[MIG_SQL_KEYS_OFF] = "PRAGMA foreign_keys = OFF",
	[MIG_SQL_MARK_RUNNING] = "UPDATE @h SET state = $1, statements = $2, done_digest = $3, "
				 "duration_us = $4 WHERE state = 'running' AND revision = $5 AND "
				 "direction = $6 AND statements = $7",
	[MIG_SQL_CLEAR_STAMP] = "PRAGMA main.user_version = 0",
};

void mig__sqlite_add_name(struct mig__buf *buf, const char *name)
{
	const char *quote;

	mig__buf_add(buf, "\"", 1);
	while ((quote = strchr(name, '"')) != NULL) {
		mig__buf_add(buf, name, (size_t)(quote + 1 - name));
		mig__buf_add(buf, "\"", 1);
		name = quote + 1;
	}
	mig__buf_adds(buf, name);
	mig__buf_add(buf, "\"", 1);
}

static char *render(const mig_conn *conn, const char *pattern)
{
	struct mig__buf buf;

	mig__buf_init(&buf, &conn->alloc);
	while (*pattern) {
		size_t plain = strcspn(pattern, "@");

		mig__buf_add(&buf, pattern, plain);
		pattern += plain;
		if (*pattern) {
			mig__sqlite_add_name(&buf, conn->schema);
			mig__buf_add(&buf, ".", 1);
			mig__sqlite_add_name(&buf, pattern[1] == 'v' ? conn->version_table
								     : conn->history_table);
			pattern += 2;
		}
	}
	return mig__buf_take(&buf);
}

mig_status mig__sqlite_render(mig_conn *conn)
{
	int i;

	for (i = 1; i < MIG__SQLITE_TEXTS; i++) {
		if (!patterns[i])
			continue;
		conn->texts[i] = render(conn, patterns[i]);
		if (!conn->texts[i])
			return mig__sqlite_nomem(conn);
	}
	return MIG_OK;
}

const char *mig__sqlite_table_sql(mig_conn *conn, int32_t which)
{
	return which >= 1 && which < MIG__SQLITE_TEXTS ? conn->texts[which] : NULL;
}

mig_status mig__sqlite_table_exists(mig_conn *conn, int32_t which, int32_t *out)
{
	const char *table =
		which == MIG_SQL_READ_VERSION ? conn->version_table : conn->history_table;
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
