/* plan: what a run would do, as a handle. */
#include "api/revision.h"
#include "migrate/rows.h"

#include <string.h>

/* Copies of everything but the SQL, which is read when it is asked for: it outlives the context. */
struct mig_plan {
	mig_revision_list *revisions;
	uint8_t *transactional;
	struct {
		size_t offset, size; /* of the section in the revision's text */
		int32_t has;
	} * sections;
	char **sql;
	int32_t direction;
};

static mig_status plan_fill(mig_ctx *ctx, struct mig__world *world, const struct mig__plan *plan,
			    mig_plan *out)
{
	size_t count = plan->route.step_count;
	struct mig__arena *arena;
	uint32_t *nodes = mig__calloc(&ctx->alloc, count ? count : 1, sizeof *nodes);
	mig_status rc;

	if (!nodes)
		return mig__fail_nomem(&ctx->err);
	for (size_t i = 0; i < count; i++)
		nodes[i] = plan->route.steps[i].node;
	rc = mig__revision_list_new(ctx, nodes, count, 0, &out->revisions);
	if (rc)
		goto out;
	arena = &out->revisions->arena;
	out->transactional = mig__arena_zalloc(arena, count, 1);
	out->sections = mig__arena_zalloc(arena, count, sizeof *out->sections);
	out->sql = mig__arena_zalloc(arena, count, sizeof *out->sql);
	if (!out->transactional || !out->sections || !out->sql) {
		rc = mig__fail_nomem(&ctx->err);
		goto out;
	}
	for (size_t i = 0; i < count; i++) {
		const struct mig__script *script = &ctx->set.at[nodes[i]];
		const struct mig__section *section = mig__script_section(
			script, out->direction, world->dialect, world->database);

		out->transactional[i] = plan->transactional[i];
		if (script->upgrade || !section)
			continue;
		out->sections[i].has = 1;
		out->sections[i].offset = section->offset;
		out->sections[i].size = section->size;
		if (!script->on_disk && script->text) {
			mig_revision *r = &out->revisions->at[i];

			r->text = mig__arena_strndup(arena, script->text, script->text_size);
			r->text_size = script->text_size;
			if (!r->text) {
				rc = mig__fail_nomem(&ctx->err);
				goto out;
			}
		}
	}
out:
	mig__free(&ctx->alloc, nodes);
	return rc;
}

static mig_status plan_new(mig_ctx *ctx, const char *target, int32_t direction, mig_plan **out)
{
	struct mig__world world;
	struct mig__plan plan = { 0 };
	struct mig__version_rows rows;
	mig_plan *made;
	mig_status rc = mig__enter_db(ctx);

	if (rc)
		return rc;
	if (!target || !out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the target or the output is NULL");
	rc = mig__load(ctx, 1);
	if (rc)
		return rc;
	world = mig__world_of(ctx);
	made = mig__calloc(&ctx->alloc, 1, sizeof *made);
	if (!made)
		return mig__fail_nomem(&ctx->err);
	made->direction = direction;
	mig__version_init(&rows, &ctx->alloc);
	rc = mig__version_read(&ctx->db, &rows, NULL);
	if (!rc)
		rc = mig__version_check(&ctx->db, &ctx->alloc, &world, MIG_EDITED_ERROR, &rows);
	if (!rc)
		rc = mig__plan_make(&ctx->alloc, &world,
				    (struct mig__rows){ rows.stored.ids, rows.stored.count },
				    direction, target, &ctx->err, &plan);
	if (!rc)
		rc = plan_fill(ctx, &world, &plan, made);
	mig__plan_finish(&ctx->alloc, &world, &plan);
	mig__version_finish(&rows);
	if (!rc) {
		*out = made;
	} else {
		mig_revision_list_free(made->revisions);
		mig__free(&ctx->alloc, made);
	}
	return rc;
}

mig_status mig_plan_upgrade(mig_ctx *ctx, const char *target, mig_plan **out)
{
	return plan_new(ctx, target, MIG_UPGRADE, out);
}

mig_status mig_plan_downgrade(mig_ctx *ctx, const char *target, mig_plan **out)
{
	return plan_new(ctx, target, MIG_DOWNGRADE, out);
}

size_t mig_plan_count(const mig_plan *plan)
{
	return plan ? plan->revisions->count : 0;
}

const mig_revision *mig_plan_revision(const mig_plan *plan, size_t i)
{
	return plan ? mig_revision_list_at(plan->revisions, i) : NULL;
}

int32_t mig_plan_direction(const mig_plan *plan)
{
	return plan ? plan->direction : MIG_UPGRADE;
}

int32_t mig_plan_transactional(const mig_plan *plan, size_t i)
{
	return plan && i < plan->revisions->count ? plan->transactional[i] : 0;
}

const char *mig_plan_sql(mig_plan *plan, size_t i, size_t *size)
{
	const char *text;
	size_t text_size;

	if (size)
		*size = 0;
	if (!plan || i >= plan->revisions->count || !plan->sections[i].has)
		return NULL;
	text = mig_revision_text(plan->revisions, i, &text_size);
	if (!text || plan->sections[i].offset > text_size ||
	    plan->sections[i].size > text_size - plan->sections[i].offset)
		return NULL;
	if (!plan->sql[i])
		plan->sql[i] =
			mig__arena_strndup(&plan->revisions->arena, text + plan->sections[i].offset,
					   plan->sections[i].size);
	if (size && plan->sql[i])
		*size = plan->sections[i].size;
	return plan->sql[i];
}

void mig_plan_free(mig_plan *plan)
{
	struct mig__alloc alloc;

	if (!plan)
		return;
	alloc = plan->revisions->alloc;
	mig_revision_list_free(plan->revisions);
	mig__free(&alloc, plan);
}
