/* Which branch labels apply to a revision. A label belongs to its revision and to everything above
 * it by parents. If all of that is one plain line up to a head (no merge, and nothing with two or
 * more children or dependents), it also reaches down along the line, up to the first merge or fork,
 * which does not get it.
 *
 * Nothing is spread when the graph is built; each node only learns where to look:
 * label_source[v] is the nearest node at or below v that has labels of its own or joins labels from
 * several parents; label_tail[v] is the nearest labelled node above v on such a plain line. */
#include "graph/internal.h"

#include <stdlib.h>
#include <string.h>

static int has_own(const struct mig__graph *g, uint32_t v)
{
	return g->label_at[v + 1] > g->label_at[v];
}

static void find_source(struct mig__graph *g, uint32_t v)
{
	uint32_t source = MIG__NO_NODE;

	MIG__EACH(p, g->parents, v) {
		uint32_t s = g->label_source[p];

		if (s == MIG__NO_NODE || s == source)
			continue;
		source = source == MIG__NO_NODE ? s : v;
	}
	g->label_source[v] = has_own(g, v) ? v : source;
}

mig_status mig__graph_spread_labels(struct mig__graph *g, struct mig__error *err)
{
	uint8_t *plain;

	if (!g->label_count)
		return MIG_OK;
	g->label_source = mig__arena_alloc(&g->arena, g->count * sizeof *g->label_source);
	g->label_tail = mig__arena_alloc(&g->arena, g->count * sizeof *g->label_tail);
	plain = mig__flags_new(g);
	if (!g->label_source || !g->label_tail || !plain) {
		mig__free(g->alloc, plain);
		return mig__fail_nomem(err);
	}
	for (uint32_t i = 0; i < g->count; i++)
		find_source(g, g->order[i]);
	for (uint32_t i = g->count; i-- > 0;) {
		uint32_t v = g->order[i], child;

		g->label_tail[v] = MIG__NO_NODE;
		plain[v] = mig__degree(&g->parents, v) < 2 && mig__degree(&g->dependents, v) < 2;
		if (!plain[v] || !mig__degree(&g->children, v))
			continue;
		child = g->children.node[g->children.at[v]];
		plain[v] = plain[child];
		if (plain[v])
			g->label_tail[v] = has_own(g, child) ? child : g->label_tail[child];
	}
	mig__free(g->alloc, plain);
	return MIG_OK;
}

struct labels {
	const struct mig__graph *g;
	const char **text;
	size_t count, cap;
};

static int add_own(struct labels *l, uint32_t v)
{
	const struct mig__graph *g = l->g;
	uint32_t own = g->label_at[v + 1] - g->label_at[v];

	if (!mig__grow(g->alloc, (void **)&l->text, &l->cap, l->count + own, sizeof *l->text))
		return 0;
	for (uint32_t i = 0; i < own; i++)
		l->text[l->count++] = g->label_text[g->label_at[v] + i];
	return 1;
}

/* Everything from a source down. A source with one source below it needs no marks. */
static int add_sources(struct labels *l, uint32_t source)
{
	const struct mig__graph *g = l->g;
	uint8_t *seen = NULL;
	uint32_t *stack = NULL;
	size_t depth = 0, cap = 0;
	int ok = 0;

	for (;;) {
		uint32_t below = MIG__NO_NODE;

		if (!add_own(l, source))
			goto out;
		MIG__EACH(p, g->parents, source) {
			uint32_t s = g->label_source[p];

			if (s == MIG__NO_NODE || s == below || (seen && seen[s]))
				continue;
			if (below == MIG__NO_NODE) {
				below = s;
				continue;
			}
			if (!seen)
				seen = mig__flags_new(g);
			if (!seen ||
			    !mig__grow(g->alloc, (void **)&stack, &cap, depth + 1, sizeof *stack))
				goto out;
			seen[s] = 1;
			stack[depth++] = s;
		}
		if (below != MIG__NO_NODE && seen)
			seen[below] = 1;
		if (below == MIG__NO_NODE) {
			if (!depth)
				break;
			below = stack[--depth];
		}
		source = below;
	}
	ok = 1;
out:
	mig__free(g->alloc, seen);
	mig__free(g->alloc, stack);
	return ok;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

mig_status mig__graph_labels(const struct mig__graph *g, uint32_t node, struct mig__error *err,
			     const char ***labels, uint32_t *count)
{
	struct labels l = { .g = g };
	int ok = mig__grow(g->alloc, (void **)&l.text, &l.cap, 1, sizeof *l.text);

	if (ok && g->label_source && g->label_source[node] != MIG__NO_NODE)
		ok = add_sources(&l, g->label_source[node]);
	for (uint32_t v = g->label_tail ? g->label_tail[node] : MIG__NO_NODE;
	     ok && v != MIG__NO_NODE; v = g->label_tail[v])
		ok = add_own(&l, v);
	if (!ok) {
		mig__free(g->alloc, l.text);
		return mig__fail_nomem(err);
	}
	if (l.count > 1)
		qsort(l.text, l.count, sizeof *l.text, by_text);
	*labels = l.text;
	*count = (uint32_t)l.count;
	return MIG_OK;
}
