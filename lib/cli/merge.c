/* merge: the command that writes a revision without SQL whose parents are several heads. */
#include "cli/cli.h"

#include <stdlib.h>

const struct mig__cli_option mig__cli_merge_options[] = {
	{ MIG__OPT_MESSAGE, 'm', "message", "MESSAGE", "what the revision is for" },
	{ MIG__OPT_REV_ID, 0, "rev-id", "ID", "its id (default: 12 random digits)" },
	{ MIG__OPT_SPLICE, 0, "splice", NULL, "it may follow what is no head" },
	{ MIG__OPT_BRANCH_LABEL, 0, "branch-label", "LABEL", "a label of its branch" },
	{ 0 }
};

/* The revisions that the words stand for, or all heads, as full ids. */
struct chosen {
	const char **ids; /* ends with NULL; borrowed from the lists */
	size_t count;
	mig_revision_list **lists;
	size_t list_count;
};

static int add_list(struct mig__cli *cli, struct chosen *c, mig_revision_list *list)
{
	size_t more = mig_revision_list_count(list);
	const char **ids;

	c->lists[c->list_count++] = list;
	ids = realloc(c->ids, (c->count + more + 1) * sizeof *ids);
	if (!ids)
		return mig__cli_no_memory(cli);
	c->ids = ids;
	for (size_t i = 0; i < more; i++)
		ids[c->count++] = mig_revision_id(mig_revision_list_at(list, i));
	ids[c->count] = NULL;
	return MIG_CLI_DONE;
}

static int choose(struct mig__cli *cli, struct chosen *c)
{
	const char *const *words = cli->args.words;
	mig_revision_list *list;
	int status = MIG_CLI_DONE;

	c->lists = calloc(cli->args.word_count + 1, sizeof *c->lists);
	if (!c->lists)
		return mig__cli_no_memory(cli);
	if (!*words)
		return mig_heads(cli->ctx, 0, &list) ? mig__cli_ctx_fail(cli)
						     : add_list(cli, c, list);
	for (; !status && *words; words++)
		status = mig_show(cli->ctx, *words, &list) ? mig__cli_ctx_fail(cli)
							   : add_list(cli, c, list);
	return status;
}

static void chosen_finish(struct chosen *c)
{
	for (size_t i = 0; i < c->list_count; i++)
		mig_revision_list_free(c->lists[i]);
	free(c->lists);
	free(c->ids);
}

/* "merge a, b and c" */
static void add_message(struct mig__cli_text *out, const struct chosen *c)
{
	mig__cli_adds(out, "merge ");
	for (size_t i = 0; i < c->count; i++)
		mig__cli_addf(out, "%s%s", !i ? "" : i + 1 < c->count ? ", " : " and ", c->ids[i]);
}

int mig__cli_cmd_merge(struct mig__cli *cli)
{
	const struct mig__cli_args *args = &cli->args;
	mig_revision_options o = { .struct_size = sizeof o };
	struct mig__cli_text message = { 0 };
	char created[MIG__CLI_TIME];
	struct chosen chosen = { 0 };
	const char **labels = NULL;
	int status = mig__cli_open(cli, args->command->needs);

	if (!status)
		status = choose(cli, &chosen);
	if (!status && chosen.count < 2)
		status =
			mig__cli_fail(cli, "there is nothing to merge: %s%s",
				      chosen.count ? chosen.ids[0] : "no revision",
				      chosen.count && !args->word_count ? " is the only head" : "");
	if (!status)
		add_message(&message, &chosen);
	if (!status && (message.failed || !mig__cli_values(args, MIG__OPT_BRANCH_LABEL, &labels)))
		status = mig__cli_no_memory(cli);
	if (!status)
		status = mig__cli_naming(cli, &o, created);
	if (!status) {
		o.message = mig__cli_value(args, MIG__OPT_MESSAGE);
		if (!o.message)
			o.message = message.data;
		o.rev_id = mig__cli_value(args, MIG__OPT_REV_ID);
		o.splice = mig__cli_count(args, MIG__OPT_SPLICE) > 0;
		o.heads = chosen.ids;
		o.branch_labels = labels;
		status = mig__cli_create(cli, &o);
	}
	free(labels);
	mig__cli_text_finish(&message);
	chosen_finish(&chosen);
	return status;
}
