/* op_list: what a comparison has found, as a handle: operations, their words, changes and losses, SQL,
 * remarks, and what is not covered. Not the comparison itself: autogen.c. */
#include "api/op_list.h"
#include "api/change.h"
#include "base/ascii.h"
#include "base/map.h"
#include "base/shown.h"

#include <string.h>

/* -- what is in it */

/* What is in the buffer, which is then empty; NULL without memory. */
static const char *keep_text(mig_op_list *list, struct mig__buf *buf)
{
	const char *kept = buf->failed ? NULL : mig__arena_strdup(&list->arena, mig__buf_text(buf));

	mig__buf_clear(buf);
	return kept;
}

/* The objects that a statement of the dialect drops, by number; NULL without memory. */
static uint8_t *find_dropped(mig_op_list *list)
{
	const struct mig__autogen *a = &list->work;
	size_t count = a->live.count > a->renamed.count ? a->live.count : a->renamed.count;
	uint8_t *dropped = mig__arena_zalloc(&list->arena, count + 1, 1);

	for (size_t i = 0; dropped && i < a->up.count; i++)
		if (a->up.at[i].op.struct_size && a->up.at[i].op.type == MIG_OP_DROP)
			dropped[mig__number(a->up.at[i].op.from)] = 1;
	return dropped;
}

/* A sequence whose drop no statement is for: it goes on as another one's position. */
static int goes_on(const mig_op_list *list, const uint8_t *dropped, const mig_op *op)
{
	return op->type == MIG_OP_DROP && op->from->kind == MIG_KIND_SEQUENCE && list->work.up.count &&
	       !dropped[mig__number(op->from)];
}

static size_t apart_count(const struct mig__autogen *a)
{
	return a->apart ? a->apart->up_ops.count : 0;
}

/* In the order in which they are done. */
static mig_op operation_at(const struct mig__autogen *a, size_t i)
{
	if (i < apart_count(a))
		return a->apart->up_ops.at[i];
	i -= apart_count(a);
	return i < a->rename_up.count ? a->rename_up.at[i] : a->up_ops.at[i - a->rename_up.count];
}

static mig_status fill_operations(mig_op_list *list)
{
	struct mig__autogen *a = &list->work;
	const uint8_t *dropped = find_dropped(list);
	struct mig__buf buf;

	list->count = apart_count(a) + a->rename_up.count + a->up_ops.count;
	list->at = mig__arena_zalloc(&list->arena, list->count + 1, sizeof *list->at);
	list->texts = mig__arena_zalloc(&list->arena, list->count + 1, sizeof *list->texts);
	list->changes = mig__arena_zalloc(&list->arena, list->count + 1, sizeof *list->changes);
	list->losses = mig__arena_zalloc(&list->arena, list->count + 1, sizeof *list->losses);
	if (!dropped || !list->at || !list->texts || !list->changes || !list->losses)
		return mig__fail_nomem(a->err);
	for (size_t i = 0; i < list->count; i++) {
		list->at[i] = operation_at(a, i);
		mig__buf_init(&buf, &list->memory->alloc);
		if (mig__op_is_lossy(&list->at[i]) && goes_on(list, dropped, &list->at[i]))
			list->at[i].flags &= ~(uint32_t)MIG_OP_DESTRUCTIVE;
		mig__op_words(&list->at[i], mig__db_usual_schema(a->db), &buf);
		list->texts[i] = keep_text(list, &buf);
		if (mig__op_is_lossy(&list->at[i])) {
			mig__op_loss(&list->at[i], mig__db_usual_schema(a->db), &buf);
			list->losses[i] = keep_text(list, &buf);
		}
		mig__buf_finish(&buf);
		list->changes[i].at =
			mig__op_changes(&list->arena, &list->at[i], &list->changes[i].count);
		if (!list->texts[i] || !list->changes[i].at ||
		    (!list->losses[i] && mig__op_is_lossy(&list->at[i])))
			return mig__fail_nomem(a->err);
	}
	return MIG_OK;
}

/* Both sections of a pair of scripts; out[MIG_DOWNGRADE].sql NULL: there is none. */
static mig_status fill_sections(mig_op_list *list, const struct mig__autogen *a, mig_section *out)
{
	const struct mig__sql *sql[2] = { &a->up, &a->down };
	const char *missing = a->no_way_back;

	for (int i = 0; i < (missing ? 1 : 2); i++) {
		struct mig__buf buf;

		mig__buf_init(&buf, &list->memory->alloc);
		if (missing) {
			mig__buf_adds(&buf, "-- no downgrade: ");
			mig__shown_add(&buf, missing, strlen(missing));
			mig__buf_adds(&buf, "\n\n");
		}
		mig__sql_text(sql[i], &buf);
		out[i] = (mig_section){
			.direction = i,
			.no_transaction = sql[i]->lone,
			.dialect = list->dialect,
			.sql = keep_text(list, &buf),
			.foreign_keys = sql[i]->keys_off ? -1 : 0,
		};
		mig__buf_finish(&buf);
		if (!out[i].sql)
			return mig__fail_nomem(list->work.err);
	}
	return MIG_OK;
}

