/* Normalized dependencies: a dependency of R that a line-ancestor of R lists directly, too, does
 * not count when revisions are ordered (it keeps its place from below, and asks for no place here).
 *
 * Only dependencies that two or more revisions list are looked at, each with its listers L:
 *
 *   1. In the forest of first parents, numbered so that a subtree is an interval, one pass over L
 * in that order finds every lister that has another as forest ancestor. Without merges that is all.
 *   2. From a lister that has a merge in its line and was not found, the line is searched, through
 * the nodes that matter (merges and listers). The labels of reach.c end most of it: a node that
 *      certainly leads to a lister ends the search, one that certainly leads to none ends its way.
 *      What a search without result has seen is not searched again for this dependency. */
#include "graph/internal.h"

#include <stdlib.h>
#include <string.h>

struct normalizer {
	const struct mig__graph *g;
	struct mig__adjacency listers; /* of each dependency, by `first` */
	uint32_t *first, *end;         /* the interval of each node in the forest */
	uint32_t *skip;                /* nearest merge or lister at or below by first parents */
	uint32_t *empty;               /* the last one (plus one) that nobody at or below lists */
	uint32_t *seen;                /* the last search (plus one) */
	uint32_t *stack;
	struct mig__reach line;        /* labels by parents */
	uint32_t *met, *left, members; /* the listers' numbers first and post, each sorted */
	uint8_t *merged;               /* has a merge in its line */
	uint8_t *dropped;              /* by position in g->dependencies.node */
	uint32_t searches, drops;
};

static uint32_t tree_parent(const struct mig__graph *g, uint32_t v)
{
	return mig__degree(&g->parents, v) ? g->parents.node[g->parents.at[v]] : MIG__NO_NODE;
}

static void number_forest(struct normalizer *z)
{
	const struct mig__graph *g = z->g;
	uint32_t *size = z->end, *cursor = z->seen, root = 0;

	for (uint32_t v = 0; v < g->count; v++)
		size[v] = 1;
	for (uint32_t i = g->count; i-- > 0;) {
		uint32_t v = g->order[i], p = tree_parent(g, v);

		if (p != MIG__NO_NODE)
			size[p] += size[v];
	}
	for (uint32_t i = 0; i < g->count; i++) {
		uint32_t v = g->order[i], p = tree_parent(g, v);
		uint32_t *from = p == MIG__NO_NODE ? &root : &cursor[p];

		z->first[v] = *from;
		*from += size[v];
		cursor[v] = z->first[v] + 1;
		z->merged[v] =
			mig__degree(&g->parents, v) > 1 || (p != MIG__NO_NODE && z->merged[p]);
		z->skip[v] = mig__degree(&g->parents, v) > 1 || mig__degree(&g->dependencies, v) ||
					     p == MIG__NO_NODE
				     ? v
				     : z->skip[p];
	}
	for (uint32_t v = 0; v < g->count; v++)
		z->end[v] = z->first[v] + size[v]; /* size is end: one step each */
	memset(z->seen, 0, g->count * sizeof *z->seen);
}

/* Who lists each dependency, in the forest's order. */
static void find_listers(struct normalizer *z)
{
	const struct mig__graph *g = z->g;
	uint32_t *at = z->listers.at, *by_first = z->stack;

	for (uint32_t v = 0; v < g->count; v++)
		by_first[z->first[v]] = v;
	for (uint32_t e = 0; e < g->dependencies.at[g->count]; e++)
		at[g->dependencies.node[e] + 2]++;
	for (uint32_t v = 0; v < g->count; v++)
		at[v + 2] += at[v + 1];
	for (uint32_t i = 0; i < g->count; i++)
		MIG__EACH(d, g->dependencies, by_first[i])
			z->listers.node[at[d + 1]++] = by_first[i];
}

/* Whether one of the sorted numbers is from `low` up to before `high`. */
static int any_between(const uint32_t *numbers, uint32_t count, uint32_t low, uint32_t high)
{
	uint32_t from = 0, to = count;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (numbers[middle] < low)
			from = middle + 1;
		else
			to = middle;
	}
	return from < count && numbers[from] < high;
}

/* Whether v is, or leads by parents to, a lister. */
static enum mig__verdict judge(const struct normalizer *z, uint32_t v)
{
	const struct mig__reach *r = &z->line;

	if (any_between(z->met, z->members, r->first[v], r->end[v]))
		return MIG__YES;
	return any_between(z->left, z->members, r->low[v], r->post[v] + 1) ? MIG__UNKNOWN : MIG__NO;
}

/* Pushes what is worth a search of v's parents; YES if one leads to a lister. */
static enum mig__verdict push_parents(struct normalizer *z, uint32_t v, uint32_t d, uint32_t *depth)
{
	MIG__EACH(p, z->g->parents, v) {
		uint32_t to = z->skip[p];
		enum mig__verdict verdict;

		if (z->seen[to] == z->searches || z->empty[to] == d + 1)
			continue;
		z->seen[to] = z->searches;
		verdict = judge(z, to);
		if (verdict == MIG__YES)
			return MIG__YES;
		if (verdict == MIG__UNKNOWN)
			z->stack[(*depth)++] = to;
	}
	return MIG__NO;
}

