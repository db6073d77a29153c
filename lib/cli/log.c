/* log: the command that shows what was run on a database, from its history table. Not the list
 * of revisions: history.c. */
#include "cli/json.h"

#include <inttypes.h>
#include <string.h>

static void add_padded(struct mig__cli_text *out, const char *text, size_t width)
{
	size_t start = out->len;

	mig__cli_shown(out, text);
	mig__cli_addn(out, ' ', (out->len - start < width ? width - (out->len - start) : 0) + 2);
}

/* E.g. "2026-11-22T20:49:00.123Z  upgrade    3f2a9c1b7d10  12 ms  ann@host:123" */
static void add_line(struct mig__cli *cli, const mig_history_entry *e, size_t id_width)
{
	struct mig__cli_text *out = &cli->out, duration = { 0 };

	mig__cli_add_duration(&duration, e->duration_us);
	add_padded(out, e->started_at, 24);
	add_padded(out, e->direction, 9);
	add_padded(out, e->revision, id_width);
	add_padded(out, mig__cli_string(&duration), 7);
	mig__cli_shown(out, e->actor);
	if (strcmp(e->state, "done") != 0) {
		mig__cli_adds(out, "  ");
		mig__cli_shown(out, e->state);
	}
	mig__cli_adds(out, "\n");
	if (cli->verbose) {
		mig__cli_addf(out, "    %" PRId64 " statement%s, libmig ", e->statements,
			      e->statements == 1 ? "" : "s");
		mig__cli_shown(out, e->library);
		mig__cli_adds(out, e->digest[0] ? ", digest " : "");
		mig__cli_shown(out, e->digest);
		mig__cli_adds(out, "\n");
	}
	out->failed |= duration.failed;
	mig__cli_text_finish(&duration);
}

static void print_text(struct mig__cli *cli, const mig_history_list *list)
{
	const mig_history_entry *e;
	size_t width = 0;

	for (size_t i = 0; (e = mig_history_list_at(list, i)); i++)
		width = strlen(e->revision) > width ? strlen(e->revision) : width;
	for (size_t i = 0; (e = mig_history_list_at(list, i)); i++)
		add_line(cli, e, width);
}

static json_t *json_entry(const mig_history_entry *e)
{
	const struct {
		const char *name, *text;
	} texts[] = { { "revision", e->revision },  { "direction", e->direction },
		      { "state", e->state },        { "digest", e->digest },
		      { "started", e->started_at }, { "actor", e->actor },
		      { "library", e->library } };
	json_t *o = json_object();
	int failed = !o;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		failed |= json_object_set_new(o, texts[i].name,
					      mig__cli_json_text(texts[i].text)) != 0;
	failed |= json_object_set_new(o, "statements", json_integer(e->statements)) != 0;
	failed |= json_object_set_new(o, "duration_us", json_integer(e->duration_us)) != 0;
	if (!failed)
		return o;
	json_decref(o);
	return NULL;
}

static int print_json(struct mig__cli *cli, const mig_history_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < mig_history_list_count(list); i++)
		if (json_array_append_new(array, json_entry(mig_history_list_at(list, i)))) {
			json_decref(array);
			array = NULL;
		}
	return mig__cli_json_print(cli, "log", array);
}

int mig__cli_cmd_log(struct mig__cli *cli)
{
	int status = mig__cli_open(cli, cli->args.command->needs);
	mig_history_list *list;

	if (status)
		return status;
	if (mig_history_read(cli->ctx, &list))
		return mig__cli_ctx_fail(cli);
	if (cli->json)
		status = print_json(cli, list);
	else
		print_text(cli, list);
	mig_history_list_free(list);
	return status;
}
