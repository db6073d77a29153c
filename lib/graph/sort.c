/* The topological order (Kahn's method, first come first served), and the cycle where there is
 * none. */
#include "graph/internal.h"

enum { MOST_SHOWN = 12 };

/* Fills order with what can be ordered by the given edges; returns how many. left: a scratch count
 * for each node, of what it still waits for. */
static uint32_t kahn(const struct mig__graph *g, const struct mig__adjacency *down,
		     const struct mig__adjacency *up, uint32_t *left, uint32_t *order)
{
	uint32_t head = 0, tail = 0;

	for (uint32_t v = 0; v < g->count; v++) {
		left[v] = mig__degree(down, v);
		if (!left[v])
			order[tail++] = v;
	}
	while (head < tail) {
		uint32_t v = order[head++];

		MIG__EACH(u, *up, v)
			if (!--left[u])
				order[tail++] = u;
	}
	return tail;
}

static void show(struct mig__buf *buf, const struct mig__graph_decl *decl)
{
	mig__buf_addf(buf, "\"%s\"", decl->id);
	if (decl->file)
		mig__buf_addf(buf, " (%s)", decl->file);
}

/* Each node that is left waits for another that is left: following them must come round. */
static mig_status fail_cycle(const struct mig__graph *g, const struct mig__graph_decl *decls,
			     const struct mig__adjacency *down, const uint32_t *left,
			     uint32_t *mark, mig_status status, struct mig__error *err)
{
	uint32_t v = 0, start, shown = 0;
	struct mig__buf buf;

	while (!left[v])
		v++;
	for (uint32_t u = 0; u < g->count; u++)
		mark[u] = MIG__NO_NODE;
	while (mark[v] == MIG__NO_NODE) {
		uint32_t next = v;

		MIG__EACH(p, *down, v)
			if (left[p]) {
				next = p;
				break;
			}
		mark[v] = next;
		v = next;
	}
	start = v;
	mig__buf_init(&buf, err->alloc);
	mig__buf_addf(&buf, "revisions form a cycle%s: ",
		      status == MIG_ECYCLE ? "" : " through their dependencies");
	do {
		if (shown++ == MOST_SHOWN) {
			mig__buf_adds(&buf, "... ");
			break;
		}
		show(&buf, &decls[v]);
		mig__buf_adds(&buf, " needs ");
		v = mark[v];
	} while (v != start);
	mig__buf_addf(&buf, "\"%s\"", decls[start].id);
	mig__fail(err, status, "%s", mig__buf_text(&buf));
	if (buf.failed)
		mig__fail_nomem(err);
	else
		mig__error_set_revision(err, decls[start].id);
	mig__buf_finish(&buf);
	return err->status;
}

mig_status mig__graph_sort(struct mig__graph *g, const struct mig__graph_decl *decls,
			   struct mig__error *err)
{
	uint32_t *left;
	mig_status rc = MIG_OK;

	g->order = mig__arena_alloc(&g->arena, g->count * sizeof *g->order);
	g->place = mig__arena_alloc(&g->arena, g->count * sizeof *g->place);
	if (!g->order || !g->place)
		return mig__fail_nomem(err);
	left = g->place; /* free until the order is known */
	if (kahn(g, &g->below, &g->dependents, left, g->order) < g->count) {
		if (kahn(g, &g->parents, &g->children, left, g->order) < g->count)
			return fail_cycle(g, decls, &g->parents, left, g->order, MIG_ECYCLE, err);
		kahn(g, &g->below, &g->dependents, left, g->order);
		return fail_cycle(g, decls, &g->below, left, g->order, MIG_EDEPENDENCY_CYCLE, err);
	}
	for (uint32_t i = 0; i < g->count; i++)
		g->place[g->order[i]] = i;
	return rc;
}
