/* edit: revisions' files in the user's editor; what was written is read again at once. */
#include "cli/cli.h"
#include "cli/words.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char *editor(void)
{
	static const char *const names[] = { "VISUAL", "EDITOR" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = getenv(names[i]);

		if (value && value[0])
			return value;
	}
	return "vi";
}

static int edit(struct mig__cli *cli, const struct mig__cli_words *words, const char *file)
{
	int result = 0, status = mig__cli_words_run(cli, words, file, &result);

	if (!status && result)
		status =
			mig__cli_fail(cli, "the editor \"%s\" ended with status %d", words->command,
				      WIFEXITED(result) ? WEXITSTATUS(result) : result);
	return status;
}

/* A mistake is told now, not at the next upgrade. */
static int read_again(struct mig__cli *cli)
{
	mig_revision_list *list = NULL;
	struct mig__cli again;
	int status = mig__cli_begin_database(cli, cli->database, &again);

	if (!status)
		status = mig__cli_open(&again, MIG__CLI_READS);
	if (!status &&
	    (mig_revisions(again.ctx, NULL, &list) || mig_revision_list_load(again.ctx, list)))
		status = mig__cli_ctx_fail(&again);
	mig_revision_list_free(list);
	mig__cli_close(&again);
	return status;
}

/* The editor is looked at first, so that one that cannot be run is reported once. */
static int edit_all(struct mig__cli *cli, const char *id, const mig_revision_list *list)
{
	struct mig__cli_words words;
	const mig_revision *r;
	size_t files = 0;
	int status = mig__cli_words_split(&words, editor())
			     ? mig__cli_words_check(cli, &words, "the editor")
			     : mig__cli_no_memory(cli);

	for (size_t i = 0; !status && (r = mig_revision_list_at(list, i)); i++) {
		if (!mig_revision_file(r))
			continue;
		status = edit(cli, &words, mig_revision_file(r));
		files++;
	}
	if (!status && !files)
		status = mig__cli_fail(cli, "%s has no file to edit", id);
	mig__cli_words_finish(&words);
	return status;
}

int mig__cli_cmd_edit(struct mig__cli *cli)
{
	const char *id = cli->args.word_count ? cli->args.words[0] : "head";
	unsigned current = !strcmp(id, "current") ? MIG__CLI_DATABASE : 0;
	int status = mig__cli_open(cli, cli->args.command->needs | current);
	mig_revision_list *list;

	if (status)
		return status;
	if (mig_show(cli->ctx, id, &list))
		return mig__cli_ctx_fail(cli);
	status = edit_all(cli, id, list);
	mig_revision_list_free(list);
	return status ? status : read_again(cli);
}
