/* hooks: commands of mig.ini that are run on a revision's file once it is written, such as a
 * formatter. They are looked at before anything is written. */
#include "cli/cli.h"
#include "cli/words.h"

#include <stdlib.h>
#include <sys/wait.h>

static int run(struct mig__cli *cli, const struct mig__cli_words *words, const char *file)
{
	int result = 0, status = mig__cli_words_run(cli, words, file, &result);

	if (!status && WIFEXITED(result) && WEXITSTATUS(result))
		status = mig__cli_fail(cli,
				       "the hook \"%s\" ended with status %d; the file stays: %s",
				       words->command, WEXITSTATUS(result), file);
	else if (!status && WIFSIGNALED(result))
		status = mig__cli_fail(
			cli, "the hook \"%s\" was killed by signal %d; the file stays: %s",
			words->command, WTERMSIG(result), file);
	return status;
}

/* file NULL: they are checked, and not run. */
static int each(struct mig__cli *cli, const char *file)
{
	const char **commands;
	int status = MIG_CLI_DONE;

	if (!mig__cli_config_values(&cli->config, MIG__KEY_POST_WRITE_HOOKS, &commands))
		return mig__cli_no_memory(cli);
	for (size_t i = 0; !status && commands && commands[i]; i++) {
		struct mig__cli_words words;

		if (!mig__cli_words_split(&words, commands[i]))
			status = mig__cli_no_memory(cli);
		else
			status = mig__cli_words_check(cli, &words, "post_write_hooks: the command");
		if (!status && file)
			status = run(cli, &words, file);
		mig__cli_words_finish(&words);
	}
	free(commands);
	return status;
}

int mig__cli_check_hooks(struct mig__cli *cli)
{
	return each(cli, NULL);
}

int mig__cli_run_hooks(struct mig__cli *cli, const char *file)
{
	return file ? each(cli, file) : MIG_CLI_DONE;
}
