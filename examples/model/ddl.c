/* ddl URL: the SQL that makes the database what the model says. With an empty database, that is the
 * model in SQL. Nothing is changed; on PostgreSQL the role must be allowed to create databases. */
#include "magazine.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	mig_ctx *ctx;
	mig_model *model;
	mig_op_list *list = NULL;
	mig_status rc = mig_open(&ctx, argc > 1 ? argv[1] : "sqlite::memory:");

	if (!rc)
		rc = mig_model_of(ctx, &model);
	if (!rc)
		(void)mig_model_declare(model, &magazine); /* mistakes are kept for the next call */
	if (!rc)
		rc = mig_diff(ctx, NULL, &list);
	if (rc)
		fprintf(stderr, "ddl: %s\n", mig_error_message(ctx));
	else
		fputs(mig_op_list_sql(list, MIG_UPGRADE, NULL), stdout);
	mig_op_list_free(list);
	mig_close(ctx);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
