/* lib/graph against the rules written down to the letter, on random graphs. The reference works
 * with a full table of what is below what, and is as slow as that. Another seed: GRAPH_SEED=N. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph/internal.h"
#include "graph_support.h"

/* -- the reference */

struct reference {
	const struct mig__graph *g;
	uint32_t n;
	uint8_t *below; /* n * n: [a * n + b]: b is properly below a */
	uint8_t *line;  /* the same by parents only */
};

static void close_over(struct reference *r, uint8_t *table, const struct mig__adjacency *down)
{
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t v = r->g->order[i];

		MIG__EACH(p, *down, v) {
			table[(size_t)v * r->n + p] = 1;
			for (uint32_t u = 0; u < r->n; u++)
				table[(size_t)v * r->n + u] |= table[(size_t)p * r->n + u];
		}
	}
}

static void reference_init(struct reference *r, const struct mig__graph *g)
{
	r->g = g;
	r->n = g->count;
	r->below = calloc((size_t)r->n * r->n + 1, 1);
	r->line = calloc((size_t)r->n * r->n + 1, 1);
	close_over(r, r->below, &g->below);
	close_over(r, r->line, &g->parents);
}

static void reference_finish(struct reference *r)
{
	free(r->below);
	free(r->line);
}

static int is_below(const struct reference *r, uint32_t low, uint32_t high)
{
	return r->below[(size_t)high * r->n + low];
}

static int is_below_line(const struct reference *r, uint32_t low, uint32_t high)
{
	return r->line[(size_t)high * r->n + low];
}

static int lists(const struct reference *r, uint32_t v, uint32_t dependency)
{
	struct mig__span listed = mig__graph_dependencies(r->g, v);

	for (uint32_t i = 0; i < listed.count; i++)
		if (listed.at[i] == dependency)
			return 1;
	return 0;
}

/* parents(c) of the rule: parents, then dependencies that no proper line-ancestor lists. */
static uint32_t normal_parents(const struct reference *r, uint32_t c, uint32_t *out)
{
	struct mig__span listed = mig__graph_dependencies(r->g, c);
	uint32_t count = 0;

	MIG__EACH(p, r->g->parents, c)
		out[count++] = p;
	for (uint32_t k = 0; k < listed.count; k++) {
		uint32_t d = listed.at[k];
		int drop = 0;

		for (uint32_t a = 0; a < r->n && !drop; a++)
			drop = is_below_line(r, a, c) && lists(r, a, d);
		for (uint32_t i = 0; i < count && !drop; i++)
			drop = out[i] == d;
		if (!drop)
			out[count++] = d;
	}
	return count;
}

static int contains(const uint32_t *list, uint32_t count, uint32_t v)
{
	for (uint32_t i = 0; i < count; i++)
		if (list[i] == v)
			return 1;
	return 0;
}

/* The rule as at the top of lib/graph/order.c. Returns how many were listed. */
static uint32_t literal_order(const struct reference *r, const uint8_t *chosen,
			      const struct mig__nodes *tips, uint32_t *out)
{
	uint32_t *pending = calloc(r->n + 1, sizeof *pending), count = 0, i = 0, listed = 0;
	uint32_t *up = calloc(r->n + 1, sizeof *up);
	uint8_t *left = malloc(r->n + 1);

	memcpy(left, chosen, r->n);
	for (uint32_t v = 0; v < r->n; v++)
		if (left[v] && contains(tips->at, tips->count, v))
			pending[count++] = v;
	while (count) {
		uint32_t c = pending[i], j = 0, ups, kept = 0;

		while (j < count && (j == i || !is_below(r, c, pending[j])))
			j++;
		if (j < count) {
			i = j;
			continue;
		}
		out[listed++] = c;
		left[c] = 0;
		ups = normal_parents(r, c, up);
		for (uint32_t k = 0; k < ups; k++)
			if (left[up[k]] && !contains(pending, count, up[k]))
				up[kept++] = up[k];
		if (!kept) {
			memmove(pending + i, pending + i + 1, (count - i - 1) * sizeof *pending);
			count--;
			i = i ? i - 1 : 0;
			continue;
		}
		pending[i] = up[0];
		for (uint32_t k = 1; k < kept; k++)
			pending[count++] = up[k];
	}
	free(pending);
	free(up);
	free(left);
	return listed;
}

static void add_below(const struct reference *r, uint8_t *set, const struct mig__nodes *nodes)
{
	for (uint32_t i = 0; i < nodes->count; i++) {
		set[nodes->at[i]] = 1;
		for (uint32_t v = 0; v < r->n; v++)
			set[v] |= is_below(r, v, nodes->at[i]) ? 1 : 0;
	}
}

