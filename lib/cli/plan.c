/* plan: the command that shows what an upgrade or downgrade would run. Nothing is run, and no
 * lock is taken; upgrade and downgrade use it for --dry-run. */
#include "cli/describe.h"
#include "cli/json.h"

#include <string.h>

const struct mig__cli_option mig__cli_plan_options[] = {
	{ MIG__OPT_DOWNGRADE, 0, "downgrade", NULL, "what a downgrade would run (default: -1)" },
	{ MIG__OPT_SQL, 0, "sql", NULL, "the SQL of the steps" },
	{ 0 }
};

/* E.g. "The database is at 1a2b; an upgrade to head would run 2 revisions:" */
static void add_sentence(struct mig__cli *cli, const mig_plan *plan, const char *target)
{
	struct mig__cli_text *out = &cli->out;
	size_t count = mig_plan_count(plan);
	int down = mig_plan_direction(plan) == MIG_DOWNGRADE;

	mig__cli_adds(out, count ? "The database is at " : "Nothing to do: the database is at ");
	mig__cli_add_place(out, mig_plan_current(plan));
	if (!count) {
		mig__cli_adds(out, ".\n");
		return;
	}
	mig__cli_adds(out, down ? "; a downgrade to " : "; an upgrade to ");
	mig__cli_shown(out, target);
	mig__cli_addf(out, " would %s %zu revision%s%s:\n", down ? "undo" : "apply", count,
		      count == 1 ? "" : "s", mig_plan_snapshot(plan) ? ", by their snapshot" : "");
}

static void add_step(struct mig__cli *cli, const mig_plan *plan, size_t i)
{
	struct mig__cli_text *out = &cli->out;
	const mig_revision *r = mig_plan_revision(plan, i);
	int down = mig_plan_step_direction(plan, i) == MIG_DOWNGRADE;
	int64_t done = mig_plan_statements_done(plan, i);

	if (done >= 0)
		mig__cli_adds(out, "Rest of ");
	mig__cli_adds(out, down ? "Downgrade " : "Upgrade ");
	if (!down) {
		mig__cli_add_parents(out, r, "<base>");
		mig__cli_adds(out, " -> ");
	}
	mig__cli_shown(out, mig_revision_id(r));
	if (down) {
		mig__cli_adds(out, " -> ");
		mig__cli_add_parents(out, r, "<base>");
	}
	if (mig_revision_summary(r)[0]) {
		mig__cli_adds(out, ", ");
		mig__cli_shown(out, mig_revision_summary(r));
	}
	if (!mig_plan_transactional(plan, i))
		mig__cli_adds(out, " (outside a transaction)");
	if (done >= 0)
		mig__cli_addf(out, " (%lld statement%s done)", (long long)done,
			      done == 1 ? "" : "s");
	mig__cli_adds(out, "\n");
}

static void add_sql(struct mig__cli *cli, mig_plan *plan, size_t i)
{
	struct mig__cli_text *out = &cli->out;
	size_t size;
	const char *sql = mig_plan_sql(plan, i, &size);

	if (!sql) {
		mig__cli_adds(out, "-- (written in C)\n");
		return;
	}
	while (size && strchr(" \t\r\n", sql[size - 1]))
		size--;
	while (size && (*sql == '\n' || *sql == '\r')) {
		sql++;
		size--;
	}
	mig__cli_add(out, sql, size);
	mig__cli_adds(out, size ? "\n" : "");
}

static json_t *json_step(const struct mig__cli *cli, mig_plan *plan, size_t i)
{
	json_t *o = mig__cli_json_revision(cli, mig_plan_revision(plan, i));

	if (!o ||
	    json_object_set_new(o, "transaction", json_boolean(mig_plan_transactional(plan, i))))
		goto failed;
	if (json_object_set_new(o, "direction",
				json_string(mig_plan_step_direction(plan, i) == MIG_DOWNGRADE
						    ? "downgrade"
						    : "upgrade")) ||
	    json_object_set_new(o, "statements_done",
				mig_plan_statements_done(plan, i) < 0
					? json_null()
					: json_integer(mig_plan_statements_done(plan, i))))
		goto failed;
	if (mig__cli_count(&cli->args, MIG__OPT_SQL) &&
	    json_object_set_new(o, "sql", mig__cli_json_text(mig_plan_sql(plan, i, NULL))))
		goto failed;
	return o;
failed:
	json_decref(o);
	return NULL;
}

static int print_json(struct mig__cli *cli, mig_plan *plan, const char *target)
{
	json_t *o = json_object(), *steps = json_array();
	int failed = !o;

	for (size_t i = 0; steps && i < mig_plan_count(plan); i++)
		failed |= json_array_append_new(steps, json_step(cli, plan, i)) != 0;
	failed |= json_object_set_new(o, "direction",
				      json_string(mig_plan_direction(plan) == MIG_DOWNGRADE
							  ? "downgrade"
							  : "upgrade")) != 0;
	failed |= json_object_set_new(o, "target", mig__cli_json_text(target)) != 0;
	failed |= json_object_set_new(o, "current",
				      mig__cli_json_revisions(cli, mig_plan_current(plan))) != 0;
	failed |= json_object_set_new(o, "snapshot", json_boolean(mig_plan_snapshot(plan))) != 0;
	failed |= json_object_set_new(o, "steps", steps) != 0;
	if (failed) {
		json_decref(o);
		o = NULL;
	}
	return mig__cli_json_print_object(cli, o);
}

int mig__cli_plan(struct mig__cli *cli, int32_t direction, const char *target)
{
	int sql = mig__cli_count(&cli->args, MIG__OPT_SQL) > 0;
	int status = mig__cli_open(cli, cli->args.command->needs & ~(unsigned)MIG__CLI_CHANGES);
	mig_plan *plan = NULL;
	mig_status rc;

	if (status)
		return status;
	rc = direction == MIG_DOWNGRADE ? mig_plan_downgrade(cli->ctx, target, &plan)
					: mig_plan_upgrade(cli->ctx, target, &plan);
	if (rc)
		return mig__cli_ctx_fail(cli);
	if (cli->json) {
		status = print_json(cli, plan, target);
		goto out;
	}
	mig__cli_adds(&cli->out, sql ? "-- " : "");
	add_sentence(cli, plan, target);
	for (size_t i = 0; i < mig_plan_count(plan); i++) {
		mig__cli_adds(&cli->out, sql ? "\n-- " : "  ");
		add_step(cli, plan, i);
		if (sql)
			add_sql(cli, plan, i);
	}
out:
	mig_plan_free(plan);
	return status;
}

int mig__cli_cmd_plan(struct mig__cli *cli)
{
	int down = mig__cli_count(&cli->args, MIG__OPT_DOWNGRADE) > 0;
	const char *target = cli->args.word_count ? cli->args.words[0] : down ? "-1" : "head";

	return mig__cli_plan(cli, down ? MIG_DOWNGRADE : MIG_UPGRADE, target);
}
