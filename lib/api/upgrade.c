/* upgrade: the calls that change a database. */
#include "api/revision.h"
#include "api/statement.h"
#include "base/map.h"

#include <string.h>

static mig_status load(void *user, struct mig__world *out)
{
	mig_ctx *ctx = user;
	mig_status rc = mig__load(ctx, 1);

	if (!rc)
		*out = mig__world_of(ctx);
	return rc;
}

/* Keeps the bundle whose heads it is, or the ids: a block of pointers and, after them, the texts. */
static void on_reached(void *user, struct mig__rows rows)
{
	mig_ctx *ctx = user;
	size_t size = (rows.count + 1) * sizeof(char *);
	const char **ids;
	char *text;

	ctx->reached.done = 1;
	if (ctx->run->heads) {
		ctx->reached.heads = *ctx->run->heads;
		return;
	}
	for (size_t i = 0; i < rows.count; i++)
		size += strlen(rows.ids[i]) + 1;
	ids = mig__malloc(&ctx->alloc, size);
	if (!ids)
		return;
	text = (char *)(ids + rows.count + 1);
	for (size_t i = 0; i < rows.count; i++) {
		size = strlen(rows.ids[i]) + 1;
		ids[i] = memcpy(text, rows.ids[i], size);
		text += size;
	}
	ctx->reached.ids = ids;
	ctx->reached.count = rows.count;
}

/* The heads of the one bundle that all revisions come from, if the target is them. */
static const mig_bundle *target_heads(const mig_ctx *ctx, const char *target)
{
	const mig_bundle *b;

	if (ctx->source_count != 1)
		return NULL;
	b = &ctx->sources[0].bundle;
	if (ctx->sources[0].kind != MIG__BUNDLE || ctx->revisions || !b->head_count || b->declared || !b->heads ||
	    !b->revisions)
		return NULL;
	for (size_t i = 0; i < b->head_count; i++)
		if (b->heads[i] >= b->count)
			return NULL;
	if (!strcmp(target, "heads") || (b->head_count == 1 && !strcmp(target, "head")))
		return b;
	return NULL;
}

struct to {
	int32_t direction;
	const char *target;
};

/* A run of this context, with callbacks connected and its options checked. */
static mig_status run_of(mig_ctx *ctx, const mig_run_options *options, const mig_bundle *heads,
			 struct mig__run *out)
{
	struct mig__run run = { .alloc = &ctx->alloc,
				.err = &ctx->err,
				.db = &ctx->db,
				.heads = heads,
				.load = load,
				.load_user = ctx,
				.progress = ctx->progress,
				.progress_user = ctx->progress_user,
				.step_hooks = ctx->step_hooks,
				.run_hooks = ctx->run_hooks,
				.ctx = ctx,
				.reached = on_reached,
				.reached_user = ctx,
				.snapshots = ctx->snapshots };
	mig_status rc = mig__options_read(&run.options, sizeof run.options, options, &ctx->err);

	if (!rc && (run.options.transaction_mode < 0 || run.options.transaction_mode > 1 ||
		    run.options.edited < 0 || run.options.edited > 2 ||
		    run.options.statement_lock_timeout_ms < -1 ||
		    run.options.statement_timeout_ms < -1 || run.options.retries < -1))
		rc = mig__fail(&ctx->err, MIG_EINVAL, "a run option is out of range");
	*out = run;
	return rc;
}

static mig_status run_to(struct mig__run *run, void *user);

/* Does `work`; the cancel flag is used up by it. */
static mig_status work_on(mig_ctx *ctx, struct mig__run *run,
			  mig_status (*work)(struct mig__run *run, void *user), void *user)
{
	mig_status rc = MIG_OK;

	/* nothing else runs what it reads */
	ctx->keep_room = work == run_to ? MIG__KEEP_SIZE : 0;
	if (!run->heads)
		rc = load(ctx, &run->world);
	if (!rc) {
		ctx->run = run;
		ctx->busy = 1;
		rc = work(run, user);
		mig__stmts_end(&run->statements);
		ctx->busy = 0;
		ctx->run = NULL;
		atomic_store(&ctx->db.cancelled, 0);
	}
	ctx->keep_room = 0;
	if (ctx->revisions)
		mig__set_forget(ctx->set);
	return rc;
}

mig_status mig__work(mig_ctx *ctx, mig_status (*work)(struct mig__run *run, void *user), void *user)
{
	struct mig__run run;
	mig_status rc = run_of(ctx, NULL, NULL, &run);

	return rc ? rc : work_on(ctx, &run, work, user);
}

