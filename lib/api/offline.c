/* offline: a run written as a script, without a database. It is the same run, on a connection that records.
 * What it does not do: know the database. The range says where that is. */
#include "api/statement.h"

#include "base/buf.h"
#include "dialect/record.h"

#include <string.h>

struct offline {
	mig_ctx *ctx;
	struct mig__db record;
	struct mig__run run;
	const char *from; /* where the database is; NULL: at base */
	int told;         /* the range says where it is */
	const char *to;
	mig_status failed;
};

/* "A:B" or "B". The parts are kept by the context. */
static mig_status read_range(struct offline *o, const char *range)
{
	mig_ctx *ctx = o->ctx;
	const char *colon = strchr(range, ':');

	o->to = mig__arena_strdup(&ctx->arena, colon ? colon + 1 : range);
	if (!o->to)
		return mig__fail_nomem(&ctx->err);
	if (strchr(o->to, ':') || !o->to[0])
		return mig__fail(&ctx->err, MIG_EBAD_RANGE, "\"%s\" is not FROM:TO", range);
	o->told = colon && colon != range;
	if (o->told) {
		o->from = mig__arena_strndup(&ctx->arena, range, (size_t)(colon - range));
		if (!o->from)
			return mig__fail_nomem(&ctx->err);
		if (!strcmp(o->from, "base"))
			o->from = NULL;
	}
	return MIG_OK;
}

static void add_parents(struct mig__buf *out, const struct mig__script *script)
{
	for (uint32_t i = 0; i < script->parents.count; i++)
		mig__buf_addf(out, "%s%s", i ? ", " : "", script->parents.at[i]);
	if (!script->parents.count)
		mig__buf_adds(out, "base");
}

/* "Upgrade aaa -> bbb, message" in front of what the step does. */
static int32_t on_progress(void *user, const mig_progress *p)
{
	struct offline *o = user;
	const struct mig__world *world = &o->run.world;
	struct mig__buf line;

	if (p->event != MIG_EVENT_STEP_BEGIN)
		return 0;
	mig__buf_init(&line, &o->ctx->alloc);
	if (p->direction == MIG_DOWNGRADE) {
		mig__buf_addf(&line, "Downgrade %s -> ", p->revision);
		add_parents(&line, &world->set->at[mig__graph_find(world->graph, p->revision)]);
	} else {
		mig__buf_adds(&line, "Upgrade ");
		add_parents(&line, &world->set->at[mig__graph_find(world->graph, p->revision)]);
		mig__buf_addf(&line, " -> %s", p->revision);
	}
	if (p->message && p->message[0])
		mig__buf_addf(&line, ", %.*s", (int)strcspn(p->message, "\n"), p->message);
	o->failed = line.failed ? mig__fail_nomem(&o->ctx->err)
				: mig__record_comment(&o->record, line.data);
	mig__buf_finish(&line);
	return o->failed != MIG_OK;
}

/* The database that the script is for is at the start of the range. */
static mig_status assume_start(struct offline *o)
{
	mig_status rc = MIG_OK;

	if (o->from) {
		mig__record_assume(&o->record, 1);
		rc = mig__run_stamp(&o->run, &o->from, 1);
		mig__record_assume(&o->record, 0);
	}
	if (!o->run.options.purge) /* which is for rows that nobody can name */
		mig__record_expect(&o->record);
	return rc;
}

static mig_status write_range(struct offline *o, int32_t direction, const char *range)
{
	mig_ctx *ctx = o->ctx;
	mig_status rc;

	rc = read_range(o, range);
	if (!rc && direction == MIG_DOWNGRADE && !o->told)
		rc = mig__fail(&ctx->err, MIG_EBAD_RANGE,
			       "a downgrade as a script needs to know where it starts: FROM:TO");
	if (!rc)
		rc = mig__load(ctx, 1);
	if (rc)
		return rc;
	o->run.world = mig__world_of(ctx);
	rc = assume_start(o);
	o->run.progress = on_progress;
	o->run.progress_user = o;
	if (!rc && direction == MIG_STAMP)
		rc = mig__run_stamp(&o->run, &o->to, 1);
	else if (!rc)
		rc = mig__run_to(&o->run, direction, o->to);
	return rc;
}

enum { NO_DIRECTION = -1 }; /* libmig's tables alone */

static mig_status write_script(mig_ctx *ctx, int32_t direction, const char *range,
			       const mig_run_options *options)
{
	struct offline o = { .ctx = ctx };
	mig_status rc = mig__options_read(&o.run.options, sizeof o.run.options, options, &ctx->err);

	if (!rc)
		rc = mig__record_open(&ctx->db, ctx->script, ctx->script_user, &o.record);
	if (rc)
		return rc;
	o.run.alloc = &ctx->alloc;
	o.run.err = &ctx->err;
	o.run.ctx = ctx;
	o.run.db = &o.record;
	o.run.step_hooks = ctx->step_hooks; /* their SQL is part of the script */
	o.run.run_hooks = ctx->run_hooks;
	ctx->busy = 1;
	rc = direction == NO_DIRECTION ? mig__run_ensure(&o.run)
				       : write_range(&o, direction, range);
	mig__stmts_end(&o.run.statements);
	ctx->busy = 0;
	if (rc && o.failed)
		rc = mig__fail(&ctx->err, o.failed, "the script could not be written");
	mig__db_close(&o.record);
	return rc;
}

mig_status mig__script_range(mig_ctx *ctx, int32_t direction, const char *range,
			     const mig_run_options *options)
{
	return write_script(ctx, direction, range, options);
}

mig_status mig__script_tables(mig_ctx *ctx)
{
	return write_script(ctx, NO_DIRECTION, NULL, NULL);
}
