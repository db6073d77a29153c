/* ddl_attached: indexes of partitions that are attached to one of the parent's. The server attaches by
 * itself what is there when the parent's index is made or the partition is attached, and does not let
 * go of it: such an index goes with the parent's, or stays and gets another name. */
#include "dialect/postgresql/schema/ddl.h"

#include <string.h>

static int is_index(const mig_object *o)
{
	return o->kind == MIG_KIND_INDEX || o->kind == MIG_KIND_PRIMARY_KEY ||
	       o->kind == MIG_KIND_UNIQUE;
}

/* What an attached index needs for that: the parent's index; that the table is a partition. */
static const mig_object *above(const mig_object *index, int partition)
{
	const mig_object *a = is_index(index) ? mig__child(index, MIG_KIND_INHERITANCE, NULL) : NULL;

	for (size_t i = 0; a && i < a->need_count; i++)
		if (partition ? a->needs[i]->kind == MIG_KIND_INHERITANCE : is_index(a->needs[i]))
			return a->needs[i];
	return NULL;
}

static int is_done(const struct mig__ddl *d, const mig_object *o, int32_t type)
{
	const mig_op *op = o ? mig__ddl_op(d, o) : NULL;

	return op && op->type == type;
}

/* The one that is attached to the same index on the other side, while both tables stay as they are. */
static const mig_object *counterpart(const struct mig__ddl *d, const mig_object *index)
{
	const mig_object *to = above(index, 0), *by = above(index, 1);
	const mig_object *table = index->parent->other;

	if (!to || !to->other || !by || !by->other || !table || mig__ddl_op(d, by) ||
	    is_done(d, to, MIG_OP_DROP) || is_done(d, to, MIG_OP_CREATE))
		return NULL;
	for (const mig_object *c = table->child; c; c = c->next)
		if (above(c, 0) == to->other)
			return c;
	return NULL;
}

static void rename_to(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	struct mig__buf *b;

	if (strcmp(from->name, to->name) != 0) {
		b = mig__ddl_begin(d);
		mig__ddl_put(b, from, "ALTER INDEX @q RENAME TO ");
		mig__ddl_name(b, to->name);
		mig__ddl_end(d, 0);
	}
	mig__ddl_aspects(d, from, to);
	if (!mig__attribute_same(from, to, "comment"))
		mig__ddl_comment(d, to);
}

int mig__ddl_create_attached(struct mig__ddl *d, const mig_object *o)
{
	const mig_object *from = counterpart(d, o);

	if (from && !is_done(d, o->parent, MIG_OP_CREATE))
		rename_to(d, from, o);
	return from != NULL;
}

int mig__ddl_drop_attached(struct mig__ddl *d, const mig_object *o)
{
	const mig_object *index = above(o, 0), *next = counterpart(d, o);
	const mig_op *op = index ? mig__ddl_op(d, index) : NULL;

	if (!index || is_done(d, above(o, 1), MIG_OP_DROP))
		return 0;
	if (op && op->type == MIG_OP_DROP && !mig__ddl_is_past(d, op))
		mig__ddl_now(d, op);
	else if (next && !is_done(d, next, MIG_OP_CREATE))
		rename_to(d, o, next);
	return next || (op && op->type == MIG_OP_DROP);
}

int mig__ddl_has_attached_key(const struct mig__ddl *d, const mig_object *index)
{
	for (const mig_object *t = d->changes->before; t; t = t->next)
		for (const mig_object *c = t->kind == MIG_KIND_TABLE ? t->child : NULL; c; c = c->next)
			if (c->kind != MIG_KIND_INDEX && above(c, 0) == index)
				return 1;
	return 0;
}

void mig__ddl_attach_index(struct mig__ddl *d, const mig_object *inheritance)
{
	const mig_object *index = inheritance->parent, *to = above(index, 0), *by = above(index, 1);
	int made = is_done(d, to, MIG_OP_CREATE);

	if (made ? !mig__attribute(to, "only")
		 : is_done(d, by, MIG_OP_CREATE) || counterpart(d, index))
		return;
	mig__ddl_do(d, inheritance, "ALTER INDEX @r ATTACH PARTITION @i");
}

/* The parent's index is complete from now on: what the server would have made is made and attached. */
void mig__ddl_complete_index(struct mig__ddl *d, const mig_object *index, const char *pattern)
{
	for (const mig_object *t = d->changes->after; t; t = t->next)
		for (const mig_object *c = t->kind == MIG_KIND_TABLE ? t->child : NULL; c; c = c->next) {
			if (above(c, 0) != index || !(c->flags & MIG_OBJECT_INHERITED) ||
			    counterpart(d, c))
				continue;
			if (!c->other)
				mig__ddl_do(d, c, pattern);
			mig__ddl_do(d, mig__child(c, MIG_KIND_INHERITANCE, NULL),
				    "ALTER INDEX @r ATTACH PARTITION @i");
		}
}
