/* status: the command that shows on one screen where the database is, what is wrong or pending, and
 * which command comes next. It only reads; its status is 3 if there is something to do. */
#include "cli/describe.h"
#include "cli/difference.h"

#include <string.h>
#include <unistd.h>

const struct mig__cli_option mig__cli_status_options[] = {
	{ MIG__OPT_CHECK, 0, "check", NULL, "compare the database with the model, too" },
	{ 0 }
};

enum { SHOWN = 5 }; /* of a list, at most */

struct status {
	struct mig__cli *cli;
	mig_unfinished *unfinished;
	mig_revision_list *heads; /* nobody's parent and nobody's dependency */
	mig_plan *plan;           /* to the heads; NULL: there can be none */
	struct mig__cli_text edited, newer; /* what the library says */
	struct mig__cli_difference difference;
	int compared;
	struct mig__cli_text next; /* a command; empty: there is nothing to do */
	const char *advice;        /* instead of it, or NULL */
};

static void finish(struct status *s)
{
	mig_unfinished_free(s->unfinished);
	mig_revision_list_free(s->heads);
	mig_plan_free(s->plan);
	mig__cli_text_finish(&s->edited);
	mig__cli_text_finish(&s->newer);
	mig__cli_text_finish(&s->next);
	mig__cli_difference_finish(&s->difference);
}

/* -- what is asked */

static int read_status(struct status *s)
{
	struct mig__cli *cli = s->cli;
	mig_status rc = mig_unfinished_read(cli->ctx, &s->unfinished);

	if (!rc)
		rc = mig_heads(cli->ctx, 1, &s->heads);
	if (rc)
		return mig__cli_ctx_fail(cli);
	rc = mig_current(cli->ctx, &cli->current);
	if (rc == MIG_ENEWER) {
		mig__cli_adds(&s->newer, mig_error_message(cli->ctx));
		return MIG_CLI_DONE;
	}
	if (rc)
		return mig__cli_ctx_fail(cli);
	rc = mig_verify(cli->ctx, "heads");
	if (rc == MIG_EEDITED)
		mig__cli_adds(&s->edited, mig_error_message(cli->ctx));
	else if (rc && rc != MIG_EBEHIND && rc != MIG_EPARTIAL)
		return mig__cli_ctx_fail(cli);
	if (!rc || rc == MIG_EBEHIND)
		rc = mig_plan_upgrade(cli->ctx, "heads", &s->plan);
	else
		rc = MIG_OK;
	return rc ? mig__cli_ctx_fail(cli) : MIG_CLI_DONE;
}

static size_t pending(const struct status *s)
{
	return mig_plan_count(s->plan);
}

static int can_compare(const struct status *s)
{
	return !s->unfinished && !s->newer.len && !s->edited.len && !pending(s);
}

/* Heads that somebody has named are meant to stay apart. */
static int is_to_be_merged(const struct status *s)
{
	size_t count = mig_revision_list_count(s->heads), named = 0;

	for (size_t i = 0; i < count; i++)
		named += mig_revision_label_count(mig_revision_list_at(s->heads, i)) > 0;
	return count > 1 && named < count;
}

static int has_model(const struct status *s)
{
	return mig__cli_config_value(&s->cli->config, MIG__KEY_MODELS) || s->cli->app ||
	       s->cli->host.setup;
}

static void choose_next(struct status *s)
{
	const char *program = s->cli->program;
	const char *command = NULL;

	if (s->newer.len)
		s->advice = "get the revisions that are missing here";
	else if (s->unfinished && !mig_unfinished_can_finish(s->unfinished))
		s->advice = "get the revision as it was when it was begun";
	else if (s->unfinished)
		command = mig_unfinished_direction(s->unfinished) == MIG_DOWNGRADE ? "downgrade" : "upgrade";
	else if (s->edited.len)
		command = "upgrade --edited accept";
	else if (is_to_be_merged(s))
		command = "merge -m \"merge heads\"";
	else if (pending(s))
		command = mig_revision_list_count(s->heads) > 1 ? "upgrade heads" : "upgrade";
	else if (mig_op_list_count(s->difference.ops))
		command = "migrate -m \"what changes\"";
	else if (!mig_revision_list_count(s->heads))
		command = has_model(s) ? "migrate -m \"Initial migration\""
				       : "revision -m \"what it changes\"";
	if (command)
		mig__cli_addf(&s->next, "%s %s", program, command);
}

