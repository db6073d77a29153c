/* upgrade: the command's default target; the rest is run.c. */
#include "cli/cli.h"

int mig__cli_cmd_upgrade(struct mig__cli *cli)
{
	const char *target = cli->args.word_count ? cli->args.words[0] : "head";
	int status;

	if (mig__cli_count(&cli->args, MIG__OPT_DRY_RUN))
		return mig__cli_plan(cli, MIG_UPGRADE, target);
	status = mig__cli_check_run(cli);
	if (!status && mig__cli_count(&cli->args, MIG__OPT_SQL))
		return mig__cli_sql(cli, MIG_UPGRADE, target);
	if (!status)
		status = mig__cli_open(cli, cli->args.command->needs);
	return status ? status : mig__cli_run(cli, MIG_UPGRADE, target);
}