/* For what changes the database. */
static mig_status go(mig_ctx *ctx, const mig_run_options *options, const mig_bundle *heads,
		     mig_status (*work)(struct mig__run *run, void *user), void *user)
{
	struct mig__run run;
	mig_status rc;

	mig__free(&ctx->alloc, ctx->reached.ids);
	ctx->reached = (struct mig__reached){ 0 };
	rc = run_of(ctx, options, heads, &run);
	if (!rc)
		rc = mig__queries_refuse(ctx);
	return rc ? rc : work_on(ctx, &run, work, user);
}

static mig_status run_to(struct mig__run *run, void *user)
{
	const struct to *to = user;

	return mig__run_to(run, to->direction, to->target);
}

mig_status mig_upgrade_with(mig_ctx *ctx, const char *target, const mig_run_options *options)
{
	struct to to = { MIG_UPGRADE, target };
	mig_status rc = mig__enter_run(ctx);

	if (rc)
		return rc;
	if (!target)
		return mig__fail(&ctx->err, MIG_EINVAL, "the target is NULL: use \"head\"");
	if (ctx->script)
		return mig__script_range(ctx, MIG_UPGRADE, target, options);
	return go(ctx, options, target_heads(ctx, target), run_to, &to);
}

mig_status mig_upgrade(mig_ctx *ctx, const char *target)
{
	return mig_upgrade_with(ctx, target, NULL);
}

mig_status mig_downgrade_with(mig_ctx *ctx, const char *target, const mig_run_options *options)
{
	struct to to = { MIG_DOWNGRADE, target };
	mig_status rc = mig__enter_run(ctx);

	if (rc)
		return rc;
	if (!target)
		return mig__fail(&ctx->err, MIG_EINVAL,
				 "the target is NULL: use \"-1\" or \"base\"");
	if (ctx->script)
		return mig__script_range(ctx, MIG_DOWNGRADE, target, options);
	return go(ctx, options, NULL, run_to, &to);
}

mig_status mig_downgrade(mig_ctx *ctx, const char *target)
{
	return mig_downgrade_with(ctx, target, NULL);
}

/* The ids of the bundle's heads, in one block. */
static const char **ids_of_heads(mig_ctx *ctx, const mig_bundle *b)
{
	const char **ids = mig__malloc(&ctx->alloc, b->head_count * sizeof *ids);
	const char *at = (const char *)b->revisions;

	for (size_t i = 0; ids && i < b->head_count; i++)
		ids[i] = ((const mig_bundle_revision *)(const void *)(at + b->heads[i] *
										 b->revision_size))
				 ->id;
	return ids;
}

