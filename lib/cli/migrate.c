/* migrate: the revision that brings the database to the model; also "revision --autogenerate". */
#include "cli/dialects.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
	return !cli->json && !mig__cli_count(&cli->args, MIG__OPT_NO_INPUT) &&
	       isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* -- the SQL */

/* Under a warning if it could not be proved. */
static void add_sql(struct mig__cli_text *out, const struct mig__cli_difference *d,
		    int32_t direction)
{
	if (d->why_unproved.len) {
		mig__cli_adds(out, "-- warning: this is not proved: ");
		mig__cli_shown(out, d->why_unproved.data);
		mig__cli_adds(out, "\n\n");
	}
	if (d->ops) /* a database that was not asked has none */
		mig__cli_adds(out, mig_op_list_sql(d->ops, direction, NULL));
}

/* Generated SQL is for one dialect alone; an empty section, of a database that was not asked, is for
 * any. */
static const char *dialect_of(const struct mig__cli_dialect *one)
{
	return one->name ? one->name : mig_op_list_dialect(one->d.ops);
}

static void add_dialect_sections(struct mig__cli_text *out, const struct mig__cli_dialect *one)
{
	static const char *const names[DIRECTIONS] = { "upgrade", "downgrade" };

	for (int32_t i = 0; i < DIRECTIONS; i++) {
		mig__cli_addf(out, "%s-- mig:%s", out->len ? "\n" : "", names[i]);
		if (dialect_of(one))
			mig__cli_addf(out, " dialect=%s", dialect_of(one));
		if (one->database)
			mig__cli_addf(out, " database=%s", one->database);
		if (mig_op_list_no_transaction(one->d.ops, i))
			mig__cli_adds(out, " transaction=no");
		if (mig_op_list_foreign_keys(one->d.ops, i) < 0)
			mig__cli_adds(out, " foreign_keys=off");
		mig__cli_adds(out, "\n");
		add_sql(out, &one->d, i);
	}
}

static int fill_sections(const struct mig__cli_dialect *one, mig_section *sections,
			 struct mig__cli_text *sql)
{
	for (int32_t i = 0; i < DIRECTIONS; i++) {
		add_sql(&sql[i], &one->d, i);
		sections[i] = (mig_section){
			.direction = i,
			.no_transaction = mig_op_list_no_transaction(one->d.ops, i),
			.dialect = dialect_of(one),
			.database = one->database,
			.sql = mig__cli_string(&sql[i]),
			.foreign_keys = mig_op_list_foreign_keys(one->d.ops, i),
		};
	}
	return !sql[0].failed && !sql[1].failed;
}

static int create_revision(struct mig__cli *cli, const struct mig__cli_dialects *dialects,
			   mig_revision_options *o, mig_revision_list **out)
{
	size_t count = dialects->count * DIRECTIONS;
	struct mig__cli_text *sql = calloc(count, sizeof *sql);
	mig_section *sections = calloc(count, sizeof *sections);
	int ready = sql && sections, status = MIG_CLI_DONE;

	for (size_t i = 0; ready && i < count; i += DIRECTIONS)
		ready = fill_sections(&dialects->at[i / DIRECTIONS], sections + i, sql + i);
	o->sections = sections;
	o->section_count = count;
	o->section_size = sizeof *sections;
	if (!ready)
		status = mig__cli_no_memory(cli);
	else if (mig_revision_create(cli->ctx, o, out))
		status = mig__cli_ctx_fail(cli);
	for (size_t i = 0; sql && i < count; i++)
		mig__cli_text_finish(&sql[i]);
	free(sql);
	free(sections);
	return status;
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
	const mig_revision *r = mig_revision_list_at(made, 0);
	json_t *o = mig__cli_json_difference(&dialects->at[0].d);
	int failed = !o || add_json_sql(o, dialects->at[0].d.ops);

	if (dialects->count > 1)
		failed |= json_object_set_new(o, "others", json_others(dialects)) != 0;
	failed |= json_object_set_new(o, "revision",
				      r ? mig__cli_json_revision(cli, r) : json_null()) != 0;
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

static void print_text(struct mig__cli *cli, const struct mig__cli_dialects *dialects,
		       const mig_revision_list *made)
{
	const mig_revision *r = mig_revision_list_at(made, 0);

	if (!mig__cli_dialects_differ(dialects)) {
		mig__cli_adds(&cli->out, cli->quiet ? "" : "No changes in schema detected.\n");
		return;
	}
	for (size_t i = 0; i < dialects->count && !cli->quiet; i++)
		mig__cli_add_operations(&cli->out, &dialects->at[i].d, r ? "" : "-- ",
					named(dialects, i));
	if (!r) {
		for (size_t i = 0; i < dialects->count; i++)
			add_dialect_sections(&cli->out, &dialects->at[i]);
		return;
	}
	mig__cli_adds(&cli->out, cli->quiet ? "" : "Generating ");
	mig__cli_shown(&cli->out, mig_revision_file(r));
	mig__cli_adds(&cli->out, cli->quiet ? "\n" : " ... done\n");
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
		status = create_revision(cli, &dialects, o, &made);
	if (!status && cli->json)
		status = print_json(cli, &dialects, made);
	else if (!status)
		print_text(cli, &dialects, made);
	if (!status)
		warn(cli, &dialects);
	if (!status && made)
		status = mig__cli_run_hooks(cli, mig_revision_file(mig_revision_list_at(made, 0)));
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
