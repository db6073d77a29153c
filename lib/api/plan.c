/* plan: what a run would do, as a handle. */
#include "api/revision.h"
#include "migrate/aim.h"
#include "migrate/journal.h"
#include "migrate/snapshot.h"

#include <string.h>

/* Its revisions are a list like others, and so it outlives the context. The SQL of files is read when it is
 * asked for. */
struct mig_plan {
	mig_revision_list *revisions;
	mig_revision_list *current;
	uint8_t *transactional;
	int32_t unfinished; /* step 0 was begun by an earlier process */
	int32_t unfinished_direction;
	int64_t statements_done;
	struct {
		size_t offset, size; /* of the section in the revision's text */
		const char *sql;     /* NULL until asked for */
		int32_t has;
	} * sections;
	int32_t direction;
	int32_t snapshot; /* one would run in place of the steps */
};

/* One call of plan_new(). */
struct planning {
	mig_ctx *ctx;
	struct mig__world world;
	struct mig__version_rows rows;
	struct mig__store_running running;
	struct mig__arena arena;
	struct mig__aim aim;
	struct mig__plan plan;
	mig_plan *made;
};

/* Where the SQL of a step is. */
static void fill_sql(struct planning *p, size_t i, uint32_t node)
{
	const struct mig__script *script = &p->ctx->set->at[node];
	mig_plan *out = p->made;
	const struct mig__section *section =
		mig__script_section(script, mig_plan_step_direction(out, i), p->world.dialect,
				    p->world.database);

	if (script->upgrade || !section)
		return;
	out->sections[i].has = 1;
	out->sections[i].offset = section->is.offset;
	out->sections[i].size = section->is.size;
}

/* Of the unfinished step the rest alone. */
static mig_status leave_rest(struct planning *p)
{
	mig_plan *out = p->made;
	size_t done = 0;
	int64_t total;
	mig_status rc;

	if (!p->running.present || !out->sections[0].has)
		return MIG_OK;
	rc = mig__journal_rest(&p->ctx->alloc, &p->world, &p->ctx->db, &p->running, &done, &total);
	if (rc)
		return rc;
	out->sections[0].offset += done;
	out->sections[0].size -= done;
	return MIG_OK;
}

static mig_status plan_fill(struct planning *p)
{
	mig_ctx *ctx = p->ctx;
	mig_plan *out = p->made;
	size_t first = p->running.present != 0, count = p->plan.route.step_count + first;
	uint32_t *nodes = mig__calloc(&ctx->alloc, count + 1, sizeof *nodes);
	struct mig__arena *arena;
	mig_status rc;

	if (!nodes)
		return mig__fail_nomem(&ctx->err);
	if (first)
		nodes[0] = mig__graph_find(ctx->graph, p->running.revision);
	for (size_t i = first; i < count; i++)
		nodes[i] = p->plan.route.steps[i - first].node;
	rc = mig__revision_list_new(ctx, nodes, count, 0, &out->revisions);
	if (rc)
		goto out;
	out->revisions->has_texts = 1;
	arena = &out->revisions->arena;
	out->transactional = mig__arena_zalloc(arena, count, 1);
	out->sections = mig__arena_zalloc(arena, count, sizeof *out->sections);
	if (!out->transactional || !out->sections)
		rc = mig__fail_nomem(&ctx->err);
	for (size_t i = 0; !rc && i < count; i++) {
		if (i >= first)
			out->transactional[i] = p->plan.transactional[i - first];
		fill_sql(p, i, nodes[i]);
	}
	if (!rc)
		rc = leave_rest(p);
out:
	mig__free(&ctx->alloc, nodes);
	return rc;
}

/* Flags the steps whose revision is one of the nodes. */
static mig_status mark_current(struct planning *p, const struct mig__nodes *nodes)
{
	const mig_revision_list *steps = p->made->revisions;
	uint8_t *is;

	if (!nodes->count)
		return MIG_OK;
	is = mig__calloc(&p->ctx->alloc, mig__graph_count(p->ctx->graph), 1);
	if (!is)
		return mig__fail_nomem(&p->ctx->err);
	for (uint32_t i = 0; i < nodes->count; i++)
		is[nodes->at[i]] = 1;
	for (size_t i = 0; i < steps->count; i++)
		if (is[steps->at[i].node])
			steps->at[i].flags |= MIG_REVISION_CURRENT;
	mig__free(&p->ctx->alloc, is);
	return MIG_OK;
}

/* Where the database is. */
static mig_status fill_current(struct planning *p)
{
	mig_ctx *ctx = p->ctx;
	struct mig__rows rows = { p->rows.stored.ids, p->rows.stored.count };
	struct mig__nodes nodes = { 0 };
	mig_status rc = mig__graph_current(ctx->graph, rows, &ctx->err, &nodes);

	if (!rc)
		rc = mig__revision_list_new(ctx, nodes.at, nodes.count, MIG_REVISION_CURRENT,
					    &p->made->current);
	if (!rc)
		rc = mark_current(p, &nodes);
	mig__nodes_finish(ctx->graph, &nodes);
	return rc;
}

