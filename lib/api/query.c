/* query: what is asked about revisions and the database. */
#include "api/revision.h"

#include "base/text.h"

#include <string.h>

/* A call that lists revisions, and needs no database. */
static mig_status enter_list(mig_ctx *ctx, mig_revision_list **out)
{
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	return out ? mig__load(ctx, 0) : mig__fail(&ctx->err, MIG_EINVAL, "the output is NULL");
}

static mig_status list_set(mig_ctx *ctx, enum mig__graph_set which, mig_revision_list **out)
{
	struct mig__span nodes;
	mig_status rc = enter_list(ctx, out);

	if (rc)
		return rc;
	nodes = mig__graph_set(ctx->graph, which);
	return mig__revision_list_new(ctx, nodes.at, nodes.count, 0, out);
}

mig_status mig_heads(mig_ctx *ctx, int32_t effective, mig_revision_list **out)
{
	return list_set(ctx, effective ? MIG__REAL_HEADS : MIG__HEADS, out);
}

mig_status mig_bases(mig_ctx *ctx, mig_revision_list **out)
{
	return list_set(ctx, MIG__BASES, out);
}

mig_status mig_branches(mig_ctx *ctx, mig_revision_list **out)
{
	return list_set(ctx, MIG__BRANCH_POINTS, out);
}

/* Loads, and reads the rows when wanted. */
static mig_status enter_with_rows(mig_ctx *ctx, const void *out, int need, struct mig__arena *arena,
				  struct mig__rows *rows, int32_t *running)
{
	struct mig__store_rows stored = { 0 };
	mig_status rc = need ? mig__enter_db(ctx) : mig__enter(ctx);

	*rows = (struct mig__rows){ 0 };
	if (rc)
		return rc;
	mig__arena_init(arena, &ctx->alloc);
	if (!out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the output is NULL");
	rc = mig__load(ctx, 0);
	if (!rc && need)
		rc = mig__read_rows(ctx, arena, &stored, rows);
	if (running)
		*running = stored.running;
	return rc;
}

mig_status mig_current(mig_ctx *ctx, mig_revision_list **out)
{
	struct mig__nodes nodes = { 0 };
	struct mig__arena arena = { 0 };
	struct mig__rows rows;
	mig_status rc = enter_with_rows(ctx, out, 1, &arena, &rows, NULL);

	if (!rc)
		rc = mig__graph_current(ctx->graph, rows, &ctx->err, &nodes);
	if (!rc)
		rc = mig__revision_list_new(ctx, nodes.at, nodes.count, MIG_REVISION_CURRENT, out);
	if (ctx && ctx->graph)
		mig__nodes_finish(ctx->graph, &nodes);
	if (arena.alloc)
		mig__arena_finish(&arena);
	return rc;
}

mig_status mig_is_at_head(mig_ctx *ctx, int32_t *at_head)
{
	struct mig__arena arena = { 0 };
	struct mig__rows rows;
	struct mig__span heads;
	int32_t running = 0;
	mig_status rc = enter_with_rows(ctx, at_head, 1, &arena, &rows, &running);

	if (!rc) {
		struct mig__nodes nodes = { 0 }; /* unknown rows are an error here, too */

		rc = mig__graph_current(ctx->graph, rows, &ctx->err, &nodes);
		mig__nodes_finish(ctx->graph, &nodes);
	}
	if (!rc) {
		int32_t same;

		heads = mig__graph_set(ctx->graph, MIG__REAL_HEADS);
		same = heads.count == rows.count && !running;
		for (size_t i = 0; same && i < rows.count; i++)
			same = !mig__graph_dependents(ctx->graph,
						      mig__graph_find(ctx->graph, rows.ids[i]))
					.count;
		*at_head = same;
	}
	if (arena.alloc)
		mig__arena_finish(&arena);
	return rc;
}

mig_status mig_show(mig_ctx *ctx, const char *id, mig_revision_list **out)
{
	struct mig__nodes nodes = { 0 };
	mig_status rc;

	if (id && !strcmp(id, "current"))
		return mig_current(ctx, out);
	rc = mig__enter(ctx);
	if (rc)
		return rc;
	if (!id || !out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the identifier or the output is NULL");
	rc = mig__load(ctx, 0);
	if (rc)
		return rc;
	rc = mig__graph_resolve(ctx->graph, id, &ctx->err, &nodes);
	if (!rc)
		rc = mig__revision_list_new(ctx, nodes.at, nodes.count, 0, out);
	mig__nodes_finish(ctx->graph, &nodes);
	return rc;
}

mig_status mig_revisions(mig_ctx *ctx, const char *range, mig_revision_list **out)
{
	struct mig__nodes nodes = { 0 };
	struct mig__arena arena = { 0 };
	struct mig__rows rows;
	int need = mig__text_range_has(range, "current");
	mig_status rc = enter_with_rows(ctx, out, need, &arena, &rows, NULL);

	if (!rc)
		rc = mig__graph_history(ctx->graph, range, rows, &ctx->err, &nodes);
	if (!rc)
		rc = mig__revision_list_new(ctx, nodes.at, nodes.count, 0, out);
	if (ctx && ctx->graph)
		mig__nodes_finish(ctx->graph, &nodes);
	if (arena.alloc)
		mig__arena_finish(&arena);
	return rc;
}

mig_status mig_revisions_in_load_order(mig_ctx *ctx, mig_revision_list **out)
{
	uint32_t *nodes, count;
	mig_status rc = enter_list(ctx, out);

	if (rc)
		return rc;
	count = mig__graph_count(ctx->graph);
	nodes = mig__calloc(&ctx->alloc, (size_t)count + 1, sizeof *nodes);
	if (!nodes)
		return mig__fail_nomem(&ctx->err);
	for (uint32_t i = 0; i < count; i++) /* a node's number is its place in the set */
		nodes[i] = i;
	rc = mig__revision_list_new(ctx, nodes, count, 0, out);
	mig__free(&ctx->alloc, nodes);
	return rc;
}
