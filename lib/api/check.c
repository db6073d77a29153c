/* check: what can be said of the revisions without running them. */
#include "api/ctx.h"

#include "migrate/plan.h"

mig_status mig_check_sections(mig_ctx *ctx)
{
	static const int32_t directions[] = { MIG_UPGRADE, MIG_DOWNGRADE };
	struct mig__world world;
	struct mig__span order;
	uint8_t transactional;
	mig_status rc = mig__enter_dialect(ctx);

	if (!rc)
		rc = mig__load(ctx, 0);
	if (rc)
		return rc;
	world = mig__world_of(ctx);
	order = mig__graph_order(ctx->graph);
	for (uint32_t i = 0; !rc && i < 2 * order.count; i++) {
		rc = mig__plan_step(&world, order.at[i / 2], directions[i % 2], &ctx->err,
				    &transactional);
		if (rc == MIG_ENO_SECTION || rc == MIG_EIRREVERSIBLE) { /* of other dialects */
			mig__error_clear(&ctx->err);
			rc = MIG_OK;
		}
		if (!rc)
			rc = mig__plan_checks(&world, order.at[i / 2], directions[i % 2],
					      &ctx->err);
	}
	return rc;
}
