/* help: usage lines and help, from the tables; which command a word names. */
#include "cli/cli.h"

#include <string.h>

const struct mig__cli_option mig__cli_global_options[] = {
	{ MIG__OPT_DIRECTORY, 'd', "directory", "DIR",
	  "folder of the environment (MIG_DIRECTORY; default: migrations)" },
	{ MIG__OPT_URL, 'u', "url", "URL",
	  "the database, e.g. sqlite:app.db or postgresql:///app (MIG_URL)" },
	{ MIG__OPT_CONFIG, 'c', "config", "FILE",
	  "configuration (MIG_CONFIG; default: mig.ini, here or above)" },
	{ MIG__OPT_NAME, 'n', "name", "SECTION", "section of the configuration (default: mig)" },
	{ MIG__OPT_APP, 0, "app", "FILE.so",
	  "the application's module, with mig_app_setup() (MIG_APP)" },
	{ MIG__OPT_ARGUMENT, 'x', "argument", "NAME[=VALUE]",
	  "an argument for revisions in C, hooks and the application" },
	{ MIG__OPT_LOCK_TIMEOUT, 0, "lock-timeout", "SECONDS",
	  "how long to wait for another process (default: 60)" },
	{ MIG__OPT_TRUSTED_OWNER, 0, "trusted-owner", "ROLE",
	  "a role that libmig's tables may belong to (PostgreSQL)" },
	{ MIG__OPT_JSON, 0, "json", NULL, "print JSON (queries)" },
	{ MIG__OPT_QUIET, 'q', "quiet", NULL, "only results and errors" },
	{ MIG__OPT_VERBOSE, 'v', "verbose", NULL, "more about each revision; log messages" },
	{ MIG__OPT_HELP, 'h', "help", NULL, "this text" },
	{ MIG__OPT_VERSION, 0, "version", NULL, "the version of libmig" },
	{ 0 }
};

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
		for (const struct mig__cli_command *c = cli->commands; c->name; c++) {
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

const struct mig__cli_command *mig__cli_find_command(const struct mig__cli *cli, const char *name)
{
	for (const struct mig__cli_command *c = cli->commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static const char *command_name(const void *list, size_t i)
{
	return ((const struct mig__cli_command *)list)[i].name;
}

/* What the commands of other tools are called here. */
static const char *same_command(const char *word)
{
	static const char *const words[][2] = {
		{ "new", "revision" },	 { "create", "revision" },   { "add", "revision" },
		{ "generate", "migrate" }, { "makemigrations", "migrate" }, { "up", "upgrade" },
		{ "apply", "upgrade" },	 { "run", "upgrade" },	     { "down", "downgrade" },
		{ "rollback", "downgrade" }, { "undo", "downgrade" }, { "revert", "downgrade" },
		{ "diff", "check" },	 { "inspect", "dump" },	     { "info", "status" },
		{ "st", "status" },	 { "list", "history" },	     { "baseline", "stamp" },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(word, words[i][0]))
			return words[i][1];
	return NULL;
}

int mig__cli_unknown_command(struct mig__cli *cli, const char *word)
{
	const char *same = same_command(word);
	const char *near = same ? same : mig__cli_suggest(word, command_name, cli->commands);

	return near ? mig__cli_bad_usage(cli, "unknown command \"%s\" (did you mean \"%s\"?)", word,
					 near)
		    : mig__cli_bad_usage(cli, "unknown command \"%s\"", word);
}

int mig__cli_cmd_help(struct mig__cli *cli)
{
	const char *word = cli->args.word_count ? cli->args.words[0] : NULL;
	const struct mig__cli_command *command = word ? mig__cli_find_command(cli, word) : NULL;

	if (word && !command)
		return mig__cli_unknown_command(cli, word);
	mig__cli_add_help(cli, command, &cli->out);
	return MIG_CLI_DONE;
}
