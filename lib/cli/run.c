/* run: what upgrade and downgrade share: a line a step, and where the database is in the end. */
#include "cli/describe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct mig__cli_option mig__cli_run_options[] = {
	{ MIG__OPT_PER_REVISION, 0, "per-revision", NULL,
	  "a transaction for each revision, not one for all" },
	{ MIG__OPT_EDITED, 0, "edited", "error|warn|accept",
	  "revisions that were edited after they were applied" },
	{ MIG__OPT_STATEMENT_LOCK_TIMEOUT, 0, "statement-lock-timeout", "SECONDS",
	  "how long a statement may wait for a lock" },
	{ MIG__OPT_STATEMENT_TIMEOUT, 0, "statement-timeout", "SECONDS",
	  "how long a statement may take" },
	{ MIG__OPT_RETRIES, 0, "retries", "N",
	  "repeat a transaction that had to give way (default: 10)" },
	{ MIG__OPT_REPLAY, 0, "replay", NULL,
	  "run the revisions one by one, also where a bundle has a snapshot of them" },
	{ MIG__OPT_YES, 'y', "yes", NULL, "do not ask before a run that loses data (on a terminal)" },
	{ MIG__OPT_TAG, 0, "tag", "TAG", "the argument \"tag\", as -x tag=TAG" },
	{ MIG__OPT_DRY_RUN, 0, "dry-run", NULL, "only show what would run (as \"plan\")" },
	{ MIG__OPT_SQL, 0, "sql", NULL,
	  "write a script for sqlite3 or psql, TARGET being [FROM:]TO, without the database" },
	{ 0 }
};

/* What the callback knows. */
struct view {
	struct mig__cli *cli;
	int64_t began_us, elapsed_us;
	uint64_t done;
	uint64_t by_snapshot; /* revisions that a snapshot stands for; 0: they run themselves */
	int64_t waited_us; /* when waiting was said last; 0: never */
	int terminal;      /* stderr takes a line that changes */
	int64_t shown_us;  /* when the line was written last; 0: there is none */
};

static const char *edited_name(const void *list, size_t i)
{
	return ((const char *const *)list)[i];
}

/* An option, or else what mig.ini has. */
static int read_number(struct mig__cli *cli, enum mig__cli_option_id option, enum mig__cli_key key,
		       const char *name, int32_t *out)
{
	const char *text = mig__cli_value(&cli->args, option);
	int seconds = option != MIG__OPT_RETRIES;

	if (!text)
		text = mig__cli_config_value(&cli->config, key);
	if (!text || (seconds ? mig__cli_read_seconds(text, out) : mig__cli_read_count(text, out)))
		return MIG_CLI_DONE;
	return mig__cli_bad_usage(cli, "--%s is not a number%s: \"%s\"", name,
				  seconds ? " of seconds" : "", text);
}

static int read_numbers(struct mig__cli *cli, mig_run_options *options)
{
	int status =
		read_number(cli, MIG__OPT_STATEMENT_LOCK_TIMEOUT, MIG__KEY_STATEMENT_LOCK_TIMEOUT,
			    "statement-lock-timeout", &options->statement_lock_timeout_ms);

	if (!status)
		status = read_number(cli, MIG__OPT_STATEMENT_TIMEOUT, MIG__KEY_STATEMENT_TIMEOUT,
				     "statement-timeout", &options->statement_timeout_ms);
	if (!status)
		status = read_number(cli, MIG__OPT_RETRIES, MIG__KEY_RETRIES, "retries",
				     &options->retries);
	return status;
}

static int read_run_options(struct mig__cli *cli, mig_run_options *options)
{
	static const char *const names[] = { "error", "warn", "accept", NULL };
	const char *edited = mig__cli_value(&cli->args, MIG__OPT_EDITED), *near;

	*options = (mig_run_options){ .struct_size = sizeof *options };
	if (mig__cli_count(&cli->args, MIG__OPT_PER_REVISION) ||
	    mig__cli_config_true(&cli->config, MIG__KEY_TRANSACTION))
		options->transaction_mode = MIG_TRANSACTION_REVISION;
	options->replay = mig__cli_count(&cli->args, MIG__OPT_REPLAY) > 0;
	if (read_numbers(cli, options))
		return MIG_CLI_USAGE;
	if (!edited)
		return MIG_CLI_DONE;
	for (int32_t i = 0; names[i]; i++)
		if (!strcmp(names[i], edited)) {
			options->edited = i;
			return MIG_CLI_DONE;
		}
	near = mig__cli_suggest(edited, edited_name, names);
	return near ? mig__cli_bad_usage(cli, "--edited \"%s\" (did you mean \"%s\"?)", edited,
					 near)
		    : mig__cli_bad_usage(cli, "--edited \"%s\": use error, warn or accept", edited);
}

int mig__cli_check_run(struct mig__cli *cli)
{
	mig_run_options options;

	if (cli->json)
		return mig__cli_bad_usage(cli, "--json goes with --dry-run only");
	return read_run_options(cli, &options);
}

/* -- the lines */

