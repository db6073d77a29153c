/* Labels that answer most questions of the kind "does v lead down to c" at once.
 *
 * One depth-first walk over the given edges, from the newest nodes on. The nodes that were first
 * met below v are an interval of numbers: being in it proves that v leads there. The numbers by
 * which nodes were left give another: what v leads to was left before v, and not before the least
 * of all it leads to. Being out of that one disproves it (GRAIL, Yildirim et al., VLDB 2010). In
 * between, the edges have to be followed. */
#include "graph/internal.h"

struct frame {
	uint32_t node, edge;
};

struct walker {
	const struct mig__graph *g;
	const struct mig__adjacency *down;
	const uint8_t *flags; /* NULL: all nodes */
	unsigned flag;
	struct mig__reach *r;
	struct frame *frames;
	uint32_t depth, entered, left;
};

static void enter(struct walker *w, uint32_t v)
{
	w->r->first[v] = w->entered++;
	w->r->low[v] = UINT32_MAX;
	w->frames[w->depth++] = (struct frame){ v, w->down->at[v] };
}

static void lower(uint32_t *low, uint32_t to)
{
	if (to < *low)
		*low = to;
}

static void leave(struct walker *w, uint32_t v)
{
	struct mig__reach *r = w->r;

	r->end[v] = w->entered;
	r->post[v] = w->left++;
	lower(&r->low[v], r->post[v]);
	if (--w->depth)
		lower(&r->low[w->frames[w->depth - 1].node], r->low[v]);
}

static void walk(struct walker *w, uint32_t v)
{
	enter(w, v);
	while (w->depth) {
		struct frame *top = &w->frames[w->depth - 1];
		uint32_t p;

		if (top->edge == w->down->at[top->node + 1]) {
			leave(w, top->node);
			continue;
		}
		p = w->down->node[top->edge++];
		if (w->flags && !(w->flags[p] & w->flag))
			continue;
		if (w->r->first[p] == UINT32_MAX)
			enter(w, p);
		else
			lower(&w->r->low[top->node], w->r->low[p]);
	}
}

int mig__reach_init(struct mig__reach *r, const struct mig__graph *g,
		    const struct mig__adjacency *down, const uint8_t *flags, unsigned flag)
{
	size_t n = g->count;
	struct walker w = { .g = g, .down = down, .flags = flags, .flag = flag, .r = r };
	uint32_t *block = mig__calloc(g->alloc, n, 4 * sizeof *block);

	w.frames = mig__calloc(g->alloc, n, sizeof *w.frames);
	if (!block || !w.frames) {
		mig__free(g->alloc, block);
		mig__free(g->alloc, w.frames);
		return 0;
	}
	*r = (struct mig__reach){ block, block + n, block + 2 * n, block + 3 * n };
	for (size_t v = 0; v < n; v++)
		r->first[v] = UINT32_MAX;
	for (uint32_t i = g->count; i-- > 0;) {
		uint32_t v = g->order[i];

		if (r->first[v] == UINT32_MAX && (!flags || (flags[v] & flag)))
			walk(&w, v);
	}
	mig__free(g->alloc, w.frames);
	return 1;
}

void mig__reach_finish(const struct mig__graph *g, struct mig__reach *r)
{
	mig__free(g->alloc, r->first);
	*r = (struct mig__reach){ NULL, NULL, NULL, NULL };
}

enum mig__verdict mig__reach_judge(const struct mig__reach *r, uint32_t v, uint32_t c)
{
	if (r->first[v] <= r->first[c] && r->first[c] < r->end[v])
		return MIG__YES;
	return r->post[c] < r->low[v] || r->post[c] > r->post[v] ? MIG__NO : MIG__UNKNOWN;
}