mig_status mig_reached(mig_ctx *ctx, mig_revision_list **out)
{
	struct mig__reached *r;
	struct mig__nodes nodes = { 0 };
	mig_status rc = mig__enter_db(ctx);

	if (rc)
		return rc;
	r = &ctx->reached;
	if (!out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the output is NULL");
	if (!r->done)
		return mig__fail(&ctx->err, MIG_EMISUSE,
				 "no upgrade or downgrade of this context has succeeded last");
	if (!r->ids && r->heads.revisions) {
		r->ids = ids_of_heads(ctx, &r->heads);
		r->count = r->heads.head_count;
	}
	rc = r->ids ? mig__load(ctx, 0) : mig__fail_nomem(&ctx->err);
	if (!rc)
		rc = mig__graph_current(ctx->graph, (struct mig__rows){ r->ids, r->count },
					&ctx->err, &nodes);
	if (!rc)
		rc = mig__revision_list_new(ctx, nodes.at, nodes.count, MIG_REVISION_CURRENT, out);
	if (ctx->graph)
		mig__nodes_finish(ctx->graph, &nodes);
	return rc;
}

struct stamp {
	const char *const *targets;
	size_t count;
};

static mig_status run_stamp(struct mig__run *run, void *user)
{
	const struct stamp *stamp = user;

	return mig__run_stamp(run, stamp->targets, stamp->count);
}

mig_status mig_stamp_with(mig_ctx *ctx, const char *const *targets, size_t count,
			  const mig_run_options *options)
{
	struct stamp stamp = { targets, count };
	mig_status rc = mig__enter_run(ctx);

	if (rc)
		return rc;
	if (!targets || !count)
		return mig__fail(&ctx->err, MIG_EINVAL, "stamp needs a target");
	for (size_t i = 0; i < count; i++)
		if (!targets[i])
			return mig__fail(&ctx->err, MIG_EINVAL, "target %zu is NULL", i + 1);
	if (ctx->script && count > 1)
		return mig__fail(&ctx->err, MIG_EINVAL, "a script stamps one target: FROM:TO");
	if (ctx->script)
		return mig__script_range(ctx, MIG_STAMP, targets[0], options);
	return go(ctx, options, NULL, run_stamp, &stamp);
}

mig_status mig_stamp(mig_ctx *ctx, const char *target)
{
	return mig_stamp_with(ctx, &target, 1, NULL);
}

/* Copies, with today's size of a pair. */
static mig_status read_pairs(mig_ctx *ctx, const mig_adopt_options *o, mig_adopt_pair **out)
{
	enum { FIRST_PAIR = MIG__SIZE_TO(mig_adopt_pair, revision) };
	mig_adopt_pair *pairs;
	struct mig__map values;
	mig_status rc = MIG_OK;

	*out = NULL;
	if (!o->pairs)
		return MIG_OK;
	if (o->pair_size < FIRST_PAIR)
		return mig__fail(&ctx->err, MIG_EINVAL, "pair_size is too small for a pair");
	pairs = mig__calloc(&ctx->alloc, o->pair_count + 1, sizeof *pairs);
	if (!pairs)
		return mig__fail_nomem(&ctx->err);
	mig__map_init(&values, &ctx->alloc);
	for (size_t i = 0; !rc && i < o->pair_count; i++) {
		uint32_t old = MIG__NONE;

		rc = mig__options_element(&pairs[i], sizeof *pairs,
					  (const char *)o->pairs + i * o->pair_size, o->pair_size,
					  "a pair", &ctx->err);
		if (!rc && !pairs[i].value)
			rc = mig__fail(&ctx->err, MIG_EINVAL, "the value of pair %zu is NULL",
				       i + 1);
		if (!rc && !mig__map_add(&values, pairs[i].value, strlen(pairs[i].value), (uint32_t)i,
					 &old))
			rc = mig__fail_nomem(&ctx->err);
		if (!rc && old != MIG__NONE)
			rc = mig__fail(&ctx->err, MIG_EINVAL, "the value \"%s\" is in two pairs",
				       pairs[i].value);
	}
	mig__map_finish(&values);
	if (rc)
		mig__free(&ctx->alloc, pairs);
	else
		*out = pairs;
	return rc;
}

static mig_status check_adopt(mig_ctx *ctx, const mig_adopt_options *o)
{
	if (o->table && !*o->table)
		return mig__fail(&ctx->err, MIG_EINVAL, "the name of the version table is empty");
	if (o->column && !*o->column)
		return mig__fail(&ctx->err, MIG_EINVAL, "the name of the column is empty");
	if (o->query && (o->table || o->column))
		return mig__fail(&ctx->err, MIG_EINVAL,
				 "a query goes neither with a table nor with a column");
	if (o->pairs && o->fn)
		return mig__fail(&ctx->err, MIG_EINVAL, "pairs and a function exclude each other");
	return MIG_OK;
}

static mig_status run_adopt(struct mig__run *run, void *user)
{
	return mig__run_adopt(run, user);
}

mig_status mig_adopt_with(mig_ctx *ctx, const mig_adopt_options *options)
{
	mig_adopt_options o;
	mig_adopt_pair *pairs = NULL;
	struct mig__adopt adopt;
	mig_status rc = mig__enter_db(ctx);

	if (!rc)
		rc = mig__options_read(&o, sizeof o, options, &ctx->err);
	if (!rc)
		rc = check_adopt(ctx, &o);
	if (!rc)
		rc = read_pairs(ctx, &o, &pairs);
	if (rc)
		return rc;
	adopt = (struct mig__adopt){ .from = { .table = o.table ? o.table : "alembic_version",
					       .column = o.column ? o.column : "version_num",
					       .query = o.query },
				     .pairs = pairs,
				     .pair_count = o.pair_count,
				     .fn = o.fn,
				     .user = o.user,
				     .once = o.once,
				     .allow_empty = o.allow_empty };
	rc = go(ctx, NULL, NULL, run_adopt, &adopt);
	mig__free(&ctx->alloc, pairs);
	return rc;
}

mig_status mig_adopt(mig_ctx *ctx, const char *table)
{
	mig_adopt_options options = { .struct_size = sizeof options, .table = table };

	return mig_adopt_with(ctx, &options);
}

static mig_status run_verify(struct mig__run *run, void *user)
{
	const struct to *to = user;

	return mig__run_verify(run, to->target);
}

/* Only reads: an open query is not in its way, and where the last run ended stays known. */
mig_status mig_verify(mig_ctx *ctx, const char *target)
{
	struct to to = { MIG_UPGRADE, target ? target : "heads" };
	struct mig__run run;
	mig_status rc = mig__enter_db(ctx);

	if (!rc)
		rc = run_of(ctx, NULL, target_heads(ctx, to.target), &run);
	return rc ? rc : work_on(ctx, &run, run_verify, &to);
}

static mig_status run_ensure(struct mig__run *run, void *user)
{
	(void)user;
	return mig__run_ensure(run);
}

mig_status mig_ensure_version(mig_ctx *ctx)
{
	mig_status rc = mig__enter_run(ctx);

	if (rc)
		return rc;
	return ctx->script ? mig__script_tables(ctx) : go(ctx, NULL, NULL, run_ensure, NULL);
}