static void add_parents(struct mig__cli_text *out, const mig_progress *p)
{
	if (!p->parents[0])
		mig__cli_adds(out, "<base>");
	for (size_t i = 0; p->parents[i]; i++) {
		mig__cli_adds(out, i ? ", " : "");
		mig__cli_shown(out, p->parents[i]);
	}
}

static void add_step(struct view *view, const mig_progress *p)
{
	struct mig__cli_text *out = &view->cli->out;
	const char *message = p->message ? p->message : "";

	mig__cli_adds(out, p->direction == MIG_DOWNGRADE ? "Downgrade " : "Upgrade ");
	if (p->direction != MIG_DOWNGRADE) {
		add_parents(out, p);
		mig__cli_adds(out, " -> ");
	}
	mig__cli_shown(out, p->revision);
	if (p->direction == MIG_DOWNGRADE) {
		mig__cli_adds(out, " -> ");
		add_parents(out, p);
	}
	mig__cli_adds(out, message[0] ? ", " : "");
	mig__cli_add_shown(out, message, strcspn(message, "\n"));
	mig__cli_adds(out, " (");
	mig__cli_add_duration(out, p->elapsed_us - view->began_us);
	mig__cli_adds(out, ")\n");
}

/* -- how far it is, once it takes long: on a terminal a line that changes, elsewhere a line now and then */

enum { LONG_US = 500000, OFTEN_US = 200000, LOGGED_US = 10000000 };

static void clear_line(struct view *view)
{
	if (!view->terminal)
		return;
	if (view->shown_us)
		fputs("\r\033[K", stderr);
	view->shown_us = 0;
}

/* The number first: the line may be cut at its end. */
static void add_work(struct mig__cli_text *line, const mig_progress *p)
{
	mig__cli_adds(line, ", ");
	if (p->work_total)
		mig__cli_addf(line, "%.0f%% ", 100 * (double)p->work_done / (double)p->work_total);
	else if (p->work_done >= 1000000)
		mig__cli_addf(line, "%.1f million ", (double)p->work_done / 1e6);
	else if (p->work_done)
		mig__cli_addf(line, "%" PRIu64 " ", p->work_done);
	mig__cli_shown(line, p->work);
}

static void add_progress(struct mig__cli_text *line, const mig_progress *p)
{
	mig__cli_addf(line, "[%" PRIu64 "/%" PRIu64 "] ", p->step, p->steps);
	mig__cli_shown(line, p->revision);
	if (p->statement)
		mig__cli_addf(line, ", statement %" PRIu64, p->statement);
	mig__cli_adds(line, ", ");
	mig__cli_add_duration(line, p->elapsed_us);
	if (p->work)
		add_work(line, p);
}

static void show_line(struct view *view, const mig_progress *p)
{
	struct mig__cli_text line = { 0 };
	size_t room;

	if (!p->revision || p->elapsed_us < LONG_US ||
	    (view->shown_us && p->elapsed_us - view->shown_us < OFTEN_US))
		return;
	add_progress(&line, p);
	mig__cli_flush(view->cli);
	room = mig__cli_columns(STDERR_FILENO) - 1;
	fprintf(stderr, "\r\033[K%.*s", (int)room, mig__cli_string(&line));
	fflush(stderr);
	mig__cli_text_finish(&line);
	view->shown_us = p->elapsed_us;
}

static void log_line(struct view *view, const mig_progress *p)
{
	struct mig__cli_text line = { 0 };

	if (view->cli->quiet || !p->revision || p->elapsed_us - view->shown_us < LOGGED_US)
		return;
	add_progress(&line, p);
	mig__cli_say(view->cli, mig__cli_string(&line));
	mig__cli_text_finish(&line);
	view->shown_us = p->elapsed_us;
}

static void say_waiting(struct view *view, const mig_progress *p)
{
	struct mig__cli_text line = { 0 };

	if (view->cli->quiet || (view->waited_us && p->elapsed_us - view->waited_us < LOGGED_US))
		return;
	mig__cli_adds(&line, view->waited_us ? "still waiting" : "waiting");
	mig__cli_adds(&line, " for another process that uses the database");
	if (view->waited_us) {
		mig__cli_adds(&line, ", for ");
		mig__cli_add_duration(&line, p->elapsed_us);
	}
	mig__cli_say(view->cli, mig__cli_string(&line));
	mig__cli_text_finish(&line);
	view->waited_us = p->elapsed_us;
}

static int32_t on_progress(void *user, const mig_progress *p)
{
	struct view *view = user;

	view->elapsed_us = p->elapsed_us;
	if (p->event == MIG_EVENT_STEP_BEGIN) {
		view->began_us = p->elapsed_us;
		view->by_snapshot = 0; /* it has failed */
	}
	if (p->event == MIG_EVENT_SNAPSHOT)
		view->by_snapshot = p->steps;
	if (p->event == MIG_EVENT_RUN_END && view->by_snapshot && !view->done)
		view->done = view->by_snapshot;
	if (p->event == MIG_EVENT_WAITING)
		say_waiting(view, p);
	if (p->event == MIG_EVENT_STATEMENT || p->event == MIG_EVENT_WORKING)
		(view->terminal ? show_line : log_line)(view, p);
	if (p->event == MIG_EVENT_STEP_END && p->revision) {
		clear_line(view);
		view->done++;
		if (!view->cli->quiet)
			add_step(view, p);
		mig__cli_flush(view->cli);
	}
	return 0;
}

