/* log: the history table as a handle. */
#include "api/ctx.h"

struct mig_history_list {
	struct mig__alloc alloc;
	struct mig__arena arena;
	mig_history_entry *at;
	size_t count, cap;
	struct mig__error *err; /* while it is read */
};

static mig_status add_entry(void *user, const struct mig__store_entry *e, const char *library)
{
	mig_history_list *list = user;
	mig_history_entry *to;
	const char *const texts[] = { e->revision,   e->direction, e->state, e->digest,
				      e->started_at, e->actor,     library };
	const char **fields[7];

	if (!mig__grow(&list->alloc, (void **)&list->at, &list->cap, list->count + 1,
		       sizeof *list->at))
		return mig__fail_nomem(list->err);
	to = &list->at[list->count];
	fields[0] = &to->revision;
	fields[1] = &to->direction;
	fields[2] = &to->state;
	fields[3] = &to->digest;
	fields[4] = &to->started_at;
	fields[5] = &to->actor;
	fields[6] = &to->library;
	for (size_t i = 0; i < 7; i++) {
		*fields[i] = mig__arena_strdup(&list->arena, texts[i]);
		if (!*fields[i])
			return mig__fail_nomem(list->err);
	}
	to->struct_size = sizeof *to;
	to->statements = e->statements;
	to->duration_us = e->duration_us;
	list->count++;
	return MIG_OK;
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
	rc = mig__store_history(&ctx->db, add_entry, list);
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
