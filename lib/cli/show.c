/* show: the command that prints one revision in full. */
#include "cli/describe.h"
#include "cli/json.h"

#include <string.h>

int mig__cli_cmd_show(struct mig__cli *cli)
{
	const char *id = cli->args.word_count ? cli->args.words[0] : "head";
	int current = !strcmp(id, "current"), status;
	mig_revision_list *list;

	status = mig__cli_open(cli, cli->args.command->needs | (current ? MIG__CLI_DATABASE : 0u));
	if (status)
		return status;
	if (mig_show(cli->ctx, id, &list))
		return mig__cli_ctx_fail(cli);
	if (cli->json) {
		status = mig__cli_json_print(cli, "revisions", mig__cli_json_revisions(cli, list));
	} else {
		cli->verbose = 1;
		mig__cli_add_listed(cli, &cli->out, list, 0);
	}
	mig_revision_list_free(list);
	return status;
}
