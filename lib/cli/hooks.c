/* hooks: commands of mig.ini that are run on a revision's file once it is written, such as a
 * formatter. */
#include "cli/cli.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char token[] = "REVISION_SCRIPT_FILENAME";

void mig__cli_add_quoted(struct mig__cli_text *out, const char *file)
{
	mig__cli_adds(out, "'");
	for (size_t n; *file; file += n) {
		n = strcspn(file, "'");
		mig__cli_add(out, file, n);
		if (file[n]) {
			mig__cli_adds(out, "'\\''");
			n++;
		}
	}
	mig__cli_adds(out, "'");
}

/* The command with the file's name where the token is, otherwise at its end. */
static void fill(struct mig__cli_text *out, const char *command, const char *file)
{
	const char *at = strstr(command, token);

	if (!at) {
		mig__cli_addf(out, "%s ", command);
		mig__cli_add_quoted(out, file);
		return;
	}
	for (; at; at = strstr(command, token)) {
		mig__cli_add(out, command, (size_t)(at - command));
		mig__cli_add_quoted(out, file);
		command = at + sizeof token - 1;
	}
	mig__cli_adds(out, command);
}

int mig__cli_shell(struct mig__cli *cli, const char *command, int *status)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char *)(uintptr_t)command, NULL };
	pid_t child;
	int error;

	mig__cli_flush(cli);
	error = posix_spawn(&child, "/bin/sh", NULL, NULL, argv, environ);
	if (error)
		return mig__cli_fail(cli, "sh: %s", strerror(error));
	while (waitpid(child, status, 0) < 0)
		if (errno != EINTR)
			return mig__cli_fail(cli, "%s: %s", command, strerror(errno));
	return MIG_CLI_DONE;
}

static int run(struct mig__cli *cli, const char *command, const char *file)
{
	struct mig__cli_text line = { 0 };
	int result = 0, status;

	fill(&line, command, file);
	status = line.failed ? mig__cli_no_memory(cli) : mig__cli_shell(cli, line.data, &result);
	if (!status && WIFEXITED(result) && WEXITSTATUS(result))
		status = mig__cli_fail(cli,
				       "the hook \"%s\" ended with status %d; the file stays: %s",
				       command, WEXITSTATUS(result), file);
	else if (!status && WIFSIGNALED(result))
		status = mig__cli_fail(
			cli, "the hook \"%s\" was killed by signal %d; the file stays: %s", command,
			WTERMSIG(result), file);
	mig__cli_text_finish(&line);
	return status;
}

int mig__cli_run_hooks(struct mig__cli *cli, const char *file)
{
	const char **commands;
	int status = MIG_CLI_DONE;

	if (!file)
		return MIG_CLI_DONE;
	if (!mig__cli_config_values(&cli->config, MIG__KEY_POST_WRITE_HOOKS, &commands))
		return mig__cli_no_memory(cli);
	for (size_t i = 0; !status && commands && commands[i]; i++)
		status = run(cli, commands[i], file);
	free(commands);
	return status;
}
