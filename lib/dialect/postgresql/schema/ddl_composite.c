/* Composite types. ALTER TYPE adds attributes at the end; where they stand in another order, all
 * are dropped and added again, while columns that have the type, or something made of it, are
 * JSON, which has the values by name. */
#include "base/buf.h"
#include "dialect/postgresql/schema/ddl.h"

#include <string.h>

void mig__ddl_create_composite(struct mig__ddl *d, const mig_object *o)
{
	struct mig__buf *b = mig__ddl_begin(d);
	size_t count = 0;

	mig__ddl_put(b, o, "CREATE TYPE @q AS (");
	for (const mig_object *c = o->child; c; c = c->next) {
		mig__buf_adds(b, count++ ? ",\n\t" : "\n\t");
		mig__ddl_put(b, c, "@n $type[collation| COLLATE $collation]");
	}
	mig__buf_adds(b, count ? "\n)" : ")");
	mig__ddl_end(d, 0);
}

/* -- in another order */

/* A type of columns with a type made of it: only a composite type can be read from JSON. */
static void put_wrapper(struct mig__ddl *d, const mig_object *type, struct mig__buf *b,
			const char *before, const char *after)
{
	mig_object wrapper = { .schema = type->schema };
	struct mig__buf name;

	mig__buf_init(&name, &d->conn->alloc);
	mig__ddl_free_name(d, type, &name);
	wrapper.name = mig__buf_text(&name);
	mig__buf_adds(b, before);
	mig__ddl_put(b, &wrapper, "@q");
	mig__buf_adds(b, after);
	b->failed |= name.failed;
	mig__buf_finish(&name);
}

static const mig_object *next_column(const struct mig__ddl *d, const mig_object *type,
				     const mig_object **table, const mig_object *column)
{
	column = column ? column->next : *table ? (*table)->child : NULL;
	while (*table) {
		for (; column; column = column->next)
			if (mig__ddl_keeps_type(d, column, type))
				return column;
		*table = (*table)->next;
		column = *table && (*table)->kind == MIG_KIND_TABLE ? (*table)->child : NULL;
	}
	return NULL;
}

/* Returns whether there are any. */
static int hide_columns(struct mig__ddl *d, const mig_object *type)
{
	const mig_object *table = d->changes->before, *column = NULL;
	int any = 0;

	mig__ddl_flush(d); /* no column can be altered twice in one statement */
	while ((column = next_column(d, type, &table, column)) != NULL) {
		mig__ddl_do(d, column,
			    "+ALTER COLUMN @n TYPE text USING pg_catalog.to_json(@n)::pg_catalog.text");
		any = 1;
	}
	mig__ddl_flush(d);
	return any;
}

static void show_columns(struct mig__ddl *d, const mig_object *type)
{
	const mig_object *table = d->changes->before, *column = NULL;
	struct mig__buf *b = mig__ddl_begin(d);
	size_t count = 0;

	put_wrapper(d, type, b, "CREATE TYPE ", " AS (");
	while ((column = next_column(d, type, &table, column)) != NULL) {
		mig__ddl_item(b, &count, ", ");
		mig__buf_addf(b, "c%zu ", count);
		mig__ddl_put(b, column, "$type");
	}
	mig__buf_adds(b, ")");
	mig__ddl_end(d, 0);
	table = d->changes->before;
	count = 0;
	while ((column = next_column(d, type, &table, column)) != NULL) {
		b = mig__ddl_clause(d, column, 0);
		mig__ddl_put(b, column, "ALTER COLUMN @n TYPE $type USING (pg_catalog.json_populate_record(");
		put_wrapper(d, type, b, "NULL::", "");
		mig__buf_addf(b, ", pg_catalog.json_build_object('c%zu', ", ++count);
		mig__ddl_put(b, column, "@n::pg_catalog.json))).");
		mig__buf_addf(b, "c%zu", count);
	}
	b = mig__ddl_begin(d);
	put_wrapper(d, type, b, "DROP TYPE ", "");
	mig__ddl_end(d, 0);
}

/* Those that go are gone, and those that come stand at the end. */
static void put_attributes(struct mig__ddl *d, const mig_object *to)
{
	struct mig__buf *b = mig__ddl_begin(d);
	size_t count = 0;

	mig__ddl_put(b, to, "ALTER TYPE @q\n\t");
	for (const mig_object *c = to->child; c; c = c->next) {
		mig__ddl_item(b, &count, ",\n\t");
		mig__ddl_put(b, c, "DROP ATTRIBUTE @n");
	}
	for (const mig_object *c = to->child; c; c = c->next)
		mig__ddl_put(b, c, ",\n\tADD ATTRIBUTE @n $type[collation| COLLATE $collation]");
	mig__ddl_note(d, to, "@n: its attributes get another order; columns keep their values by name");
	mig__ddl_end(d, 0);
}

int mig__ddl_alter_composite(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	int any;

	if (!mig__pg_reorders(from, to))
		return 0;
	any = hide_columns(d, from);
	put_attributes(d, to);
	for (const mig_object *c = to->child; c; c = c->next)
		mig__ddl_finish(d, c);
	if (any)
		show_columns(d, from);
	return 0;
}
