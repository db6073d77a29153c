/* graph: the revisions as a text that Graphviz or Mermaid draws: what is below is drawn below,
 * dependencies as dashed lines. */
#include "base/text.h"
#include "cli/describe.h"

#include <string.h>

const struct mig__cli_option mig__cli_graph_options[] = {
	{ MIG__OPT_FORMAT, 0, "format", "dot|mermaid",
	  "for Graphviz (the default), or for Mermaid" },
	{ MIG__OPT_RANGE, 'r', "rev-range", "A:B", "only from A to B; \"current\" may be used" },
	{ MIG__OPT_INDICATE_CURRENT, 'i', "indicate-current", NULL, "mark where the database is" },
	{ 0 }
};

struct form {
	const char *name, *begin, *end;
	void (*add_node)(struct mig__cli *cli, const mig_revision *r);
	void (*add_edge)(struct mig__cli_text *out, const char *from, const char *to, int dashed);
};

/* What people read of a revision: id, labels, message; lines joined by `line`. */
static void add_words(struct mig__cli_text *out, const mig_revision *r, const char *line)
{
	mig__cli_shown(out, mig_revision_id(r));
	for (size_t i = 0; i < mig_revision_label_count(r); i++) {
		mig__cli_adds(out, i ? ", " : " (");
		mig__cli_shown(out, mig_revision_label(r, i));
	}
	mig__cli_adds(out, mig_revision_label_count(r) ? ")" : "");
	if (mig_revision_summary(r)[0]) {
		mig__cli_adds(out, line);
		mig__cli_shown(out, mig_revision_summary(r));
	}
}

static unsigned is(const mig_revision *r, unsigned flag)
{
	return mig_revision_flags(r) & flag;
}

/* -- Graphviz */

static void add_dot_node(struct mig__cli *cli, const mig_revision *r)
{
	struct mig__cli_text words = { 0 };

	add_words(&words, r, "\n");
	mig__cli_adds(&cli->out, "  ");
	mig__cli_add_dot(&cli->out, mig_revision_id(r));
	mig__cli_adds(&cli->out, " [label=");
	mig__cli_add_dot(&cli->out, mig__cli_string(&words));
	if (is(r, MIG_REVISION_HEAD))
		mig__cli_adds(&cli->out, ", penwidth=2");
	if (mig__cli_is_current(cli, r))
		mig__cli_adds(&cli->out, ", style=filled, fillcolor=lightblue");
	mig__cli_adds(&cli->out, "];\n");
	cli->out.failed |= words.failed;
	mig__cli_text_finish(&words);
}

static void add_dot_edge(struct mig__cli_text *out, const char *from, const char *to, int dashed)
{
	mig__cli_adds(out, "  ");
	mig__cli_add_dot(out, from);
	mig__cli_adds(out, " -> ");
	mig__cli_add_dot(out, to);
	mig__cli_adds(out, dashed ? " [style=dashed];\n" : ";\n");
}

/* -- Mermaid */

/* A name that is no word of Mermaid's, and differs if the ids differ. */
static void add_mermaid_name(struct mig__cli_text *out, const char *id)
{
	static const char *const escaped[] = { "_d", "_u", "_h" };

	mig__cli_adds(out, "r");
	mig__cli_add_replaced(out, id, "._-", escaped);
}

static void add_mermaid_node(struct mig__cli *cli, const mig_revision *r)
{
	static const char *const escaped[] = { "#quot;", "#lt;", "#gt;", "#35;",
					       "#38;",   "#96;", "<br/>" };
	struct mig__cli_text words = { 0 };

	add_words(&words, r, "\n");
	mig__cli_adds(&cli->out, "  ");
	add_mermaid_name(&cli->out, mig_revision_id(r));
	mig__cli_adds(&cli->out, "[\"");
	mig__cli_add_replaced(&cli->out, mig__cli_string(&words), "\"<>#&`\n", escaped);
	mig__cli_adds(&cli->out, "\"]");
	if (mig__cli_is_current(cli, r))
		mig__cli_adds(&cli->out, ":::current");
	mig__cli_adds(&cli->out, "\n");
	cli->out.failed |= words.failed;
	mig__cli_text_finish(&words);
}

static void add_mermaid_edge(struct mig__cli_text *out, const char *from, const char *to,
			     int dashed)
{
	mig__cli_adds(out, "  ");
	add_mermaid_name(out, from);
	mig__cli_adds(out, dashed ? " -.-> " : " --> ");
	add_mermaid_name(out, to);
	mig__cli_adds(out, "\n");
}

/* -- both */

static const struct form forms[] = {
	{ "dot", "digraph revisions {\n  rankdir=BT;\n  node [shape=box, fontname=sans];\n", "}\n",
	  add_dot_node, add_dot_edge },
	{ "mermaid", "flowchart BT\n  classDef current fill:#add8e6\n", "", add_mermaid_node,
	  add_mermaid_edge },
};

static const struct form *find_form(const char *name)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (!name || !strcmp(forms[i].name, name))
			return &forms[i];
	return NULL;
}

static void add_graph(struct mig__cli *cli, const struct form *form, const mig_revision_list *list)
{
	struct mig__cli_text *out = &cli->out;
	const mig_revision *r;

	mig__cli_adds(out, form->begin);
	for (size_t i = 0; (r = mig_revision_list_at(list, i)); i++)
		form->add_node(cli, r);
	for (size_t i = 0; (r = mig_revision_list_at(list, i)); i++) {
		for (size_t k = 0; k < mig_revision_parent_count(r); k++)
			form->add_edge(out, mig_revision_id(r), mig_revision_parent(r, k), 0);
		for (size_t k = 0; k < mig_revision_dependency_count(r); k++)
			form->add_edge(out, mig_revision_id(r), mig_revision_dependency(r, k), 1);
	}
	mig__cli_adds(out, form->end);
}

int mig__cli_cmd_graph(struct mig__cli *cli)
{
	const char *name = mig__cli_value(&cli->args, MIG__OPT_FORMAT);
	const char *range = mig__cli_value(&cli->args, MIG__OPT_RANGE);
	const struct form *form = find_form(name);
	int mark = mig__cli_count(&cli->args, MIG__OPT_INDICATE_CURRENT) > 0;
	unsigned needs = mark || mig__text_range_has(range, "current") ? MIG__CLI_DATABASE : 0;
	mig_revision_list *list;
	int status;

	if (!form)
		return mig__cli_bad_usage(cli, "--format \"%s\": use dot or mermaid", name);
	status = mig__cli_open(cli, cli->args.command->needs | needs);
	if (!status && mark)
		status = mig__cli_read_current(cli);
	if (status)
		return status;
	if (mig_revisions(cli->ctx, range, &list))
		return mig__cli_ctx_fail(cli);
	add_graph(cli, form, list);
	mig_revision_list_free(list);
	return MIG_CLI_DONE;
}