/* -- random questions */

/* A random set of nodes of which none is below another. */
static struct mig__nodes random_antichain(const struct reference *r, uint64_t *state)
{
	struct mig__nodes nodes = { calloc(r->n + 1, sizeof *nodes.at), 0 };
	uint32_t tries = below(state, 6);

	while (tries--) {
		uint32_t v = below(state, r->n), clash = 0;

		for (uint32_t i = 0; i < nodes.count; i++)
			clash |= nodes.at[i] == v || is_below(r, v, nodes.at[i]) ||
				 is_below(r, nodes.at[i], v);
		if (!clash)
			nodes.at[nodes.count++] = v;
	}
	return nodes;
}

static struct mig__rows ids_of(const struct reference *r, const struct mig__nodes *nodes)
{
	const char **ids = calloc(nodes->count + 1, sizeof *ids);

	for (uint32_t i = 0; i < nodes->count; i++)
		ids[i] = r->g->id[nodes->at[i]];
	return (struct mig__rows){ ids, nodes->count };
}

static void assert_nodes(const uint32_t *want, size_t count, const uint32_t *got, size_t got_count)
{
	assert_int_equal(count, got_count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(want[i], got[i]);
}

/* Follows a plan: after each step the rows must be the maximal applied revisions. */
static void follow(const struct reference *r, const struct mig__nodes *rows,
		   const struct mig__route *route)
{
	uint8_t *applied = calloc(r->n + 1, 1), *row = calloc(r->n + 1, 1);

	add_below(r, applied, rows);
	for (uint32_t i = 0; i < rows->count; i++)
		row[rows->at[i]] = 1;
	for (size_t i = 0; i < route->step_count; i++) {
		const struct mig__route_step *step = &route->steps[i];

		applied[step->node] = route->direction == MIG_UPGRADE;
		for (uint32_t j = 0; j < step->removed_count; j++) {
			assert_true(row[route->nodes[step->removed_at + j]]);
			row[route->nodes[step->removed_at + j]] = 0;
		}
		for (uint32_t j = 0; j < step->added_count; j++) {
			assert_false(row[route->nodes[step->added_at + j]]);
			row[route->nodes[step->added_at + j]] = 1;
		}
		for (uint32_t v = 0; v < r->n; v++) {
			int maximal = applied[v];

			MIG__EACH(u, r->g->dependents, v)
				maximal &= !applied[u];
			MIG__EACH(p, r->g->below, v)
				assert_true(!applied[v] || applied[p]);
			assert_int_equal(maximal, row[v]);
		}
	}
	for (uint32_t v = 0, i = 0; v < r->n; v++)
		if (row[v])
			assert_int_equal(route->rows.at[i++], v);
	free(applied);
	free(row);
}

static void compare_plan(const struct reference *r, const uint8_t *chosen,
			 const struct mig__nodes *tips, const struct mig__nodes *rows,
			 const struct mig__route *route)
{
	uint32_t *want = calloc(r->n + 1, sizeof *want);
	uint32_t count = literal_order(r, chosen, tips, want);

	assert_int_equal(count, route->step_count);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = route->direction == MIG_UPGRADE ? count - 1 - i : i;

		assert_int_equal(want[at], route->steps[i].node);
	}
	free(want);
	follow(r, rows, route);
}

struct world {
	struct decls decls;
	struct mig__graph *g;
	struct mig__error err;
	struct reference r;
};

static void world_init(struct world *w, const struct shape *shape, uint64_t *state)
{
	*w = (struct world){ .g = NULL };
	mig__error_init(&w->err, &mig__alloc_libc);
	decls_random(&w->decls, shape, state);
	assert_int_equal(
		mig__graph_new(&mig__alloc_libc, w->decls.at, w->decls.count, &w->err, &w->g),
		MIG_OK);
	reference_init(&w->r, w->g);
}

static void world_finish(struct world *w)
{
	reference_finish(&w->r);
	mig__graph_free(w->g);
	mig__error_clear(&w->err);
	decls_finish(&w->decls);
}

/* -- the questions */

static void check_normal(const struct reference *r)
{
	uint32_t *want = calloc(r->n + 1, sizeof *want);

	for (uint32_t v = 0; v < r->n; v++)
		assert_nodes(want, normal_parents(r, v, want),
			     r->g->normal.node + r->g->normal.at[v], mig__degree(&r->g->normal, v));
	free(want);
}

