/* unfinished: a step outside a transaction that was begun and is not finished, as a handle. */
#include "api/ctx.h"
#include "migrate/aim.h"
#include "migrate/journal.h"

struct mig_unfinished {
	struct mig__alloc alloc;
	struct mig__arena arena;
	struct mig__store_running step;
	int64_t total;
	int32_t can_finish;
};

/* Whether this program can finish it, and how long it is. */
static mig_status look_at_section(mig_ctx *ctx, mig_unfinished *u)
{
	struct mig__world world = mig__world_of(ctx);
	uint32_t node = mig__graph_find(ctx->graph, u->step.revision);
	size_t rest;
	mig_status rc = mig__unfinished_check(&world, &u->step, &ctx->err);

	if (!rc && !ctx->set->at[node].upgrade)
		rc = mig__journal_rest(&ctx->alloc, &world, &ctx->db, &u->step, &rest, &u->total);
	u->can_finish = !rc;
	if (rc == MIG_ENOMEM)
		return rc;
	mig__error_clear(&ctx->err); /* the run will say it */
	return MIG_OK;
}

mig_status mig_unfinished_read(mig_ctx *ctx, mig_unfinished **out)
{
	mig_unfinished *u;
	mig_status rc = mig__enter_db(ctx);

	if (rc)
		return rc;
	if (!out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the output is NULL");
	rc = mig__load(ctx, 1);
	if (rc)
		return rc;
	u = mig__calloc(&ctx->alloc, 1, sizeof *u);
	if (!u)
		return mig__fail_nomem(&ctx->err);
	u->alloc = ctx->alloc;
	u->total = -1;
	mig__arena_init(&u->arena, &u->alloc);
	rc = mig__store_read_running(&ctx->db, &u->arena, &u->step);
	if (!rc && u->step.present)
		rc = look_at_section(ctx, u);
	if (!rc && u->step.present) {
		*out = u;
		return MIG_OK;
	}
	mig_unfinished_free(u);
	if (!rc)
		*out = NULL;
	return rc;
}

const char *mig_unfinished_revision(const mig_unfinished *u)
{
	return u ? u->step.revision : NULL;
}

int32_t mig_unfinished_direction(const mig_unfinished *u)
{
	return u ? u->step.direction : MIG_UPGRADE;
}

int64_t mig_unfinished_statements(const mig_unfinished *u)
{
	return u ? u->step.statements : 0;
}

int64_t mig_unfinished_total(const mig_unfinished *u)
{
	return u ? u->total : -1;
}

const char *mig_unfinished_started_at(const mig_unfinished *u)
{
	return u ? u->step.started_at : NULL;
}

const char *mig_unfinished_actor(const mig_unfinished *u)
{
	return u ? u->step.actor : NULL;
}

const char *mig_unfinished_library(const mig_unfinished *u)
{
	return u ? u->step.library : NULL;
}

int32_t mig_unfinished_can_finish(const mig_unfinished *u)
{
	return u ? u->can_finish : 0;
}

void mig_unfinished_free(mig_unfinished *u)
{
	struct mig__alloc alloc;

	if (!u)
		return;
	alloc = u->alloc;
	mig__arena_finish(&u->arena);
	mig__free(&alloc, u);
}
