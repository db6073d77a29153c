/* cli: the table of commands, and the way from a command line to an exit status. */
#include "cli/cli.h"
#include "cli/find.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 4096 }; /* arguments of a command that takes a list */

static const struct mig__cli_option *const of_revision[] = { mig__cli_autogenerate_options,
							     mig__cli_model_options,
							     mig__cli_migrate_options, NULL };
static const struct mig__cli_option *const of_migrate[] = { mig__cli_model_options,
							    mig__cli_migrate_options, NULL };

static const struct mig__cli_command commands[] = {
	{ "list-templates", "", "list what \"init\" can start from", MIG__CLI_BARE, 0, NULL, NULL,
	  mig__cli_cmd_list_templates },
	{ "init", "[DIR]", "make mig.ini and a folder for revisions", MIG__CLI_UNCONFIGURED, 1,
	  mig__cli_init_options, NULL, mig__cli_cmd_init },
	{ "status", "", "show where the database is, what is pending, and what to do next",
	  MIG__CLI_READS | MIG__CLI_DATABASE | MIG__CLI_JSON, 0, mig__cli_status_options, NULL,
	  mig__cli_cmd_status },
	{ "revision", "[-m MESSAGE]", "write a new revision file",
	  MIG__CLI_READS | MIG__CLI_WRITES | MIG__CLI_JSON, 0, mig__cli_revision_options,
	  of_revision, mig__cli_cmd_revision },
	{ "migrate", "[-m MESSAGE]",
	  "write a revision that brings the database to the model (autogenerate)",
	  MIG__CLI_READS | MIG__CLI_WRITES | MIG__CLI_DATABASE | MIG__CLI_JSON, 0,
	  mig__cli_revision_options, of_migrate, mig__cli_cmd_migrate },
	{ "check", "", "compare the database with the model",
	  MIG__CLI_READS | MIG__CLI_DATABASE | MIG__CLI_JSON, 0, mig__cli_model_options, NULL,
	  mig__cli_cmd_check },
	{ "dump", "", "print the database's schema: SQL for a model, JSON, or a picture",
	  MIG__CLI_DATABASE | MIG__CLI_JSON | MIG__CLI_ONE, 0, mig__cli_dump_options, NULL,
	  mig__cli_cmd_dump },
	{ "edit", "[REVISION]", "open a revision's file in your editor (default: head)",
	  MIG__CLI_READS, 1, NULL, NULL, mig__cli_cmd_edit },
	{ "merge", "[-m MESSAGE] [REVISION...]",
	  "write a revision that joins others (default: all heads)",
	  MIG__CLI_READS | MIG__CLI_WRITES | MIG__CLI_JSON, MANY, mig__cli_merge_options, NULL,
	  mig__cli_cmd_merge },
	{ "upgrade", "[TARGET]", "bring the database up to a revision (default: head)",
	  MIG__CLI_READS | MIG__CLI_DATABASE | MIG__CLI_JSON | MIG__CLI_CHANGES, 1,
	  mig__cli_run_options, NULL, mig__cli_cmd_upgrade },
	{ "downgrade", "[TARGET]", "take the database down to a revision (default: -1, one step)",
	  MIG__CLI_READS | MIG__CLI_DATABASE | MIG__CLI_JSON | MIG__CLI_CHANGES, 1,
	  mig__cli_run_options, NULL, mig__cli_cmd_downgrade },
	{ "plan", "[TARGET]", "show what an upgrade would run (default: head)",
	  MIG__CLI_READS | MIG__CLI_DATABASE | MIG__CLI_JSON, 1, mig__cli_plan_options, NULL,
	  mig__cli_cmd_plan },
	{ "current", "", "show where the database is",
	  MIG__CLI_READS | MIG__CLI_DATABASE | MIG__CLI_JSON, 0, mig__cli_current_options, NULL,
	  mig__cli_cmd_current },
	{ "history", "", "list the revisions, the newest first", MIG__CLI_READS | MIG__CLI_JSON, 0,
	  mig__cli_history_options, NULL, mig__cli_cmd_history },
	{ "graph", "", "print the graph of the revisions, to be drawn", MIG__CLI_READS, 0,
	  mig__cli_graph_options, NULL, mig__cli_cmd_graph },
	{ "heads", "", "list the revisions that nothing follows", MIG__CLI_READS | MIG__CLI_JSON, 0,
	  mig__cli_heads_options, NULL, mig__cli_cmd_heads },
	{ "branches", "", "list the revisions that several follow", MIG__CLI_READS | MIG__CLI_JSON,
	  0, NULL, NULL, mig__cli_cmd_branches },
	{ "show", "[REVISION]", "show a revision in full (default: head)",
	  MIG__CLI_READS | MIG__CLI_JSON, 1, NULL, NULL, mig__cli_cmd_show },
	{ "stamp", "REVISION...", "set where the database is, without running anything",
	  MIG__CLI_READS | MIG__CLI_DATABASE | MIG__CLI_CHANGES, MANY, mig__cli_stamp_options, NULL,
	  mig__cli_cmd_stamp },
	{ "log", "", "list what has been done to the database", MIG__CLI_DATABASE | MIG__CLI_JSON,
	  0, NULL, NULL, mig__cli_cmd_log },
	{ "ensure-version", "", "make libmig's tables in the database, if they are missing",
	  MIG__CLI_DATABASE | MIG__CLI_CHANGES, 0, mig__cli_ensure_version_options, NULL,
	  mig__cli_cmd_ensure_version },
	{ "import", "alembic [DIR...]", "take over an environment of Alembic or Flask-Migrate",
	  MIG__CLI_READS | MIG__CLI_WRITES, MANY, mig__cli_import_options, NULL,
	  mig__cli_cmd_import },
	{ "adopt", "[--table NAME | --query SQL]",
	  "take over the version that something else has kept",
	  MIG__CLI_READS | MIG__CLI_DATABASE | MIG__CLI_CHANGES, 0, mig__cli_adopt_options, NULL,
	  mig__cli_cmd_adopt },
	{ "embed", "[-o FILE.c]", "write the revisions as C source, to compile in",
	  MIG__CLI_READS | MIG__CLI_WRITES, 0, mig__cli_embed_options, NULL, mig__cli_cmd_embed },
	{ "completion", "bash|zsh|fish", "print what completes command lines in a shell",
	  MIG__CLI_BARE, 1, NULL, NULL, mig__cli_cmd_completion },
	{ "help", "[COMMAND]", "explain a command", MIG__CLI_BARE, 1, NULL, NULL,
	  mig__cli_cmd_help },
	{ 0 }
};

