#include "sqlcipher.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* -- statements */

/* Prepares the first statement of text; *stmt is NULL for blank text. */
static mig_status prepare_next(mig_conn *conn, const char *text, size_t size,
			       const struct place *place, sqlite3_stmt **stmt, const char **tail)
{
	int waited = 0;
	mig_status rc = MIG_OK;

	if (size > INT_MAX)
		return report(conn, MIG_EINVAL, NULL, NULL, "a statement of over 2 GB");
	while (!rc) {
		int code = sqlite3_prepare_v2(conn->db, text, (int)size, stmt, tail);

		if (code == SQLITE_OK)
			return MIG_OK;
		/* the schema is read now, and another connection may be about to change it */
		rc = code == SQLITE_BUSY ? wait_a_little(conn, &waited) : report_sql(conn, place);
	}
	return rc;
}

mig_status prepare_one(mig_conn *conn, const struct place *place, sqlite3_stmt **out)
{
	const char *text = place->statement, *end = text + place->size, *tail;
	sqlite3_stmt *stmt = NULL, *more = NULL;
	mig_status rc = prepare_next(conn, text, place->size, place, &stmt, &tail);

	if (rc)
		return rc;
	if (!stmt)
		return report(conn, MIG_EINVAL, place, NULL, "there is no statement");
	/* SQLite itself decides whether the rest is blank */
	if (tail < end &&
	    (sqlite3_prepare_v2(conn->db, tail, (int)(end - tail), &more, NULL) || more)) {
		sqlite3_finalize(more);
		sqlite3_finalize(stmt);
		return report(conn, MIG_EINVAL, place, NULL, "more than one statement");
	}
	*out = stmt;
	return MIG_OK;
}

mig_status step_one(mig_conn *conn, sqlite3_stmt *stmt, const struct place *place, int *code)
{
	int fresh = !sqlite3_stmt_busy(stmt), waited = 0;
	mig_status rc = MIG_OK;

	while (!rc) {
		*code = sqlite3_step(stmt);
		if (*code == SQLITE_ROW || *code == SQLITE_DONE)
			return MIG_OK;
		/* Only what has had no effect may be repeated. Inside a transaction that is COMMIT,
		 * which is read-only in SQLite's eyes. */
		if (*code != SQLITE_BUSY || !fresh ||
		    !(sqlite3_get_autocommit(conn->db) || sqlite3_stmt_readonly(stmt)))
			return report_sql(conn, place);
		sqlite3_reset(stmt);
		rc = wait_a_little(conn, &waited);
	}
	return rc;
}

mig_status run_own(mig_conn *conn, const char *sql, int *rows, int *value)
{
	const struct place place = { sql, strlen(sql), MIG_NO_OFFSET };
	sqlite3_stmt *stmt = NULL;
	int code = SQLITE_ROW, n = 0;
	mig_status rc = prepare_one(conn, &place, &stmt);

	while (!rc && code == SQLITE_ROW) {
		rc = step_one(conn, stmt, &place, &code);
		if (rc || code != SQLITE_ROW)
			break;
		n++;
		if (value)
			*value = sqlite3_column_int(stmt, 0);
	}
	sqlite3_finalize(stmt);
	if (!rc && rows)
		*rows = n;
	return rc;
}

/* -- statements with parameters and rows */

mig_status cursor_prepare(mig_conn *conn, const char *text, size_t size, uint32_t flags,
			  mig_cursor **out)
{
	const struct place place = { text, size, 0 };
	mig_cursor *cursor = conn->host->realloc_fn(conn->host->user, NULL, sizeof *cursor);
	mig_status rc;

	(void)flags; /* nothing here depends on them */
	if (!cursor)
		return report(conn, MIG_ENOMEM, NULL, NULL, "out of memory");
	*cursor = (mig_cursor){ .conn = conn };
	rc = prepare_one(conn, &place, &cursor->stmt);
	if (rc)
		cursor_finish(cursor);
	else
		*out = cursor;
	return rc;
}

