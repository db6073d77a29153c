/* branches: the command that lists the revisions where the history divides, with what follows
 * each. */
#include "cli/describe.h"
#include "cli/json.h"

#include <string.h>

/* The branch point, and what follows it. E.g.
 *     1a2b (branchpoint), create users
 *          -> 3f2a (web), add email
 *          -> 77aa (jobs) (head), add queue */
static int add_branch(struct mig__cli *cli, const mig_revision *r)
{
	struct mig__cli_text *out = &cli->out;

	if (cli->verbose)
		mig__cli_add_entry(cli, out, r);
	else
		mig__cli_add_revision(cli, out, r, MIG__CLI_TREE | MIG__CLI_MESSAGE);
	mig__cli_adds(out, cli->verbose ? "" : "\n");
	for (size_t i = 0; i < mig_revision_child_count(r); i++) {
		mig_revision_list *child;

		if (mig_show(cli->ctx, mig_revision_child(r, i), &child))
			return mig__cli_ctx_fail(cli);
		mig__cli_addn(out, ' ', strlen(mig_revision_id(r)));
		mig__cli_adds(out, " -> ");
		mig__cli_add_revision(cli, out, mig_revision_list_at(child, 0),
				      MIG__CLI_TREE | MIG__CLI_MESSAGE);
		mig__cli_adds(out, "\n");
		mig_revision_list_free(child);
	}
	return MIG_CLI_DONE;
}

int mig__cli_cmd_branches(struct mig__cli *cli)
{
	int status = mig__cli_open(cli, cli->args.command->needs);
	mig_revision_list *list;

	if (status)
		return status;
	if (mig_branches(cli->ctx, &list))
		return mig__cli_ctx_fail(cli);
	if (cli->json)
		status = mig__cli_json_print(cli, "branches", mig__cli_json_revisions(cli, list));
	for (size_t i = 0; !cli->json && !status && i < mig_revision_list_count(list); i++) {
		mig__cli_adds(&cli->out, i ? "\n" : "");
		status = add_branch(cli, mig_revision_list_at(list, i));
	}
	mig_revision_list_free(list);
	return status;
}
