/* cursor: statements with parameters and rows. A result is read whole, so that other statements
 * may run between two rows. */
#include "dialect/postgresql/conn/cursor.h"
#include "base/number.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/script.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* pg_type.dat: types that are numbers, or bytes; everything else is text. */
enum {
	BOOL = 16,
	BYTEA = 17,
	INT8 = 20,
	INT2 = 21,
	INT4 = 23,
	OID = 26,
	FLOAT4 = 700,
	FLOAT8 = 701
};

/* -- preparing */

static mig_status check_single(mig_conn *conn, const char *text, size_t size)
{
	const struct mig__pg_place place = { text, size, 0 };
	mig_statement st = { .struct_size = sizeof st }, more = { .struct_size = sizeof more };
	mig_status rc = mig__pg_next_statement(conn, text, size, 0, &st);

	if (rc)
		return rc;
	if (!st.size)
		return mig__pg_report(conn, MIG_EINVAL, &place, NULL, "there is no statement");
	rc = mig__pg_next_statement(conn, text, size, st.next, &more);
	if (!rc && more.size)
		rc = mig__pg_report(conn, MIG_EINVAL, &place, NULL, "more than one statement");
	return rc;
}

/* Has the server look at it: parameters and columns are known then. */
static mig_status describe(mig_cursor *cursor)
{
	PGresult *result = NULL;
	mig_status rc = mig__pg_describe(cursor->conn, cursor, &result);

	if (rc)
		return rc;
	cursor->columns = PQnfields(result);
	cursor->parameters = PQnparams(result);
	PQclear(result);
	return MIG_OK;
}

static mig_status make_room(mig_cursor *cursor)
{
	const struct mig__alloc *alloc = &cursor->conn->alloc;
	size_t n = cursor->parameters ? (size_t)cursor->parameters : 1;

	cursor->values = mig__calloc(alloc, n, sizeof *cursor->values);
	cursor->sizes = mig__calloc(alloc, n, sizeof *cursor->sizes);
	cursor->formats = mig__calloc(alloc, n, sizeof *cursor->formats);
	return cursor->values && cursor->sizes && cursor->formats ? MIG_OK
								  : mig__pg_nomem(cursor->conn);
}

static mig_status prepare(mig_cursor *cursor, const char *text, size_t size)
{
	mig_conn *conn = cursor->conn;
	mig_status rc;

	cursor->text = mig__strndup(&conn->alloc, text, size);
	if (!cursor->text)
		return mig__pg_nomem(conn);
	rc = check_single(conn, cursor->text, size);
	if (!rc && conn->session->running)
		rc = mig__pg_settings_foresee(conn, cursor->text, size);
	if (!rc)
		rc = describe(cursor);
	return rc ? rc : make_room(cursor);
}

mig_status mig__pg_cursor_prepare(mig_conn *conn, const char *text, size_t size, uint32_t flags,
				  mig_cursor **out)
{
	mig_cursor *cursor = mig__calloc(&conn->alloc, 1, sizeof *cursor);
	mig_status rc;

	(void)flags; /* a named statement would be lost behind a pooler */
	if (!cursor)
		return mig__pg_nomem(conn);
	cursor->conn = conn;
	cursor->row = -1;
	mig__buf_init(&cursor->scratch, &conn->alloc);
	rc = prepare(cursor, text, size);
	if (rc)
		mig__pg_cursor_finish(cursor);
	else
		*out = cursor;
	return rc;
}

mig_status mig__pg_cursor_bind(mig_cursor *cursor, int32_t index, const mig_value *value)
{
	mig_conn *conn = cursor->conn;
	const char *data = value->data ? value->data : "";
	char number[MIG__NUMBER_SIZE], *copy = NULL;
	size_t size = value->size;

	if (index < 1 || index > cursor->parameters)
		return mig__pg_report(conn, MIG_EINVAL, NULL, NULL, "there is no parameter $%d",
				      (int)index);
	if (value->type == MIG_INTEGER)
		snprintf(number, sizeof number, "%lld", (long long)value->integer);
	else if (value->type == MIG_REAL)
		mig__number_write(value->real, number);
	else if (value->type == MIG_TEXT && memchr(data, '\0', size))
		return mig__pg_report(conn, MIG_EINVAL, NULL, NULL,
				      "the text of parameter $%d holds a NUL byte", (int)index);
	if (value->type == MIG_INTEGER || value->type == MIG_REAL) {
		data = number;
		size = strlen(number);
	}
	if (size > INT32_MAX)
		return mig__pg_report(conn, MIG_EINVAL, NULL, NULL, "a value of over 2 GB");
	if (value->type != MIG_NULL) {
		copy = mig__strndup(&conn->alloc, data, size);
		if (!copy)
			return mig__pg_nomem(conn);
	}
	index--;
	mig__free(&conn->alloc, cursor->values[index]);
	cursor->values[index] = copy;
	cursor->sizes[index] = (int)size;
	cursor->formats[index] = value->type == MIG_BLOB;
	return MIG_OK;
}