/* -- on the screen */

/* A line of a terminal is cut where the screen ends. */
static void end_line(struct status *s, size_t start)
{
	struct mig__cli_text *out = &s->cli->out;
	size_t width, used = 0;
	int escape = 0;

	if (isatty(STDOUT_FILENO) && out->data && !out->failed) {
		width = mig__cli_columns(STDOUT_FILENO);
		for (size_t i = start; i < out->len; i++) {
			char c = out->data[i];

			escape |= c == '\033';
			used += !escape && (c & 0xC0) != 0x80;
			escape &= c != 'm';
			if (used <= width)
				continue;
			out->len = i;
			mig__cli_paint(out, s->cli->colour, MIG__CLI_PLAIN);
			break;
		}
	}
	mig__cli_adds(out, "\n");
}

/* Returns where the line begins. */
static size_t begin_line(struct status *s, const char *name)
{
	struct mig__cli_text *out = &s->cli->out;
	size_t start = out->len;

	mig__cli_paint(out, s->cli->colour && name[0], MIG__CLI_BOLD);
	mig__cli_addf(out, "%-10s ", name);
	mig__cli_paint(out, s->cli->colour && name[0], MIG__CLI_PLAIN);
	return start;
}

static void add_line(struct status *s, const char *name, const char *text)
{
	size_t start = begin_line(s, name);

	mig__cli_shown(&s->cli->out, text);
	end_line(s, start);
}

static void add_revision(struct status *s, const char *name, const mig_revision *r)
{
	size_t start = begin_line(s, name);

	mig__cli_add_revision(s->cli, &s->cli->out, r, MIG__CLI_MESSAGE | MIG__CLI_NO_CURRENT);
	end_line(s, start);
}

static void add_more(struct status *s, size_t count)
{
	size_t start;

	if (count <= SHOWN)
		return;
	start = begin_line(s, "");
	mig__cli_addf(&s->cli->out, "and %zu more", count - SHOWN);
	end_line(s, start);
}

static void add_place(struct status *s)
{
	size_t count = mig_revision_list_count(s->cli->current);

	if (!s->newer.len && !count)
		add_line(s, "At", "<base>, no revision is applied");
	for (size_t i = 0; i < count && i < SHOWN; i++)
		add_revision(s, i ? "" : "At", mig_revision_list_at(s->cli->current, i));
	add_more(s, count);
}

static void add_pending(struct status *s)
{
	size_t count = pending(s), start;

	if (!count)
		return;
	start = begin_line(s, "Pending");
	mig__cli_addf(&s->cli->out, "%zu revision%s", count, count == 1 ? "" : "s");
	end_line(s, start);
	for (size_t i = 0; i < count && i < SHOWN; i++)
		add_revision(s, "", mig_plan_revision(s->plan, i));
	add_more(s, count);
}

static void add_heads(struct status *s)
{
	size_t count = mig_revision_list_count(s->heads);

	if (!count)
		add_line(s, "Revisions", "none yet");
	if (!is_to_be_merged(s))
		return;
	for (size_t i = 0; i < count && i < SHOWN; i++)
		add_revision(s, i ? "" : "Heads", mig_revision_list_at(s->heads, i));
	add_more(s, count);
}

