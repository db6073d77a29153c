/* enter: how every call begins: the last error is cleared, and a call from inside a callback is
 * refused, or one without the database that it needs. Also what the calls hand to the modules
 * below. Not how the revisions are read: source.c. */
#include "api/ctx.h"

mig_status mig__enter(mig_ctx *ctx)
{
	if (!ctx)
		return MIG_EINVAL;
	if (ctx->busy) { /* the record belongs to the call that is going on */
		ctx->err.misused = 1;
		return MIG_EMISUSE;
	}
	mig__error_clear(&ctx->err);
	return MIG_OK;
}

mig_status mig__enter_dialect(mig_ctx *ctx)
{
	mig_status rc = mig__enter(ctx);

	if (!rc && !ctx->db.dialect)
		rc = mig__fail(&ctx->err, MIG_EMISUSE, "the context has no database: give a URL");
	if (!rc && ctx->db.conn && !ctx->offline)
		rc = mig__db_call_begin(&ctx->db);
	return rc;
}

mig_status mig__enter_db(mig_ctx *ctx)
{
	mig_status rc = mig__enter_dialect(ctx);

	if (!rc && ctx->offline)
		rc = mig__fail(&ctx->err, MIG_EMISUSE,
			       "the context was opened without its database");
	if (rc)
		return rc;
	/* of before this call */
	if (atomic_exchange(&ctx->db.cancelled, 0) && ctx->keep_cancel)
		return mig__fail(&ctx->err, MIG_ECANCELLED, "cancelled before it began");
	return MIG_OK;
}

mig_status mig__enter_run(mig_ctx *ctx)
{
	return ctx && ctx->script ? mig__enter_dialect(ctx) : mig__enter_db(ctx);
}

struct mig__world mig__world_of(mig_ctx *ctx)
{
	return (struct mig__world){ .graph = ctx->graph,
				    .set = ctx->set,
				    .dialect = ctx->db.dialect ? ctx->db.dialect->name : NULL,
				    .database = ctx->database,
				    .db = ctx->db.dialect ? &ctx->db : NULL };
}

mig_status mig__read_rows(mig_ctx *ctx, struct mig__arena *arena, struct mig__store_rows *stored,
			  struct mig__rows *rows)
{
	mig_status rc = MIG_OK;

	*stored = (struct mig__store_rows){ 0 };
	if (ctx->db.dialect)
		rc = mig__store_read(&ctx->db, arena, stored);
	*rows = (struct mig__rows){ stored->ids, stored->count };
	return rc;
}
