/* init: the commands that make an environment from a template and list the templates. The
 * templates are in the library: api/init.c. */
#include "cli/cli.h"

const struct mig__cli_option mig__cli_init_options[] = {
	{ MIG__OPT_TEMPLATE, 't', "template", "NAME|DIR/",
	  "what it is made from (see \"list-templates\"; default: generic)" },
	{ MIG__OPT_MULTIDB, 0, "multidb", NULL, "for several databases, as -t multidb" },
	{ 0 }
};

int mig__cli_cmd_list_templates(struct mig__cli *cli)
{
	for (size_t i = 0; mig_template_name(i); i++)
		mig__cli_addf(&cli->out, "%-8s  %s\n", mig_template_name(i),
			      mig_template_summary(i));
	return MIG_CLI_DONE;
}

int mig__cli_cmd_init(struct mig__cli *cli)
{
	const char *dir = cli->args.word_count ? cli->args.words[0] : cli->directory;
	mig_init_options options = { .struct_size = sizeof options };
	struct mig__cli_text *out = &cli->out;
	int status = mig__cli_open(cli, cli->args.command->needs);

	if (status)
		return status;
	options.template_name = mig__cli_value(&cli->args, MIG__OPT_TEMPLATE);
	if (!options.template_name && mig__cli_count(&cli->args, MIG__OPT_MULTIDB))
		options.template_name = "multidb";
	if (mig_init_directory(cli->ctx, dir, &options))
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