/* -- a command line */

static int take_host(struct mig__cli *cli, const mig_cli_options *options)
{
	const unsigned char *bytes = (const unsigned char *)options;
	size_t size = options ? options->struct_size : 0;

	cli->program = "mig";
	if (!options)
		return MIG_CLI_DONE;
	for (size_t i = sizeof cli->host; i < size; i++)
		if (bytes[i])
			return mig__cli_fail(cli, "mig_cli_main: options of a newer libmig");
	if (size < sizeof options->struct_size)
		return mig__cli_fail(cli, "mig_cli_main: struct_size is not set");
	memcpy(&cli->host, options, size < sizeof cli->host ? size : sizeof cli->host);
	if (cli->host.program && cli->host.program[0])
		cli->program = cli->host.program;
	return MIG_CLI_DONE;
}

/* The settings are there. */
static int run_set(struct mig__cli *cli)
{
	const struct mig__cli_command *command = cli->args.command;

	if ((command->needs & MIG__CLI_DATABASE) && !(command->needs & MIG__CLI_WRITES) &&
	    mig__cli_has_databases(cli))
		return mig__cli_each_database(cli);
	return command->run(cli);
}

static int run_command(struct mig__cli *cli)
{
	const struct mig__cli_command *command = cli->args.command;
	int status;

	if (cli->json && !(command->needs & MIG__CLI_JSON))
		return mig__cli_bad_usage(cli, "\"%s\" has no --json", command->name);
	if (!(command->needs & MIG__CLI_BARE)) {
		status = mig__cli_settings(cli);
		if (status)
			return status;
	}
	return run_set(cli);
}

/* Without a command: in a project its status. */
static int run_nothing(struct mig__cli *cli)
{
	struct mig__cli_text hint = { 0 };
	int status;

	cli->args.command = mig__cli_find_command(cli, "status");
	status = mig__cli_settings(cli);
	if (status)
		return status;
	if (cli->config.path.len || cli->host.bundle || mig__cli_is_folder(cli->directory))
		return run_set(cli);
	cli->args.command = NULL;
	status = mig__cli_bad_usage(cli, "a command is missing");
	mig__cli_addf(&hint, "\"%s init\" starts a project, \"%s help\" lists the commands", cli->program,
		      cli->program);
	mig__cli_hint(cli, mig__cli_string(&hint));
	mig__cli_text_finish(&hint);
	return status;
}

static int run(struct mig__cli *cli, int argc, char **argv)
{
	int status;

	cli->argc = argc;
	cli->argv = argv;
	status = mig__cli_parse(cli, argc, argv);
	if (status)
		return status;
	cli->quiet = mig__cli_count(&cli->args, MIG__OPT_QUIET) > 0;
	cli->verbose = mig__cli_count(&cli->args, MIG__OPT_VERBOSE) > 1
			       ? 2
			       : (int)mig__cli_count(&cli->args, MIG__OPT_VERBOSE);
	cli->json = mig__cli_count(&cli->args, MIG__OPT_JSON) > 0;
	cli->colour = mig__cli_takes_colour(STDOUT_FILENO);
	if (mig__cli_count(&cli->args, MIG__OPT_HELP)) {
		mig__cli_add_help(cli, cli->args.command, &cli->out);
		return MIG_CLI_DONE;
	}
	if (mig__cli_count(&cli->args, MIG__OPT_VERSION)) {
		mig__cli_addf(&cli->out, "%s (libmig) %s\n", cli->program, mig_version());
		return MIG_CLI_DONE;
	}
	if (!cli->args.command)
		return run_nothing(cli);
	return run_command(cli);
}

int mig_cli_main(int argc, char **argv, const mig_cli_options *options)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	struct mig__cli cli = { .commands = commands };
	int status;

	sigemptyset(&ignore.sa_mask);
	sigaction(SIGPIPE, &ignore, &before);
	status = take_host(&cli, options);
	if (!status)
		status = run(&cli, argc, argv);
	if (cli.out.failed)
		status = mig__cli_no_memory(&cli);
	mig__cli_flush(&cli);
	if (cli.out_failed && status == MIG_CLI_DONE)
		status = MIG_CLI_ERROR;
	mig__cli_close(&cli);
	mig__cli_args_finish(&cli.args);
	sigaction(SIGPIPE, &before, NULL);
	return status;
}
