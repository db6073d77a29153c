/* stamp: the command that sets the version rows without running anything. */
#include "cli/cli.h"

const struct mig__cli_option mig__cli_stamp_options[] = {
	{ MIG__OPT_PURGE, 0, "purge", NULL, "forget what the database says it is at, first" },
	{ MIG__OPT_TAG, 0, "tag", "TAG", "the argument \"tag\", as -x tag=TAG" },
	{ MIG__OPT_SQL, 0, "sql", NULL, "write a script for sqlite3 or psql: [FROM:]TO" },
	{ 0 }
};

int mig__cli_cmd_stamp(struct mig__cli *cli)
{
	mig_run_options options = { .struct_size = sizeof options };
	struct mig__cli_signals *signals;
	mig_status rc;
	int status;

	if (!cli->args.word_count)
		return mig__cli_bad_usage(cli, "\"stamp\" needs a revision");
	if (mig__cli_count(&cli->args, MIG__OPT_SQL)) {
		if (cli->args.word_count > 1)
			return mig__cli_bad_usage(cli, "--sql takes one target");
		return mig__cli_sql(cli, MIG_STAMP, cli->args.words[0]);
	}
	status = mig__cli_open(cli, cli->args.command->needs);
	if (status)
		return status;
	options.purge = mig__cli_count(&cli->args, MIG__OPT_PURGE) > 0;
	signals = mig__cli_signals_catch(cli->ctx);
	rc = mig_stamp_with(cli->ctx, cli->args.words, cli->args.word_count, &options);
	mig__cli_signals_release(signals);
	return mig__cli_end_unrun(cli, rc);
}
