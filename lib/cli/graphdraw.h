/* graphdraw: a graph of revisions as lines of text, children above their parents.
 *
 * Each line of descent has a column; a column waits for the node that it leads to, and no two wait
 * for the same one. Nodes are numbers in the order they are drawn. */
#ifndef MIG__CLI_GRAPHDRAW_H
#define MIG__CLI_GRAPHDRAW_H

#include "cli/text.h"

struct mig__cli_graph { /* starts as zeros */
	size_t *lanes;  /* the node that each column waits for */
	size_t count, cap;
	struct mig__cli_text
		rows; /* of the last node, each ending with LF; the first has its "*" */
	int failed;
};

/* Makes the rows of the next node. parents are nodes that come later, without doubles. */
void mig__cli_graph_node(struct mig__cli_graph *graph, size_t node, const size_t *parents,
			 size_t count);
/* A row with nothing but the columns, for text that goes on. */
void mig__cli_graph_filler(const struct mig__cli_graph *graph, struct mig__cli_text *out);
void mig__cli_graph_finish(struct mig__cli_graph *graph);

#endif
