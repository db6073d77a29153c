/* bench_graph: the time lib/graph takes to build graphs of several shapes and to plan on them.
 *
 *	bench_graph [COUNT [REPEATS]]     100000 and 5 by default; a second table has twice COUNT
 *
 * Milliseconds, the least of the repeats. "limit" is the least work that gives an order at all:
 *hash the ids, look up the parents, link them, sort topologically. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "graph/graph.h"

static void *need(void *ptr)
{
	if (!ptr)
		abort();
	return ptr;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* -- shapes: all revisions with their parents, then all dependencies, as pairs of numbers */

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
} shapes[] = {
	{ "line", make_line },       { "branched", make_branched }, { "diamonds", make_diamonds },
	{ "comb", make_comb },       { "wide", make_wide },         { "heads", make_heads },
	{ "crossed", make_crossed }, { "held", make_held },         { "bubbles", make_bubbles },
	{ "shared", make_shared },
};

/* -- declarations */

struct source {
	struct mig__graph_decl *decls;
	uint32_t count;
	char (*ids)[16];
	const char **parents, **dependencies;
};

static void source_init(struct source *s, const struct plan *p)
{
	const char **parent, **dependency;
	uint32_t *parents = need(calloc(p->count, sizeof *parents));
	uint32_t *dependencies = need(calloc(p->count, sizeof *dependencies));

	s->count = p->count;
	s->decls = need(calloc(p->count, sizeof *s->decls));
	s->ids = need(calloc(p->count, sizeof *s->ids));
	s->parents = parent = need(calloc(p->edge_count + 1, sizeof *parent));
	s->dependencies = dependency = need(calloc(p->edge_count + 1, sizeof *dependency));
	for (uint32_t v = 0; v < p->count; v++) /* as random as ids are */
		snprintf(s->ids[v], sizeof *s->ids, "%012llx",
			 ((v + 1) * 0x9e3779b97f4a7c15ull) >> 16);
	for (size_t i = 0; i < p->edge_count; i++)
		++*(p->edges[i].depends ? &dependencies[p->edges[i].from]
					: &parents[p->edges[i].from]);
	for (uint32_t v = 0; v < p->count; v++) {
		s->decls[v] = (struct mig__graph_decl){ .id = s->ids[v],
							.parents = parent,
							.dependencies = dependency };
		parent += parents[v];
		dependency += dependencies[v];
	}
	for (size_t i = 0; i < p->edge_count; i++) {
		const struct edge *e = &p->edges[i];
		struct mig__graph_decl *decl = &s->decls[e->from];

		if (e->depends)
			((const char **)decl->dependencies)[decl->dependency_count++] =
				s->ids[e->to];
		else
			((const char **)decl->parents)[decl->parent_count++] = s->ids[e->to];
	}
	free(parents);
	free(dependencies);
}

static void source_finish(struct source *s)
{
	free(s->decls);
	free(s->ids);
	free(s->parents);
	free(s->dependencies);
}

/* -- the limit */

struct table {
	const struct source *s;
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
	while (t->slots[at] != UINT32_MAX && strcmp(t->s->ids[t->slots[at]], id))
		at = (at + 1) & t->mask;
	return at;
}

