/* cursor: one statement with parameters and rows, for revisions in C and for libmig's own
 * tables. Not scripts: script.c. A write outside a transaction gets one of its own, in which
 * foreign keys are checked before the commit. */
#include "dialect/sqlite/conn/engine.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

mig_status mig__sqlite_prepare_one(mig_conn *conn, const char *text, size_t size, unsigned flags,
				   sqlite3_stmt **stmt)
{
	const struct mig__sqlite_place place = { text, size, 0 };
	struct mig__sqlite_place at = place;
	sqlite3_stmt *rest = NULL;
	const char *tail = text;
	int code, offset;
	mig_status rc;

	if (size > INT_MAX)
		return mig__sqlite_report(conn, MIG_EINVAL, NULL, NULL, "a statement of over 2 GB");
	rc = mig__sqlite_prepare(conn, text, (int)size, flags, stmt, &tail, &code);
	if (rc)
		return rc;
	if (code != SQLITE_OK) {
		offset = mig__sqlite_error_offset(conn, text, size);
		if (offset > 0)
			at.offset = (size_t)offset;
		return mig__sqlite_fail(conn, &at);
	}
	if (!*stmt)
		return mig__sqlite_report(conn, MIG_EINVAL, &place, NULL, "there is no statement");
	/* what is left must be blank: SQLite itself decides */
	size -= (size_t)(tail - text);
	if (!size)
		return MIG_OK;
	rc = mig__sqlite_prepare(conn, tail, (int)size, 0, &rest, NULL, &code);
	if (!rc && (rest || code != SQLITE_OK))
		rc = mig__sqlite_report(conn, MIG_EINVAL, &place, NULL, "more than one statement");
	sqlite3_finalize(rest);
	if (rc) {
		sqlite3_finalize(*stmt);
		*stmt = NULL;
	}
	return rc;
}

static mig_status before(mig_conn *conn, const char *text, size_t size, int *skip)
{
	const struct mig__sqlite_place place = { text, size, 0 };
	char *copy = mig__strndup(&conn->alloc, text, size); /* it ends with a NUL */
	mig_status rc = copy ? mig__sqlite_before(conn, copy, &place, skip)
			     : mig__sqlite_nomem(conn);

	mig__free(&conn->alloc, copy);
	return rc;
}

/* Parameters are $1, $2, …: SQLite has other forms, and a value that is missing is NULL there. As
 * names are numbered once each, it is enough that no number is beyond their count. */
static mig_status check_cursor_parameters(mig_conn *conn, sqlite3_stmt *stmt, const char *text, size_t size)
{
	const struct mig__sqlite_place place = { text, size, 0 };
	int count = sqlite3_bind_parameter_count(stmt), i;

	for (i = 1; i <= count; i++) {
		const char *name = sqlite3_bind_parameter_name(stmt, i);
		size_t digits = name && name[0] == '$' ? strspn(name + 1, "0123456789") : 0;

		if (!digits || digits > 5 || name[1] == '0' || name[1 + digits])
			return mig__sqlite_report(conn, MIG_EINVAL, &place,
						  "parameters are written $1, $2, …",
						  "parameter %s", name ? name : "?");
		if (strtol(name + 1, NULL, 10) > count)
			return mig__sqlite_report(conn, MIG_EINVAL, &place, NULL,
						  "there is parameter %s, but only %d of them: a "
						  "number below it is missing",
						  name, count);
	}
	return MIG_OK;
}

mig_status mig__sqlite_cursor_prepare(mig_conn *conn, const char *text, size_t size, uint32_t flags,
				      mig_cursor **out)
{
	mig_cursor *cursor = mig__calloc(&conn->alloc, 1, sizeof *cursor);
	static const char nothing[] = "SELECT NULL LIMIT 0";
	int skip = 0, own = (flags & MIG_PREPARE_OWN) != 0; /* no foreign keys */
	mig_status rc = MIG_OK;

	if (!cursor)
		return mig__sqlite_nomem(conn);
	cursor->conn = conn;
	rc = own ? MIG_OK : mig__sqlite_appear(conn); /* a query of the host's may write */
	if (!rc)
		rc = mig__sqlite_recover(conn);
	if (!rc && conn->running && !own)
		rc = before(conn, text, size, &skip);
	if (skip) {
		text = nothing;
		size = sizeof nothing - 1;
	}
	if (!rc)
		rc = mig__sqlite_prepare_one(conn, text, size, flags & MIG_PREPARE_OFTEN ? SQLITE_PREPARE_PERSISTENT : 0,
				     &cursor->stmt);
	if (!rc)
		rc = check_cursor_parameters(conn, cursor->stmt, text, size);
	if (rc) {
		sqlite3_finalize(cursor->stmt);
		mig__free(&conn->alloc, cursor);
		return rc;
	}
	cursor->harmless = sqlite3_stmt_readonly(cursor->stmt) || own;
	*out = cursor;
	return MIG_OK;
}