/* One section after the other, as one. */
static mig_status join_sections(mig_op_list *list, const mig_section *first, const mig_section *second,
				mig_section *out)
{
	struct mig__buf buf;

	*out = *first;
	mig__buf_init(&buf, &list->memory->alloc);
	mig__buf_addf(&buf, "%s\n%s", first->sql, second->sql);
	out->sql = keep_text(list, &buf);
	mig__buf_finish(&buf);
	out->no_transaction |= second->no_transaction;
	out->foreign_keys = first->foreign_keys ? first->foreign_keys : second->foreign_keys;
	return out->sql ? MIG_OK : mig__fail_nomem(list->work.err);
}

static mig_status fill_sql(mig_op_list *list)
{
	const mig_section *apart = list->apart, *rest = list->rest;
	mig_status rc;

	if (!list->work.apart)
		return fill_sections(list, &list->work, list->sections);
	rc = fill_sections(list, list->work.apart, list->apart);
	if (!rc)
		rc = fill_sections(list, &list->work, list->rest);
	if (!rc)
		rc = join_sections(list, &apart[MIG_UPGRADE], &rest[MIG_UPGRADE],
				   &list->sections[MIG_UPGRADE]);
	if (!rc && apart[MIG_DOWNGRADE].sql && rest[MIG_DOWNGRADE].sql)
		rc = join_sections(list, &rest[MIG_DOWNGRADE], &apart[MIG_DOWNGRADE],
				   &list->sections[MIG_DOWNGRADE]);
	return rc;
}

/* Texts, each once. */
struct once {
	struct mig__map map;
	const char **at;
	size_t *count;
};

static mig_status add_once(mig_op_list *list, struct once *once, const char *text)
{
	uint32_t old;

	if (!mig__map_add(&once->map, text, strlen(text), 1, &old))
		return mig__fail_nomem(list->work.err);
	if (old == MIG__NONE)
		once->at[(*once->count)++] = text;
	return MIG_OK;
}

/* The line begins with a name that has all its parts: "public.t.x: ...". */
static int is_qualified(const char *line)
{
	size_t size = strspn(line, MIG__LETTERS MIG__DIGITS "_");

	return size && line[size] == '.';
}

/* Such a name without the usual schema. */
static size_t usual_size(const mig_op_list *list, const char *line)
{
	const char *usual = mig__db_usual_schema(list->work.db);
	size_t size = strlen(usual);

	return size && !strncmp(line, usual, size) && line[size] == '.' ? size + 1 : 0;
}

/* Each line of what the dialect says of a statement, with the object at its top; once. */
static mig_status add_remarks(mig_op_list *list, struct once *once, const struct mig__statement *s)
{
	const char *top = s->op.struct_size ? mig__top(s->op.to ? s->op.to : s->op.from)->name : NULL;
	mig_status rc = MIG_OK;
	struct mig__buf buf;

	for (const char *line = s->remark; !rc && *line;) {
		size_t size = strcspn(line, "\n");
		const char *kept;

		mig__buf_init(&buf, &list->memory->alloc);
		if (is_qualified(line)) {
			size_t usual = usual_size(list, line);

			line += usual;
			size -= usual;
		} else if (top && (strncmp(line, top, strlen(top)) != 0 || !strchr(": ", line[strlen(top)])))
			mig__buf_addf(&buf, memchr(line, ':', size) ? "%s." : "%s: ", top);
		mig__buf_add(&buf, line, size);
		kept = keep_text(list, &buf);
		mig__buf_finish(&buf);
		rc = kept ? add_once(list, once, kept) : mig__fail_nomem(list->work.err);
		line += size + (line[size] == '\n');
	}
	return rc;
}

