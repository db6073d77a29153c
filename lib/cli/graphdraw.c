/* graphdraw: draws a history next to its text, line by line, as `git log --graph`. Not the order
 * of the nodes: the caller gives them, children first. What is kept is one lane for each node
 * that is still to come. */
#include "cli/graphdraw.h"

#include <stdlib.h>
#include <string.h>

/* How a line goes from one arrangement of columns to the next. */
struct move {
	size_t from, to;
};

struct moves {
	struct move *at;
	size_t count;
};

/* -- rows */

static void put(char *row, size_t *width, size_t x, char c)
{
	row[x] = c;
	if (x + 1 > *width)
		*width = x + 1;
}

/* As many rows as the longest way has columns; a line passes one column a row, in front of those
 * that stand still. E.g. the third of four joins the first: "| |/ /", "|/| |". */
static void draw_moves(struct mig__cli_graph *g, const struct moves *moves)
{
	size_t steps = 0, widest = 0, width;
	char *row;

	for (size_t i = 0; i < moves->count; i++) {
		const struct move *m = &moves->at[i];
		size_t way = m->from > m->to ? m->from - m->to : m->to - m->from;
		size_t end = m->from > m->to ? m->from : m->to;

		steps = way > steps ? way : steps;
		widest = end > widest ? end : widest;
	}
	row = malloc(2 * widest + 2);
	if (!row) {
		g->failed = 1;
		return;
	}
	for (size_t step = 0; step < steps; step++) {
		memset(row, ' ', 2 * widest + 2);
		width = 0;
		for (size_t i = 0; i < moves->count; i++) {
			const struct move *m = &moves->at[i];

			if (m->from > m->to && m->from - m->to > step)
				put(row, &width, 2 * (m->from - step) - 1, '/');
			else if (m->to > m->from && m->to - m->from > step)
				put(row, &width, 2 * (m->from + step) + 1, '\\');
			else
				put(row, &width, 2 * m->to, '|');
		}
		mig__cli_add(&g->rows, row, width);
		mig__cli_adds(&g->rows, "\n");
	}
	free(row);
}

static void draw_lanes(const struct mig__cli_graph *g, struct mig__cli_text *out, size_t star)
{
	for (size_t i = 0; i < g->count; i++) {
		mig__cli_adds(out, i ? " " : "");
		mig__cli_adds(out, i == star ? "*" : "|");
	}
	mig__cli_adds(out, "\n");
}

/* -- columns */

static size_t find_lane(const struct mig__cli_graph *g, size_t node)
{
	size_t i = 0;

	while (i < g->count && g->lanes[i] != node)
		i++;
	return i;
}

/* Makes room for `more` columns at `at`. */
static int insert_lanes(struct mig__cli_graph *g, size_t at, size_t more)
{
	size_t cap = g->cap ? g->cap : 16;
	size_t *lanes;

	while (cap < g->count + more)
		cap *= 2;
	if (cap != g->cap) {
		lanes = realloc(g->lanes, cap * sizeof *lanes);
		if (!lanes) {
			g->failed = 1;
			return 0;
		}
		g->lanes = lanes;
		g->cap = cap;
	}
	memmove(g->lanes + at + more, g->lanes + at, (g->count - at) * sizeof *g->lanes);
	g->count += more;
	return 1;
}

static void remove_lane(struct mig__cli_graph *g, size_t at)
{
	memmove(g->lanes + at, g->lanes + at + 1, (g->count - at - 1) * sizeof *g->lanes);
	g->count--;
}

static void add_move(struct moves *moves, size_t from, size_t to)
{
	moves->at[moves->count++] = (struct move){ from, to };
}

/* Columns up to `last` stay, those behind it go by so many. */
static void add_shift(const struct mig__cli_graph *g, struct moves *moves, size_t last, size_t skip,
		      ptrdiff_t by)
{
	moves->count = 0;
	for (size_t i = 0; i < g->count; i++)
		if (i != skip)
			add_move(moves, i, i > last ? (size_t)((ptrdiff_t)i + by) : i);
}

/* -- what follows a node, whose column is c */

/* A parent that another column waits for: a line to it, over what is between. */
static void link_lane(struct mig__cli_graph *g, struct moves *moves, size_t c, size_t to)
{
	add_shift(g, moves, g->count, g->count, 0);
	add_move(moves, c, to);
	draw_moves(g, moves);
}

/* The node's own line ends in that of `to`. */
static void join_lane(struct mig__cli_graph *g, struct moves *moves, size_t c, size_t to)
{
	size_t left = c < to ? c : to, right = c < to ? to : c;

	add_shift(g, moves, right, right, -1);
	add_move(moves, right, left);
	draw_moves(g, moves);
	g->lanes[left] = g->lanes[to];
	remove_lane(g, right);
}

/* New columns to the right of the node's. */
static void fork_lanes(struct mig__cli_graph *g, struct moves *moves, size_t c,
		       const size_t *parents, size_t count)
{
	g->lanes[c] = parents[0];
	if (count == 1)
		return;
	add_shift(g, moves, c, g->count, (ptrdiff_t)count - 1);
	for (size_t i = 1; i < count; i++)
		add_move(moves, c, c + i);
	draw_moves(g, moves);
	if (insert_lanes(g, c + 1, count - 1))
		memcpy(g->lanes + c + 1, parents + 1, (count - 1) * sizeof *parents);
}

static void end_lane(struct mig__cli_graph *g, struct moves *moves, size_t c)
{
	add_shift(g, moves, c, c, -1);
	if (c + 1 < g->count)
		draw_moves(g, moves);
	remove_lane(g, c);
}

void mig__cli_graph_node(struct mig__cli_graph *g, size_t node, const size_t *parents, size_t count)
{
	size_t c = find_lane(g, node), fresh = 0, joined = g->count;
	struct moves moves = { 0 };
	size_t *news;

	mig__cli_clear(&g->rows);
	if (g->failed || (c == g->count && !insert_lanes(g, c, 1)))
		return;
	g->lanes[c] = node;
	draw_lanes(g, &g->rows, c);
	moves.at = malloc((g->count + count + 1) * sizeof *moves.at);
	news = malloc((count + 1) * sizeof *news);
	if (!moves.at || !news) {
		g->failed = 1;
		goto out;
	}
	for (size_t i = 0; i < count; i++)
		if (find_lane(g, parents[i]) == g->count)
			news[fresh++] = parents[i];
	joined = g->count;
	for (size_t i = 0; i < count; i++) {
		size_t to = find_lane(g, parents[i]);

		if (to == g->count)
			continue;
		if (!fresh && joined == g->count)
			joined = to;
		else
			link_lane(g, &moves, c, to);
	}
	if (fresh)
		fork_lanes(g, &moves, c, news, fresh);
	else if (joined < g->count)
		join_lane(g, &moves, c, joined);
	else
		end_lane(g, &moves, c);
out:
	free(moves.at);
	free(news);
	g->failed |= g->rows.failed;
}

void mig__cli_graph_filler(const struct mig__cli_graph *g, struct mig__cli_text *out)
{
	draw_lanes(g, out, g->count);
}

void mig__cli_graph_finish(struct mig__cli_graph *g)
{
	free(g->lanes);
	mig__cli_text_finish(&g->rows);
	*g = (struct mig__cli_graph){ 0 };
}
