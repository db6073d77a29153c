/* check: the command that compares the database with the model and writes nothing. Unfinished
 * and edited revisions are reported first: a comparison would mean little. */
#include "cli/describe.h"
#include "cli/difference.h"

/* What is unfinished is found before anything is compared: the database is at no revision. */
static int check_finished(struct mig__cli *cli)
{
	struct mig__cli_text say = { 0 };
	mig_unfinished *unfinished = NULL;

	if (mig_check_sections(cli->ctx) || mig_unfinished_read(cli->ctx, &unfinished))
		return mig__cli_ctx_fail(cli);
	if (!unfinished)
		return MIG_CLI_DONE;
	mig__cli_add_unfinished(&say, unfinished);
	mig__cli_say(cli, mig__cli_string(&say));
	mig__cli_text_finish(&say);
	mig_unfinished_free(unfinished);
	return MIG_CLI_FOUND;
}

/* An upgrade would refuse it. That there is something to apply is said by the comparison. */
static int check_unedited(struct mig__cli *cli)
{
	if (mig_verify(cli->ctx, "heads") != MIG_EEDITED)
		return MIG_CLI_DONE;
	mig__cli_ctx_fail(cli);
	return MIG_CLI_FOUND;
}

int mig__cli_cmd_check(struct mig__cli *cli)
{
	struct mig__cli_difference d = { .unproved = 1 };
	int status = mig__cli_open(cli, cli->args.command->needs);
	size_t count;

	if (!status)
		status = check_finished(cli);
	if (!status)
		status = check_unedited(cli);
	if (!status)
		status = mig__cli_compare(cli, &d);
	if (status)
		goto out;
	count = mig_op_list_count(d.ops);
	if (cli->json) {
		status = mig__cli_json_print_object(cli, mig__cli_json_difference(&d));
	} else if (count) {
		mig__cli_add_operations(&cli->out, &d, "", NULL);
	} else if (!cli->quiet) {
		mig__cli_adds(&cli->out, "No new upgrade operations detected.\n");
	}
	mig__cli_warn_uncovered(cli, &d);
	if (!status && count) {
		mig__cli_say(cli, "the database differs from the model");
		status = MIG_CLI_FOUND;
	}
out:
	mig__cli_difference_finish(&d);
	return status;
}