/* SQLite numbers $1, $2, … by their first appearance, so they are found by name: mostly at once. */
static int parameter(sqlite3_stmt *stmt, int32_t index)
{
	const char *usual = index < 1 ? NULL : sqlite3_bind_parameter_name(stmt, index);
	char name[16];

	if (index < 1)
		return 0;
	if (usual && strtol(usual + 1, NULL, 10) == index)
		return index;
	sqlite3_snprintf(sizeof name, name, "$%d", (int)index);
	return sqlite3_bind_parameter_index(stmt, name);
}

mig_status mig__sqlite_cursor_bind(mig_cursor *cursor, int32_t index, const mig_value *value)
{
	mig_conn *conn = cursor->conn;
	sqlite3_stmt *stmt = cursor->stmt;
	int at = parameter(stmt, index), code;
	const char *data = value->data ? value->data : "";

	if (!at)
		return mig__sqlite_report(conn, MIG_EINVAL, NULL, NULL,
					  "the statement has no parameter $%d", (int)index);
	if (sqlite3_stmt_busy(stmt) || cursor->done)
		mig__sqlite_cursor_reset(cursor);
	switch (value->type) {
	case MIG_NULL:
		code = sqlite3_bind_null(stmt, at);
		break;
	case MIG_INTEGER:
		code = sqlite3_bind_int64(stmt, at, value->integer);
		break;
	case MIG_REAL:
		code = sqlite3_bind_double(stmt, at, value->real);
		break;
	case MIG_TEXT:
		code = sqlite3_bind_text64(stmt, at, data, value->size, SQLITE_TRANSIENT,
					   SQLITE_UTF8);
		break;
	case MIG_BLOB:
		code = sqlite3_bind_blob64(stmt, at, data, value->size, SQLITE_TRANSIENT);
		break;
	default:
		return mig__sqlite_report(conn, MIG_EINVAL, NULL, NULL, "value type %d is unknown",
					  (int)value->type);
	}
	return code == SQLITE_OK ? MIG_OK : mig__sqlite_fail(conn, NULL);
}

/* One that would commit by itself gets a transaction that is checked. */
static mig_status enter(mig_cursor *cursor, const char *sql)
{
	mig_conn *conn = cursor->conn;
	mig_status rc = MIG_OK;

	cursor->wrapped = mig__sqlite_fk_wraps(conn, sql);
	if (cursor->wrapped)
		rc = mig__sqlite_begin_immediate(conn);
	return rc ? rc : mig__sqlite_fk_statement(conn, sql);
}

static mig_status leave(mig_cursor *cursor)
{
	mig_status rc = MIG_OK;

	if (cursor->wrapped && !sqlite3_get_autocommit(cursor->conn->db))
		rc = mig__sqlite_commit(cursor->conn, 0);
	if (!rc)
		cursor->wrapped = 0;
	return rc;
}

static void abandon(mig_cursor *cursor)
{
	mig__sqlite_rest(cursor->conn);
	if (cursor->wrapped && !sqlite3_get_autocommit(cursor->conn->db))
		mig__sqlite_undo(cursor->conn);
	cursor->wrapped = 0;
}

/* Notes what it has written, before anything else runs. sqlite3_changes() is of the last INSERT,
 * UPDATE or DELETE, which need not be this statement; only those count as changes in total. */
