/* The order of a plan. To list the chosen nodes S newest first, starting from tips T:
 *
 *	pending = the members of T that are in S, by load order; i = 0
 *	while pending is not empty:
 *		c = pending[i]
 *		if c is below another pending[j] (the first such): i = j; continue
 *		list c and take it out of S
 *		next = [p of normal(c) if p in S and not in pending]
 *		if next is empty: remove pending[i]; i = max(i - 1, 0)
 *		else: pending[i] = next[0]; append the rest of next
 *
 * Done to the letter, "is below another" needs a set of ancestors for each member and is quadratic.
 * Here is the same order with less:
 *
 * - A member of pending is a slot, numbered as it was appended. Slots keep their order, so "the
 *first such j" is the lowest slot whose node is above c.
 * - Whether c is below any: c has a dependent in the region that is not listed yet (`live` counts
 *   them), since everything that is left is at or below a pending node.
 * - Which slot: two searches take turns, each with a budget that doubles, so the cost is that of
 *the cheaper one. One goes up from c through what is left, and takes the lowest slot it meets. The
 *other goes through the slots from the lowest and asks of each whether its node is above c, by a
 *search down. What is below a slot only ever shrinks, so a slot that was not above c never will be,
 *and c goes on from where it was.
 * - When a first small budget was not enough, the region gets labels: the intervals of a
 *depth-first forest prove "above", the lowest postorder number reachable disproves it (GRAIL,
 *Yildirim et al., VLDB 2010), and only what is left is searched.
 *
 * In a range of history there can be nodes between the chosen ones that are not chosen. They are in
 *the region, hold back what is below them, and count as listed as soon as all above them is. Where
 *some chosen node cannot be reached through chosen ones, the rule gives no order; the topological
 *one is taken. */
#include "graph/internal.h"

#include <string.h>

enum { FIRST_BUDGET = 64 };

#define NO_SLOT UINT32_MAX

struct slot {
	uint32_t node;
	uint32_t next, previous; /* in use */
	uint32_t alive; /* itself, or once it is out of use a later one, with none in use between */
};

struct lister {
	const struct mig__graph *g;
	const struct mig__alloc *alloc;
	uint8_t *flags;         /* by node: CHOSEN, REGION, DONE (listed, or passed) */
	uint32_t *index;        /* by node: its number in the region, the index of what follows */
	const uint32_t *region; /* newest first */
	uint32_t count;
	uint32_t *live; /* dependents in the region that are not done */
	uint32_t *slot; /* the slot while it is pending, or NO_SLOT */
	struct slot *slots;
	size_t slot_cap;
	uint32_t slot_count, head, tail;
	/* for searches, made when first needed */
	uint32_t *least; /* no slot before this one is above it */
	uint32_t *seen;  /* the last search that came by */
	uint32_t *stack;
	uint32_t searches;
	struct mig__reach reach; /* the same */
	/* the result */
	uint32_t *listed, listed_count;
};

/* -- slots */

static int append_slot(struct lister *l, uint32_t v)
{
	uint32_t s = l->slot_count;

	if (!mig__grow(l->alloc, (void **)&l->slots, &l->slot_cap, (size_t)s + 1, sizeof *l->slots))
		return 0;
	l->slot_count++;
	l->slots[s] = (struct slot){ v, NO_SLOT, l->tail, s };
	l->slot[l->index[v]] = s;
	if (l->tail == NO_SLOT)
		l->head = s;
	else
		l->slots[l->tail].next = s;
	l->tail = s;
	return 1;
}

/* Returns the slot to go on with. */
static uint32_t remove_slot(struct lister *l, uint32_t s)
{
	uint32_t before = l->slots[s].previous, after = l->slots[s].next;

	if (before == NO_SLOT)
		l->head = after;
	else
		l->slots[before].next = after;
	if (after == NO_SLOT)
		l->tail = before;
	else
		l->slots[after].previous = before;
	l->slots[s].alive = s + 1;
	return before == NO_SLOT ? after : before;
}

/* The first slot in use from s on; slot_count if there is none. */
static uint32_t find_alive(struct lister *l, uint32_t s)
{
	while (s < l->slot_count && l->slots[s].alive != s) {
		uint32_t to = l->slots[s].alive;

		if (to < l->slot_count)
			l->slots[s].alive = l->slots[to].alive; /* halves the way from now on */
		s = to;
	}
	return s;
}

/* -- which slot is above */

