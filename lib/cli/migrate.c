/* migrate: the revision that brings the database to the model; also "revision --autogenerate". */
#include "cli/difference.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DIRECTIONS = 2 };

const struct mig__cli_option mig__cli_migrate_options[] = {
	{ MIG__OPT_DIALECT, 0, "dialect", "NAME", "the sections are for this dialect" },
	{ MIG__OPT_DRY_RUN, 0, "dry-run", NULL, "print the SQL, write nothing" },
	{ MIG__OPT_FORCE, 0, "force", NULL, "write also what could not be proved" },
	{ MIG__OPT_NO_INPUT, 0, "no-input", NULL, "ask nothing, also on a terminal" },
	{ MIG__OPT_SQL, 0, "sql", NULL, NULL },
	{ 0 }
};

/* -- what was asked for */

/* The name of the URL's dialect begins with the scheme, up to the "+" of a driver. */
static int is_dialect_of(const char *url, const char *name)
{
	size_t n = strcspn(url, ":+");

	return url[n] && !strncmp(url, name, n);
}

static int check_dialect(struct mig__cli *cli)
{
	const char *name = mig__cli_value(&cli->args, MIG__OPT_DIALECT);

	if (name && (strchr(name, ',') || mig__cli_count(&cli->args, MIG__OPT_DIALECT) > 1))
		return mig__cli_bad_usage(cli,
					  "--dialect \"%s\": sections for several dialects at "
					  "once are not possible yet",
					  name);
	if (!name || !cli->url || is_dialect_of(cli->url, name))
		return MIG_CLI_DONE;
	return mig__cli_bad_usage(
		cli, "--dialect \"%s\": only the dialect of the database is possible yet", name);
}

static int check_options(struct mig__cli *cli)
{
	if (mig__cli_count(&cli->args, MIG__OPT_SQL)) {
		mig__cli_bad_usage(cli, "there is no --sql here: it takes a database to find the "
					"difference");
		mig__cli_hint(cli, "--dry-run prints the SQL and writes nothing");
		return MIG_CLI_USAGE;
	}
	return check_dialect(cli);
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
	mig__cli_adds(out, mig_op_list_sql(d->ops, direction, NULL));
}

/* As it would stand in the file. */
static void add_sections(struct mig__cli *cli, const struct mig__cli_difference *d)
{
	static const char *const names[DIRECTIONS] = { "upgrade", "downgrade" };
	const char *dialect = mig__cli_value(&cli->args, MIG__OPT_DIALECT);
	struct mig__cli_text *out = &cli->out;

	for (int32_t i = 0; i < DIRECTIONS; i++) {
		mig__cli_addf(out, "%s-- mig:%s", out->len ? "\n" : "", names[i]);
		if (dialect)
			mig__cli_addf(out, " dialect=%s", dialect);
		if (mig_op_list_no_transaction(d->ops, i))
			mig__cli_adds(out, " transaction=no");
		mig__cli_adds(out, "\n");
		add_sql(out, d, i);
	}
}

static mig_status create_revision(struct mig__cli *cli, const struct mig__cli_difference *d,
				  mig_revision_options *o, mig_revision_list **out)
{
	struct mig__cli_text sql[DIRECTIONS] = { { 0 }, { 0 } };
	mig_section sections[DIRECTIONS];
	mig_status rc;

	for (int32_t i = 0; i < DIRECTIONS; i++) {
		add_sql(&sql[i], d, i);
		sections[i] = (mig_section){
			.direction = i,
			.no_transaction = mig_op_list_no_transaction(d->ops, i),
			.dialect = mig__cli_value(&cli->args, MIG__OPT_DIALECT),
			.sql = mig__cli_string(&sql[i]),
		};
	}
	o->sections = sections;
	o->section_count = DIRECTIONS;
	o->section_size = sizeof *sections;
	rc = sql[0].failed || sql[1].failed ? MIG_ENOMEM : mig_revision_create(cli->ctx, o, out);
	mig__cli_text_finish(&sql[0]);
	mig__cli_text_finish(&sql[1]);
	return rc;
}

/* -- what is printed */

static int print_json(struct mig__cli *cli, const struct mig__cli_difference *d,
		      const mig_revision_list *made)
{
	const mig_revision *r = mig_revision_list_at(made, 0);
	json_t *o = mig__cli_json_difference(d);
	int failed = !o;

	failed |= json_object_set_new(
			  o, "upgrade",
			  mig__cli_json_text(mig_op_list_sql(d->ops, MIG_UPGRADE, NULL))) != 0;
	failed |= json_object_set_new(
			  o, "downgrade",
			  mig__cli_json_text(mig_op_list_sql(d->ops, MIG_DOWNGRADE, NULL))) != 0;
	failed |= json_object_set_new(o, "revision",
				      r ? mig__cli_json_revision(cli, r) : json_null()) != 0;
	if (failed) {
		json_decref(o);
		o = NULL;
	}
	return mig__cli_json_print_object(cli, o);
}

static void print_text(struct mig__cli *cli, const struct mig__cli_difference *d,
		       const mig_revision_list *made)
{
	const mig_revision *r = mig_revision_list_at(made, 0);

	if (!mig_op_list_count(d->ops)) {
		mig__cli_adds(&cli->out, cli->quiet ? "" : "No changes in schema detected.\n");
		return;
	}
	if (!cli->quiet)
		mig__cli_add_operations(cli, d, r ? "" : "-- ");
	if (!r) {
		add_sections(cli, d);
		return;
	}
	mig__cli_adds(&cli->out, cli->quiet ? "" : "Generating ");
	mig__cli_shown(&cli->out, mig_revision_file(r));
	mig__cli_adds(&cli->out, cli->quiet ? "\n" : " ... done\n");
}

static int autogenerate(struct mig__cli *cli, mig_revision_options *o)
{
	int dry = mig__cli_count(&cli->args, MIG__OPT_DRY_RUN) > 0;
	struct mig__cli_difference d = { .ask = may_ask(cli) };
	mig_revision_list *made = NULL;
	int status;

	d.force = mig__cli_count(&cli->args, MIG__OPT_FORCE) > 0;
	status = mig__cli_compare(cli, &d);
	if (!status && !dry && mig_op_list_count(d.ops) && create_revision(cli, &d, o, &made))
		status = mig__cli_ctx_fail(cli);
	if (!status && cli->json)
		status = print_json(cli, &d, made);
	else if (!status)
		print_text(cli, &d, made);
	if (!status) {
		mig__cli_warn_losses(cli, &d);
		mig__cli_warn_uncovered(cli, &d);
	}
	mig_revision_list_free(made);
	mig__cli_difference_finish(&d);
	return status;
}

int mig__cli_autogenerate(struct mig__cli *cli)
{
	int status = check_options(cli);

	return status ? status
		      : mig__cli_with_revision(cli, cli->args.command->needs | MIG__CLI_DATABASE,
					       autogenerate);
}

int mig__cli_cmd_migrate(struct mig__cli *cli)
{
	return mig__cli_autogenerate(cli);
}
