/* Normalized dependencies: a dependency of R that a line-ancestor of R lists directly, too, does
 * not count when revisions are ordered (it keeps its place from below, and asks for no place here).
 *
 * Only dependencies that two or more revisions list are looked at, each with its listers L:
 *
 *   1. In the forest of first parents, numbered so that a subtree is an interval, one pass over L
 * in that order finds every lister that has another as forest ancestor. Without merges that is all.
 *   2. A lister that has a merge in its line and was not found is searched upwards from, through
 * the nodes that matter (merges and listers), no further down than the lowest lister. What a search
 *      without result has seen is not searched again for this dependency. */
#include "graph/internal.h"

#include <string.h>

struct normalizer {
	const struct mig__graph *g;
	struct mig__adjacency listers; /* of each dependency, by `first` */
	uint32_t *first, *end;         /* the interval of each node in the forest */
	uint32_t *skip;                /* nearest merge or lister at or below by first parents */
	uint32_t *member;              /* the last dependency (plus one) that this node lists */
	uint32_t *empty;               /* the last one (plus one) that nobody at or below lists */
	uint32_t *seen;                /* the last search (plus one) */
	uint32_t *stack;
	uint8_t *merged;  /* has a merge in its line */
	uint8_t *dropped; /* by position in g->dependencies.node */
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

static void push_parents(struct normalizer *z, uint32_t v, uint32_t lowest, uint32_t d,
			 uint32_t *depth)
{
	MIG__EACH(p, z->g->parents, v) {
		uint32_t to = z->skip[p];

		if (z->g->place[to] < lowest || z->seen[to] == z->searches || z->empty[to] == d + 1)
			continue;
		z->seen[to] = z->searches;
		z->stack[(*depth)++] = to;
	}
}

/* Whether a proper line-ancestor of v lists d. */
static int ancestor_lists(struct normalizer *z, uint32_t v, uint32_t d, uint32_t lowest)
{
	uint32_t depth = 0, done = 0, trail = z->g->count;

	z->searches++;
	push_parents(z, v, lowest, d, &depth);
	while (depth) {
		uint32_t u = z->stack[--depth];

		if (z->member[u] == d + 1)
			return 1;
		z->stack[--trail] = u; /* the far end keeps what was seen; they never meet */
		done++;
		push_parents(z, u, lowest, d, &depth);
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

static void normalize_one(struct normalizer *z, uint32_t d)
{
	const struct mig__graph *g = z->g;
	uint32_t lowest = UINT32_MAX, widest = 0;

	MIG__EACH(v, z->listers, d) {
		lowest = g->place[v] < lowest ? g->place[v] : lowest;
		z->member[v] = d + 1;
	}
	/* in this order, v has a forest ancestor before it exactly if an interval before it
	 * reaches over it, and intervals nest */
	MIG__EACH(w, z->listers, d) {
		if (z->first[w] < widest) {
			drop(z, w, d);
			continue;
		}
		widest = z->end[w];
		if (z->merged[w] && ancestor_lists(z, w, d, lowest))
			drop(z, w, d);
	}
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
	uint32_t **words[] = { &z->first, &z->end, &z->skip, &z->member, &z->empty, &z->seen };

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
		if (mig__degree(&z.listers, d) > 1)
			normalize_one(&z, d);
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
	mig__arena_finish(&scratch);
	return rc;
}
