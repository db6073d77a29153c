#include "cli/cli.h"

int mig__cli_cmd_init(struct mig__cli *cli)
{
	const char *dir = cli->args.word_count ? cli->args.words[0] : cli->directory;
	struct mig__cli_text *out = &cli->out;
	int status = mig__cli_open(cli, cli->args.command->needs);

	if (status)
		return status;
	if (mig_init_directory(cli->ctx, dir))
		return mig__cli_ctx_fail(cli);
	if (cli->quiet)
		return MIG_CLI_DONE;
	mig__cli_adds(out, "Created ");
	mig__cli_shown(out, dir);
	mig__cli_adds(out, " with versions/, mig.ini, script.sql.tmpl and README.\nNext: ");
	mig__cli_shown(out, cli->program);
	mig__cli_adds(out, " revision -m \"what it changes\"\n");
	return MIG_CLI_DONE;
}
