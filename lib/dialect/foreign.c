/* foreign: see foreign.h. It is read by SQL that every engine takes, and never written. What its values
 * mean is none of its business. */
#include "dialect/foreign.h"

#include "base/buf.h"
#include "base/quote.h"

#include <string.h>

/* Each part of a table's name in quotes; a dot parts. */
static void add_table(struct mig__buf *sql, const char *name, const char *marks)
{
	for (size_t n;; name += n + 1) {
		n = strcspn(name, ".");
		mig__add_quoted_n(sql, name, n, marks);
		if (!name[n])
			return;
		mig__buf_adds(sql, ".");
	}
}

/* What returns no columns was run to do something: the error undoes it. */
static mig_status check_query(struct mig__db *db, const mig_cursor *cursor)
{
	if (db->dialect->conn->column_count(cursor) > 0)
		return MIG_OK;
	mig__fail(db->err, MIG_EINVAL, "the statement that was to read the version returns nothing");
	mig__error_set_hint(db->err, "give a query; nothing of the statement is kept");
	return MIG_EINVAL;
}

static mig_status read_values(struct mig__db *db, const char *sql, size_t size, mig__foreign_fn fn,
			      void *user)
{
	const mig_dialect_conn *d = db->dialect->conn;
	mig_value value = { .type = MIG_NULL };
	mig_cursor *cursor = NULL;
	int32_t more;
	mig_status rc = d->prepare(db->conn, sql, size, 0, &cursor);

	while (!rc && !(rc = d->step(cursor, &more)) && !(rc = check_query(db, cursor)) && more) {
		rc = d->column(cursor, 0, MIG_TEXT, &value);
		if (!rc)
			rc = fn(user, value.type == MIG_TEXT ? value.data : NULL);
	}
	d->finish(cursor);
	return rc;
}

/* The host's own: it may only read, whatever its words are. */
static mig_status read_query(struct mig__db *db, const char *sql, mig__foreign_fn fn, void *user)
{
	mig_status (*begin)(mig_conn *, const char *, const char *, size_t) =
		MIG__CONN_SLOT(db, check_begin);
	mig_status (*end)(mig_conn *) = MIG__CONN_SLOT(db, check_end);
	size_t size = strlen(sql);
	mig_status rc = begin ? begin(db->conn, NULL, sql, size) : MIG_OK;

	if (!rc)
		rc = read_values(db, sql, size, fn, user);
	return rc || !end ? rc : end(db->conn);
}

mig_status mig__foreign_read(struct mig__db *db, const struct mig__foreign *what,
			     mig__foreign_fn fn, void *user)
{
	struct mig__buf sql;
	mig_status rc;

	if (what->query)
		return read_query(db, what->query, fn, user);
	mig__buf_init(&sql, db->err->alloc);
	/* with its table's name before it: SQLite takes a lone "name" that is not a column for a text */
	mig__buf_adds(&sql, "SELECT f.");
	mig__add_quoted(&sql, what->column, mig__db_name_quotes(db));
	mig__buf_adds(&sql, " FROM ");
	add_table(&sql, what->table, mig__db_name_quotes(db));
	mig__buf_adds(&sql, " AS f");
	rc = sql.failed ? mig__fail_nomem(db->err)
			: read_values(db, sql.data, sql.len, fn, user);
	mig__buf_finish(&sql);
	return rc;
}
