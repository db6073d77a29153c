/* What becomes of every object. First by itself: only one side has it, or its attributes differ.
 * Then by what it needs: a view on a column whose type changes, a key that another table's foreign
 * key refers to. Such dependents are dropped before, and created again after.
 *
 * E.g. enum mood loses a value: the dialect can alter it only alone. Column people.mood needs it
 * and does not hold it; but the column's default holds it, so the default is replaced, and a view
 * on the column, and all that stands on that view. */
#include "schema/attached.h"
#include "schema/match.h"
#include "schema/twin.h"
#include "schema/work.h"

#include <string.h>

/* Objects whose dependents are still to be looked at. */
struct front {
	struct mig__work *w;
	uint32_t *at; /* numbers in before */
	size_t count, cap;
	uint8_t *seen; /* DROPPING and ALONE, or-ed */
	int failed;
};

enum { DROPPING = 1, ALONE = 2 };

static void push(struct front *f, const mig_object *o, uint8_t how)
{
	uint32_t n = mig__number(o);

	if (f->seen[n] & how)
		return;
	f->seen[n] |= how;
	if (!mig__grow(f->w->before->alloc, (void **)&f->at, &f->cap, f->count + 1, sizeof *f->at))
		f->failed = 1;
	else
		f->at[f->count++] = n;
}

/* Drops o, or drops it and creates it again where the other side has it. */
static void replace(struct front *f, const mig_object *o)
{
	struct mig__work *w = f->w;
	uint32_t n = mig__number(o);

	if (w->old[n] != MIG__KEEP)
		return;
	w->old[n] = o->other ? MIG__REPLACED : MIG__GONE;
	if (o->other) {
		w->new[mig__number(o->other)] = MIG__REPLACED;
		w->alter[mig__number(o->other)] = 0;
	}
	push(f, o, DROPPING);
}

static int needs(const mig_object *o, const mig_object *what)
{
	for (size_t i = 0; i < o->need_count; i++)
		if (o->needs[i] == what)
			return 1;
	return 0;
}

/* A column with data of its own. */
static int is_data(const mig_object *o)
{
	return o->kind == MIG_KIND_COLUMN && !mig__attribute(o, MIG_ATTR_GENERATED);
}

/* A default that is altered together with its column: it leaves o before, and has its new expression
 * after. */
static int leaves_with_column(const struct mig__work *w, const mig_object *d)
{
	const mig_object *column = d->parent ? d->parent->other : NULL;

	return d->kind == MIG_KIND_DEFAULT && column && w->alter[mig__number(column)];
}

/* d needs o, which is dropped. */
static void dependent_of_dropped(struct front *f, const mig_object *d, const mig_object *o)
{
	struct mig__work *w = f->w;

	if (mig__old(w, d) != MIG__KEEP)
		return;
	if (d->other) {
		int altered = w->alter[mig__number(d->other)] != 0;
		int still = o->other && needs(d->other, o->other);

		/* altered so that it does not need it any more: that comes first */
		if (!still && ((altered && !leaves_with_column(w, d)) || is_data(d)))
			return;
	}
	replace(f, d);
}

static void dependent_of_altered(struct front *f, const mig_object *d, const mig_object *o)
{
	if (!d->other || mig__old(f->w, d) != MIG__KEEP)
		return;
	if (f->w->hooks->holds(d, o))
		replace(f, d);
	else if (d->kind == MIG_KIND_COLUMN || d->kind == MIG_KIND_DOMAIN)
		push(f, d, ALONE);
}

/* What has a composite type has its columns. */
static int is_attribute(const mig_object *o)
{
	return o->kind == MIG_KIND_COLUMN && o->parent->kind == MIG_KIND_COMPOSITE;
}

/* One that the engine has made by itself on one side: it goes, or comes, with another. */
static void replace_half(struct front *f, const mig_object *o)
{
	struct mig__work *w = f->w;

	if (o->flags & MIG_OBJECT_INHERITED) {
		w->old[mig__number(o)] = MIG__SKIP;
		w->new[mig__number(o->other)] = MIG__GONE;
	} else {
		w->old[mig__number(o)] = MIG__GONE;
		w->new[mig__number(o->other)] = MIG__SKIP;
	}
	push(f, o, DROPPING);
	w->alter[mig__number(o->other)] = 0;
}

/* The index that d attaches goes with o, unless its table is no partition any more. */
static int goes_with(struct front *f, const mig_object *d, const mig_object *o)
{
	struct mig__work *w = f->w;
	const mig_object *index = d->parent, *by;

	if (!index || d->kind != MIG_KIND_INHERITANCE || mig__attached_to(d) != o)
		return 0;
	by = mig__attached_by(d);
	if (!by || mig__dropped(w, by) || mig__dropped(w, index))
		return 0;
	if (index->other && mig__attached_half(index, index->other))
		replace_half(f, index);
	else if (index->flags & MIG_OBJECT_INHERITED)
		push(f, index, DROPPING);
	else
		replace(f, index);
	return 1;
}

