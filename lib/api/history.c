/* log: the history table as a handle. */
#include "api/ctx.h"

struct mig_history_list {
	struct mig__alloc alloc;
	struct mig__arena arena;
	mig_history_entry *at;
	size_t count, cap;
	struct mig__error *err; /* while it is read */
};

static mig_status add_entry(void *user, const mig_history_entry *e)
{
	mig_history_list *list = user;
	mig_history_entry *to;
	const char **texts[7];

	if (!mig__grow(&list->alloc, (void **)&list->at, &list->cap, list->count + 1,
		       sizeof *list->at))
		return mig__fail_nomem(list->err);
	to = &list->at[list->count];
	*to = *e;
	texts[0] = &to->revision;
	texts[1] = &to->direction;
	texts[2] = &to->state;
	texts[3] = &to->digest;
	texts[4] = &to->started_at;
	texts[5] = &to->actor;
	texts[6] = &to->library;
	for (size_t i = 0; i < 7; i++) {
		*texts[i] = mig__arena_strdup(&list->arena, *texts[i]);
		if (!*texts[i])
			return mig__fail_nomem(list->err);
	}
	list->count++;
	return MIG_OK;
}

/* Who gets the entries. */
struct reading {
	mig_history_fn fn;
	void *user;
};

static mig_status give_entry(void *user, const struct mig__store_entry *e, const char *library)
{
	const struct reading *to = user;
	const mig_history_entry entry = { .struct_size = sizeof entry,
					  .revision = e->revision,
					  .direction = e->direction,
					  .state = e->state,
					  .digest = e->digest,
					  .started_at = e->started_at,
					  .actor = e->actor,
					  .library = library,
					  .statements = e->statements,
					  .duration_us = e->duration_us };

	return to->fn(to->user, &entry);
}

static mig_status read_all(mig_ctx *ctx, mig_history_fn fn, void *user)
{
	struct reading to = { fn, user };

	return mig__store_history(&ctx->db, give_entry, &to);
}

mig_status mig_history_each(mig_ctx *ctx, mig_history_fn fn, void *user)
{
	mig_status rc = mig__enter_db(ctx);

	if (rc)
		return rc;
	if (!fn)
		return mig__fail(&ctx->err, MIG_EINVAL, "the function is NULL");
	ctx->busy = 1;
	rc = read_all(ctx, fn, user);
	ctx->busy = 0;
	if (rc && !mig_error_message(ctx)[0])
		mig__fail(&ctx->err, rc > 0 ? MIG_ERROR : rc, "the program ended the reading");
	return rc > 0 ? MIG_ERROR : rc;
}

mig_status mig_history_read(mig_ctx *ctx, mig_history_list **out)
{
	mig_history_list *list;
	mig_status rc = mig__enter_db(ctx);

	if (rc)
		return rc;
	if (!out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the output is NULL");
	list = mig__calloc(&ctx->alloc, 1, sizeof *list);
	if (!list)
		return mig__fail_nomem(&ctx->err);
	list->alloc = ctx->alloc;
	list->err = &ctx->err;
	mig__arena_init(&list->arena, &list->alloc);
	rc = read_all(ctx, add_entry, list);
	list->err = NULL;
	if (rc)
		mig_history_list_free(list);
	else
		*out = list;
	return rc;
}

size_t mig_history_list_count(const mig_history_list *list)
{
	return list ? list->count : 0;
}

const mig_history_entry *mig_history_list_at(const mig_history_list *list, size_t i)
{
	return list && i < list->count ? &list->at[i] : NULL;
}

void mig_history_list_free(mig_history_list *list)
{
	struct mig__alloc alloc;

	if (!list)
		return;
	alloc = list->alloc;
	mig__free(&alloc, list->at);
	mig__arena_finish(&list->arena);
	mig__free(&alloc, list);
}
