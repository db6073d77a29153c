/* See shapes.h. */
#include "shapes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void *need(void *ptr)
{
	if (!ptr)
		abort();
	return ptr;
}

/* All revisions with their parents, then all dependencies, as pairs of numbers */

struct plan {
	uint32_t count;
	struct edge {
		uint32_t from, to;
		int depends;
	} * edges;
	size_t edge_count, edge_cap;
};

static void edge(struct plan *p, uint32_t from, uint32_t to, int depends)
{
	if (p->edge_count == p->edge_cap) {
		p->edge_cap = p->edge_cap ? 2 * p->edge_cap : 1024;
		p->edges = need(realloc(p->edges, p->edge_cap * sizeof *p->edges));
	}
	p->edges[p->edge_count++] = (struct edge){ from, to, depends };
}

static void make_line(struct plan *p, uint32_t n)
{
	for (uint32_t v = 1; v < n; v++)
		edge(p, v, v - 1, 0);
}

/* Fork in two, merge, fork in two, ... */
static void make_diamonds(struct plan *p, uint32_t n)
{
	for (uint32_t v = 0; v + 3 < n; v += 3) {
		edge(p, v + 1, v, 0);
		edge(p, v + 2, v, 0);
		edge(p, v + 3, v + 1, 0);
		edge(p, v + 3, v + 2, 0);
	}
	for (uint32_t v = (n - 1) / 3 * 3 + 1; v < n; v++)
		edge(p, v, v - 1, 0);
}

/* A trunk of 1,000 merges, each of a branch that leaves from the first revision. */
static void make_comb(struct plan *p, uint32_t n)
{
	uint32_t length = n / 1000, v = 1, trunk = 0;

	while (v < n) {
		uint32_t tip = 0;

		for (uint32_t i = 1; i < length && v < n; i++) {
			edge(p, v, tip, 0);
			tip = v++;
		}
		if (v == n)
			break;
		edge(p, v, trunk, 0);
		if (tip != trunk)
			edge(p, v, tip, 0);
		trunk = v++;
	}
}

/* Four branches of four, merged, again and again. */
static void make_branched(struct plan *p, uint32_t n)
{
	uint32_t last = 0, v = 1;

	while (v < n) {
		uint32_t tips[4] = { last, last, last, last };

		for (int b = 0; b < 4; b++)
			for (int k = 0; k < 4 && v < n; k++) {
				edge(p, v, tips[b], 0);
				tips[b] = v++;
			}
		if (v == n)
			break;
		for (int b = 0; b < 4; b++)
			edge(p, v, tips[b], 0);
		last = v++;
	}
}

/* One merge of everything else. */
static void make_wide(struct plan *p, uint32_t n)
{
	for (uint32_t v = 0; v + 1 < n; v++)
		edge(p, n - 1, v, 0);
}

/* Half of the revisions are heads, each on a revision of its own that stands on the first one. */
static void make_heads(struct plan *p, uint32_t n)
{
	for (uint32_t v = 1; v + 1 < n; v += 2) {
		edge(p, v, 0, 0);
		edge(p, v + 1, v, 0);
	}
}

/* Two lines; each revision of one depends on one of the other. */
static void make_crossed(struct plan *p, uint32_t n)
{
	for (uint32_t v = 2; v < n; v++)
		edge(p, v, v - 2, 0);
	for (uint32_t v = 2; v < n; v++)
		if (v % 2)
			edge(p, v, v - 1, 1);
}

/* Diamonds, and a last revision that depends on the first: it waits for all of them. */
static void make_held(struct plan *p, uint32_t n)
{
	make_diamonds(p, n - 1);
	edge(p, n - 1, n - 2, 0);
	edge(p, n - 1, 1, 1);
}

/* A line with bubbles, each merge naming the bubble first, and the same last revision. */
static void make_bubbles(struct plan *p, uint32_t n)
{
	uint32_t v = 1;

	for (; v + 2 < n; v += 2) {
		edge(p, v, v - 1, 0);
		edge(p, v + 1, v, 0);
		edge(p, v + 1, v - 1, 0);
	}
	for (; v < n; v++)
		edge(p, v, v - 1, 0);
	edge(p, n - 1, 0, 1);
}

/* Merged branches, of which every tenth revision depends on one of a hundred. */
static void make_shared(struct plan *p, uint32_t n)
{
	make_branched(p, n);
	for (uint32_t v = 200; v < n; v += 10)
		edge(p, v, v * 7 % 100, 1);
}

static const struct {
	const char *name;
	void (*make)(struct plan *p, uint32_t n);
} all[] = {
	{ "line", make_line },       { "branched", make_branched }, { "diamonds", make_diamonds },
	{ "comb", make_comb },       { "wide", make_wide },         { "heads", make_heads },
	{ "crossed", make_crossed }, { "held", make_held },         { "bubbles", make_bubbles },
	{ "shared", make_shared },
};