static double limit(const struct source *s)
{
	double start = now();
	struct table t = { .s = s, .mask = 15 };
	uint32_t n = s->count, head = 0, tail = 0, edges = 0;
	uint32_t *left = need(calloc(n, sizeof *left)), *at = need(calloc(n + 2, sizeof *at));
	uint32_t *queue = need(malloc(n * sizeof *queue)), *child, *from;

	while (t.mask < 2 * (size_t)n)
		t.mask = 2 * t.mask + 1;
	t.slots = need(malloc((t.mask + 1) * sizeof *t.slots));
	memset(t.slots, 0xff, (t.mask + 1) * sizeof *t.slots);
	for (uint32_t v = 0; v < n; v++) {
		t.slots[slot_of(&t, s->ids[v])] = v;
		edges += s->decls[v].parent_count + s->decls[v].dependency_count;
	}
	child = need(malloc((edges + 1) * sizeof *child));
	from = need(malloc((edges + 1) * sizeof *from));
	edges = 0;
	for (uint32_t v = 0; v < n; v++) {
		const struct mig__graph_decl *d = &s->decls[v];

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
	return now() - start;
}

/* -- measuring */

struct times {
	double build, plan, nothing, one, down, limit;
};

static void least(double *time, double start)
{
	double took = now() - start;

	if (*time <= 0 || took < *time)
		*time = took;
}

static void check(mig_status rc, const struct mig__error *err)
{
	if (!rc)
		return;
	fprintf(stderr, "bench_graph: %s\n", err->message ? err->message : "no memory");
	exit(1);
}

static void measure(const struct source *s, struct times *times)
{
	const char *heads[] = { "heads" }, *some[] = { NULL };
	struct mig__graph *g;
	struct mig__error err;
	struct mig__route up = { 0 }, other = { 0 };
	struct mig__rows rows = { NULL, 0 };
	const char **ids;
	double start, took = limit(s);

	if (times->limit <= 0 || took < times->limit)
		times->limit = took;
	mig__error_init(&err, &mig__alloc_libc);
	start = now();
	check(mig__graph_new(&mig__alloc_libc, s->decls, s->count, &err, &g), &err);
	least(&times->build, start);
	start = now();
	check(mig__graph_upgrade(g, rows, heads, 1, &err, &up), &err);
	least(&times->plan, start);
	if (up.step_count != s->count)
		abort();

	ids = need(calloc(up.rows.count + (size_t)1, sizeof *ids));
	for (uint32_t i = 0; i < up.rows.count; i++)
		ids[i] = mig__graph_id(g, up.rows.at[i]);
	rows = (struct mig__rows){ ids, up.rows.count };
	start = now();
	check(mig__graph_upgrade(g, rows, heads, 1, &err, &other), &err);
	least(&times->nothing, start);
	mig__route_finish(g, &other);
	start = now();
	check(mig__graph_downgrade(g, rows, NULL, &err, &other), &err);
	least(&times->down, start);
	mig__route_finish(g, &other);

	/* all applied but the last step */
	some[0] = mig__graph_id(g, up.steps[up.step_count - 1].node);
	ids = need(realloc(ids, (s->count + (size_t)1) * sizeof *ids));
	rows = (struct mig__rows){ ids, 0 };
	mig__route_finish(g, &up);
	check(mig__graph_upgrade(g, (struct mig__rows){ NULL, 0 }, heads, 1, &err, &up), &err);
	{
		const struct mig__route_step *last = &up.steps[up.step_count - 1];

		for (uint32_t i = 0; i < last->removed_count; i++)
			ids[rows.count++] = mig__graph_id(g, up.nodes[last->removed_at + i]);
		for (uint32_t i = 0; i < up.rows.count; i++)
			if (up.rows.at[i] != last->node)
				ids[rows.count++] = mig__graph_id(g, up.rows.at[i]);
	}
	start = now();
	check(mig__graph_upgrade(g, rows, some, 1, &err, &other), &err);
	least(&times->one, start);
	if (other.step_count != 1)
		abort();
	mig__route_finish(g, &other);
	mig__route_finish(g, &up);
	free(ids);
	mig__graph_free(g);
}

static void table(uint32_t count, int repeats, double *before)
{
	printf("%u revisions\n%-10s %8s %8s %8s %8s %8s | %8s %8s %6s\n", count, "", "build",
	       "plan", "nothing", "one", "down", "limit", "ratio", "growth");
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		struct plan plan = { .count = count };
		struct source source;
		struct times t = { 0 };
		double all;

		shapes[i].make(&plan, count);
		source_init(&source, &plan);
		for (int k = 0; k < repeats; k++)
			measure(&source, &t);
		all = t.build + t.plan;
		printf("%-10s %8.2f %8.2f %8.3f %8.3f %8.2f | %8.2f %8.2f ", shapes[i].name,
		       t.build, t.plan, t.nothing, t.one, t.down, t.limit, all / t.limit);
		if (before[i] > 0)
			printf("%6.2f", all / before[i]);
		putchar('\n');
		before[i] = all;
		source_finish(&source);
		free(plan.edges);
	}
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	int repeats = argc > 2 ? atoi(argv[2]) : 5;
	double before[sizeof shapes / sizeof *shapes] = { 0 };

	if (count < 2000 || count > 10000000 || repeats < 1) {
		fprintf(stderr, "usage: bench_graph [COUNT [REPEATS]]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	table((uint32_t)count, repeats, before);
	table(2 * (uint32_t)count, repeats, before);
	return 0;
}