mig_status mig__pg_cursor_step(mig_cursor *cursor, int32_t *has_row)
{
	mig_status rc = MIG_OK;

	if (!cursor->result)
		rc = mig__pg_send_params(cursor->conn, cursor, &cursor->result);
	if (rc)
		return rc;
	if (cursor->row < PQntuples(cursor->result))
		cursor->row++;
	*has_row = cursor->row < PQntuples(cursor->result);
	return MIG_OK;
}

/* The tag of a query counts the rows that it returns: "SELECT 3". */
mig_status mig__pg_cursor_affected(mig_cursor *cursor, int64_t *out)
{
	static const char *const writes[] = { "INSERT", "UPDATE", "DELETE", "MERGE" };
	const char *tag = cursor->result ? PQcmdStatus(cursor->result) : "";

	*out = 0;
	for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
		if (!strncmp(tag, writes[i], strlen(writes[i])))
			*out = strtoll(PQcmdTuples(cursor->result), NULL, 10);
	return MIG_OK;
}

mig_status mig__pg_cursor_reset(mig_cursor *cursor)
{
	PQclear(cursor->result);
	cursor->result = NULL;
	cursor->row = -1;
	return MIG_OK;
}

int32_t mig__pg_cursor_column_count(const mig_cursor *cursor)
{
	return cursor->columns;
}

static int32_t natural_type(const PGresult *result, int column)
{
	switch (PQftype(result, column)) {
	case BOOL:
	case INT2:
	case INT4:
	case INT8:
	case OID:
		return MIG_INTEGER;
	case FLOAT4:
	case FLOAT8:
		return MIG_REAL;
	case BYTEA:
		return MIG_BLOB;
	default:
		return MIG_TEXT;
	}
}

static int64_t to_integer(const char *text)
{
	double number;

	if (*text == 't' || *text == 'f') /* boolean */
		return *text == 't';
	if (!strpbrk(text, ".eE"))
		return strtoll(text, NULL, 10);
	number = mig__number_read(text);
	if (number >= 9223372036854775808.0)
		return INT64_MAX;
	return number > -9223372036854775808.0 ? (int64_t)number : INT64_MIN;
}

/* The bytes of a bytea, which come as text. */
static mig_status to_blob(mig_cursor *cursor, const char *text, mig_value *v)
{
	unsigned char *bytes = PQunescapeBytea((const unsigned char *)text, &v->size);

	if (!bytes)
		return mig__pg_nomem(cursor->conn);
	mig__buf_clear(&cursor->scratch);
	mig__buf_add(&cursor->scratch, (const char *)bytes, v->size);
	PQfreemem(bytes);
	v->data = mig__buf_text(&cursor->scratch);
	return cursor->scratch.failed ? mig__pg_nomem(cursor->conn) : MIG_OK;
}

mig_status mig__pg_cursor_column(mig_cursor *cursor, int32_t column, int32_t as, mig_value *out)
{
	const PGresult *result = cursor->result;
	mig_value v = { .type = MIG_NULL };
	const char *text;
	mig_status rc = MIG_OK;

	if (!result || cursor->row < 0 || cursor->row >= PQntuples(result))
		return mig__pg_report(cursor->conn, MIG_EMISUSE, NULL, NULL,
				      "there is no current row");
	if (column < 0 || column >= PQnfields(result))
		return mig__pg_report(cursor->conn, MIG_EINVAL, NULL, NULL, "there is no column %d",
				      (int)column);
	if (PQgetisnull(result, cursor->row, column)) {
		*out = v;
		return MIG_OK;
	}
	text = PQgetvalue(result, cursor->row, column);
	v.type = as == MIG_NULL ? natural_type(result, column) : as;
	if (v.type == MIG_INTEGER) {
		v.integer = to_integer(text);
	} else if (v.type == MIG_REAL) {
		v.real = mig__number_read(text);
	} else if (v.type == MIG_BLOB && PQftype(result, column) == BYTEA) {
		rc = to_blob(cursor, text, &v);
	} else {
		v.data = text;
		v.size = (size_t)PQgetlength(result, cursor->row, column);
	}
	if (!rc)
		*out = v;
	return rc;
}

void mig__pg_cursor_finish(mig_cursor *cursor)
{
	const struct mig__alloc *alloc;
	int i;

	if (!cursor)
		return;
	alloc = &cursor->conn->alloc;
	PQclear(cursor->result);
	for (i = 0; cursor->values && i < cursor->parameters; i++)
		mig__free(alloc, cursor->values[i]);
	mig__free(alloc, cursor->values);
	mig__free(alloc, cursor->sizes);
	mig__free(alloc, cursor->formats);
	mig__free(alloc, cursor->text);
	mig__buf_finish(&cursor->scratch);
	mig__free(alloc, cursor);
}
