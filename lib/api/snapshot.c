/* snapshot: a snapshot that is made, as a handle. It outlives its context. */
#include "api/statement.h"
#include "migrate/snapshot.h"

#include <string.h>

struct mig_snapshot {
	struct mig__alloc alloc;
	struct mig__snapshot_made made;
	char *dialect, *database; /* copies */
	mig_bundle_snapshot entry;
};

static mig_status run_make(struct mig__run *run, void *user)
{
	return mig__snapshot_make(run, mig__stmts_end, &((mig_snapshot *)user)->made);
}

/* Its own copies of what the context has. */
static mig_status fill_entry(mig_ctx *ctx, mig_snapshot *s)
{
	s->dialect = mig__strdup(&s->alloc, ctx->db.dialect->name);
	s->database = ctx->database ? mig__strdup(&s->alloc, ctx->database) : NULL;
	if (!s->dialect || (ctx->database && !s->database))
		return mig__fail_nomem(&ctx->err);
	s->entry = (mig_bundle_snapshot){ .struct_size = sizeof s->entry,
					  .dialect = s->dialect,
					  .database = s->database,
					  .key = s->made.key,
					  .text = mig__buf_text(&s->made.text),
					  .text_size = s->made.text.len,
					  .statements = s->made.statements,
					  .statement_count = s->made.statement_count };
	memcpy(s->entry.heads, s->made.heads, sizeof s->entry.heads);
	return MIG_OK;
}

mig_status mig_snapshot_make(mig_ctx *ctx, mig_snapshot **out)
{
	mig_snapshot *made;
	mig_status rc = mig__enter_db(ctx);

	if (rc)
		return rc;
	if (!out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the output is NULL");
	made = mig__calloc(&ctx->alloc, 1, sizeof *made);
	if (!made)
		return mig__fail_nomem(&ctx->err);
	made->alloc = ctx->alloc;
	mig__buf_init(&made->made.text, &made->alloc);
	rc = mig__work(ctx, run_make, made);
	made->made.text.alloc = &made->alloc;
	if (!rc)
		rc = fill_entry(ctx, made);
	if (rc)
		mig_snapshot_free(made);
	else
		*out = made;
	return rc;
}

const mig_bundle_snapshot *mig_snapshot_entry(const mig_snapshot *snapshot)
{
	return snapshot ? &snapshot->entry : NULL;
}

void mig_snapshot_free(mig_snapshot *snapshot)
{
	struct mig__alloc alloc;

	if (!snapshot)
		return;
	alloc = snapshot->alloc;
	mig__snapshot_made_finish(&snapshot->alloc, &snapshot->made);
	mig__free(&alloc, snapshot->dialect);
	mig__free(&alloc, snapshot->database);
	mig__free(&alloc, snapshot);
}
