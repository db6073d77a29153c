/* migrate: the revision that brings the database to the model; also "revision --autogenerate". */
#include "cli/dialects.h"

#include <stdio.h>
#include <stdlib.h>

enum { DIRECTIONS = 2 };

const struct mig__cli_option mig__cli_migrate_options[] = {
	{ MIG__OPT_DIALECT, 0, "dialect", "NAME,...",
	  "sections for these dialects; the database's is one of them" },
	{ MIG__OPT_DRY_RUN, 0, "dry-run", NULL, "print the SQL, write nothing" },
	{ MIG__OPT_FORCE, 0, "force", NULL, "write also what could not be proved" },
	{ MIG__OPT_NO_INPUT, 0, "no-input", NULL, "ask nothing, also on a terminal" },
	{ MIG__OPT_SQL, 0, "sql", NULL, NULL },
	{ 0 }
};

/* -- what was asked for */

static int check_options(struct mig__cli *cli)
{
	if (mig__cli_count(&cli->args, MIG__OPT_SQL)) {
		mig__cli_bad_usage(cli, "there is no --sql here: it takes a database to find the "
					"difference");
		mig__cli_hint(cli, "--dry-run prints the SQL and writes nothing");
		return MIG_CLI_USAGE;
	}
	return MIG_CLI_DONE;
}

static int may_ask(const struct mig__cli *cli)
{
	return !cli->json && !mig__cli_count(&cli->args, MIG__OPT_NO_INPUT) && mig__cli_can_ask();
}

/* -- the revision */

/* fn: takes the sections' text instead of a file's being written; or NULL. */
static int generate(struct mig__cli *cli, const struct mig__cli_dialects *dialects,
		    const mig_revision_options *revision, mig_sql_fn fn, mig_revision_list **out)
{
	mig_autogenerate_part *parts = calloc(dialects->count, sizeof *parts);
	mig_autogenerate_options o = { .struct_size = sizeof o,
				       .revision = revision,
				       .parts = parts,
				       .part_count = dialects->count,
				       .part_size = sizeof *parts,
				       .force = dialects->at[0].d.force,
				       .sections_fn = fn,
				       .user = cli };
	int status = MIG_CLI_DONE;

	if (!parts)
		return mig__cli_no_memory(cli);
	for (size_t i = 0; i < dialects->count; i++)
		parts[i] = (mig_autogenerate_part){ .ops = dialects->at[i].d.ops,
						    .database = dialects->at[i].database };
	if (mig_autogenerate(cli->ctx, &o, out))
		status = mig__cli_ctx_fail(cli);
	free(parts);
	return status;
}

static mig_status on_sections(void *user, const char *text, size_t size)
{
	struct mig__cli *cli = user;

	mig__cli_adds(&cli->out, cli->out.len ? "\n" : "");
	mig__cli_add(&cli->out, text, size);
	return MIG_OK;
}

/* -- what is printed */

static int add_json_sql(json_t *o, const mig_op_list *ops)
{
	static const char *const names[DIRECTIONS] = { "upgrade", "downgrade" };
	int failed = 0;

	for (int32_t i = 0; i < DIRECTIONS; i++)
		failed |=
			json_object_set_new(o, names[i],
					    mig__cli_json_text(mig_op_list_sql(ops, i, NULL))) != 0;
	return failed;
}

/* The dialects beside the database's own. */
static json_t *json_others(const struct mig__cli_dialects *dialects)
{
	json_t *list = json_array();
	int failed = !list;

	for (size_t i = 1; !failed && i < dialects->count; i++) {
		const struct mig__cli_dialect *one = &dialects->at[i];
		json_t *o = mig__cli_json_difference(&one->d);

		failed = json_object_set_new(o, one->database ? "database" : "dialect",
					     mig__cli_json_text(one->database ? one->database
									      : one->name)) != 0;
		failed |= add_json_sql(o, one->d.ops);
		failed |= json_array_append_new(list, o) != 0;
	}
	if (!failed)
		return list;
	json_decref(list);
	return NULL;
}

