/* databases: an environment of several databases: `databases = users, orders` in [mig], and a
 * section for each. A command that asks or changes databases does it for one after the other. */
#include "cli/cli.h"
#include "base/ascii.h"

#include <stdlib.h>
#include <string.h>

int mig__cli_has_databases(const struct mig__cli *cli)
{
	return cli->databases && !cli->database && !cli->url_given;
}

int mig__cli_begin_database(const struct mig__cli *cli, const char *name, struct mig__cli *one)
{
	*one = (struct mig__cli){ .host = cli->host,
				  .commands = cli->commands,
				  .program = cli->program,
				  .args = cli->args,
				  .quiet = cli->quiet,
				  .verbose = cli->verbose,
				  .json = cli->json,
				  .colour = cli->colour,
				  .database = name };
	return mig__cli_settings(one);
}

static void add_name(struct mig__cli *cli, const char *name, size_t i)
{
	if (cli->json)
		mig__cli_addf(&cli->out, "%s\n\"%s\": ", i ? "," : "{", name);
	else if (!cli->quiet || !(cli->args.command->needs & MIG__CLI_CHANGES))
		mig__cli_addf(&cli->out, "%s[%s]\n", i ? "\n" : "", name);
}

/* After an error in the middle of several: where each of them is. */
static void say_places(struct mig__cli *cli, const char *const *names, size_t failed)
{
	mig__cli_flush(cli);
	for (size_t i = 0; names[i]; i++) {
		struct mig__cli_text line = { 0 };
		struct mig__cli one;

		if (!mig__cli_begin_database(cli, names[i], &one) &&
		    !mig__cli_open(&one, cli->args.command->needs)) {
			mig__cli_addf(&line, "[%s] is ", names[i]);
			if (mig_current(one.ctx, &one.current))
				mig__cli_addf(&line, "at an unknown place: %s",
					      mig_error_message(one.ctx));
			else
				mig__cli_adds(&line, "at ");
			if (one.current)
				mig__cli_add_place(&line, one.current);
			if (i >= failed)
				mig__cli_adds(&line, i == failed ? ": it failed" : ": not tried");
			mig__cli_say(cli, mig__cli_string(&line));
		}
		mig__cli_text_finish(&line);
		mig__cli_close(&one);
	}
}

/* Names are words that a revision's "database=" can hold, each once. */
static int check_names(struct mig__cli *cli, const char *const *names)
{
	for (size_t i = 0; names[i]; i++) {
		if (names[i][strspn(names[i], MIG__LETTERS MIG__DIGITS "_-")])
			return mig__cli_fail(cli, "databases: \"%s\" is not a name", names[i]);
		if (!strcmp(names[i], "mig"))
			return mig__cli_fail(cli, "databases: [mig] is what they have in common");
		for (size_t k = 0; k < i; k++)
			if (!strcmp(names[k], names[i]))
				return mig__cli_fail(cli, "databases: \"%s\" is there twice",
						     names[i]);
	}
	return MIG_CLI_DONE;
}

/* What must be asked of one alone. */
static int refuse(struct mig__cli *cli, const char *first)
{
	const struct mig__cli_command *command = cli->args.command;
	struct mig__cli_text hint = { 0 };
	int status = MIG_CLI_DONE;

	if (mig__cli_count(&cli->args, MIG__OPT_SQL) &&
	    !mig__cli_count(&cli->args, MIG__OPT_DRY_RUN))
		status = mig__cli_bad_usage(cli, "--sql: there are several databases: choose one");
	if (!status && (command->needs & MIG__CLI_ONE))
		status = mig__cli_bad_usage(cli, "there are several databases: choose one");
	if (!status)
		return status;
	mig__cli_addf(&hint, "e.g. \"%s -n %s %s\"", cli->program, first, command->name);
	mig__cli_hint(cli, mig__cli_string(&hint));
	mig__cli_text_finish(&hint);
	return status;
}

static int for_each(struct mig__cli *cli, const char *const *names)
{
	int changes = (cli->args.command->needs & MIG__CLI_CHANGES) != 0, worst = MIG_CLI_DONE;
	size_t i = 0;

	for (; names[i]; i++) {
		struct mig__cli one;
		int status = mig__cli_begin_database(cli, names[i], &one);

		add_name(cli, names[i], i);
		mig__cli_flush(cli);
		if (!status)
			status = cli->args.command->run(&one);
		cli->out.failed |= one.out.failed;
		mig__cli_flush(&one);
		mig__cli_close(&one);
		if (status && (worst == MIG_CLI_DONE || status != MIG_CLI_FOUND))
			worst = status;
		if (status && (changes || status == MIG_CLI_USAGE))
			break;
	}
	if (cli->json)
		mig__cli_adds(&cli->out, "}\n");
	if (changes && worst == MIG_CLI_ERROR)
		say_places(cli, names, i);
	return worst;
}

int mig__cli_each_database(struct mig__cli *cli)
{
	int status = check_names(cli, cli->databases);

	if (!status)
		status = refuse(cli, cli->databases[0]);
	return status ? status : for_each(cli, cli->databases);
}

int mig__cli_first_database(struct mig__cli *cli)
{
	const char **all = cli->databases;
	int status = check_names(cli, all);

	if (status)
		return status;
	mig__cli_config_finish(&cli->config);
	mig__cli_text_finish(&cli->folder);
	mig__cli_text_finish(&cli->file_url);
	free(cli->scratch_urls);
	cli->scratch_urls = NULL;
	cli->databases = NULL;
	cli->database = all[0];
	status = mig__cli_settings(cli);
	free(cli->databases);
	cli->databases = all; /* database is one of these */
	return status;
}
