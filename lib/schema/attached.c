/* attached: see attached.h. Two lists of arrows are made of this in order.c. An attached index is known
 * by its inheritance, which needs two things: the parent's index, and that the table is a partition. */
#include "schema/attached.h"

#include <string.h>

static int is_index(const mig_object *o)
{
	return o->kind == MIG_KIND_INDEX || o->kind == MIG_KIND_PRIMARY_KEY ||
	       o->kind == MIG_KIND_UNIQUE;
}

const mig_object *mig__attachment(const mig_object *index)
{
	return is_index(index) ? mig__child(index, MIG_KIND_INHERITANCE, NULL) : NULL;
}

const mig_object *mig__attached_to(const mig_object *attachment)
{
	for (size_t i = 0; i < attachment->need_count; i++)
		if (is_index(attachment->needs[i]))
			return attachment->needs[i];
	return NULL;
}

const mig_object *mig__attached_by(const mig_object *attachment)
{
	for (size_t i = 0; i < attachment->need_count; i++)
		if (attachment->needs[i]->kind == MIG_KIND_INHERITANCE)
			return attachment->needs[i];
	return NULL;
}

static int is_unique(const mig_object *o)
{
	return o->kind != MIG_KIND_INDEX || mig__attribute(o, MIG_ATTR_UNIQUE);
}

const mig_object *mig__rival(const mig_object *index)
{
	if (!index->parent || !is_index(index) || mig__attachment(index))
		return NULL;
	for (const mig_object *c = index->parent->child; c; c = c->next)
		if (c != index && mig__attachment(c) && is_unique(c) == is_unique(index) &&
		    (c->kind == MIG_KIND_INDEX || index->kind != MIG_KIND_INDEX) &&
		    mig__attribute_same(c, index, MIG_ATTR_COLUMNS) &&
		    mig__attribute_same(c, index, MIG_ATTR_WHERE) &&
		    mig__attribute_same(c, index, MIG_ATTR_METHOD))
			return c;
	return NULL;
}

/* -- fate */

int mig__attached_half(const mig_object *from, const mig_object *to)
{
	const mig_object *implied;

	if (!from || !to || !((from->flags ^ to->flags) & MIG_OBJECT_INHERITED))
		return 0;
	implied = from->flags & MIG_OBJECT_INHERITED ? from : to;
	if (implied->kind == MIG_KIND_INHERITANCE)
		return is_index(implied->parent);
	return mig__attachment(implied) != NULL;
}

/* A partition that is one no more keeps its indexes. */
static int is_left_over(const struct mig__work *w, const mig_object *o)
{
	const mig_object *a = mig__attachment(o), *by = a ? mig__attached_by(a) : NULL;

	return by && o->flags & MIG_OBJECT_INHERITED && !o->other && o->parent->other &&
	       !mig__dropped(w, o->parent) && mig__old(w, by) == MIG__GONE &&
	       mig__attached_to(a) && !mig__dropped(w, mig__attached_to(a));
}

void mig__attached_rest(struct mig__work *w)
{
	for (uint32_t i = 0; i < w->before->count; i++) {
		const mig_object *o = &w->before->at[i]->pub;

		if (w->old[i] == MIG__SKIP && is_left_over(w, o))
			w->old[i] = MIG__GONE;
	}
	for (uint32_t i = 0; i < w->after->count; i++) {
		const mig_object *o = &w->after->at[i]->pub;

		if (!o->parent)
			continue;
		if (mig__new(w, o->parent) == MIG__SKIP)
			w->new[i] = MIG__SKIP;
		/* made anew while its other half goes with something else */
		if (w->new[i] == MIG__KEEP && mig__created(w, o->parent)) {
			w->new[i] = MIG__GONE;
			w->alter[i] = 0;
		}
	}
}
