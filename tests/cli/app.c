/* An application's module for test_autogenerate: a table, and a revision in C. With APP_RETURNS in
 * the environment its setup returns that; built with NO_SETUP it has none. */
#include <dlfcn.h>
#include <mig/cli.h>
#include <mig/model.h>
#include <stdlib.h>
#include <string.h>

/* Whether an address of libmig is in the library that the module's own calls go to. */
static int is_same_library(const void *called_from)
{
	mig_status (*callee)(mig_step *, const char *) = mig_step_exec;
	Dl_info caller, own;

	return dladdr(called_from, &caller) && dladdr(*(void **)&callee, &own) &&
	       !strcmp(caller.dli_fname, own.dli_fname);
}

static mig_status make(void *user, mig_step *step)
{
	(void)user;
	if (!is_same_library(__builtin_return_address(0)))
		return mig_step_fail(step, "there are two copies of libmig");
	return mig_step_exec(step, "CREATE TABLE made (x INTEGER)");
}

static mig_status declare(mig_ctx *ctx)
{
	mig_model *model;
	mig_table *table;
	mig_status rc = mig_model_of(ctx, &model);

	if (rc)
		return rc;
	table = mig_model_table(model, NULL, "made");
	mig_table_column(table, "x", "integer");
	table = mig_model_table(model, NULL, "declared");
	mig_column_primary_key(mig_table_column(table, "id", "integer"));
	return MIG_OK;
}

#ifdef NO_SETUP
mig_status mig_app_other(mig_ctx *ctx);
#define mig_app_setup mig_app_other
#endif
MIG_EXPORT mig_status mig_app_setup(mig_ctx *ctx)
{
	const mig_revision_def def = {
		.struct_size = sizeof def, .id = "made", .message = "made in C", .upgrade = make
	};
	const char *returns = getenv("APP_RETURNS");
	mig_status rc = declare(ctx);

	if (!rc)
		rc = mig_add_revision(ctx, &def);
	return rc || !returns ? rc : (mig_status)atoi(returns);
}
