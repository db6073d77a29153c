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

/* What the program's code expects of the database. A mistake is told by the call that uses the
 * model, so nothing is checked here. */
static void declare_users(mig_model *m)
{
	mig_table *users = mig_model_table(m, NULL, "users");
	mig_column *name;

	mig_column_primary_key(mig_table_column(users, "id", "integer"));
#if MODEL_VERSION == 1
	name = mig_table_column(users, "name", "varchar(80)");
#else
	/* renamed: its rows stay */
	name = mig_table_column(users, "full_name", "varchar(80)");
	mig_column_renamed_from(name, "name");
#endif
	mig_column_not_null(name);
	mig_column_unique(mig_table_column(users, "email", "text"));
}

static void declare_results(mig_model *m)
{
	mig_table *results = mig_model_table(m, NULL, "results");
	mig_column *user, *score, *at;

	mig_column_primary_key(mig_table_column(results, "id", "integer"));
	user = mig_table_column(results, "user_id", "integer");
	mig_column_not_null(user);
	mig_column_references(user, "users", "id", "CASCADE");
#if MODEL_VERSION == 1
	score = mig_table_column(results, "score", "smallint");
#else
	mig_column_indexed(user);
	score = mig_table_column(results, "score", "bigint");                      /* wider */
	mig_column_default_bool(mig_table_column(results, "final", "boolean"), 1); /* new */
#endif
	mig_column_not_null(score);
	mig_column_default_int64(score, 0);
	at = mig_table_column(results, "at", "timestamptz");
	mig_column_not_null(at);
	mig_column_default_now(at);
}

static mig_status setup(mig_ctx *ctx, void *user)
{
	mig_model *model;
	mig_status rc = mig_model_of(ctx, &model);

	(void)user;
	if (rc)
		return rc;
	declare_users(model);
	declare_results(model);
	return MIG_OK;
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