/* Whether a proper line-ancestor of v lists d. */
static int ancestor_lists(struct normalizer *z, uint32_t v, uint32_t d)
{
	uint32_t depth = 0, done = 0, trail = z->g->count;

	z->searches++;
	if (push_parents(z, v, d, &depth) == MIG__YES)
		return 1;
	while (depth) {
		uint32_t u = z->stack[--depth];

		z->stack[--trail] = u; /* the far end keeps what was seen; they never meet */
		done++;
		if (push_parents(z, u, d, &depth) == MIG__YES)
			return 1;
	}
	while (done--)
		z->empty[z->stack[trail++]] = d + 1;
	return 0;
}

static void drop(struct normalizer *z, uint32_t v, uint32_t d)
{
	const struct mig__adjacency *list = &z->g->dependencies;

	for (uint32_t e = list->at[v]; e < list->at[v + 1]; e++)
		if (list->node[e] == d) {
			z->dropped[e] = 1;
			z->drops++;
		}
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Makes ready to search for the listers of d. 0 without memory. */
static int prepare_search(struct normalizer *z, uint32_t d)
{
	if (!z->line.first && !mig__reach_init(&z->line, z->g, &z->g->parents, NULL, 0))
		return 0;
	z->members = 0;
	MIG__EACH(v, z->listers, d) {
		z->met[z->members] = z->line.first[v];
		z->left[z->members++] = z->line.post[v];
	}
	qsort(z->met, z->members, sizeof *z->met, by_number);
	qsort(z->left, z->members, sizeof *z->left, by_number);
	return 1;
}

static int normalize_one(struct normalizer *z, uint32_t d)
{
	uint32_t widest = 0;
	int prepared = 0;

	/* in this order, v has a forest ancestor before it exactly if an interval before it
	 * reaches over it, and intervals nest */
	MIG__EACH(v, z->listers, d) {
		if (z->first[v] < widest) {
			drop(z, v, d);
			continue;
		}
		widest = z->end[v];
		if (!z->merged[v])
			continue;
		if (!prepared && !prepare_search(z, d))
			return 0;
		prepared = 1;
		if (ancestor_lists(z, v, d))
			drop(z, v, d);
	}
	return 1;
}

static void rebuild(const struct normalizer *z, struct mig__graph *g)
{
	uint32_t end = 0;

	g->normal.at[0] = 0;
	for (uint32_t v = 0; v < g->count; v++) {
		uint32_t e = g->dependencies.at[v], last = g->dependencies.at[v + 1];

		MIG__EACH(p, g->below, v) {
			if (p_i - g->below.at[v] >= mig__degree(&g->parents, v)) {
				while (e < last && g->dependencies.node[e] != p)
					e++; /* one that is a parent, too */
				if (e < last && z->dropped[e])
					continue;
			}
			g->normal.node[end++] = p;
		}
		g->normal.at[v + 1] = end;
	}
}

static int reserve(struct normalizer *z, struct mig__arena *scratch)
{
	size_t n = z->g->count, edges = z->g->dependencies.at[n];
	uint32_t **words[] = {
		&z->first, &z->end, &z->skip, &z->empty, &z->seen, &z->met, &z->left
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		*words[i] = mig__arena_zalloc(scratch, n, sizeof **words[i]);
		if (!*words[i])
			return 0;
	}
	z->stack = mig__arena_alloc(scratch, (n + 1) * sizeof *z->stack);
	z->merged = mig__arena_zalloc(scratch, n, 1);
	z->dropped = mig__arena_zalloc(scratch, edges, 1);
	z->listers.at = mig__arena_zalloc(scratch, n + 2, sizeof *z->listers.at);
	z->listers.node = mig__arena_alloc(scratch, edges * sizeof *z->listers.node);
	return z->stack && z->merged && z->dropped && z->listers.at && z->listers.node;
}

/* Whether two revisions list the same dependency; -1 without memory. */
static int any_shared(const struct mig__graph *g)
{
	uint32_t edges = g->dependencies.at ? g->dependencies.at[g->count] : 0;
	uint8_t *seen;
	int shared = 0;

	if (!edges)
		return 0;
	seen = mig__flags_new(g);
	if (!seen)
		return -1;
	for (uint32_t e = 0; e < edges && !shared; e++)
		shared = seen[g->dependencies.node[e]]++ != 0;
	mig__free(g->alloc, seen);
	return shared;
}

mig_status mig__graph_normalize(struct mig__graph *g, struct mig__error *err)
{
	struct normalizer z = { .g = g };
	struct mig__arena scratch;
	mig_status rc = MIG_OK;
	int shared = any_shared(g);

	g->normal = g->below;
	if (shared <= 0)
		return shared ? mig__fail_nomem(err) : MIG_OK;
	mig__arena_init(&scratch, g->alloc);
	if (!reserve(&z, &scratch)) {
		rc = mig__fail_nomem(err);
		goto out;
	}
	number_forest(&z);
	find_listers(&z);
	for (uint32_t d = 0; d < g->count; d++)
		if (mig__degree(&z.listers, d) > 1 && !normalize_one(&z, d)) {
			rc = mig__fail_nomem(err);
			goto out;
		}
	if (!z.drops)
		goto out;
	g->normal.at = mig__arena_alloc(&g->arena, (g->count + (size_t)1) * sizeof *g->normal.at);
	g->normal.node =
		mig__arena_alloc(&g->arena, g->below.at[g->count] * sizeof *g->normal.node);
	if (g->normal.at && g->normal.node)
		rebuild(&z, g);
	else
		rc = mig__fail_nomem(err);
out:
	mig__reach_finish(g, &z.line);
	mig__arena_finish(&scratch);
	return rc;
}
