/* ensure_version: the command that creates libmig's tables and nothing else. */
#include "cli/cli.h"

const struct mig__cli_option mig__cli_ensure_version_options[] = {
	{ MIG__OPT_SQL, 0, "sql", NULL, "write a script for sqlite3 or psql" }, { 0 }
};

int mig__cli_cmd_ensure_version(struct mig__cli *cli)
{
	int status;

	if (mig__cli_count(&cli->args, MIG__OPT_SQL))
		return mig__cli_sql_tables(cli);
	status = mig__cli_open(cli, cli->args.command->needs);

	if (status)
		return status;
	if (mig_ensure_version(cli->ctx))
		return mig__cli_ctx_fail(cli);
	if (!cli->quiet)
		mig__cli_adds(&cli->out, "The database has the tables of libmig.\n");
	return MIG_CLI_DONE;
}
