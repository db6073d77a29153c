/* How ALTER COLUMN TYPE converts what is there. The server does so by itself where it has an
 * assignment cast, and into strings; USING says it where the cast has to be asked for, or goes
 * through text. */
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/schema/ddl.h"
#include "dialect/postgresql/sql/quote.h"

#include <stdlib.h>
#include <string.h>

/* A column of a table whose type is altered. */
static int changes_type(const mig_op *op)
{
	return op->type == MIG_OP_ALTER && op->to->kind == MIG_KIND_COLUMN &&
	       mig__top(op->to)->kind == MIG_KIND_TABLE &&
	       !mig__attribute_same(op->from, op->to, "type");
}

/* The type of the elements, as a constant. */
static void add_element(struct mig__buf *b, const mig_object *column)
{
	const char *type = mig__attribute(column, "type");
	size_t size = strlen(type);

	while (size > 2 && !strncmp(type + size - 2, "[]", 2))
		size -= 2;
	mig__pg_add_text(b, type, size);
}

static size_t add_types(struct mig__buf *b, const mig_changes *changes)
{
	size_t count = 0;

	for (size_t i = 0; i < changes->op_count; i++) {
		const mig_op *op = changes->ops[i];

		if (!changes_type(op))
			continue;
		mig__ddl_item(b, &count, ", ");
		mig__buf_addf(b, "(%zu, ", i);
		add_element(b, op->from);
		mig__buf_adds(b, ", ");
		add_element(b, op->to);
		mig__buf_adds(b, ")");
	}
	return count;
}

/* A domain counts as the type under it; a type that is not there yet gives NULL. */
#define BASE(text)                                                                            \
	"LEFT JOIN LATERAL (SELECT b.oid, b.typcategory AS c FROM pg_catalog.pg_type t JOIN " \
	"pg_catalog.pg_type b ON b.oid = CASE t.typbasetype WHEN 0 THEN t.oid ELSE "          \
	"t.typbasetype END WHERE t.oid = pg_catalog.to_regtype(" text "))"

mig_status mig__ddl_ask_casts(struct mig__ddl *d)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	mig_status rc = MIG_OK;

	mig__buf_init(&sql, &d->conn->alloc);
	mig__buf_adds(&sql,
		      "SELECT n, coalesce(k.castcontext::text, CASE WHEN b.c = 'S' THEN 'a' WHEN "
		      "a.c = 'S' THEN 'e' ELSE 'n' END) FROM (VALUES ");
	if (add_types(&sql, d->changes)) {
		mig__buf_adds(&sql, ") AS v (n, f, t) " BASE("f") " AS a ON true " BASE(
					    "t") " AS b ON true LEFT JOIN pg_catalog.pg_cast k ON "
						 "k.castsource = a.oid AND k.casttarget = b.oid");
		d->casts = mig__calloc(&d->conn->alloc, d->changes->op_count + 1, 1);
		rc = sql.failed || !d->casts ? mig__pg_nomem(d->conn)
					     : mig__pg_exec(d->conn, sql.data, &reply);
		for (int i = 0; !rc && i < PQntuples(reply.at[0]); i++)
			d->casts[strtoul(PQgetvalue(reply.at[0], i, 0), NULL, 10)] =
				PQgetvalue(reply.at[0], i, 1)[0];
		mig__pg_reply_clear(&reply);
	}
	mig__buf_finish(&sql);
	return rc;
}

/* A string, by its name: the server cannot be asked about a type that is not there yet. */
static int is_string(const char *type)
{
	return !strncmp(type, "text", 4) || !strncmp(type, "character", 9);
}

void mig__ddl_using(struct mig__ddl *d, struct mig__buf *b, const mig_object *from,
		    const mig_object *to)
{
	const char *old = mig__attribute(from, "type"), *new = mig__attribute(to, "type");
	const mig_op *op = mig__ddl_op(d, to);
	char cast = op && d->casts ? d->casts[mig__ddl_place(d, op)] : 'n';
	int was_array, is_array;

	mig__pg_type_base(old, &was_array);
	mig__pg_type_base(new, &is_array);
	if (mig__pg_same_base(old, new) && was_array == is_array)
		return;
	if (!was_array && is_array) {
		mig__ddl_put(
			b, to,
			is_string(old)
				? " USING @n::$type"
				: " USING CASE WHEN @n IS NOT NULL THEN ARRAY@[@n@]::$type END");
	} else if (was_array && !is_array) {
		if (!is_string(new))
			mig__ddl_put(b, to, " USING @n::text::$type");
	} else if (cast == 'e') {
		mig__ddl_put(b, to, " USING @n::$type");
	} else if (cast == 'n') {
		mig__ddl_put(b, to,
			     is_array ? " USING @n::text@[@]::$type" : " USING @n::text::$type");
	}
}