/* What place and labels say of "v is above c". */
static enum mig__verdict judge(const struct lister *l, uint32_t v, uint32_t c)
{
	if (l->g->place[v] <= l->g->place[c])
		return MIG__NO;
	return l->reach.first ? mig__reach_judge(&l->reach, v, c) : MIG__UNKNOWN;
}

/* Whether v is above c; MIG__UNKNOWN when the budget ends. */
static enum mig__verdict search_down(struct lister *l, uint32_t v, uint32_t c, uint64_t *budget)
{
	enum mig__verdict verdict = judge(l, v, c);
	uint32_t depth = 0;

	if (*budget)
		--*budget;
	if (verdict != MIG__UNKNOWN)
		return verdict;
	l->searches++;
	l->stack[depth++] = v;
	while (depth) {
		uint32_t u = l->stack[--depth];

		MIG__EACH(p, l->g->below, u) {
			if (p == c)
				return MIG__YES;
			if (!*budget)
				return MIG__UNKNOWN;
			--*budget;
			if (!(l->flags[p] & MIG__REGION) || l->seen[l->index[p]] == l->searches)
				continue;
			l->seen[l->index[p]] = l->searches;
			verdict = judge(l, p, c);
			if (verdict == MIG__YES)
				return MIG__YES;
			if (verdict == MIG__UNKNOWN)
				l->stack[depth++] = p;
		}
	}
	return MIG__NO;
}

/* Asks the slots one by one. *out: the lowest above c, or NO_SLOT. */
static enum mig__verdict ask_slots(struct lister *l, uint32_t c, uint64_t budget, uint32_t *out)
{
	uint32_t i = l->index[c], own = l->slot[i], s;

	while ((s = find_alive(l, l->least[i])) < l->slot_count) {
		enum mig__verdict verdict =
			s == own ? MIG__NO : search_down(l, l->slots[s].node, c, &budget);

		if (verdict == MIG__UNKNOWN)
			return MIG__UNKNOWN;
		if (verdict == MIG__YES) {
			*out = s;
			return MIG__YES;
		}
		l->least[i] = s + 1;
		if (!budget)
			return MIG__UNKNOWN;
	}
	*out = NO_SLOT;
	return MIG__YES;
}

/* Goes up from c. *out: the lowest slot above it, or NO_SLOT. */
static enum mig__verdict search_up(struct lister *l, uint32_t c, uint64_t budget, uint32_t *out)
{
	uint32_t depth = 0, lowest = NO_SLOT, bound = find_alive(l, l->least[l->index[c]]);

	if (bound == l->slot[l->index[c]])
		bound = find_alive(l, bound + 1);
	l->searches++;
	l->stack[depth++] = c;
	while (depth && lowest != bound) {
		uint32_t v = l->stack[--depth];

		MIG__EACH(u, l->g->dependents, v) {
			uint32_t i;

			if (!budget--)
				return MIG__UNKNOWN;
			if ((l->flags[u] & (MIG__REGION | MIG__DONE)) != MIG__REGION)
				continue;
			i = l->index[u];
			if (l->seen[i] == l->searches)
				continue;
			l->seen[i] = l->searches;
			if (l->slot[i] < lowest)
				lowest = l->slot[i];
			l->stack[depth++] = u;
		}
	}
	*out = lowest;
	return MIG__YES;
}

static int prepare_searches(struct lister *l)
{
	uint32_t *block = mig__calloc(l->alloc, l->count, 3 * sizeof *block);

	if (!block)
		return 0;
	l->least = block;
	l->seen = block + l->count;
	l->stack = block + 2 * (size_t)l->count;
	return 1;
}

/* The first slot above c; NO_SLOT if there is none. 0 without memory. */
static int find_blocker(struct lister *l, uint32_t c, uint32_t *out)
{
	if (!l->least && !prepare_searches(l))
		return 0;
	for (uint64_t budget = FIRST_BUDGET;; budget *= 2) {
		if (search_up(l, c, budget, out) == MIG__YES)
			break;
		if (ask_slots(l, c, budget, out) == MIG__YES)
			break;
		if (!l->reach.first &&
		    !mig__reach_init(&l->reach, l->g, &l->g->below, l->flags, MIG__REGION))
			return 0;
	}
	if (*out != NO_SLOT)
		l->least[l->index[c]] = *out;
	return 1;
}

/* -- listing */

/* c is listed. What was held back by it alone and is not chosen is done as well; passed chains
 * those, by their numbers, through the place of their counts. */
