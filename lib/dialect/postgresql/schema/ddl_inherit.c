/* Which tables are partitions or children of which. Much of what is done to a parent reaches these
 * by itself, and must not be done to them once more. */
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/schema/ddl.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t) * (const mig_object *const *)a;
	uintptr_t y = (uintptr_t) * (const mig_object *const *)b;

	return x < y ? -1 : x > y;
}

const mig_object *mig__ddl_parent_of(const mig_object *inheritance)
{
	for (size_t i = 0; i < inheritance->need_count; i++)
		if (inheritance->needs[i]->kind == MIG_KIND_TABLE)
			return inheritance->needs[i];
	return NULL;
}

/* Adds the parents of a table to the list; with out NULL: counts them. */
static size_t list_parents(const mig_object *table, const mig_object **out)
{
	size_t count = 0;

	for (const mig_object *c = table->child; c; c = c->next) {
		const mig_object *parent = c->kind == MIG_KIND_INHERITANCE ? mig__ddl_parent_of(c) : NULL;

		if (parent && out)
			out[count] = parent;
		count += parent != NULL;
	}
	return count;
}

mig_status mig__ddl_find_parents(struct mig__ddl *d)
{
	size_t count = 0;

	for (const mig_object *o = d->changes->before; o; o = o->next)
		if (o->kind == MIG_KIND_TABLE)
			count += list_parents(o, NULL);
	if (!count)
		return MIG_OK;
	d->parents = mig__calloc(&d->conn->alloc, count, sizeof *d->parents);
	if (!d->parents)
		return mig__pg_nomem(d->conn);
	for (const mig_object *o = d->changes->before; o; o = o->next)
		if (o->kind == MIG_KIND_TABLE)
			d->parent_count += list_parents(o, d->parents + d->parent_count);
	qsort(d->parents, d->parent_count, sizeof *d->parents, compare);
	return MIG_OK;
}

int mig__ddl_is_parent(const struct mig__ddl *d, const mig_object *table)
{
	/* before's, or after's with its other half */
	return d->parent_count &&
	       (bsearch(&table, d->parents, d->parent_count, sizeof *d->parents, compare) ||
		(table->other &&
		 bsearch(&table->other, d->parents, d->parent_count, sizeof *d->parents, compare)));
}

const mig_object *mig__ddl_parent_column(const mig_object *column)
{
	for (const mig_object *c = mig__top(column)->child; c; c = c->next) {
		const mig_object *parent = c->kind == MIG_KIND_INHERITANCE ? mig__ddl_parent_of(c) : NULL;
		const mig_object *found =
			parent ? mig__child(parent, MIG_KIND_COLUMN, column->name) : NULL;

		if (found)
			return found;
	}
	return NULL;
}

int mig__ddl_stays_child(const struct mig__ddl *d, const mig_object *column)
{
	for (const mig_object *c = mig__top(column)->child; c; c = c->next) {
		const mig_op *op = c->kind == MIG_KIND_INHERITANCE ? mig__ddl_op(d, c) : NULL;

		if (c->kind == MIG_KIND_INHERITANCE && (!c->other || (op && op->type != MIG_OP_ALTER)))
			return 0;
	}
	return 1;
}

int mig__ddl_brings_check(const mig_object *inheritance, const mig_object *check)
{
	const mig_object *c = inheritance->parent->child;

	for (; c; c = c->next) {
		const mig_object *parent = c->kind == MIG_KIND_INHERITANCE ? mig__ddl_parent_of(c) : NULL;

		if (parent && mig__child(parent, MIG_KIND_CHECK, check->name))
			break;
	}
	return c == inheritance;
}
