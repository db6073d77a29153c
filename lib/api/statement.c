/* statement: one statement with parameters and rows: of a step, or of the host's own between two calls
 * (mig_query()). The dialect's cursor does the work.
 *
 * A statement is in a list until it is freed: a query in that of its context, which refuses runs
 * meanwhile, one of a step in that of its run. mig_close(), or the end of the run, ends what is still in
 * it: the handle that is left has no connection any more, and can still be freed. */
#include "api/statement.h"

#include <string.h>

mig_status mig__stmt_new(struct mig__db *db, const char *sql, size_t size, mig_stmt **list,
			 mig_stmt **out)
{
	mig_stmt *stmt = mig__calloc(db->err->alloc, 1, sizeof *stmt);
	mig_status rc;

	if (!stmt)
		return mig__fail_nomem(db->err);
	stmt->alloc = *db->err->alloc;
	stmt->db = db;
	rc = db->dialect->conn->prepare(db->conn, sql, size, 1, &stmt->cursor);
	if (rc) {
		mig__free(&stmt->alloc, stmt);
		return rc;
	}
	stmt->next = *list;
	stmt->list = list;
	if (stmt->next)
		stmt->next->list = &stmt->next;
	*list = stmt;
	*out = stmt;
	return MIG_OK;
}

static void end(mig_stmt *stmt)
{
	if (!stmt->db)
		return;
	stmt->db->dialect->conn->finish(stmt->cursor);
	*stmt->list = stmt->next;
	if (stmt->next)
		stmt->next->list = stmt->list;
	stmt->cursor = NULL;
	stmt->db = NULL;
	stmt->next = NULL;
	stmt->list = NULL;
}

void mig__stmts_end(mig_stmt **list)
{
	while (*list)
		end(*list);
}

/* -- the host's own */

/* One that begins or ends a transaction would change what the host, or the next run, is in. */
static mig_status check_query(mig_ctx *ctx, const char *sql)
{
	const uint32_t control = MIG_STATEMENT_BEGIN | MIG_STATEMENT_COMMIT |
				 MIG_STATEMENT_ROLLBACK | MIG_STATEMENT_SAVEPOINT |
				 MIG_STATEMENT_RELEASE;
	struct mig__db *db = &ctx->db;
	mig_statement st = { .struct_size = sizeof st };
	mig_status rc = db->dialect->conn->next_statement(db->conn, sql, strlen(sql), 0, &st);

	if (rc || !(st.kind & control))
		return rc;
	mig__fail(&ctx->err, MIG_ETRANSACTION,
		  "a query may not begin or end a transaction, nor set or release a savepoint");
	mig__error_set_statement(&ctx->err, sql + st.offset, st.size);
	return MIG_ETRANSACTION;
}