static void check_order(const struct reference *r)
{
	struct mig__span order = mig__graph_order(r->g);

	assert_int_equal(order.count, r->n);
	for (uint32_t i = 0; i < r->n; i++)
		for (uint32_t j = i + 1; j < r->n; j++)
			assert_false(is_below(r, order.at[j], order.at[i]));
}

/* Up to random targets, twice with the same plan, and back to where it began or further. */
static void check_up_and_down(struct world *w, uint64_t *state)
{
	const struct reference *r = &w->r;
	struct mig__nodes rows = random_antichain(r, state), tips = random_antichain(r, state);
	struct mig__rows ids = ids_of(r, &rows), targets = ids_of(r, &tips), after;
	struct mig__route up = { 0 }, again = { 0 }, down = { 0 };
	uint8_t *chosen = calloc(r->n + 1, 1), *applied = calloc(r->n + 1, 1);

	add_below(r, chosen, &tips);
	add_below(r, applied, &rows);
	for (uint32_t v = 0; v < r->n; v++)
		chosen[v] &= !applied[v];
	assert_int_equal(mig__graph_upgrade(w->g, ids, targets.ids, targets.count, &w->err, &up),
			 MIG_OK);
	compare_plan(r, chosen, &tips, &rows, &up);
	assert_int_equal(mig__graph_upgrade(w->g, ids, targets.ids, targets.count, &w->err, &again),
			 MIG_OK);
	assert_int_equal(up.step_count, again.step_count);
	if (up.step_count)
		assert_memory_equal(up.steps, again.steps, up.step_count * sizeof *up.steps);

	after = ids_of(r, &up.rows);
	assert_int_equal(mig__graph_downgrade(w->g, after, NULL, &w->err, &down), MIG_OK);
	add_below(r, applied, &up.rows);
	compare_plan(r, applied, &up.rows, &up.rows, &down);
	assert_int_equal(down.rows.count, 0);
	mig__route_finish(w->g, &up);
	mig__route_finish(w->g, &again);
	mig__route_finish(w->g, &down);
	free(chosen);
	free(applied);
	free((void *)ids.ids);
	free((void *)targets.ids);
	free((void *)after.ids);
	free(rows.at);
	free(tips.at);
}

/* One revision is undone, with all that stands on it, and redone: the rows are the same again. */
static void check_down_and_up(struct world *w, uint64_t *state)
{
	const struct reference *r = &w->r;
	struct mig__nodes rows = random_antichain(r, state);
	struct mig__rows ids = ids_of(r, &rows), after = { NULL, 0 };
	struct mig__route down = { 0 }, up = { 0 };
	uint8_t *chosen = calloc(r->n + 1, 1);
	uint32_t target = below(state, r->n), count = 0;
	mig_status rc = mig__graph_downgrade(w->g, ids, r->g->id[target], &w->err, &down);

	add_below(r, chosen, &rows);
	for (uint32_t v = 0; v < r->n; v++) {
		int above = 0;

		MIG__EACH(c, r->g->children, target)
			above |= v == c || is_below(r, c, v);
		chosen[v] = chosen[v] && above;
		count += chosen[v];
	}
	if (count || contains(rows.at, rows.count, target)) {
		assert_int_equal(rc, MIG_OK);
		compare_plan(r, chosen, &rows, &rows, &down);
		after = ids_of(r, &down.rows);
		assert_int_equal(mig__graph_upgrade(w->g, after, ids.ids, ids.count, &w->err, &up),
				 MIG_OK);
		mig__nodes_tidy(&rows);
		assert_nodes(rows.at, rows.count, up.rows.at, up.rows.count);
	} else {
		assert_int_equal(rc, MIG_ENOT_ANCESTOR);
	}
	mig__route_finish(w->g, &down);
	mig__route_finish(w->g, &up);
	free(chosen);
	free((void *)ids.ids);
	free((void *)after.ids);
	free(rows.at);
}

static void check_all_of_history(struct world *w)
{
	const struct reference *r = &w->r;
	struct mig__span heads = mig__graph_set(w->g, MIG__REAL_HEADS);
	struct mig__nodes tips = { (uint32_t *)heads.at, heads.count }, got = { NULL, 0 };
	uint32_t *want = calloc(r->n + 1, sizeof *want), count;
	uint8_t *chosen = malloc(r->n + 1);

	memset(chosen, 1, r->n + 1);
	count = literal_order(r, chosen, &tips, want);
	assert_int_equal(
		mig__graph_history(w->g, NULL, (struct mig__rows){ NULL, 0 }, &w->err, &got),
		MIG_OK);
	assert_nodes(want, count, got.at, got.count);
	mig__nodes_finish(w->g, &got);
	free(want);
	free(chosen);
}