static void add_model(struct status *s)
{
	size_t count = mig_op_list_count(s->difference.ops), start;

	if (!mig__cli_count(&s->cli->args, MIG__OPT_CHECK))
		return;
	if (!s->compared) {
		add_line(s, "Model", "not compared: the database is not up to date");
		return;
	}
	if (!count) {
		add_line(s, "Model", "the database is what it says");
		return;
	}
	start = begin_line(s, "Model");
	mig__cli_addf(&s->cli->out, "%zu difference%s", count, count == 1 ? "" : "s");
	end_line(s, start);
	for (size_t i = 0; i < count && i < SHOWN; i++)
		add_line(s, "", mig_op_list_text(s->difference.ops, i));
	add_more(s, count);
}

static void add_next(struct status *s)
{
	size_t start = begin_line(s, "Next");

	if (s->next.len) {
		mig__cli_paint(&s->cli->out, s->cli->colour, MIG__CLI_GREEN);
		mig__cli_shown(&s->cli->out, s->next.data);
		mig__cli_paint(&s->cli->out, s->cli->colour, MIG__CLI_PLAIN);
	} else {
		mig__cli_adds(&s->cli->out, s->advice ? s->advice : "nothing to do");
	}
	end_line(s, start);
}

static void print_text(struct status *s)
{
	struct mig__cli_text text = { 0 };

	mig__cli_add_url(&text, s->cli->url);
	add_line(s, "Database", mig__cli_string(&text));
	mig__cli_text_finish(&text);
	add_place(s);
	if (s->newer.len)
		add_line(s, "Unknown", s->newer.data);
	if (s->unfinished) {
		mig__cli_add_unfinished(&text, s->unfinished);
		add_line(s, "Unfinished", mig__cli_string(&text));
		mig__cli_text_finish(&text);
	}
	if (s->edited.len)
		add_line(s, "Edited", s->edited.data);
	add_pending(s);
	add_heads(s);
	add_model(s);
	add_next(s);
}

/* -- as JSON */

static json_t *json_pending(const struct status *s)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < pending(s); i++)
		if (json_array_append_new(list, mig__cli_json_revision(s->cli, mig_plan_revision(s->plan, i)))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *json_text(const struct mig__cli_text *text)
{
	return mig__cli_json_text(text->len ? text->data : NULL);
}

static int print_json(struct status *s)
{
	struct mig__cli_text url = { 0 };
	json_t *o = json_object();
	int failed = !o;

	mig__cli_add_url(&url, s->cli->url);
	failed |= json_object_set_new(o, "database", json_text(&url)) != 0;
	failed |= json_object_set_new(o, "current", mig__cli_json_revisions(s->cli, s->cli->current)) != 0;
	failed |= json_object_set_new(o, "pending", json_pending(s)) != 0;
	failed |= json_object_set_new(o, "heads", mig__cli_json_revisions(s->cli, s->heads)) != 0;
	failed |= json_object_set_new(o, "unfinished", mig__cli_json_unfinished(s->unfinished)) != 0;
	failed |= json_object_set_new(o, "edited", json_text(&s->edited)) != 0;
	failed |= json_object_set_new(o, "unknown", json_text(&s->newer)) != 0;
	failed |= json_object_set_new(o, "difference",
				      s->compared ? mig__cli_json_difference(&s->difference) : json_null()) != 0;
	failed |= json_object_set_new(o, "next", json_text(&s->next)) != 0;
	mig__cli_text_finish(&url);
	if (failed) {
		json_decref(o);
		o = NULL;
	}
	return mig__cli_json_print_object(s->cli, o);
}

/* -- the command */

int mig__cli_cmd_status(struct mig__cli *cli)
{
	struct status s = { .cli = cli, .difference = { .unproved = 1 } };
	int status = mig__cli_open(cli, cli->args.command->needs);

	if (!status)
		status = read_status(&s);
	if (!status && mig__cli_count(&cli->args, MIG__OPT_CHECK) && can_compare(&s)) {
		status = mig__cli_compare(cli, &s.difference);
		s.compared = !status;
	}
	if (!status) {
		choose_next(&s);
		if (cli->json)
			status = print_json(&s);
		else
			print_text(&s);
	}
	if (!status && (s.next.len || s.advice))
		status = MIG_CLI_FOUND;
	finish(&s);
	return status;
}