/* -- where the database is */

void mig__cli_add_place(struct mig__cli_text *out, const mig_revision_list *current)
{
	size_t count = mig_revision_list_count(current);

	if (!count)
		mig__cli_adds(out, "base");
	for (size_t i = 0; i < count; i++) {
		const mig_revision *r = mig_revision_list_at(current, i);

		mig__cli_adds(out, i ? ", " : "");
		mig__cli_shown(out, mig_revision_id(r));
		if (mig_revision_flags(r) & MIG_REVISION_EFFECTIVE_HEAD)
			mig__cli_adds(out, " (head)");
	}
}

int mig__cli_end_unrun(struct mig__cli *cli, mig_status rc)
{
	int status;

	if (rc)
		return mig__cli_ctx_fail(cli);
	if (cli->quiet)
		return MIG_CLI_DONE;
	status = mig__cli_read_current(cli);
	if (status)
		return status;
	mig__cli_adds(&cli->out, "Database is at ");
	mig__cli_add_place(&cli->out, cli->current);
	mig__cli_adds(&cli->out, ": nothing was run.\n");
	return MIG_CLI_DONE;
}

static int add_result(struct view *view, int32_t direction)
{
	struct mig__cli *cli = view->cli;

	if (cli->quiet)
		return MIG_CLI_DONE;
	if (!cli->current && mig_reached(cli->ctx, &cli->current))
		return mig__cli_ctx_fail(cli);
	mig__cli_adds(&cli->out,
		      view->done ? "Database is at " : "Nothing to do: the database is at ");
	mig__cli_add_place(&cli->out, cli->current);
	if (view->done) {
		mig__cli_addf(&cli->out, ": %" PRIu64 " revision%s %s%s in ", view->done,
			      view->done == 1 ? "" : "s",
			      direction == MIG_DOWNGRADE ? "undone" : "applied",
			      view->done == view->by_snapshot ? " by their snapshot" : "");
		mig__cli_add_duration(&cli->out, view->elapsed_us);
	}
	mig__cli_adds(&cli->out, ".\n");
	return MIG_CLI_DONE;
}

/* After an error in the middle: lines that were printed may have been rolled back. */
static void say_place(struct mig__cli *cli)
{
	struct mig__cli_text text = { 0 };

	if (cli->current || mig_current(cli->ctx, &cli->current))
		return;
	mig__cli_adds(&text, "the database is at ");
	mig__cli_add_place(&text, cli->current);
	mig__cli_say(cli, mig__cli_string(&text));
	mig__cli_text_finish(&text);
}

/* -- the run */

static int open_script(struct mig__cli *cli)
{
	cli->script = 1;
	return mig__cli_open(cli, cli->args.command->needs);
}

static int end_sql(struct mig__cli *cli, mig_status rc)
{
	if (!rc)
		return MIG_CLI_DONE;
	mig__cli_clear(&cli->out); /* half a script is none */
	return mig__cli_ctx_fail(cli);
}

int mig__cli_sql(struct mig__cli *cli, int32_t direction, const char *range)
{
	mig_run_options options;
	int status = read_run_options(cli, &options);

	if (!status)
		status = open_script(cli);
	if (status)
		return status;
	options.purge = mig__cli_count(&cli->args, MIG__OPT_PURGE) > 0;
	return end_sql(cli, direction == MIG_UPGRADE ? mig_upgrade_with(cli->ctx, range, &options)
			    : direction == MIG_DOWNGRADE
				    ? mig_downgrade_with(cli->ctx, range, &options)
				    : mig_stamp_with(cli->ctx, &range, 1, &options));
}

int mig__cli_sql_tables(struct mig__cli *cli)
{
	int status = open_script(cli);

	return status ? status : end_sql(cli, mig_ensure_version(cli->ctx));
}

int mig__cli_run(struct mig__cli *cli, int32_t direction, const char *target)
{
	struct view view = { .cli = cli,
			     .terminal = !cli->quiet && mig__cli_is_terminal(STDERR_FILENO) };
	struct mig__cli_signals *signals;
	mig_run_options options;
	mig_status rc;
	int status = read_run_options(cli, &options);

	if (!status)
		status = mig__cli_confirm(cli, direction, target);
	if (status)
		return status;
	signals = mig__cli_signals_catch(cli->ctx);
	rc = mig_set_progress(cli->ctx, on_progress, &view);
	if (!rc)
		rc = direction == MIG_DOWNGRADE ? mig_downgrade_with(cli->ctx, target, &options)
						: mig_upgrade_with(cli->ctx, target, &options);
	mig__cli_signals_release(signals);
	clear_line(&view);
	if (rc) {
		status = mig__cli_ctx_fail(cli);
		if (view.done)
			say_place(cli);
	} else {
		status = add_result(&view, direction);
	}
	mig_set_progress(cli->ctx, NULL, NULL);
	return status;
}
