/* change: the attributes in which an operation's object differs before and after. Of a pair that
 * replaces an object, both operations have the same ones. Not their words: cli/changes.c. */
#include "api/change.h"

#include "schema/object.h"

/* Those of `o` that the other side has not, or (is_from) has with another value. */
static size_t add(mig_op_change *at, const mig_object *o, const mig_object *other, int is_from)
{
	size_t count = 0;

	for (size_t i = 0; o && i < o->attribute_count; i++) {
		const mig_attribute *a = &o->attributes[i];
		const char *value = other ? mig__attribute(other, a->key) : NULL;

		if (a->key[0] == '.' || (other && mig__attribute_same(o, other, a->key)) || (!is_from && value))
			continue;
		at[count++] = (mig_op_change){ .struct_size = sizeof *at,
					       .key = a->key,
					       .from = is_from ? a->value : NULL,
					       .to = is_from ? value : a->value };
	}
	return count;
}

mig_op_change *mig__op_changes(struct mig__arena *arena, const mig_op *op, size_t *count)
{
	const mig_object *from = op->from, *to = op->to;
	mig_op_change *at;

	if (op->flags & MIG_OP_REPLACE) {
		from = from ? from : to->other;
		to = to ? to : from->other;
	}
	at = mig__arena_zalloc(arena, (from ? from->attribute_count : 0) + (to ? to->attribute_count : 0) + 1,
			       sizeof *at);
	if (!at)
		return NULL;
	*count = add(at, from, to, 1);
	*count += add(at + *count, to, from, 0);
	return at;
}