static void finish_node(struct lister *l, uint32_t c)
{
	uint32_t v = c, passed = NO_SLOT;

	l->flags[c] = (uint8_t)((l->flags[c] & ~MIG__CHOSEN) | MIG__DONE);
	l->listed[l->listed_count++] = c;
	for (;;) {
		MIG__EACH(p, l->g->below, v) {
			uint32_t i;

			if (!(l->flags[p] & MIG__REGION))
				continue;
			i = l->index[p];
			if (--l->live[i] || (l->flags[p] & MIG__CHOSEN))
				continue;
			l->flags[p] |= MIG__DONE;
			l->slot[i] = passed;
			passed = i;
		}
		if (passed == NO_SLOT)
			return;
		v = l->region[passed];
		passed = l->slot[passed];
	}
}

/* Lists the node of a slot. *s becomes the slot to go on with; 0 without memory. */
static int advance(struct lister *l, uint32_t *s)
{
	uint32_t c = l->slots[*s].node;
	int kept = 0;

	l->slot[l->index[c]] = NO_SLOT;
	finish_node(l, c);
	MIG__EACH(p, l->g->normal, c) {
		if (!(l->flags[p] & MIG__CHOSEN) || l->slot[l->index[p]] != NO_SLOT)
			continue;
		if (kept) {
			if (!append_slot(l, p))
				return 0;
		} else {
			l->slots[*s].node = p;
			l->slot[l->index[p]] = *s;
			kept = 1;
		}
	}
	if (!kept)
		*s = remove_slot(l, *s);
	return 1;
}

static int list_all(struct lister *l, const struct mig__nodes *tips)
{
	uint32_t s, blocker;

	for (uint32_t i = 0; i < tips->count; i++)
		if ((l->flags[tips->at[i]] & MIG__CHOSEN) && !append_slot(l, tips->at[i]))
			return 0;
	s = l->head;
	while (s != NO_SLOT) {
		uint32_t c = l->slots[s].node;

		if (!l->live[l->index[c]]) {
			if (!advance(l, &s))
				return 0;
			continue;
		}
		if (!find_blocker(l, c, &blocker))
			return 0;
		if (blocker == NO_SLOT)
			break; /* held back by what cannot be reached */
		s = blocker;
	}
	return 1;
}

static int prepare(struct lister *l, uint32_t chosen)
{
	l->index = mig__malloc(l->alloc, l->g->count * sizeof *l->index);
	l->live = mig__calloc(l->alloc, l->count, sizeof *l->live);
	l->slot = mig__malloc(l->alloc, l->count * sizeof *l->slot);
	l->listed = mig__malloc(l->alloc, chosen * sizeof *l->listed);
	if (!l->index || !l->live || !l->slot || !l->listed)
		return 0;
	for (uint32_t i = 0; i < l->count; i++) {
		l->index[l->region[i]] = i;
		l->slot[i] = NO_SLOT;
	}
	for (uint32_t i = 0; i < l->count; i++)
		MIG__EACH(p, l->g->below, l->region[i])
			if (l->flags[p] & MIG__REGION)
				l->live[l->index[p]]++;
	return 1;
}

/* Takes back what was listed, and lists the region as it stands. */
static void list_plainly(struct lister *l)
{
	for (uint32_t i = 0; i < l->listed_count; i++)
		l->flags[l->listed[i]] |= MIG__CHOSEN;
	l->listed_count = 0;
	for (uint32_t i = 0; i < l->count; i++)
		if (l->flags[l->region[i]] & MIG__CHOSEN)
			l->listed[l->listed_count++] = l->region[i];
}

mig_status mig__order_list(const struct mig__graph *g, uint8_t *flags, const uint32_t *region,
			   uint32_t count, const struct mig__nodes *tips, struct mig__error *err,
			   struct mig__nodes *out)
{
	struct lister l = { .g = g,
			    .alloc = g->alloc,
			    .flags = flags,
			    .region = region,
			    .count = count,
			    .head = NO_SLOT,
			    .tail = NO_SLOT };
	uint32_t chosen = 0;
	mig_status rc = MIG_OK;

	for (uint32_t i = 0; i < count; i++)
		chosen += (flags[region[i]] & MIG__CHOSEN) != 0;
	if (prepare(&l, chosen) && list_all(&l, tips)) {
		if (l.listed_count < chosen)
			list_plainly(&l);
		*out = (struct mig__nodes){ l.listed, l.listed_count };
	} else {
		rc = mig__fail_nomem(err);
		mig__free(g->alloc, l.listed);
	}
	mig__free(g->alloc, l.index);
	mig__free(g->alloc, l.live);
	mig__free(g->alloc, l.slot);
	mig__free(g->alloc, l.slots);
	mig__free(g->alloc, l.least);
	mig__reach_finish(g, &l.reach);
	return rc;
}
