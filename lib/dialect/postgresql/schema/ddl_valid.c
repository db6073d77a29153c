/* Inherited checks that hold for all rows of a child or partition, though they are NOT VALID in the parent:
 * whoever makes the parent's anew makes the child's invalid, too. */
#include "dialect/postgresql/schema/ddl.h"

/* The operation for which the child's own check has to be validated: it may not be valid any more, or yet.
 * NULL: it is what it was. */
static const mig_op *makes_invalid(const struct mig__ddl *d, const mig_object *inheritance, const mig_object *check)
{
	const mig_object *parent = mig__ddl_parent_of(inheritance);
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
