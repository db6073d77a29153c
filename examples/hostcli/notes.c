/* notes: a program with all of mig's commands inside, and everything of its own that they can use: revisions
 * compiled in, one written in C, the model of its code, and two hooks.
 *
 *     notes                       work; the first thing is to bring the database up to date
 *     notes db upgrade            by hand, as an operator wants it; notes db -x who=ann upgrade
 *     notes db check              is the database what the code expects?
 */
#include <mig/cli.h>
#include <mig/op.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notes_migrations.h"

/* What the code expects: declared once, used by the revision below and by "check" and "migrate". */
static const mig_column_def notes[] = {
	{ "id", "integer", .primary_key = 1 },
	{ "text", "varchar(200)", .not_null = 1 },
};
static const mig_column_def authors[] = {
	{ "id", "integer", .primary_key = 1 },
	{ "name", "varchar(80)", .not_null = 1 },
};
static const mig_table_def tables[] = {
	{ "notes", MIG_COLUMNS(notes) },
	{ "authors", MIG_COLUMNS(authors) },
};
static const mig_schema_def schema = MIG_SCHEMA(MIG_TABLES(tables));

/* A revision in C: the same on every dialect, and its way down is derived. */
static mig_status create_authors(void *user, mig_step *step)
{
	mig_model *m;
	mig_status rc = mig_op_model(step, &m);

	(void)user;
	if (!rc)
		rc = mig_model_declare(m, &schema);
	return rc ? rc : mig_op_create_table(step, mig_model_find_table(m, NULL, "authors"));
}

/* Runs in the transaction of every step: whoever migrates may say who it was. */
static mig_status tell_who(void *user, mig_step *step)
{
	const char *who = mig_step_argument(step, "who");

	(void)user;
	if (who)
		printf("%s: %s by %s\n", mig_step_revision(step),
		       mig_step_direction(step) == MIG_UPGRADE ? "applied" : "undone", who);
	return MIG_OK;
}

enum { NOTES_REFUSED = -1000 }; /* a status of the program's own */

/* Once a run, in front of its first revision: an administrator may have forbidden upgrades. */
static mig_status may_migrate(void *user, mig_step *step)
{
	(void)user;
	return getenv("NOTES_FROZEN") ? mig_step_fail_with(step, NOTES_REFUSED,
							   "this database is not to be changed",
							   "unset NOTES_FROZEN")
				      : MIG_OK;
}

static mig_status setup(mig_ctx *ctx, void *user)
{
	static const char *const after_notes[] = { "0001", NULL };
	mig_revision_def revision = { .struct_size = sizeof revision };
	mig_model *model;
	mig_status rc;

	(void)user;
	revision.id = "0002";
	revision.message = "create authors";
	revision.revises = after_notes;
	revision.upgrade = create_authors;
	revision.derive = 1;
	rc = mig_add_revision(ctx, &revision);
	if (!rc)
		rc = mig_set_step_hooks(ctx, NULL, tell_who, NULL);
	if (!rc)
		rc = mig_set_run_hooks(ctx, may_migrate, NULL, NULL);
	if (!rc)
		rc = mig_model_of(ctx, &model);
	return rc ? rc : mig_model_declare(model, &schema);
}

static int work(const char *url)
{
	mig_ctx *ctx;
	mig_status rc = mig_open(&ctx, url);

	if (!rc)
		rc = mig_add_bundle(ctx, &notes_migrations);
	if (!rc)
		rc = setup(ctx, NULL);
	if (!rc)
		rc = mig_upgrade(ctx, "head");
	if (rc)
		fprintf(stderr, "notes: %s\n", mig_error_report(ctx));
	else
		printf("notes: ready\n");
	mig_close(ctx);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	mig_cli_options options = { .struct_size = sizeof options };
	const char *url = getenv("NOTES_URL");

	options.program = "notes db";
	options.url = url ? url : "sqlite:notes.db";
	options.bundle = &notes_migrations;
	options.setup = setup;
	if (argc > 1 && !strcmp(argv[1], "db"))
		return mig_cli_main(argc - 1, argv + 1, &options);
	return work(options.url);
}
