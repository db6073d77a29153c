/* rename: what may have been renamed. Something dropped and something like it created may be one thing
 * under another name; nobody but the caller knows, who is asked here about each such pair. What was
 * said is a hint as mig_diff_options.renames has it, not a change of the operations. */
#include "api/rename.h"

#include "base/buf.h"

#include <mig/attribute.h>
#include <string.h>

static int same_type(const mig_object *a, const mig_object *b)
{
	const char *x = mig_object_attribute(a, MIG_ATTR_TYPE);
	const char *y = mig_object_attribute(b, MIG_ATTR_TYPE);

	return x && y ? !strcmp(x, y) : x == y;
}

static const mig_object *next_column(const mig_object *o)
{
	while (o && o->kind != MIG_KIND_COLUMN)
		o = o->next;
	return o;
}

/* The same columns in the same order. */
static int same_columns(const mig_object *a, const mig_object *b)
{
	const mig_object *x = next_column(a->child), *y = next_column(b->child);

	if (!x)
		return 0;
	while (x && y && !strcmp(x->name, y->name) && same_type(x, y)) {
		x = next_column(x->next);
		y = next_column(y->next);
	}
	return !x && !y;
}

/* Whether the created object may be the dropped one under another name. */
static int is_like(const mig_op *drop, const mig_op *create)
{
	const mig_object *from = drop->from, *to = create->to;

	if (drop->type != MIG_OP_DROP || from->kind != to->kind ||
	    ((drop->flags | create->flags) & MIG_OP_REPLACE) ||
	    strcmp(from->schema, to->schema) != 0)
		return 0;
	if (from->kind == MIG_KIND_TABLE)
		return same_columns(from, to);
	return from->kind == MIG_KIND_COLUMN && !strcmp(from->parent->name, to->parent->name) &&
	       same_type(from, to);
}

/* Names that a rename can say. */
static int is_plain(const char *name)
{
	return !strpbrk(name, ".=");
}

static int may_be(const mig_op *drop, const mig_op *create)
{
	return is_like(drop, create) && is_plain(drop->from->name) && is_plain(create->to->name) &&
	       (!drop->from->parent || is_plain(drop->from->parent->name));
}

/* "users.name=full_name", "users=people" */
static mig_status add(struct mig__asking *a, const mig_object *from, const mig_object *to)
{
	struct mig__buf text;
	char *kept;

	if (!mig__grow(a->err->alloc, (void **)&a->said, &a->said_cap, a->said_count + 1,
		       sizeof *a->said))
		return mig__fail_nomem(a->err);
	mig__buf_init(&text, a->err->alloc);
	if (from->parent)
		mig__buf_addf(&text, "%s.", from->parent->name);
	mig__buf_addf(&text, "%s=%s", from->name, to->name);
	kept = mig__buf_take(&text);
	if (!kept)
		return mig__fail_nomem(a->err);
	a->said[a->said_count++] = kept;
	return MIG_OK;
}

/* What is dropped stands in reverse, so it is gone through from the end; each of it once. */
mig_status mig__ask_renames(struct mig__asking *a, const mig_op *ops, size_t count)
{
	uint8_t *taken = mig__calloc(a->err->alloc, count + 1, 1);
	mig_status rc = taken ? MIG_OK : mig__fail_nomem(a->err);

	for (size_t i = 0; !rc && i < count; i++) {
		if (ops[i].type != MIG_OP_CREATE)
			continue;
		for (size_t k = count; k-- > 0;) {
			if (taken[k] || !may_be(&ops[k], &ops[i]) ||
			    a->fn(a->user, ops[k].from, ops[i].to) != 1)
				continue;
			taken[k] = 1;
			rc = add(a, ops[k].from, ops[i].to);
			break;
		}
	}
	mig__free(a->err->alloc, taken);
	return rc;
}

void mig__asking_finish(struct mig__asking *a)
{
	for (size_t i = 0; i < a->said_count; i++)
		mig__free(a->err->alloc, a->said[i]);
	mig__free(a->err->alloc, a->said);
}
