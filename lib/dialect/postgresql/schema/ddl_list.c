/* ddl_list: questions about the operations: which one is about an object, and whether it comes
 * before the one being done. Not what they do: the other ddl_*.c. Objects are found in a sorted
 * list of both halves of every operation. */
#include "base/text.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/schema/ddl.h"

#include <stdlib.h>
#include <string.h>

static int compare_links(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct mig__ddl_link *)a)->object;
	uintptr_t y = (uintptr_t)((const struct mig__ddl_link *)b)->object;

	return x < y ? -1 : x > y;
}

mig_status mig__ddl_link_ops(struct mig__ddl *d)
{
	const mig_changes *c = d->changes;

	d->done = mig__calloc(&d->conn->alloc, c->op_count + 1, 1);
	d->links = mig__calloc(&d->conn->alloc, 2 * c->op_count + 1, sizeof *d->links);
	d->continued = mig__calloc(&d->conn->alloc, c->op_count + 1, 1);
	if (!d->done || !d->links || !d->continued)
		return mig__pg_nomem(d->conn);
	for (size_t i = 0; i < c->op_count; i++) {
		if (c->ops[i]->from)
			d->links[d->link_count++] = (struct mig__ddl_link){ c->ops[i]->from, i };
		if (c->ops[i]->to)
			d->links[d->link_count++] = (struct mig__ddl_link){ c->ops[i]->to, i };
	}
	qsort(d->links, d->link_count, sizeof *d->links, compare_links);
	return MIG_OK;
}

static const struct mig__ddl_link *find_link(const struct mig__ddl *d, const mig_object *object)
{
	const struct mig__ddl_link key = { object, 0 };

	return bsearch(&key, d->links, d->link_count, sizeof key, compare_links);
}

const mig_op *mig__ddl_op(const struct mig__ddl *d, const mig_object *object)
{
	const struct mig__ddl_link *link = find_link(d, object);

	return link ? d->changes->ops[link->op] : NULL;
}

size_t mig__ddl_place(const struct mig__ddl *d, const mig_op *op)
{
	const struct mig__ddl_link *link = find_link(d, op->from ? op->from : op->to);
	size_t i = link ? link->op : 0;

	/* an object of several operations */
	if (d->changes->ops[i] != op)
		for (i = 0; i < d->changes->op_count && d->changes->ops[i] != op;)
			i++;
	return i;
}

int mig__ddl_is_past(const struct mig__ddl *d, const mig_op *op)
{
	size_t place;

	if (!op)
		return 1;
	place = mig__ddl_place(d, op);
	return place < mig__ddl_place(d, d->op) || d->done[place];
}

int mig__ddl_has_part(const mig_op *op, const mig_object *object)
{
	for (size_t i = 0; i < op->part_count; i++)
		if (op->parts[i] == object)
			return 1;
	return 0;
}

int mig__ddl_has_rows(const struct mig__ddl *d, const mig_object *object)
{
	const mig_object *top = mig__top(object);
	const mig_op *op = mig__ddl_op(d, top);

	return top->kind == MIG_KIND_TABLE && top->other && (!op || op->type != MIG_OP_CREATE);
}

void mig__ddl_now(struct mig__ddl *d, const mig_op *op)
{
	const mig_op *current = d->op;

	d->done[mig__ddl_place(d, op)] = 1;
	d->perform(d, op);
	d->op = current;
}

static int is_taken(const mig_object *first, const mig_object *o, const char *name)
{
	for (; first; first = first->next)
		if (!strcmp(first->name, name) && !strcmp(first->schema, o->schema))
			return 1;
	return 0;
}

void mig__ddl_free_name(const struct mig__ddl *d, const mig_object *o, struct mig__buf *out)
{
	enum { LONGEST = 50 }; /* bytes; 63 are possible */
	size_t size = mig__text_cut(o->name, strlen(o->name), LONGEST);
	unsigned number = 1;

	do {
		mig__buf_clear(out);
		mig__buf_add(out, o->name, size);
		mig__buf_adds(out, "_old");
		if (number++ > 1)
			mig__buf_addf(out, "%u", number - 1);
	} while (!out->failed && (is_taken(d->changes->before, o, out->data) ||
				  is_taken(d->changes->after, o, out->data)));
}
