/* downgrade: the command's default target; the rest is run.c. */
#include "cli/cli.h"

int mig__cli_cmd_downgrade(struct mig__cli *cli)
{
	int script = mig__cli_count(&cli->args, MIG__OPT_SQL) &&
		     !mig__cli_count(&cli->args, MIG__OPT_DRY_RUN);
	const char *target = cli->args.word_count ? cli->args.words[0] : script ? "head:-1" : "-1";
	int status;

	if (mig__cli_count(&cli->args, MIG__OPT_DRY_RUN))
		return mig__cli_plan(cli, MIG_DOWNGRADE, target);
	status = mig__cli_check_run(cli);
	if (!status && script)
		return mig__cli_sql(cli, MIG_DOWNGRADE, target);
	if (!status)
		status = mig__cli_open(cli, cli->args.command->needs);
	return status ? status : mig__cli_run(cli, MIG_DOWNGRADE, target);
}
