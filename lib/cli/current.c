/* current: the command that shows where the database is. Read-only; with --check-heads its
 * status says whether that is the newest. */
#include "cli/describe.h"
#include "cli/json.h"

const struct mig__cli_option mig__cli_current_options[] = {
	{ MIG__OPT_CHECK_HEADS, 0, "check-heads", NULL,
	  "exit with 3 when the database is not at the heads" },
	{ 0 }
};

static int print_json(struct mig__cli *cli, int32_t at_head, const mig_unfinished *unfinished)
{
	json_t *o = json_object();
	int failed = !o;

	failed |=
		json_object_set_new(o, "current", mig__cli_json_revisions(cli, cli->current)) != 0;
	failed |= json_object_set_new(o, "at_head", json_boolean(at_head)) != 0;
	failed |= json_object_set_new(o, "unfinished", mig__cli_json_unfinished(unfinished)) != 0;
	if (failed) {
		json_decref(o);
		o = NULL;
	}
	return mig__cli_json_print_object(cli, o);
}

static void print_text(struct mig__cli *cli, const mig_unfinished *unfinished)
{
	if (cli->verbose) {
		mig__cli_adds(&cli->out, "Current revisions of ");
		mig__cli_add_url(&cli->out, cli->url);
		mig__cli_adds(&cli->out, ":\n");
	}
	if (mig_revision_list_count(cli->current))
		mig__cli_add_listed(cli, &cli->out, cli->current, MIG__CLI_NO_CURRENT);
	else
		mig__cli_adds(&cli->out, "<base>\n");
	if (unfinished) {
		mig__cli_add_unfinished(&cli->out, unfinished);
		mig__cli_adds(&cli->out, "\n");
	}
}

int mig__cli_cmd_current(struct mig__cli *cli)
{
	int status = mig__cli_open(cli, cli->args.command->needs);
	mig_unfinished *unfinished = NULL;
	int32_t at_head = 0;

	if (!status)
		status = mig__cli_read_current(cli);
	if (status)
		return status;
	if (mig_is_at_head(cli->ctx, &at_head) || mig_unfinished_read(cli->ctx, &unfinished))
		return mig__cli_ctx_fail(cli);
	if (unfinished)
		at_head = 0;
	if (cli->json)
		status = print_json(cli, at_head, unfinished);
	else
		print_text(cli, unfinished);
	mig_unfinished_free(unfinished);
	if (status || at_head || !mig__cli_count(&cli->args, MIG__OPT_CHECK_HEADS))
		return status;
	mig__cli_say(cli, "the database is not at the heads");
	return MIG_CLI_FOUND;
}
