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

/* -- rows as they come: there may be a great many */

struct printing {
	struct mig__cli *cli;
	struct mig__cli_json_array array;
	size_t width; /* of the longest id */
	int status;
};

/* Nobody reads what would come next. */
static mig_status go_on(const struct printing *p)
{
	return p->status || p->cli->out_failed ? MIG_ECANCELLED : MIG_OK;
}

static mig_status print_json(void *user, const mig_history_entry *e)
{
	struct printing *p = user;

	p->status = mig__cli_json_array_add(&p->array, json_entry(e));
	return go_on(p);
}

static mig_status measure(void *user, const mig_history_entry *e)
{
	struct printing *p = user;
	size_t width = strlen(e->revision);

	p->width = width > p->width ? width : p->width;
	return MIG_OK;
}

static mig_status print_text(void *user, const mig_history_entry *e)
{
	enum { ENOUGH = 64 * 1024 };
	struct printing *p = user;

	add_line(p->cli, e, p->width);
	if (p->cli->out.len >= ENOUGH)
		mig__cli_flush(p->cli);
	return go_on(p);
}

int mig__cli_cmd_log(struct mig__cli *cli)
{
	struct printing p = { .cli = cli, .array = { .cli = cli, .name = "log" } };
	int status = mig__cli_open(cli, cli->args.command->needs);
	mig_status rc = MIG_OK;

	if (status)
		return status;
	if (!cli->json)
		rc = mig_history_each(cli->ctx, measure, &p);
	if (!rc)
		rc = mig_history_each(cli->ctx, cli->json ? print_json : print_text, &p);
	if (rc)
		return p.status ? p.status : cli->out_failed ? MIG_CLI_DONE : mig__cli_ctx_fail(cli);
	if (cli->json)
		mig__cli_json_array_end(&p.array);
	return MIG_CLI_DONE;
}
