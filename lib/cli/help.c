/* help: usage lines and help, from the tables. */
#include "cli/cli.h"

#include <string.h>

enum { COMMAND_WIDTH = 16, OPTION_WIDTH = 30 };

void mig__cli_add_usage(const struct mig__cli *cli, const struct mig__cli_command *command,
			struct mig__cli_text *out)
{
	mig__cli_adds(out, "Usage: ");
	mig__cli_shown(out, cli->program);
	if (command)
		mig__cli_addf(out, " %s [OPTION...]%s%s\n", command->name,
			      command->words[0] ? " " : "", command->words);
	else
		mig__cli_adds(out, " [OPTION...] COMMAND [ARGUMENT...]\n");
}

static void add_row(struct mig__cli_text *out, size_t start, size_t width, const char *help)
{
	size_t used = out->len - start;

	mig__cli_addn(out, ' ', used < width ? width - used : 2);
	mig__cli_adds(out, help);
	mig__cli_adds(out, "\n");
}

static void add_options(struct mig__cli_text *out, const struct mig__cli_option *options)
{
	for (; options->name; options++) {
		size_t start = out->len;

		if (!options->help)
			continue;
		if (options->letter)
			mig__cli_addf(out, "  -%c, --%s", options->letter, options->name);
		else
			mig__cli_addf(out, "      --%s", options->name);
		if (options->value)
			mig__cli_addf(out, " %s", options->value);
		add_row(out, start, OPTION_WIDTH, options->help);
	}
}

void mig__cli_add_help(const struct mig__cli *cli, const struct mig__cli_command *command,
		       struct mig__cli_text *out)
{
	mig__cli_add_usage(cli, command, out);
	mig__cli_adds(out, "\n");
	if (command) {
		mig__cli_addf(out, "%s: %s.\n", command->name, command->summary);
		if (command->options) {
			mig__cli_adds(out, "\nOptions:\n");
			add_options(out, command->options);
		}
		for (size_t i = 0; command->more && command->more[i]; i++)
			add_options(out, command->more[i]);
	} else {
		mig__cli_adds(out, "Revisions of a database's schema.\n\nCommands:\n");
		for (const struct mig__cli_command *c = mig__cli_commands(); c->name; c++) {
			size_t start = out->len;

			mig__cli_addf(out, "  %s", c->name);
			add_row(out, start, COMMAND_WIDTH + 2, c->summary);
		}
	}
	mig__cli_adds(out, "\nOptions of every command:\n");
	add_options(out, mig__cli_global_options);
	if (!command)
		mig__cli_adds(out, "\nExit status: 0 done, 1 error, 2 usage, 3 a check found "
				   "something.\n");
}

int mig__cli_cmd_help(struct mig__cli *cli)
{
	const char *word = cli->args.word_count ? cli->args.words[0] : NULL;
	const struct mig__cli_command *command = word ? mig__cli_find_command(word) : NULL;

	if (word && !command)
		return mig__cli_unknown_command(cli, word);
	mig__cli_add_help(cli, command, &cli->out);
	return MIG_CLI_DONE;
}
