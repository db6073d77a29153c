/* relevant: marks the part of two schemas that operations can touch. What an operation is about
 * brings in what depends on it and what it needs; what was brought in brings in only what it
 * needs. A work list of objects at the top holds those that are still to be followed, so the
 * work is linear in what is marked. */
#include "migrate/relevant.h"

#include "base/error.h"

#include <string.h>

struct finding {
	struct mig__relevant *r;
	struct mig__schema *sides[2]; /* before, after */
	uint8_t *marks[2];
	struct {
		const mig_object *top;
		int side;
	} * work;
	size_t count, cap;
	int failed;
};

enum { NEEDED = 1, TOUCHED = 2 };

static void mark(struct finding *f, const mig_object *o, int side, uint8_t how)
{
	const mig_object *top = mig__top(o);
	uint8_t *m = &f->marks[side][mig__number(top)];

	if ((*m & how) == how || f->failed)
		return;
	*m |= how | NEEDED;
	if (!mig__grow(f->r->alloc, (void **)&f->work, &f->cap, f->count + 1, sizeof *f->work)) {
		f->failed = 1;
		return;
	}
	f->work[f->count].top = top;
	f->work[f->count++].side = side;
	if (top->other)
		mark(f, top->other, !side, how);
}

/* The object and what is in it: at most three deep. */
static void follow(struct finding *f, const mig_object *o, int side, int touched)
{
	const struct mig__schema *s = f->sides[side];
	uint32_t n = mig__number(o);

	for (size_t i = 0; i < o->need_count; i++)
		mark(f, o->needs[i], side, NEEDED);
	for (uint32_t i = s->dependent_from[n]; touched && i < s->dependent_from[n + 1]; i++)
		mark(f, &s->at[s->dependents[i]]->pub, side, NEEDED);
	for (const mig_object *c = o->child; c; c = c->next)
		follow(f, c, side, touched);
}

/* Owners, which are no needs, go with what they own, and the other way round. */
static void follow_owners(struct finding *f, int side)
{
	const struct mig__schema *s = f->sides[side];

	for (size_t i = 0; i < s->edge_count; i++) {
		const mig_object *from = &s->at[s->edges[i].from]->pub;
		const mig_object *to = &s->at[s->edges[i].to]->pub;

		if (s->edges[i].need != MIG_NEED_OWNER)
			continue;
		if (f->marks[side][mig__number(mig__top(from))])
			mark(f, to, side, NEEDED);
		if (f->marks[side][mig__number(mig__top(to))])
			mark(f, from, side, NEEDED);
	}
}

static void work_off(struct finding *f)
{
	while (f->count && !f->failed) {
		const mig_object *top = f->work[--f->count].top;
		int side = f->work[f->count].side;

		follow(f, top, side, f->marks[side][mig__number(top)] & TOUCHED);
	}
}

static int is_callable(const mig_object *o)
{
	switch (o->kind) {
	case MIG_KIND_EXTENSION:
	case MIG_KIND_FUNCTION:
	case MIG_KIND_PROCEDURE:
	case MIG_KIND_AGGREGATE:
	case MIG_KIND_OTHER:
		return 1;
	default:
		return 0;
	}
}

static void mark_more(struct finding *f, int side, enum mig__width width)
{
	struct mig__schema *s = f->sides[side];

	for (const mig_object *o = mig__schema_first(s); o; o = o->next)
		if (width == MIG__WIDTH_ALL || (width == MIG__WIDTH_CALLABLE && is_callable(o)))
			mark(f, o, side, NEEDED);
}

mig_status mig__relevant_find(struct mig__relevant *r, struct mig__schema *before,
			      struct mig__schema *after, const struct mig__ops *ops,
			      enum mig__width width)
{
	struct finding f = { .r = r, .sides = { before, after } };

	r->alloc = before->alloc;
	r->before = mig__calloc(r->alloc, before->count + 1, 1);
	r->after = mig__calloc(r->alloc, after->count + 1, 1);
	f.marks[0] = r->before;
	f.marks[1] = r->after;
	f.failed = !r->before || !r->after;
	for (size_t i = 0; !f.failed && i < ops->count; i++) {
		if (ops->at[i].from)
			mark(&f, ops->at[i].from, 0, TOUCHED);
		if (ops->at[i].to)
			mark(&f, ops->at[i].to, 1, TOUCHED);
	}
	mark_more(&f, 0, width);
	mark_more(&f, 1, width);
	/* owners may bring in more, whose owners may … : chains of them are short */
	for (int again = 0; !f.failed && again < 3; again++) {
		work_off(&f);
		follow_owners(&f, 0);
		follow_owners(&f, 1);
	}
	work_off(&f);
	mig__free(r->alloc, f.work);
	return f.failed ? mig__fail_nomem(after->err) : MIG_OK;
}

void mig__relevant_finish(struct mig__relevant *r)
{
	if (!r->alloc)
		return;
	mig__free(r->alloc, r->before);
	mig__free(r->alloc, r->after);
	*r = (struct mig__relevant){ 0 };
}
