#include "cli/cli.h"

int mig__cli_cmd_ensure_version(struct mig__cli *cli)
{
	int status = mig__cli_open(cli, cli->args.command->needs);

	if (status)
		return status;
	if (mig_ensure_version(cli->ctx))
		return mig__cli_ctx_fail(cli);
	if (!cli->quiet)
		mig__cli_adds(&cli->out, "The database has the tables of libmig.\n");
	return MIG_CLI_DONE;
}