static mig_status fill_remarks(mig_op_list *list)
{
	const struct mig__autogen *apart = list->work.apart;
	const struct mig__sql *both[2] = { apart ? &apart->up : NULL, &list->work.up };
	struct once once = { .count = &list->remark_count };
	size_t lines = 0;
	mig_status rc = MIG_OK;

	for (int k = 0; k < 2; k++)
		for (size_t i = 0; both[k] && i < both[k]->count; i++)
			for (const char *p = both[k]->at[i].remark; p; p = strchr(p + 1, '\n'))
				lines++;
	once.at = list->remarks = mig__arena_zalloc(&list->arena, lines + 1, sizeof *list->remarks);
	if (!list->remarks)
		return mig__fail_nomem(list->work.err);
	mig__map_init(&once.map, &list->memory->alloc);
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; !rc && both[k] && i < both[k]->count; i++)
			if (both[k]->at[i].remark)
				rc = add_remarks(list, &once, &both[k]->at[i]);
	mig__map_finish(&once.map);
	return rc;
}

static mig_status fill_uncovered(mig_op_list *list)
{
	const struct mig__schema *schemas[2] = { &list->work.live, &list->work.model };
	struct once once = { .count = &list->uncovered_count };
	size_t count = schemas[0]->uncovered_count + schemas[1]->uncovered_count;
	mig_status rc = MIG_OK;

	once.at = list->uncovered = mig__arena_zalloc(&list->arena, count + 1, sizeof *list->uncovered);
	if (!list->uncovered)
		return mig__fail_nomem(list->work.err);
	mig__map_init(&once.map, &list->memory->alloc);
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; !rc && i < schemas[k]->uncovered_count; i++)
			rc = add_once(list, &once, schemas[k]->uncovered[i]);
	mig__map_finish(&once.map);
	return rc;
}

mig_op_list *mig__op_list_new(mig_ctx *ctx)
{
	mig_op_list *list = mig__calloc(&ctx->alloc, 1, sizeof *list);

	if (!list)
		return NULL;
	list->memory = mig__memory_share(ctx->memory);
	list->dialect = ctx->db.dialect->name;
	mig__arena_init(&list->arena, &list->memory->alloc);
	list->work =
		(struct mig__autogen){ .db = &ctx->db, .alloc = &list->memory->alloc, .err = &ctx->err };
	return list;
}

mig_status mig__op_list_fill(mig_op_list *list)
{
	mig_status rc = fill_operations(list);

	if (!rc)
		rc = fill_sql(list);
	if (!rc)
		rc = fill_remarks(list);
	if (!rc)
		rc = fill_uncovered(list);
	return rc;
}

/* -- what is asked of it */

size_t mig_op_list_count(const mig_op_list *list)
{
	return list ? list->count : 0;
}

const mig_op *mig_op_list_at(const mig_op_list *list, size_t i)
{
	return list && i < list->count ? &list->at[i] : NULL;
}

const char *mig_op_list_text(const mig_op_list *list, size_t i)
{
	return list && i < list->count ? list->texts[i] : NULL;
}

const mig_op_change *mig_op_list_change(const mig_op_list *list, size_t op, size_t i)
{
	return list && op < list->count && i < list->changes[op].count ? &list->changes[op].at[i] : NULL;
}

const char *mig_op_list_loss(const mig_op_list *list, size_t op)
{
	return list && op < list->count ? list->losses[op] : NULL;
}

const char *mig_op_list_remark(const mig_op_list *list, size_t i)
{
	return list && i < list->remark_count ? list->remarks[i] : NULL;
}

const mig_section *mig_op_list_section(const mig_op_list *list, int32_t direction)
{
	return list && (direction == MIG_UPGRADE ||
			(direction == MIG_DOWNGRADE && list->sections[direction].sql))
		       ? &list->sections[direction]
		       : NULL;
}

const char *mig_op_list_sql(const mig_op_list *list, int32_t direction, size_t *size)
{
	const mig_section *section = mig_op_list_section(list, direction);
	const char *sql = section ? section->sql : NULL;

	if (size)
		*size = sql ? strlen(sql) : 0;
	return sql;
}

const char *mig_op_list_dialect(const mig_op_list *list)
{
	return list ? list->dialect : NULL;
}

const char *mig_op_list_unproved(const mig_op_list *list)
{
	return list ? list->unproved : NULL;
}

const char *mig_op_list_rename(const mig_op_list *list, size_t i)
{
	return list && i < list->rename_count ? list->renames[i] : NULL;
}

const char *mig_op_list_uncovered(const mig_op_list *list, size_t i)
{
	return list && i < list->uncovered_count ? list->uncovered[i] : NULL;
}

void mig_op_list_free(mig_op_list *list)
{
	struct mig__memory *memory;

	if (!list)
		return;
	memory = list->memory;
	mig__autogen_finish(&list->work);
	mig__arena_finish(&list->arena);
	mig__free(&memory->alloc, list);
	mig__memory_release(memory);
}