/* A:B. Where the rule as written leaves some out, ours must still have them all, newest first. */
static void check_range(struct world *w, uint64_t *state)
{
	const struct reference *r = &w->r;
	uint32_t a = below(state, r->n), b = below(state, r->n), count, size = 0;
	struct mig__nodes tips = { &b, 1 }, got = { NULL, 0 };
	uint32_t *want = calloc(r->n + 1, sizeof *want);
	uint8_t *chosen = calloc(r->n + 1, 1);
	char text[80];
	mig_status rc;

	snprintf(text, sizeof text, "%s:%s", r->g->id[a], r->g->id[b]);
	rc = mig__graph_history(w->g, text, (struct mig__rows){ NULL, 0 }, &w->err, &got);
	if (a != b && !is_below(r, a, b)) {
		assert_int_equal(rc, MIG_ENOT_ANCESTOR);
		goto out;
	}
	assert_int_equal(rc, MIG_OK);
	for (uint32_t v = 0; v < r->n; v++) {
		chosen[v] = v == a || (is_below_line(r, a, v) && (v == b || is_below(r, v, b)));
		size += chosen[v];
	}
	count = literal_order(r, chosen, &tips, want);
	assert_int_equal(got.count, size);
	if (count == size)
		assert_nodes(want, count, got.at, got.count);
	for (uint32_t i = 0; i < got.count; i++) {
		assert_true(chosen[got.at[i]]);
		for (uint32_t j = i + 1; j < got.count; j++)
			assert_false(is_below(r, got.at[i], got.at[j]));
	}
out:
	mig__nodes_finish(w->g, &got);
	free(want);
	free(chosen);
}

static int is_plain(const struct reference *r, uint32_t v)
{
	return mig__degree(&r->g->parents, v) < 2 && mig__degree(&r->g->dependents, v) < 2;
}

/* Whether the label of `owner` belongs to v, by the rule. */
static int label_applies(const struct reference *r, uint32_t owner, uint32_t v)
{
	if (v == owner || is_below_line(r, owner, v))
		return 1;
	if (!is_below_line(r, v, owner))
		return 0;
	for (uint32_t u = 0; u < r->n; u++) /* all from v up must be plain */
		if ((u == v || is_below_line(r, v, u)) && !is_plain(r, u))
			return 0;
	return 1;
}

static void check_labels(struct world *w)
{
	const struct reference *r = &w->r;

	for (uint32_t v = 0; v < r->n; v++) {
		const char **labels;
		uint32_t count, want = 0;

		assert_int_equal(mig__graph_labels(w->g, v, &w->err, &labels, &count), MIG_OK);
		for (uint32_t i = 0; i < r->g->label_count; i++) {
			int found = 0;

			if (!label_applies(r, r->g->label_node[i], v))
				continue;
			want++;
			for (uint32_t j = 0; j < count; j++)
				found |= !strcmp(labels[j], r->g->label_text[i]);
			assert_true(found);
		}
		assert_int_equal(want, count);
		for (uint32_t j = 1; j < count; j++)
			assert_true(strcmp(labels[j - 1], labels[j]) < 0);
		mig__free(&mig__alloc_libc, labels);
	}
}

static void run(uint64_t seed, uint32_t rounds, uint32_t most, uint32_t questions)
{
	uint64_t state = seed;

	for (uint32_t i = 0; i < rounds; i++) {
		struct shape shape = random_shape(&state, most);
		struct world w;

		world_init(&w, &shape, &state);
		check_normal(&w.r);
		check_order(&w.r);
		check_labels(&w);
		check_all_of_history(&w);
		for (uint32_t j = 0; j < questions; j++) {
			check_up_and_down(&w, &state);
			check_down_and_up(&w, &state);
			check_range(&w, &state);
		}
		world_finish(&w);
	}
}

static void small_graphs_follow_the_rules(void **state)
{
	(void)state;
	run(first_seed(), 30000, 14, 3);
}

static void middling_graphs_follow_the_rules(void **state)
{
	(void)state;
	run(first_seed() + 1, 2500, 60, 4);
}

static void large_graphs_follow_the_rules(void **state)
{
	(void)state;
	run(first_seed() + 2, 20, 500, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_graphs_follow_the_rules),
		cmocka_unit_test(middling_graphs_follow_the_rules),
		cmocka_unit_test(large_graphs_follow_the_rules),
	};

	printf("seed %llu\n", (unsigned long long)first_seed());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