static void spread(struct front *f, uint32_t n)
{
	struct mig__schema *s = f->w->before;
	const mig_object *o = &s->at[n]->pub;
	/* what the engine has made goes with another, without an operation of its own */
	int dropped = mig__dropped(f->w, o) || (f->seen[n] & DROPPING && mig__old(f->w, o) == MIG__SKIP);
	uint32_t i;

	for (const mig_object *c = o->child; c; c = c->next)
		if (dropped)
			replace(f, c);
		else if (!is_attribute(c))
			dependent_of_altered(f, c, o);
	if (!dropped && is_attribute(o))
		push(f, o->parent, ALONE);
	for (i = s->dependent_from[n]; i < s->dependent_from[n + 1]; i++) {
		const mig_object *d = &s->at[s->dependents[i]]->pub;

		if (!dropped)
			dependent_of_altered(f, d, o);
		else if (!goes_with(f, d, o))
			dependent_of_dropped(f, d, o);
	}
}

static int left_out(const struct mig__work *w, const mig_object *from, const mig_object *to)
{
	const mig_object *o = from ? from : to;

	if (((from && from->flags & MIG_OBJECT_INHERITED) ||
	     (to && to->flags & MIG_OBJECT_INHERITED)) &&
	    !mig__attached_half(from, to))
		return 1;
	if (o->parent && (from ? mig__old(w, from->parent) : mig__new(w, to->parent)) == MIG__SKIP)
		return 1;
	return w->hooks->leave_out && w->hooks->leave_out(w->hooks->user, from, to);
}

/* The engine would take it for what is attached from now on. */
static int is_in_the_way(const mig_object *o)
{
	const mig_object *rival = o->other ? mig__rival(o->other) : NULL;

	return rival && !mig__attachment(o) && (!rival->other || !mig__attachment(rival->other));
}

/* before's own, and pairs that differ. */
static void judge_old(struct front *f)
{
	struct mig__work *w = f->w;

	for (uint32_t i = 0; i < w->before->count; i++) {
		const mig_object *o = &w->before->at[i]->pub;
		uint32_t change = 0;

		if (left_out(w, o, o->other)) {
			w->old[i] = MIG__SKIP;
			if (o->other)
				w->new[mig__number(o->other)] = MIG__SKIP;
			continue;
		}
		if (!o->other)
			replace(f, o);
		else if (w->old[i] == MIG__KEEP && w->hooks->renames && strcmp(o->name, o->other->name) != 0)
			change = MIG__RENAMED;
		else if (w->old[i] == MIG__KEEP && !mig__attributes_same(o, o->other))
			change = w->hooks->change(w->hooks->user, o, o->other);
		if (change & MIG_CHANGE_RECREATE && mig__attached_half(o, o->other)) {
			replace_half(f, o);
		} else if (change & MIG_CHANGE_RECREATE || is_in_the_way(o)) {
			replace(f, o);
		} else if (change) {
			w->alter[mig__number(o->other)] = (uint8_t)change;
			if (change & MIG_CHANGE_ALONE)
				push(f, o, ALONE);
		}
	}
}

static void judge_new(struct mig__work *w)
{
	for (uint32_t i = 0; i < w->after->count; i++) {
		const mig_object *o = &w->after->at[i]->pub;

		if (!o->other)
			w->new[i] = left_out(w, NULL, o) ? MIG__SKIP : MIG__GONE;
	}
}

mig_status mig__fate(struct mig__work *w)
{
	const struct mig__alloc *alloc = w->before->alloc;
	struct front f = { .w = w };
	mig_status rc = mig__match(w->before, w->after);

	if (!rc)
		rc = mig__twins(w->before, w->after, w->hooks);
	w->old = mig__calloc(alloc, w->before->count + 1, 1);
	w->new = mig__calloc(alloc, w->after->count + 1, 1);
	w->alter = mig__calloc(alloc, w->after->count + 1, 1);
	f.seen = mig__calloc(alloc, w->before->count + 1, 1);
	if (!rc && (!w->old || !w->new || !w->alter || !f.seen))
		rc = mig__fail_nomem(w->err);
	if (!rc) {
		judge_old(&f);
		judge_new(w);
		while (f.count && !f.failed)
			spread(&f, f.at[--f.count]);
		mig__attached_rest(w);
		if (f.failed)
			rc = mig__fail_nomem(w->err);
	}
	mig__free(alloc, f.at);
	mig__free(alloc, f.seen);
	return rc;
}
