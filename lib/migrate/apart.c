/* apart: operations that must be committed before the others use what they make, as a pair of scripts
 * of its own, in front. E.g. a new value of an enum that is a column's default from now on:
 *
 *     live ---> live with the value ---> model
 *        apart                    rest
 *
 * Both are compared, rendered and proved like any other: the first with a second reading of the
 * database as its model, to which those operations were done in memory; the rest with the live schema,
 * to which they were done likewise. */
#include "migrate/autogen.h"
#include "schema/match.h"

#include <string.h>

/* The objects that are made apart, by their number in the model; NULL without memory. */
static uint8_t *find_apart(struct mig__autogen *a)
{
	uint8_t *apart = mig__arena_zalloc(&a->arena, a->model.count + 1, 1);

	for (size_t i = 0; apart && i < a->up.count; i++)
		if ((a->up.at[i].kind & MIG_STATEMENT_APART) && a->up.at[i].op.to)
			apart[mig__number(a->up.at[i].op.to)] = 1;
	return apart;
}

/* Makes the object what the operation makes of it. Its rows are not known. */
static void do_in_memory(const mig_object *o, const mig_op *op)
{
	struct mig__object *at = (struct mig__object *)o;

	at->pub.attributes = op->to->attributes;
	at->pub.attribute_count = op->to->attribute_count;
	at->rows = NULL;
}

/* Does those operations to another schema than that of their `from`. */
static mig_status do_to(struct mig__schema *from, struct mig__schema *schema, const mig_op *ops, size_t count)
{
	mig_status rc = mig__match(from, schema);

	for (size_t i = 0; !rc && i < count; i++)
		if (ops[i].from->other)
			do_in_memory(ops[i].from->other, &ops[i]);
	return rc;
}

/* Moves the operations on these objects from up_ops to `out`; how many. */
static size_t move_apart(struct mig__autogen *a, const uint8_t *apart, mig_op *out)
{
	size_t kept = 0, count = 0;

	for (size_t i = 0; i < a->up_ops.count; i++) {
		const mig_op *op = &a->up_ops.at[i];

		if (op->to && apart[mig__number(op->to)])
			out[count++] = *op;
		else
			a->up_ops.at[kept++] = *op;
	}
	a->up_ops.count = kept;
	return count;
}

static mig_status make(struct mig__autogen *a, struct mig__autogen *apart)
{
	struct mig__schema *base = a->has_renames ? &a->renamed : &a->live;
	mig_op *ops = mig__arena_zalloc(&a->arena, a->up_ops.count + 1, sizeof *ops);
	const uint8_t *marks = find_apart(a);
	mig_status rc = ops && marks ? mig__inspect(a->db, &apart->live) : mig__fail_nomem(a->err);
	size_t count = 0;

	if (!rc)
		rc = mig__inspect(a->db, &apart->model);
	if (!rc) {
		count = move_apart(a, marks, ops);
		rc = do_to(base, &apart->model, ops, count);
	}
	if (!rc && a->has_renames)
		rc = do_to(base, &a->live, ops, count);
	for (size_t i = 0; !rc && i < count; i++)
		do_in_memory(ops[i].from, &ops[i]);
	return rc;
}

mig_status mig__autogen_set_apart(struct mig__autogen *a)
{
	struct mig__autogen *apart = mig__arena_zalloc(&a->arena, 1, sizeof *apart);
	mig_status rc;

	if (!apart)
		return mig__fail_nomem(a->err);
	*apart = (struct mig__autogen){ .db = a->db, .alloc = a->alloc, .err = a->err,
					.unproved = a->unproved, .is_apart = 1 };
	a->apart = apart;
	rc = make(a, apart);
	mig__sql_finish(&a->up);
	mig__sql_init(&a->up, a->alloc);
	return rc;
}
