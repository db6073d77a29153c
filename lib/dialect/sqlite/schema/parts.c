/* parts: what a table is made of when the operations on it are done. Mostly that is just what the
 * schema to be says, and then its text is taken as it is. But an operation may have been left out:
 * what it was about stays as it was, and the table is put together part by part. */
#include "dialect/sqlite/schema/objects.h"

#include <string.h>

int mig__sqlite_is_constraint(int32_t kind)
{
	return kind == MIG_KIND_PRIMARY_KEY || kind == MIG_KIND_UNIQUE ||
	       kind == MIG_KIND_FOREIGN_KEY || kind == MIG_KIND_CHECK;
}

int mig__sqlite_is_filled(const struct mig__sqlite_part *part)
{
	return part->fallback && mig__attribute(part->object, "not_null") &&
	       !mig__attribute(part->old, "not_null");
}

const struct mig__sqlite_part *mig__sqlite_alias_of(const struct mig__sqlite_table *t)
{
	const char *columns = NULL;

	for (size_t i = 0; i < t->count; i++)
		if (t->at[i].object->kind == MIG_KIND_PRIMARY_KEY &&
		    !mig__attribute(t->at[i].object, "order"))
			columns = mig__attribute(t->at[i].object, "columns");
	if (!columns || mig__attribute(t->object, "without_rowid"))
		return NULL;
	for (size_t i = 0; i < t->count; i++) {
		struct mig__sqlite_token name = mig__sqlite_token(columns), behind;
		const char *type = mig__attribute(t->at[i].object, "type");

		behind = mig__sqlite_token(mig__sqlite_behind(name));
		if (t->at[i].object->kind == MIG_KIND_COLUMN &&
		    type && !strcmp(type, "integer") &&
		    mig__sqlite_stands_for(name, t->at[i].object->name) &&
		    !mig__sqlite_is_sign(behind, ','))
			return &t->at[i];
	}
	return NULL;
}

static int is_part(const mig_object *o)
{
	return o->kind == MIG_KIND_COLUMN || mig__sqlite_is_constraint(o->kind);
}

static size_t count_children(const mig_object *o)
{
	size_t count = 0;

	for (const mig_object *c = o->child; c; c = c->next)
		count++;
	return count;
}

static mig_status begin(const struct mig__sqlite_ddl *d, size_t most, struct mig__sqlite_table *out)
{
	*out = (struct mig__sqlite_table){ .at = mig__arena_zalloc(d->arena, most + 1,
								   sizeof *out->at) };
	return out->at ? MIG_OK : mig__sqlite_nomem(d->conn);
}

mig_status mig__sqlite_table_of(const struct mig__sqlite_ddl *d, const mig_object *table,
				struct mig__sqlite_table *out)
{
	mig_status rc = begin(d, count_children(table), out);

	if (rc)
		return rc;
	out->object = table;
	out->sql = mig__attribute(table, ".sql");
	for (const mig_object *c = table->child; c; c = c->next)
		if (is_part(c))
			out->at[out->count++] = (struct mig__sqlite_part){
				.object = c, .fallback = mig__child(c, MIG_KIND_DEFAULT, NULL)
			};
	return MIG_OK;
}

/* One table, on its way from one to the other. */
struct change {
	const struct mig__sqlite_ddl *d;
	uint32_t first; /* of the operations on it, plus 1 */
	int whole;      /* all that differs is done */
};

static const mig_op *op_with(const struct change *c, int32_t type, const mig_object *from,
			     const mig_object *to)
{
	for (uint32_t i = c->first; i; i = c->d->next[i - 1]) {
		const mig_op *op = c->d->changes->ops[i - 1];

		if (op->type == type && ((from && op->from == from) || (to && op->to == to)))
			return op;
	}
	return NULL;
}

/* What becomes of an object: NULL if it is not there in the end. Either may be NULL. */
static const mig_object *outcome(struct change *c, const mig_object *from, const mig_object *to)
{
	if (from && to && mig__attributes_same(from, to))
		return to;
	if (to && (op_with(c, MIG_OP_CREATE, NULL, to) || op_with(c, MIG_OP_ALTER, NULL, to)))
		return to;
	if (from && op_with(c, MIG_OP_DROP, from, NULL)) {
		c->whole &= !to;
		return NULL;
	}
	c->whole = 0;
	return from;
}

static const mig_object *default_of(const mig_object *column)
{
	return column ? mig__child(column, MIG_KIND_DEFAULT, NULL) : NULL;
}

static struct mig__sqlite_part part_of(struct change *c, const mig_object *from,
				       const mig_object *to)
{
	struct mig__sqlite_part p = { .object = outcome(c, from, to) };

	if (!p.object || p.object->kind != MIG_KIND_COLUMN)
		return p;
	if (!mig__attribute(p.object, "generated"))
		p.old = from;
	/* a new column's default comes with it */
	if (!from || op_with(c, MIG_OP_CREATE, NULL, to))
		p.fallback = default_of(p.object);
	else if (default_of(from) || default_of(to))
		p.fallback = outcome(c, default_of(from), default_of(to));
	return p;
}

static void add_part(struct change *c, const mig_object *from, const mig_object *to,
		     struct mig__sqlite_table *out)
{
	struct mig__sqlite_part p = part_of(c, from, to);

	if (p.object)
		out->at[out->count++] = p;
}

/* Those of the first that have another, or none, then what is in the second alone. */
static void add_parts(struct change *c, const mig_object *table, int is_old,
		      struct mig__sqlite_table *out)
{
	for (const mig_object *o = table->child; o; o = o->next)
		if (is_part(o))
			add_part(c, is_old ? o : o->other, is_old ? o->other : o, out);
	for (const mig_object *o = table->other->child; o; o = o->next)
		if (is_part(o) && !o->other)
			add_part(c, is_old ? NULL : o, is_old ? o : NULL, out);
}

mig_status mig__sqlite_table_after(const struct mig__sqlite_ddl *d, const mig_object *from,
				   const mig_object *to, uint32_t first,
				   struct mig__sqlite_table *out)
{
	struct change c = { .d = d, .first = first, .whole = 1 };
	mig_status rc = begin(d, count_children(from) + count_children(to), out);

	if (rc)
		return rc;
	out->object = outcome(&c, from, to);
	add_parts(&c, to, 0, out);
	if (c.whole) {
		out->sql = mig__attribute(to, ".sql");
	} else { /* the order is that of the table as it is */
		out->count = 0;
		add_parts(&c, from, 1, out);
	}
	return MIG_OK;
}
