/* diff: matches two schemas, decides the fate of each object, and orders what is to be done:
 * match.c, fate.c and order.c, one after the other. */
#include "schema/work.h"

mig_status mig__diff(struct mig__schema *before, struct mig__schema *after,
		     const struct mig__diff_hooks *hooks, struct mig__ops *out)
{
	struct mig__work w = {
		.before = before, .after = after, .hooks = hooks, .err = after->err
	};
	mig_status rc = mig__fate(&w);

	*out = (struct mig__ops){ 0 };
	mig__arena_init(&out->arena, before->alloc);
	if (!rc)
		rc = mig__order(&w, out);
	mig__free(before->alloc, w.old);
	mig__free(before->alloc, w.new);
	mig__free(before->alloc, w.alter);
	if (rc)
		mig__ops_finish(out);
	return rc;
}

void mig__ops_finish(struct mig__ops *ops)
{
	if (ops->arena.alloc)
		mig__arena_finish(&ops->arena);
	*ops = (struct mig__ops){ 0 };
}