mig_status mig_query(mig_ctx *ctx, const char *sql, mig_stmt **out)
{
	mig_status rc = mig__enter_db(ctx);

	if (rc)
		return rc;
	if (!sql || !out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the query or the output is NULL");
	rc = check_query(ctx, sql);
	return rc ? rc : mig__stmt_new(&ctx->db, sql, strlen(sql), &ctx->queries, out);
}

mig_status mig__queries_refuse(mig_ctx *ctx)
{
	if (!ctx->queries)
		return MIG_OK;
	mig__fail(&ctx->err, MIG_EMISUSE, "a statement of mig_query() is open");
	mig__error_set_hint(&ctx->err, "free it with mig_stmt_free() before the run");
	return MIG_EMISUSE;
}

/* -- parameters */

static mig_status bind(mig_stmt *stmt, int32_t index, const mig_value *value)
{
	mig_status rc = MIG_OK;

	if (!stmt)
		return MIG_EINVAL;
	if (!stmt->db)
		return MIG_EMISUSE;
	if (stmt->on_row) {
		mig__fail(stmt->db->err, MIG_EMISUSE,
			  "parameter $%d cannot be bound while the rows are being read", (int)index);
		mig__error_set_hint(stmt->db->err, "call mig_stmt_reset() first");
		return MIG_EMISUSE;
	}
	if (stmt->done)
		rc = mig_stmt_reset(stmt);
	return rc ? rc : stmt->db->dialect->conn->bind(stmt->cursor, index, value);
}

mig_status mig_stmt_bind_null(mig_stmt *stmt, int32_t index)
{
	mig_value value = { .type = MIG_NULL };

	return bind(stmt, index, &value);
}

mig_status mig_stmt_bind_int64(mig_stmt *stmt, int32_t index, int64_t n)
{
	mig_value value = mig__value_int(n);

	return bind(stmt, index, &value);
}

mig_status mig_stmt_bind_double(mig_stmt *stmt, int32_t index, double n)
{
	mig_value value = { .type = MIG_REAL, .real = n };

	return bind(stmt, index, &value);
}

mig_status mig_stmt_bind_text(mig_stmt *stmt, int32_t index, const char *text)
{
	mig_value value = mig__value_text(text);

	return bind(stmt, index, &value);
}

mig_status mig_stmt_bind_blob(mig_stmt *stmt, int32_t index, const void *data, size_t size)
{
	mig_value value = { .type = data || !size ? MIG_BLOB : MIG_NULL,
			    .data = data ? data : "",
			    .size = size };

	if (!data && size)
		return stmt && stmt->db ? mig__fail(stmt->db->err, MIG_EINVAL,
						    "the blob of parameter $%d is NULL", (int)index)
					: MIG_EINVAL;
	return bind(stmt, index, &value);
}

/* -- rows */

mig_status mig_stmt_step(mig_stmt *stmt, int32_t *has_row)
{
	mig_status rc;

	if (!stmt)
		return MIG_EINVAL;
	if (!stmt->db)
		return MIG_EMISUSE;
	if (!has_row)
		return mig__fail(stmt->db->err, MIG_EINVAL, "the output is NULL");
	rc = mig__db_check(stmt->db);
	if (!rc)
		rc = stmt->db->dialect->conn->step(stmt->cursor, has_row);
	stmt->on_row = !rc && *has_row;
	stmt->done = !rc && !*has_row;
	return rc;
}

mig_status mig_stmt_reset(mig_stmt *stmt)
{
	if (!stmt)
		return MIG_EINVAL;
	if (!stmt->db)
		return MIG_EMISUSE;
	stmt->on_row = stmt->done = 0;
	return stmt->db->dialect->conn->reset(stmt->cursor);
}

mig_status mig__stmt_changes(mig_stmt *stmt, int64_t *out)
{
	struct mig__db *db = stmt->db;
	mig_status (*affected)(mig_cursor *, int64_t *) = MIG__CONN_SLOT(db, affected);

	if (!affected)
		return mig__fail(db->err, MIG_EUNSUPPORTED,
				 "how many rows a statement changes is not known here");
	return affected(stmt->cursor, out);
}

int64_t mig_stmt_changes(mig_stmt *stmt)
{
	int64_t changes = -1;

	return stmt && stmt->db && !mig__stmt_changes(stmt, &changes) ? changes : -1;
}

int32_t mig_stmt_column_count(const mig_stmt *stmt)
{
	return stmt && stmt->db ? stmt->db->dialect->conn->column_count(stmt->cursor) : 0;
}

/* A column that cannot be read reads as NULL. */
static mig_value column(mig_stmt *stmt, int32_t index, int32_t as)
{
	mig_value value = { .type = MIG_NULL };

	if (!stmt || index < 0 || index >= mig_stmt_column_count(stmt) ||
	    stmt->db->dialect->conn->column(stmt->cursor, index, as, &value))
		return (mig_value){ .type = MIG_NULL };
	return value;
}

int32_t mig_stmt_type(mig_stmt *stmt, int32_t index)
{
	return column(stmt, index, MIG_NULL).type;
}

int64_t mig_stmt_int64(mig_stmt *stmt, int32_t index)
{
	mig_value value = column(stmt, index, MIG_INTEGER);

	return value.type == MIG_INTEGER ? value.integer : 0;
}

double mig_stmt_double(mig_stmt *stmt, int32_t index)
{
	mig_value value = column(stmt, index, MIG_REAL);

	return value.type == MIG_REAL ? value.real : 0;
}

const char *mig_stmt_text(mig_stmt *stmt, int32_t index)
{
	mig_value value = column(stmt, index, MIG_TEXT);

	return value.type == MIG_TEXT ? value.data : NULL;
}

const void *mig_stmt_blob(mig_stmt *stmt, int32_t index, size_t *size)
{
	mig_value value = column(stmt, index, MIG_BLOB);

	if (size)
		*size = value.type == MIG_BLOB ? value.size : 0;
	return value.type == MIG_BLOB ? value.data : NULL;
}

void mig_stmt_free(mig_stmt *stmt)
{
	struct mig__alloc alloc;

	if (!stmt)
		return;
	alloc = stmt->alloc;
	end(stmt);
	mig__free(&alloc, stmt);
}
