/* touched: which tables a statement writes to, and which refer to which.
 *
 * The first is asked of SQLite: EXPLAIN lists the operations of the statement and of the triggers that
 * it fires, among them OpenWrite with the root page of a table or index. What it does not say for
 * sure (changes of the schema, a page that is nobody's) counts as all tables. */
#include "dialect/sqlite/conn/engine.h"

#include "dialect/sqlite/sql/tokens.h"
#include "dialect/sqlite/sql/quote.h"

#include <string.h>

char *mig__sqlite_table_key(struct mig__arena *arena, const char *database, const char *table)
{
	size_t size = strlen(database) + strlen(table) + 2;
	char *key = mig__arena_alloc(arena, size);

	if (!key)
		return NULL;
	sqlite3_snprintf((int)size, key, "%s/%s", database, table);
	for (char *p = key; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	return key;
}

/* The name of the database with a number, kept in the arena; NULL in *out: there is none. */
static mig_status database_of(mig_conn *conn, int number, struct mig__arena *arena,
			      const char **out)
{
	sqlite3_stmt *stmt = NULL;
	int row;
	mig_status rc = mig__sqlite_query(conn, "PRAGMA database_list", &stmt);

	*out = NULL;
	while (!rc && !*out && !(rc = mig__sqlite_row(conn, stmt, &row)) && row) {
		if (sqlite3_column_int(stmt, 0) != number)
			continue;
		*out = mig__arena_strdup(arena, (const char *)sqlite3_column_text(stmt, 1));
		if (!*out)
			rc = mig__sqlite_nomem(conn);
	}
	sqlite3_finalize(stmt);
	return rc;
}

static mig_status add_page(mig_conn *conn, sqlite3_int64 page, int number,
			   struct mig__sqlite_touched *out)
{
	sqlite3_stmt *stmt = NULL;
	const char *database;
	struct mig__buf sql;
	char *key;
	int row = 0;
	mig_status rc = MIG_OK;

	if (number == 1) /* temporary tables have no foreign keys that are checked */
		return MIG_OK;
	if (page <= 1) {
		out->unsure = 1;
		return MIG_OK;
	}
	rc = database_of(conn, number, &out->arena, &database);
	if (rc || !database) {
		out->unsure = 1;
		return rc;
	}
	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "SELECT tbl_name FROM ");
	mig__sqlite_add_name(&sql, database);
	mig__buf_adds(&sql, ".sqlite_master WHERE rootpage = ?1");
	rc = sql.failed ? mig__sqlite_nomem(conn) : mig__sqlite_query(conn, sql.data, &stmt);
	mig__buf_finish(&sql);
	if (!rc)
		sqlite3_bind_int64(stmt, 1, page);
	if (!rc)
		rc = mig__sqlite_row(conn, stmt, &row);
	if (!rc && row) {
		key = mig__sqlite_table_key(&out->arena, database,
					    (const char *)sqlite3_column_text(stmt, 0));
		if (!key || !mig__map_add(&out->tables, key, strlen(key), 1, NULL))
			rc = mig__sqlite_nomem(conn);
	}
	out->unsure |= !row;
	sqlite3_finalize(stmt);
	return rc;
}

enum { OPCODE = 1, P1, P2, P3, P5 = 6, P2_IS_REGISTER = 0x10 };

static mig_status add_operation(mig_conn *conn, sqlite3_stmt *explained,
				struct mig__sqlite_touched *out)
{
	const char *opcode = (const char *)sqlite3_column_text(explained, OPCODE);

	if (!opcode)
		return mig__sqlite_nomem(conn);
	if (strcmp(opcode, "OpenWrite") == 0) {
		if (sqlite3_column_int(explained, P5) & P2_IS_REGISTER)
			out->unsure = 1;
		else
			return add_page(conn, sqlite3_column_int64(explained, P2),
					sqlite3_column_int(explained, P3), out);
	} else if (strcmp(opcode, "Clear") == 0) {
		return add_page(conn, sqlite3_column_int64(explained, P1),
				sqlite3_column_int(explained, P2), out);
	} else if (strcmp(opcode, "Destroy") == 0 || strcmp(opcode, "ParseSchema") == 0 ||
		   strcmp(opcode, "VUpdate") == 0) {
		out->unsure = 1;
	}
	return MIG_OK;
}

static int is_dml(const char *text)
{
	static const char *const words[] = { "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH" };
	struct mig__sqlite_token t = mig__sqlite_token(text);

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (mig__sqlite_is(t, words[i]))
			return 1;
	return 0;
}

mig_status mig__sqlite_touched(mig_conn *conn, const char *text, struct mig__sqlite_touched *out)
{
	sqlite3_stmt *stmt = NULL;
	struct mig__buf sql;
	int code, row;
	mig_status rc;

	out->unsure = !is_dml(text) || mig__sqlite_omits("OMIT_EXPLAIN"); /* which would run it */
	if (out->unsure)
		return MIG_OK;
	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "EXPLAIN ");
	mig__buf_adds(&sql, text);
	rc = sql.failed ? mig__sqlite_nomem(conn)
			: mig__sqlite_prepare(conn, sql.data, -1, 0, &stmt, NULL, &code);
	mig__buf_finish(&sql);
	if (!rc && code != SQLITE_OK) /* the statement itself will say it, with its place */
		out->unsure = 1;
	while (!rc && stmt && !(rc = mig__sqlite_row(conn, stmt, &row)) && row)
		rc = add_operation(conn, stmt, out);
	sqlite3_finalize(stmt);
	return rc;
}

/* -- who refers to whom */

static mig_status keys_of(mig_conn *conn, const char *database, mig__sqlite_key_fn fn, void *user)
{
	sqlite3_stmt *stmt = NULL;
	struct mig__buf sql;
	int row;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "SELECT m.name, k.\"table\" FROM ");
	mig__sqlite_add_name(&sql, database);
	mig__buf_adds(&sql, ".sqlite_master AS m, pragma_foreign_key_list(m.name, ?1) AS k "
			    "WHERE m.type = 'table' ORDER BY m.name");
	rc = sql.failed ? mig__sqlite_nomem(conn) : mig__sqlite_query(conn, sql.data, &stmt);
	mig__buf_finish(&sql);
	if (!rc && sqlite3_bind_text(stmt, 1, database, -1, SQLITE_TRANSIENT) != SQLITE_OK)
		rc = mig__sqlite_fail(conn, NULL);
	while (!rc && !(rc = mig__sqlite_row(conn, stmt, &row)) && row) {
		const char *child = (const char *)sqlite3_column_text(stmt, 0);
		const char *parent = (const char *)sqlite3_column_text(stmt, 1);

		rc = child && parent ? fn(user, database, child, parent) : mig__sqlite_nomem(conn);
	}
	sqlite3_finalize(stmt);
	return rc;
}

mig_status mig__sqlite_each_key(mig_conn *conn, mig__sqlite_key_fn fn, void *user)
{
	sqlite3_stmt *stmt = NULL;
	int row;
	mig_status rc = mig__sqlite_query(conn, "PRAGMA database_list", &stmt);

	while (!rc && !(rc = mig__sqlite_row(conn, stmt, &row)) && row) {
		const char *database = (const char *)sqlite3_column_text(stmt, 1);

		if (!database)
			rc = mig__sqlite_nomem(conn);
		else if (sqlite3_column_int(stmt, 0) != 1)
			rc = keys_of(conn, database, fn, user);
	}
	sqlite3_finalize(stmt);
	return rc;
}
