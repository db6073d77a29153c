/* history: the command that lists revisions, newest first, with --graph drawn. Not what was run
 * on a database: log.c. */
#include "base/text.h"
#include "cli/describe.h"
#include "cli/graphdraw.h"
#include "cli/json.h"

#include <stdlib.h>
#include <string.h>

const struct mig__cli_option mig__cli_history_options[] = {
	{ MIG__OPT_RANGE, 'r', "rev-range", "A:B", "only from A to B; \"current\" may be used" },
	{ MIG__OPT_INDICATE_CURRENT, 'i', "indicate-current", NULL, "mark where the database is" },
	{ MIG__OPT_GRAPH, 0, "graph", NULL, "draw the lines of descent" },
	{ 0 }
};

/* -- the graph */

/* An id and its place in the list, for a binary search. */
struct place {
	const char *id;
	size_t at;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->id, ((const struct place *)b)->id);
}

struct drawing {
	struct mig__cli *cli;
	struct mig__cli_graph graph;
	struct place *places;
	size_t count;
	size_t *parents, room;
};

/* Parents that the list has further down. */
static size_t find_parents(struct drawing *d, const mig_revision *r, size_t at)
{
	size_t count = mig_revision_parent_count(r), n = 0;

	if (count > d->room) {
		size_t *grown = realloc(d->parents, count * sizeof *grown);

		if (!grown) {
			d->graph.failed = 1;
			return 0;
		}
		d->parents = grown;
		d->room = count;
	}
	for (size_t i = 0; i < count; i++) {
		struct place key = { mig_revision_parent(r, i), 0 };
		struct place *found = bsearch(&key, d->places, d->count, sizeof key, by_id);
		size_t k = 0;

		while (found && k < n && d->parents[k] != found->at)
			k++;
		if (found && k == n && found->at > at)
			d->parents[n++] = found->at;
	}
	return n;
}

/* The next of lines that end with LF; *size without it. */
static const char *next_line(const char **text, size_t *size)
{
	const char *line = *text;

	*size = strcspn(line, "\n");
	*text = line + *size + (line[*size] == '\n');
	return line;
}

/* Rows and text side by side; the shorter one is filled up. */
static void join_rows(struct mig__cli_text *out, const char *rows, const char *text,
		      const char *filler)
{
	size_t width = strcspn(rows, "\n"), row_size, size;

	while (*rows || *text) {
		const char *row = *rows ? rows : filler, *line;

		row_size = strcspn(row, "\n");
		rows += *rows ? row_size + 1 : 0;
		line = next_line(&text, &size);
		mig__cli_add(out, row, row_size);
		if (size)
			mig__cli_addn(out, ' ', (row_size < width ? width - row_size : 0) + 1);
		mig__cli_add(out, line, size);
		mig__cli_adds(out, "\n");
	}
}

static void draw_revision(struct drawing *d, const mig_revision *r, size_t at)
{
	struct mig__cli_text text = { 0 }, filler = { 0 };
	size_t count = find_parents(d, r, at);

	mig__cli_graph_node(&d->graph, at, d->parents, count);
	mig__cli_graph_filler(&d->graph, &filler);
	if (d->cli->verbose) {
		mig__cli_add_entry(d->cli, &text, r);
		mig__cli_adds(&text, "\n");
	} else {
		mig__cli_add_revision(d->cli, &text, r, MIG__CLI_MESSAGE);
	}
	join_rows(&d->cli->out, mig__cli_string(&d->graph.rows), mig__cli_string(&text),
		  mig__cli_string(&filler));
	d->graph.failed |= text.failed | filler.failed;
	mig__cli_text_finish(&text);
	mig__cli_text_finish(&filler);
}

static int draw(struct mig__cli *cli, const mig_revision_list *list)
{
	struct drawing d = { .cli = cli, .count = mig_revision_list_count(list) };
	int failed;

	d.places = calloc(d.count + 1, sizeof *d.places);
	if (!d.places)
		return mig__cli_no_memory(cli);
	for (size_t i = 0; i < d.count; i++)
		d.places[i] = (struct place){ mig_revision_id(mig_revision_list_at(list, i)), i };
	qsort(d.places, d.count, sizeof *d.places, by_id);
	for (size_t i = 0; i < d.count && !d.graph.failed; i++)
		draw_revision(&d, mig_revision_list_at(list, i), i);
	failed = d.graph.failed;
	free(d.places);
	free(d.parents);
	mig__cli_graph_finish(&d.graph);
	return failed ? mig__cli_no_memory(cli) : MIG_CLI_DONE;
}

/* -- the command */

static int print_json(struct mig__cli *cli, const mig_revision_list *list)
{
	struct mig__cli_json_array array = { .cli = cli, .name = "revisions" };
	int status = MIG_CLI_DONE;

	for (size_t i = 0; !status && i < mig_revision_list_count(list); i++)
		status = mig__cli_json_array_add(
			&array, mig__cli_json_revision(cli, mig_revision_list_at(list, i)));
	if (!status)
		mig__cli_json_array_end(&array);
	return status;
}

int mig__cli_cmd_history(struct mig__cli *cli)
{
	const char *range = mig__cli_value(&cli->args, MIG__OPT_RANGE);
	int indicate = mig__cli_count(&cli->args, MIG__OPT_INDICATE_CURRENT) > 0;
	unsigned needs = cli->args.command->needs;
	mig_revision_list *list;
	int status;

	if (indicate || mig__text_range_has(range, "current"))
		needs |= MIG__CLI_DATABASE;
	status = mig__cli_open(cli, needs);
	if (!status && indicate)
		status = mig__cli_read_current(cli);
	if (status)
		return status;
	if (mig_revisions(cli->ctx, range, &list))
		return mig__cli_ctx_fail(cli);
	if (cli->json)
		status = print_json(cli, list);
	else if (mig__cli_count(&cli->args, MIG__OPT_GRAPH))
		status = draw(cli, list);
	else
		mig__cli_add_listed(cli, &cli->out, list,
				    MIG__CLI_PARENTS | MIG__CLI_TREE | MIG__CLI_MESSAGE);
	mig_revision_list_free(list);
	return status;
}