size_t shape_count(void)
{
	return sizeof all / sizeof *all;
}

const char *shape_name(size_t shape)
{
	return all[shape].name;
}

void shape_make(struct shape *s, size_t shape, uint32_t count)
{
	struct plan p = { .count = count };
	const char **parent, **dependency;
	uint32_t *parents = need(calloc(count, sizeof *parents));
	uint32_t *dependencies = need(calloc(count, sizeof *dependencies));

	all[shape].make(&p, count);
	s->count = count;
	s->at = need(calloc(count, sizeof *s->at));
	s->lists = need(calloc(p.edge_count + 2 * (size_t)count, sizeof *s->lists));
	for (uint32_t v = 0; v < count; v++) /* as random as ids are */
		snprintf(s->at[v].id, sizeof s->at[v].id, "%012llx",
			 ((v + 1) * 0x9e3779b97f4a7c15ull) >> 16);
	for (size_t i = 0; i < p.edge_count; i++)
		++*(p.edges[i].depends ? &dependencies[p.edges[i].from]
				       : &parents[p.edges[i].from]);
	parent = s->lists;
	for (uint32_t v = 0; v < count; v++) {
		dependency = parent + parents[v] + 1;
		s->at[v].parents = parent;
		s->at[v].dependencies = dependency;
		parent = dependency + dependencies[v] + 1;
	}
	for (size_t i = 0; i < p.edge_count; i++) {
		const struct edge *e = &p.edges[i];
		struct shape_revision *r = &s->at[e->from];

		if (e->depends)
			r->dependencies[r->dependency_count++] = s->at[e->to].id;
		else
			r->parents[r->parent_count++] = s->at[e->to].id;
	}
	free(parents);
	free(dependencies);
	free(p.edges);
}

void shape_free(struct shape *s)
{
	free(s->at);
	free(s->lists);
}

/* ---- the limit */

struct table {
	const struct shape *s;
	uint32_t *slots;
	size_t mask;
};

static size_t slot_of(const struct table *t, const char *id)
{
	uint64_t h = 1469598103934665603u;
	size_t at;

	for (const char *c = id; *c; c++)
		h = (h ^ (unsigned char)*c) * 1099511628211u;
	at = (size_t)h & t->mask;
	while (t->slots[at] != UINT32_MAX && strcmp(t->s->at[t->slots[at]].id, id))
		at = (at + 1) & t->mask;
	return at;
}

void shape_order(const struct shape *s)
{
	struct table t = { .s = s, .mask = 15 };
	uint32_t n = s->count, head = 0, tail = 0, edges = 0;
	uint32_t *left = need(calloc(n, sizeof *left)), *at = need(calloc(n + 2, sizeof *at));
	uint32_t *queue = need(malloc(n * sizeof *queue)), *child, *from;

	while (t.mask < 2 * (size_t)n)
		t.mask = 2 * t.mask + 1;
	t.slots = need(malloc((t.mask + 1) * sizeof *t.slots));
	memset(t.slots, 0xff, (t.mask + 1) * sizeof *t.slots);
	for (uint32_t v = 0; v < n; v++) {
		t.slots[slot_of(&t, s->at[v].id)] = v;
		edges += s->at[v].parent_count + s->at[v].dependency_count;
	}
	child = need(malloc((edges + 1) * sizeof *child));
	from = need(malloc((edges + 1) * sizeof *from));
	edges = 0;
	for (uint32_t v = 0; v < n; v++) {
		const struct shape_revision *d = &s->at[v];

		left[v] = d->parent_count + d->dependency_count;
		for (uint32_t i = 0; i < left[v]; i++) {
			uint32_t to = t.slots[slot_of(
				&t, i < d->parent_count ? d->parents[i]
							: d->dependencies[i - d->parent_count])];

			at[to + 2]++;
			from[edges++] = to;
		}
	}
	for (uint32_t v = 0; v < n; v++)
		at[v + 2] += at[v + 1];
	edges = 0;
	for (uint32_t v = 0; v < n; v++)
		for (uint32_t i = left[v]; i > 0; i--)
			child[at[from[edges++] + 1]++] = v;
	for (uint32_t v = 0; v < n; v++)
		if (!left[v])
			queue[tail++] = v;
	while (head < tail) {
		uint32_t v = queue[head++];

		for (uint32_t i = at[v]; i < at[v + 1]; i++)
			if (!--left[child[i]])
				queue[tail++] = child[i];
	}
	if (tail != n)
		abort();
	free(t.slots);
	free(left);
	free(at);
	free(queue);
	free(child);
	free(from);
}
