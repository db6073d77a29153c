/* cursor: a statement with parameters and rows. */
#ifndef MIG__PG_CURSOR_H
#define MIG__PG_CURSOR_H

#include "base/buf.h"
#include "dialect/postgresql/conn/conn.h"

struct mig_cursor {
	mig_conn *conn;
	char *text;
	PGresult *result; /* NULL: not run yet */
	int row;          /* the current one, from 0; -1: before the first */
	int parameters, columns;
	char **values; /* one for each parameter, NULL: null */
	int *sizes, *formats;
	struct mig__buf scratch; /* of the column that was converted last */
};

mig_status mig__pg_cursor_prepare(mig_conn *conn, const char *text, size_t size, uint32_t flags,
				  mig_cursor **out);
mig_status mig__pg_cursor_bind(mig_cursor *cursor, int32_t index, const mig_value *value);
mig_status mig__pg_cursor_step(mig_cursor *cursor, int32_t *has_row);
mig_status mig__pg_cursor_reset(mig_cursor *cursor);
int32_t mig__pg_cursor_column_count(const mig_cursor *cursor);
mig_status mig__pg_cursor_column(mig_cursor *cursor, int32_t column, int32_t as, mig_value *out);
mig_status mig__pg_cursor_affected(mig_cursor *cursor, int64_t *out);
void mig__pg_cursor_finish(mig_cursor *cursor);

#endif