/* As a run of this context would decide, without the lock. */
static mig_status fill_snapshot(struct planning *p)
{
	mig_ctx *ctx = p->ctx;
	struct mig__run run = { .alloc = &ctx->alloc,
				.err = &ctx->err,
				.db = &ctx->db,
				.world = p->world,
				.step_hooks = ctx->step_hooks,
				.snapshots = ctx->snapshots };
	const mig_bundle_snapshot *chosen = NULL;
	mig_status rc = MIG_OK;

	if (mig__snapshot_may(&run, p->aim.direction, &p->rows.stored, p->running.present, &p->plan))
		rc = mig__snapshot_choose(&run, &chosen);
	p->made->snapshot = chosen != NULL;
	return rc;
}

/* The rows to plan from: those of the table, or when the unfinished step is finished. */
static mig_status plan_make(struct planning *p)
{
	mig_ctx *ctx = p->ctx;
	struct mig__rows rows;
	mig_status rc = mig__aim_read(&ctx->db, &p->rows, &p->arena, &p->running);

	if (!rc)
		rc = mig__version_check(&ctx->db, &ctx->alloc, &p->world, MIG_EDITED_ERROR, &p->rows);
	if (!rc && p->rows.stored.running && !p->running.present)
		rc = mig__unfinished_lost(&p->rows.stored, &ctx->err);
	rows = (struct mig__rows){ p->rows.stored.ids, p->rows.stored.count };
	if (!rc)
		rc = mig__aim_take(&ctx->alloc, &p->world, rows, &p->running, &ctx->err, &p->aim);
	if (!rc && p->running.present)
		rc = mig__unfinished_after(&ctx->alloc, &p->world, rows, &p->running, &p->arena,
					   &ctx->err, &rows);
	if (!rc)
		rc = mig__aim_plan(&ctx->alloc, &p->world, rows, &p->aim, &ctx->err, &p->plan);
	if (rc)
		return rc;
	p->made->unfinished = p->running.present;
	p->made->unfinished_direction = p->running.direction;
	p->made->statements_done = p->running.statements;
	rc = plan_fill(p);
	if (!rc)
		rc = fill_snapshot(p);
	return rc ? rc : fill_current(p);
}

static mig_status plan_new(mig_ctx *ctx, const char *target, int32_t direction, mig_plan **out)
{
	struct planning p = { .ctx = ctx, .aim = { .direction = direction, .target = target } };
	mig_status rc = mig__enter_db(ctx);

	if (rc)
		return rc;
	if (!target || !out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the target or the output is NULL");
	rc = mig__load(ctx, 1);
	if (rc)
		return rc;
	p.world = mig__world_of(ctx);
	p.made = mig__calloc(&ctx->alloc, 1, sizeof *p.made);
	if (!p.made)
		return mig__fail_nomem(&ctx->err);
	p.made->direction = direction;
	mig__version_init(&p.rows, &ctx->alloc);
	mig__arena_init(&p.arena, &ctx->alloc);
	rc = plan_make(&p);
	mig__plan_finish(&ctx->alloc, &p.world, &p.plan);
	mig__aim_finish(&p.world, &p.aim);
	mig__version_finish(&p.rows);
	mig__arena_finish(&p.arena);
	if (!rc) {
		*out = p.made;
	} else {
		mig_revision_list_free(p.made->current);
		mig_revision_list_free(p.made->revisions);
		mig__free(&ctx->alloc, p.made);
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

const mig_revision_list *mig_plan_current(const mig_plan *plan)
{
	return plan ? plan->current : NULL;
}

int32_t mig_plan_direction(const mig_plan *plan)
{
	return plan ? plan->direction : MIG_UPGRADE;
}

int32_t mig_plan_step_direction(const mig_plan *plan, size_t i)
{
	return plan && plan->unfinished && !i ? plan->unfinished_direction : mig_plan_direction(plan);
}

int64_t mig_plan_statements_done(const mig_plan *plan, size_t i)
{
	return plan && plan->unfinished && !i ? plan->statements_done : -1;
}

int32_t mig_plan_snapshot(const mig_plan *plan)
{
	return plan ? plan->snapshot : 0;
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
	text = mig_revision_text(mig_revision_list_at(plan->revisions, i), &text_size);
	if (!text || plan->sections[i].offset > text_size ||
	    plan->sections[i].size > text_size - plan->sections[i].offset)
		return NULL;
	if (!plan->sections[i].sql)
		plan->sections[i].sql =
			mig__arena_strndup(&plan->revisions->arena, text + plan->sections[i].offset,
					   plan->sections[i].size);
	if (size && plan->sections[i].sql)
		*size = plan->sections[i].size;
	return plan->sections[i].sql;
}

void mig_plan_free(mig_plan *plan)
{
	struct mig__alloc alloc;

	if (!plan)
		return;
	alloc = plan->revisions->alloc;
	mig_revision_list_free(plan->current);
	mig_revision_list_free(plan->revisions);
	mig__free(&alloc, plan);
}
