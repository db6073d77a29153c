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

/* The table that it is about, or NULL. */
static const mig_object *parent_of(const mig_object *inheritance)
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
		const mig_object *parent = c->kind == MIG_KIND_INHERITANCE ? parent_of(c) : NULL;

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
		const mig_object *parent = c->kind == MIG_KIND_INHERITANCE ? parent_of(c) : NULL;
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
		const mig_object *parent = c->kind == MIG_KIND_INHERITANCE ? parent_of(c) : NULL;

		if (parent && mig__child(parent, MIG_KIND_CHECK, check->name))
			break;
	}
	return c == inheritance;
}

/* -- checks that are NOT VALID in the parent alone */

/* The operation for which the child's own check has to be validated: it may not be valid any more, or yet.
 * NULL: it is what it was. */
static const mig_op *makes_invalid(const struct mig__ddl *d, const mig_object *inheritance, const mig_object *check)
{
	const mig_object *parent = parent_of(inheritance);
	const mig_object *above = parent ? mig__child(parent, MIG_KIND_CHECK, check->name) : NULL;
	const mig_op *op;

	if (!above || !mig__attribute(above, "not_valid"))
		return NULL;
	op = mig__ddl_op(d, parent->other ? above : parent);
	if (!op || op->type != MIG_OP_CREATE)
		op = mig__ddl_op(d, inheritance);
	return op && op->type != MIG_OP_DROP ? op : NULL;
}

void mig__ddl_validate_checks(struct mig__ddl *d)
{
	for (const mig_object *t = d->changes->after; !d->rc && t; t = t->next)
		for (const mig_object *i = t->kind == MIG_KIND_TABLE ? t->child : NULL; i; i = i->next) {
			if (i->kind != MIG_KIND_INHERITANCE || !mig__attribute(i, "valid_checks"))
				continue;
			for (const mig_object *c = t->child; c; c = c->next) {
				const mig_op *op = c->kind == MIG_KIND_CHECK && !mig__attribute(c, "not_valid")
							   ? makes_invalid(d, i, c)
							   : NULL;

				if (!op)
					continue;
				d->op = op;
				mig__ddl_note_constraint(d, c);
				mig__ddl_do(d, c, "+VALIDATE CONSTRAINT @n");
				mig__ddl_flush(d);
			}
		}
}
