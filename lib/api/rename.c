/* rename: what may have been renamed. Something dropped and something like it created may be one thing
 * under another name; nobody but the caller knows, who is asked here about each such pair. What was
 * said is a hint as mig_diff_options.renames has it, not a change of the operations. */
#include "api/rename.h"

#include "base/buf.h"
#include "schema/label.h"

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

/* Whether it is a rename; an answer during which the call was cancelled is none. */
static mig_status ask(struct mig__asking *a, const mig_object *from, const mig_object *to, int *yes)
{
	*yes = a->fn(a->user, from, to) == 1;
	return atomic_load(a->cancelled) ? mig__fail(a->err, MIG_ECANCELLED, "cancelled") : MIG_OK;
}

/* -- values of enums */

/* The label in front of it that both lists have: where it stands. */
struct place {
	struct mig__label label, after; /* size 0: none */
};

/* The next label of the list that the other list does not have; 0: there is none. */
static int next_own(const char **list, const char *other, struct mig__label *after, struct place *out)
{
	struct mig__label label;

	while (mig__label_next(list, &label)) {
		if (mig__label_among(other, &label)) {
			*after = label;
			continue;
		}
		*out = (struct place){ label, *after };
		return 1;
	}
	return 0;
}

static int same_label(const struct mig__label *a, const struct mig__label *b)
{
	return a->size == b->size && (!a->size || !memcmp(a->text, b->text, a->size));
}

/* 1 if it was renamed, 0 if not, negative: an error. */
static int ask_value(struct mig__asking *a, const mig_op *op, const struct mig__label *old,
		     const struct mig__label *new)
{
	mig_object from = { .struct_size = sizeof from, .kind = MIG_KIND_ENUM_VALUE, .schema = "",
			    .parent = op->from };
	mig_object to = { .struct_size = sizeof to, .kind = MIG_KIND_ENUM_VALUE, .schema = "",
			  .parent = op->to };
	char *text = mig__malloc(a->err->alloc, old->size + new->size);
	mig_status rc = MIG_OK;
	int yes = 0;

	if (!text)
		return mig__fail_nomem(a->err);
	from.name = text;
	to.name = text + old->size;
	mig__label_bare(old, text);
	mig__label_bare(new, text + old->size);
	if (is_plain(from.name) && is_plain(to.name) && is_plain(op->from->name))
		rc = ask(a, &from, &to, &yes);
	if (!rc && yes)
		rc = add(a, &from, &to);
	mig__free(a->err->alloc, text);
	return rc ? rc : yes;
}

/* A value that went, and one that came in its place: behind the same other one. */
static mig_status ask_values(struct mig__asking *a, const mig_op *op)
{
	const char *before = mig__attribute(op->from, MIG_ATTR_VALUES);
	const char *after = mig__attribute(op->to, MIG_ATTR_VALUES), *from = before, *to = after;
	struct mig__label from_after = { "", 0 }, to_after = { "", 0 };
	struct place old, new;
	int has_old, has_new, answer;

	if (!before || !after)
		return MIG_OK;
	has_old = next_own(&from, after, &from_after, &old);
	has_new = next_own(&to, before, &to_after, &new);
	while (has_old && has_new) {
		if (!same_label(&old.after, &new.after)) {
			/* the list that is behind goes on */
			if (mig__label_among(from, &new.after))
				has_old = next_own(&from, after, &from_after, &old);
			else
				has_new = next_own(&to, before, &to_after, &new);
			continue;
		}
		answer = ask_value(a, op, &old.label, &new.label);
		if (answer < 0)
			return answer;
		has_old = answer ? next_own(&from, after, &from_after, &old) : has_old;
		has_new = next_own(&to, before, &to_after, &new);
	}
	return MIG_OK;
}

/* What is dropped stands in reverse, so it is gone through from the end; each of it once. */
mig_status mig__ask_renames(struct mig__asking *a, const mig_op *ops, size_t count)
{
	uint8_t *taken = mig__calloc(a->err->alloc, count + 1, 1);
	mig_status rc = taken ? MIG_OK : mig__fail_nomem(a->err);

	for (size_t i = 0; !rc && i < count; i++) {
		int yes = 0;

		if (ops[i].type == MIG_OP_ALTER && ops[i].to->kind == MIG_KIND_ENUM)
			rc = ask_values(a, &ops[i]);
		if (ops[i].type != MIG_OP_CREATE)
			continue;
		for (size_t k = count; !rc && !yes && k-- > 0;) {
			if (taken[k] || !may_be(&ops[k], &ops[i]))
				continue;
			rc = ask(a, ops[k].from, ops[i].to, &yes);
			taken[k] = (uint8_t)yes;
			if (!rc && yes)
				rc = add(a, ops[k].from, ops[i].to);
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