static int print_json(struct mig__cli *cli, const struct mig__cli_dialects *dialects,
		      const mig_revision_list *made)
{
	size_t count = mig_revision_list_count(made);
	const mig_revision *r = count ? mig_revision_list_at(made, count - 1) : NULL;
	json_t *o = mig__cli_json_difference(&dialects->at[0].d);
	int failed = !o || add_json_sql(o, dialects->at[0].d.ops);

	if (dialects->count > 1)
		failed |= json_object_set_new(o, "others", json_others(dialects)) != 0;
	failed |= json_object_set_new(o, "revision",
				      r ? mig__cli_json_revision(cli, r) : json_null()) != 0;
	if (count > 1)
		failed |= json_object_set_new(
				  o, "before",
				  mig__cli_json_revision(cli, mig_revision_list_at(made, 0))) != 0;
	if (failed) {
		json_decref(o);
		o = NULL;
	}
	return mig__cli_json_print_object(cli, o);
}

static const char *named(const struct mig__cli_dialects *dialects, size_t i)
{
	const struct mig__cli_dialect *one = &dialects->at[i];

	return dialects->count == 1 ? NULL : one->database ? one->database : one->name;
}

/* What was written, or in a dry run would be. */
static int print_text(struct mig__cli *cli, const struct mig__cli_dialects *dialects,
		      mig_revision_list **made)
{
	const mig_revision *r = mig_revision_list_at(*made, 0);

	if (!mig__cli_dialects_differ(dialects)) {
		mig__cli_adds(&cli->out, cli->quiet ? "" : "No changes in schema detected.\n");
		return MIG_CLI_DONE;
	}
	for (size_t i = 0; i < dialects->count && !cli->quiet; i++)
		mig__cli_add_operations(&cli->out, &dialects->at[i].d, r ? "" : "-- ",
					named(dialects, i));
	if (!r)
		return generate(cli, dialects, NULL, on_sections, made);
	for (size_t i = 0; i < mig_revision_list_count(*made); i++) {
		mig__cli_adds(&cli->out, cli->quiet ? "" : "Generating ");
		mig__cli_shown(&cli->out, mig_revision_file(mig_revision_list_at(*made, i)));
		mig__cli_adds(&cli->out, cli->quiet ? "\n" : " ... done\n");
	}
	return MIG_CLI_DONE;
}

static void warn(struct mig__cli *cli, const struct mig__cli_dialects *dialects)
{
	for (size_t i = 0; i < dialects->count; i++)
		mig__cli_warn_losses(cli, &dialects->at[i].d, named(dialects, i));
	for (size_t i = 0; i < dialects->count; i++)
		mig__cli_warn_uncovered(cli, &dialects->at[i].d);
}

static int autogenerate(struct mig__cli *cli, mig_revision_options *o)
{
	int dry = mig__cli_count(&cli->args, MIG__OPT_DRY_RUN) > 0;
	struct mig__cli_dialects dialects = { 0 };
	mig_revision_list *made = NULL;
	int status = mig__cli_read_dialects(cli, &dialects);

	if (!status) {
		dialects.at[0].d.ask = may_ask(cli);
		dialects.at[0].d.force = mig__cli_count(&cli->args, MIG__OPT_FORCE) > 0;
		status = mig__cli_compare_dialects(cli, &dialects);
	}
	if (!status && !dry && mig__cli_dialects_differ(&dialects))
		status = generate(cli, &dialects, o, NULL, &made);
	if (!status && cli->json)
		status = print_json(cli, &dialects, made);
	else if (!status)
		status = print_text(cli, &dialects, &made);
	if (!status)
		warn(cli, &dialects);
	for (size_t i = 0; !status && i < mig_revision_list_count(made); i++)
		status = mig__cli_run_hooks(cli, mig_revision_file(mig_revision_list_at(made, i)));
	mig_revision_list_free(made);
	mig__cli_dialects_finish(&dialects);
	return status;
}

int mig__cli_autogenerate(struct mig__cli *cli)
{
	int status = check_options(cli);

	if (!status && mig__cli_has_databases(cli))
		status = mig__cli_first_database(cli);
	return status ? status
		      : mig__cli_with_revision(cli, cli->args.command->needs | MIG__CLI_DATABASE,
					       autogenerate);
}

int mig__cli_cmd_migrate(struct mig__cli *cli)
{
	return mig__cli_autogenerate(cli);
}