/* SQLite numbers $1, $2, … by where they stand first, so they are found by name. */
mig_status cursor_bind(mig_cursor *cursor, int32_t index, const mig_value *value)
{
	const char *data = value->data ? value->data : "";
	sqlite3_stmt *stmt = cursor->stmt;
	char name[16];
	int at, code = SQLITE_MISUSE;

	snprintf(name, sizeof name, "$%d", (int)index);
	at = sqlite3_bind_parameter_index(stmt, name);
	if (!at)
		return report(cursor->conn, MIG_EINVAL, NULL, NULL, "there is no such parameter");
	if (cursor->row || cursor->done)
		cursor_reset(cursor);
	if (value->type == MIG_NULL)
		code = sqlite3_bind_null(stmt, at);
	else if (value->type == MIG_INTEGER)
		code = sqlite3_bind_int64(stmt, at, value->integer);
	else if (value->type == MIG_REAL)
		code = sqlite3_bind_double(stmt, at, value->real);
	else if (value->type == MIG_TEXT)
		code = sqlite3_bind_text64(stmt, at, data, value->size, SQLITE_TRANSIENT,
					   SQLITE_UTF8);
	else if (value->type == MIG_BLOB)
		code = sqlite3_bind_blob64(stmt, at, data, value->size, SQLITE_TRANSIENT);
	else
		return report(cursor->conn, MIG_EINVAL, NULL, NULL, "there is no such type");
	return code == SQLITE_OK ? MIG_OK : report_sql(cursor->conn, NULL);
}

mig_status cursor_step(mig_cursor *cursor, int32_t *has_row)
{
	const char *sql = sqlite3_sql(cursor->stmt);
	const struct place place = { sql, strlen(sql), MIG_NO_OFFSET };
	int code = SQLITE_DONE;
	mig_status rc = MIG_OK;

	if (!cursor->done) /* SQLite would begin anew */
		rc = step_one(cursor->conn, cursor->stmt, &place, &code);
	if (rc) {
		cursor_reset(cursor);
		return rc;
	}
	cursor->row = code == SQLITE_ROW;
	cursor->done = !cursor->row;
	*has_row = cursor->row;
	return MIG_OK;
}

mig_status cursor_reset(mig_cursor *cursor)
{
	sqlite3_reset(cursor->stmt); /* its code repeats that of the last step */
	cursor->row = cursor->done = 0;
	return MIG_OK;
}

int32_t cursor_column_count(const mig_cursor *cursor)
{
	return sqlite3_column_count(cursor->stmt);
}

mig_status cursor_column(mig_cursor *cursor, int32_t column, int32_t as, mig_value *out)
{
	static const int32_t types[] = {
		[SQLITE_INTEGER] = MIG_INTEGER, [SQLITE_FLOAT] = MIG_REAL, [SQLITE_TEXT] = MIG_TEXT,
		[SQLITE_BLOB] = MIG_BLOB,       [SQLITE_NULL] = MIG_NULL,
	};
	sqlite3_stmt *stmt = cursor->stmt;
	mig_value v = { 0 };

	if (!cursor->row)
		return report(cursor->conn, MIG_EMISUSE, NULL, NULL, "there is no current row");
	if (column < 0 || column >= sqlite3_column_count(stmt) || as < MIG_NULL || as > MIG_BLOB)
		return report(cursor->conn, MIG_EINVAL, NULL, NULL, "there is no such column");
	v.type = types[sqlite3_column_type(stmt, column)];
	if (v.type != MIG_NULL && as != MIG_NULL)
		v.type = as;
	if (v.type == MIG_INTEGER)
		v.integer = sqlite3_column_int64(stmt, column);
	else if (v.type == MIG_REAL)
		v.real = sqlite3_column_double(stmt, column);
	else if (v.type == MIG_TEXT)
		v.data = (const char *)sqlite3_column_text(stmt, column);
	else if (v.type == MIG_BLOB)
		v.data = sqlite3_column_blob(stmt, column);
	if (v.type == MIG_TEXT || v.type == MIG_BLOB) {
		v.size = (size_t)sqlite3_column_bytes(stmt, column);
		if (!v.data && (v.type == MIG_TEXT || v.size))
			return report(cursor->conn, MIG_ENOMEM, NULL, NULL, "out of memory");
		if (!v.data) /* an empty blob has no address */
			v.data = "";
	}
	*out = v;
	return MIG_OK;
}

void cursor_finish(mig_cursor *cursor)
{
	if (!cursor)
		return;
	sqlite3_finalize(cursor->stmt);
	cursor->conn->host->realloc_fn(cursor->conn->host->user, cursor, 0);
}
