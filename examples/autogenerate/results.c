/* results: a program that declares its tables in C and has mig's commands inside.
 *
 *     results                  start: bring the database up to date, then work
 *     results db migrate -m "add users"    write a revision from what is declared below
 *     results db upgrade, downgrade, history, ...   as mig has them
 *
 * MIG_URL names the database; without it, it is results.db in this folder. */
#include <mig/cli.h>
#include <mig/model.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef MODEL_VERSION
#define MODEL_VERSION 1
#endif

/* What the program's code expects of the database. */
static const mig_column_def users[] = {
	{ "id", "integer", .primary_key = 1 },
#if MODEL_VERSION == 1
	{ "name", "varchar(80)", .not_null = 1 },
#else
	{ "full_name", "varchar(80)", .not_null = 1, .renamed_from = "name" }, /* its rows stay */
#endif
	{ "email", "text", .unique = 1 },
};
static const mig_column_def results[] = {
	{ "id", "integer", .primary_key = 1 },
#if MODEL_VERSION == 1
	{ "user_id", "integer", .not_null = 1, .references = "users.id", .on_delete = "cascade" },
	{ "score", "smallint", .not_null = 1, .default_sql = "0" },
#else
	{ "user_id", "integer", .not_null = 1, .references = "users.id", .on_delete = "cascade", .index = 1 },
	{ "score", "bigint", .not_null = 1, .default_sql = "0" },   /* wider */
	{ "final", "boolean", .default_value = MIG_DEFAULT_TRUE }, /* new */
#endif
	{ "at", "timestamptz", .not_null = 1, .default_value = MIG_DEFAULT_NOW },
};
static const mig_table_def tables[] = {
	{ "users", MIG_COLUMNS(users) },
	{ "results", MIG_COLUMNS(results) },
};
static const mig_schema_def schema = MIG_SCHEMA(MIG_TABLES(tables));

static mig_status setup(mig_ctx *ctx, void *user)
{
	mig_model *model;
	mig_status rc = mig_model_of(ctx, &model);

	(void)user;
	return rc ? rc : mig_model_declare(model, &schema);
}

/* The program itself: first its database is brought up to date. */
static int start(const char *url)
{
	mig_ctx *ctx;
	mig_status rc = mig_open(&ctx, url);

	if (!rc)
		rc = mig_add_directory(ctx, "migrations");
	if (!rc)
		rc = mig_upgrade(ctx, "head");
	if (rc)
		fprintf(stderr, "results: %s\n", mig_error_report(ctx));
	else
		printf("results %d: the database is up to date\n", MODEL_VERSION);
	mig_close(ctx);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	mig_cli_options options = { .struct_size = sizeof options };
	const char *url = getenv("MIG_URL");

	options.program = "results db";
	options.url = "sqlite:results.db";
	options.setup = setup;
	if (argc > 1 && !strcmp(argv[1], "db"))
		return mig_cli_main(argc - 1, argv + 1, &options);
	return start(url ? url : options.url);
}
