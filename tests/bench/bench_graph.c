/* bench_graph: the time lib/graph takes to build graphs of several shapes and to plan on them.
 *
 *	bench_graph [-v] [COUNT [REPEATS]]     100000 and 5 by default
 *
 * Milliseconds, the least of the repeats, against shape_order(). With -v a table of each operation, and
 * a second one for twice COUNT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "graph/graph.h"
#include "rows.h"
#include "shapes.h"

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

/* -- declarations */

struct source {
	struct mig__graph_decl *decls;
	uint32_t count;
};

static void source_init(struct source *s, const struct shape *shape)
{
	s->count = shape->count;
	s->decls = need(calloc(s->count, sizeof *s->decls));
	for (uint32_t v = 0; v < s->count; v++) {
		const struct shape_revision *r = &shape->at[v];

		s->decls[v] = (struct mig__graph_decl){ .id = r->id,
							.parents = r->parents,
							.parent_count = r->parent_count,
							.dependencies = r->dependencies,
							.dependency_count = r->dependency_count };
	}
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

static void measure(const struct shape *shape, const struct source *s, struct times *times)
{
	const char *heads[] = { "heads" }, *some[] = { NULL };
	struct mig__graph *g;
	struct mig__error err;
	struct mig__route up = { 0 }, other = { 0 };
	struct mig__rows rows = { NULL, 0 };
	const char **ids;
	double start = now();

	shape_order(shape);
	least(&times->limit, start);
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

static void row(size_t shape, uint32_t count, const struct times *t)
{
	struct row r = { .key = "N", .name = shape_name(shape) };
	char name[64];

	snprintf(name, sizeof name, "graph alone, build and plan, %s", shape_name(shape));
	r.name = name;
	row_print(&r, "-", count, t->limit, t->build + t->plan, (t->build + t->plan) / t->limit);
}

static void table(uint32_t count, int repeats, int verbose, double *before)
{
	if (verbose)
		printf("%u revisions\n%-10s %8s %8s %8s %8s %8s | %8s %8s %6s\n", count, "", "build",
		       "plan", "nothing", "one", "down", "limit", "ratio", "growth");
	for (size_t i = 0; i < shape_count(); i++) {
		struct shape shape;
		struct source source;
		struct times t = { 0 };
		double all;

		shape_make(&shape, i, count);
		source_init(&source, &shape);
		for (int k = 0; k < repeats; k++)
			measure(&shape, &source, &t);
		all = t.build + t.plan;
		if (verbose)
			printf("%-10s %8.2f %8.2f %8.3f %8.3f %8.2f | %8.2f %8.2f ", shape_name(i),
			       t.build, t.plan, t.nothing, t.one, t.down, t.limit, all / t.limit);
		else
			row(i, count, &t);
		if (verbose && before[i] > 0)
			printf("%6.2f", all / before[i]);
		if (verbose)
			putchar('\n');
		before[i] = all;
		free(source.decls);
		shape_free(&shape);
	}
}

int main(int argc, char **argv)
{
	int verbose = argc > 1 && !strcmp(argv[1], "-v");
	unsigned long count = argc > 1 + verbose ? strtoul(argv[1 + verbose], NULL, 10) : 100000;
	int repeats = argc > 2 + verbose ? atoi(argv[2 + verbose]) : 5;
	double before[16] = { 0 };

	if (count < 2000 || count > 10000000 || repeats < 1) {
		fprintf(stderr, "usage: bench_graph [-v] [COUNT [REPEATS]]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!verbose)
		rows_print_head();
	table((uint32_t)count, repeats, verbose, before);
	if (verbose)
		table(2 * (uint32_t)count, repeats, verbose, before);
	return 0;
}