static mig_status step_counted(mig_cursor *cursor, int *code)
{
	sqlite3 *db = cursor->conn->db;
	mig_status rc;

	if (!sqlite3_stmt_busy(cursor->stmt)) {
		cursor->total = sqlite3_total_changes(db);
		cursor->affected = 0;
	}
	rc = mig__sqlite_step(cursor->conn, cursor->stmt, 0, code);
	if (!rc && *code == SQLITE_DONE && !sqlite3_stmt_readonly(cursor->stmt) &&
	    sqlite3_total_changes(db) != cursor->total) {
		cursor->affected = sqlite3_changes(db);
		cursor->conn->quiet.aside |=
			sqlite3_total_changes(db) - cursor->total != cursor->affected;
	}
	return rc;
}

mig_status mig__sqlite_cursor_step(mig_cursor *cursor, int32_t *has_row)
{
	mig_conn *conn = cursor->conn;
	const char *sql = sqlite3_sql(cursor->stmt);
	const struct mig__sqlite_place place = { sql, sql ? strlen(sql) : 0, MIG_NO_OFFSET };
	int code = SQLITE_DONE;
	mig_status rc = MIG_OK;

	cursor->row = 0;
	if (!cursor->harmless && !cursor->done && !sqlite3_stmt_busy(cursor->stmt))
		rc = enter(cursor, sql);
	conn->guarding = conn->revision.begun;
	if (!rc && !cursor->done)
		rc = step_counted(cursor, &code);
	conn->guarding = 0;
	if (!rc && code != SQLITE_ROW && code != SQLITE_DONE)
		rc = mig__sqlite_fail(conn, &place);
	if (!rc && code == SQLITE_DONE)
		rc = leave(cursor);
	if (!rc && code == SQLITE_DONE && !cursor->harmless)
		rc = mig__sqlite_undo_renew(conn, sql);
	if (rc) {
		sqlite3_reset(cursor->stmt);
		abandon(cursor);
		return rc;
	}
	cursor->row = code == SQLITE_ROW;
	cursor->done = !cursor->row;
	*has_row = cursor->row;
	return MIG_OK;
}

mig_status mig__sqlite_cursor_affected(mig_cursor *cursor, int64_t *out)
{
	*out = cursor->affected;
	return MIG_OK;
}

mig_status mig__sqlite_cursor_reset(mig_cursor *cursor)
{
	mig_status rc;

	sqlite3_reset(cursor->stmt); /* its code repeats the last step's */
	cursor->row = 0;
	cursor->done = 0;
	rc = leave(cursor);
	if (rc)
		abandon(cursor);
	return rc;
}

int32_t mig__sqlite_cursor_column_count(const mig_cursor *cursor)
{
	return sqlite3_column_count(cursor->stmt);
}

static int32_t native_type(sqlite3_stmt *stmt, int column)
{
	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		return MIG_INTEGER;
	case SQLITE_FLOAT:
		return MIG_REAL;
	case SQLITE_TEXT:
		return MIG_TEXT;
	case SQLITE_BLOB:
		return MIG_BLOB;
	default:
		return MIG_NULL;
	}
}

mig_status mig__sqlite_cursor_column(mig_cursor *cursor, int32_t column, int32_t as, mig_value *out)
{
	mig_conn *conn = cursor->conn;
	sqlite3_stmt *stmt = cursor->stmt;
	mig_value v = { 0 };

	if (!cursor->row)
		return mig__sqlite_report(conn, MIG_EMISUSE, NULL, NULL, "there is no current row");
	if (column < 0 || column >= sqlite3_column_count(stmt))
		return mig__sqlite_report(conn, MIG_EINVAL, NULL, NULL, "there is no column %d",
					  (int)column);
	if (as < MIG_NULL || as > MIG_BLOB)
		return mig__sqlite_report(conn, MIG_EINVAL, NULL, NULL, "value type %d is unknown",
					  (int)as);
	v.type = native_type(stmt, column);
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
			return mig__sqlite_nomem(conn);
		if (!v.data) /* SQLite has no address for an empty blob */
			v.data = "";
	}
	*out = v;
	return MIG_OK;
}

void mig__sqlite_cursor_finish(mig_cursor *cursor)
{
	if (!cursor)
		return;
	sqlite3_finalize(cursor->stmt);
	if (leave(cursor)) { /* nobody hears of it here */
		abandon(cursor);
		cursor->conn->revision.undone = 1;
	}
	mig__free(&cursor->conn->alloc, cursor);
}
