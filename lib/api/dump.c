/* dump: the database's schema, as a list of the operations that create it. */
#include "api/op_list.h"

#include "api/ctx.h"

static mig_status dump(mig_ctx *ctx, mig_op_list *list)
{
	mig_status rc = mig__db_find_default_schema(&ctx->db);

	if (!rc)
		rc = mig__autogen_dump(&list->work);
	mig__db_close_spare(&ctx->db);
	return rc ? rc : mig__op_list_fill(list);
}

mig_status mig_dump(mig_ctx *ctx, mig_op_list **out)
{
	mig_op_list *list;
	mig_status rc = mig__enter_db(ctx);

	if (rc)
		return rc;
	if (!out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the output is NULL");
	if (!MIG__SCHEMA_SLOT(&ctx->db, inspect) || !MIG__SCHEMA_SLOT(&ctx->db, render))
		return mig__fail(&ctx->err, MIG_EUNSUPPORTED, "dialect %s cannot read schemas",
				 ctx->db.dialect->name);
	list = mig__op_list_new(ctx);
	if (!list)
		return mig__fail_nomem(&ctx->err);
	ctx->busy = 1;
	rc = dump(ctx, list);
	ctx->busy = 0;
	atomic_store(&ctx->db.cancelled, 0);
	if (rc)
		mig_op_list_free(list);
	else
		*out = list;
	return rc;
}
