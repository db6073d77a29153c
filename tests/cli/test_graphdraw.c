/* Drawings of graphs, read back: every line is followed down from its child, and must end at its
 * parent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/graphdraw.h"

enum { NODES = 32, COLUMNS = 128, PARENTS = 5 };

struct dag {
	size_t count;
	size_t parents[NODES][PARENTS], parent_count[NODES];
};

/* Sets of children, as bits: whose line is in a column, or on its way through one. */
struct reading {
	uint32_t lanes[COLUMNS], left[COLUMNS], right[COLUMNS];
	uint32_t edges[NODES]; /* children that a line led to it from */
};

static char at(const char *row, size_t size, size_t x)
{
	return x < size ? row[x] : ' ';
}

/* A strand that moved in the last row lands, unless it goes on. */
static void land(uint32_t *lane, uint32_t flying, int stroke)
{
	if (!stroke)
		*lane |= flying;
}

/* A strand goes on in front of the line that is drawn, or leaves one that was not there; otherwise
 * the line itself sets out, and stays too if it is drawn. */
static void depart(uint32_t *lane, uint32_t flying, int drawn, int stroke, uint32_t *next)
{
	if (!stroke)
		return;
	*next |= flying;
	if (!flying || !drawn)
		*next |= *lane;
	if (!drawn)
		*lane = 0;
	else if (!*lane)
		*lane = flying;
}

static void read_row(struct reading *r, const char *row, size_t size)
{
	uint32_t left[COLUMNS] = { 0 }, right[COLUMNS] = { 0 };

	for (size_t p = 0; p < COLUMNS - 1; p++) {
		int drawn = at(row, size, 2 * p) == '|';
		int to_left = p && at(row, size, 2 * p - 1) == '/';
		int to_right = at(row, size, 2 * p + 1) == '\\';

		land(&r->lanes[p], r->left[p], to_left);
		land(&r->lanes[p], r->right[p], to_right);
		depart(&r->lanes[p], r->left[p], drawn, to_left, &left[p ? p - 1 : 0]);
		depart(&r->lanes[p], r->right[p], drawn, to_right, &right[p + 1]);
		assert_int_equal(drawn, r->lanes[p] != 0);
	}
	memcpy(r->left, left, sizeof left);
	memcpy(r->right, right, sizeof right);
}

static void read_node(struct reading *r, const char *row, size_t size, size_t node)
{
	size_t stars = 0;

	for (size_t p = 0; p < COLUMNS - 1; p++) {
		char c = at(row, size, 2 * p);

		r->lanes[p] |= r->left[p] | r->right[p];
		r->left[p] = r->right[p] = 0;
		if (c == '*') {
			r->edges[node] = r->lanes[p];
			r->lanes[p] = 1u << node;
			stars++;
			continue;
		}
		assert_int_equal(c == '|', r->lanes[p] != 0);
		assert_true(at(row, size, 2 * p + 1) == ' ');
	}
	assert_int_equal(stars, 1);
}

/* A line that leads nowhere: the node had no parents. */
static void drop_ends(struct reading *r, const struct dag *dag, size_t node)
{
	for (size_t p = 0; p < COLUMNS && !dag->parent_count[node]; p++)
		if (r->lanes[p] == 1u << node)
			r->lanes[p] = 0;
}

static void check(const struct dag *dag)
{
	struct mig__cli_graph graph = { 0 };
	struct reading r = { 0 };
	uint32_t edges[NODES] = { 0 };

	for (size_t i = 0; i < dag->count; i++) {
		const char *row;
		size_t size;

		mig__cli_graph_node(&graph, i, dag->parents[i], dag->parent_count[i]);
		assert_false(graph.failed);
		row = mig__cli_string(&graph.rows);
		size = strcspn(row, "\n");
		read_node(&r, row, size, i);
		drop_ends(&r, dag, i);
		for (row += size + 1; *row; row += size + 1) {
			size = strcspn(row, "\n");
			assert_int_equal(strspn(row, "|/\\ "), size);
			assert_true(size && row[size - 1] != ' ');
			read_row(&r, row, size);
		}
		for (size_t k = 0; k < dag->parent_count[i]; k++)
			edges[dag->parents[i][k]] |= 1u << i;
	}
	assert_memory_equal(edges, r.edges, sizeof edges);
	assert_int_equal(graph.count, 0);
	mig__cli_graph_finish(&graph);
}

static void test_random(void **state)
{
	uint32_t seed = 20261122;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct dag dag = { 0 };

		seed = seed * 1664525 + 1013904223;
		dag.count = 1 + (seed >> 16) % (round % 8 ? 12 : NODES);
		for (size_t i = 0; i < dag.count; i++) {
			size_t below = dag.count - i - 1, most, want;

			seed = seed * 1664525 + 1013904223;
			most = round % 3 ? 2 : PARENTS;
			want = (seed >> 16) % (most + 1);
			for (size_t n = 0; n < want && below; n++) {
				size_t parent, k = 0, *count = &dag.parent_count[i];

				seed = seed * 1664525 + 1013904223;
				parent = i + 1 + (seed >> 16) % below;
				while (k < *count && dag.parents[i][k] != parent)
					k++;
				if (k == *count)
					dag.parents[i][(*count)++] = parent;
			}
		}
		check(&dag);
	}
}

static void check_text(const struct dag *dag, const char *expected)
{
	struct mig__cli_graph graph = { 0 };
	struct mig__cli_text all = { 0 };

	for (size_t i = 0; i < dag->count; i++) {
		mig__cli_graph_node(&graph, i, dag->parents[i], dag->parent_count[i]);
		mig__cli_add(&all, graph.rows.data, graph.rows.len);
	}
	assert_string_equal(mig__cli_string(&all), expected);
	mig__cli_text_finish(&all);
	mig__cli_graph_finish(&graph);
	check(dag);
}

static void test_octopus(void **state)
{
	static const struct dag dag = { 6,
					{ { 1, 2, 3, 4 }, { 5 }, { 5 }, { 5 }, { 5 } },
					{ 4, 1, 1, 1, 1, 0 } };

	(void)state;
	check_text(&dag, "*\n|\\\n| |\\\n| | |\\\n"
			 "* | | |\n"
			 "| * | |\n|/ / /\n"
			 "| * |\n|/ /\n"
			 "| *\n|/\n"
			 "*\n");
}

static void test_criss_cross(void **state)
{
	static const struct dag dag = { 5,
					{ { 2, 3 }, { 2, 3 }, { 4 }, { 4 } },
					{ 2, 2, 1, 1, 0 } };

	(void)state;
	check_text(&dag, "*\n|\\\n"
			 "| | *\n| |/|\n| |/\n|/|\n"
			 "* |\n"
			 "| *\n|/\n"
			 "*\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_octopus),
		cmocka_unit_test(test_criss_cross),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
