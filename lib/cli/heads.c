/* heads: the command that lists the revisions that no other follows. */
#include "cli/describe.h"
#include "cli/json.h"

const struct mig__cli_option mig__cli_heads_options[] = {
	{ MIG__OPT_RESOLVE_DEPENDENCIES, 0, "resolve-dependencies", NULL,
	  "leave out heads that others depend on" },
	{ 0 }
};

int mig__cli_cmd_heads(struct mig__cli *cli)
{
	int32_t effective = mig__cli_count(&cli->args, MIG__OPT_RESOLVE_DEPENDENCIES) > 0;
	int status = mig__cli_open(cli, cli->args.command->needs);
	mig_revision_list *list;

	if (status)
		return status;
	if (mig_heads(cli->ctx, effective, &list))
		return mig__cli_ctx_fail(cli);
	if (cli->json)
		status = mig__cli_json_print(cli, "heads", mig__cli_json_revisions(cli, list));
	else
		mig__cli_add_listed(cli, &cli->out, list, 0);
	mig_revision_list_free(list);
	return status;
}
