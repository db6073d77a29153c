/* generate: the revision, or the two, made of a difference (mig_autogenerate). Not the difference:
 * autogen.c; nor the file: create.c. */
#include "api/op_list.h"
#include "api/revision.h"
#include "base/file.h"
#include "base/shown.h"

#include <string.h>

/* One call of mig_autogenerate(). */
struct making {
	mig_ctx *ctx;
	mig_autogenerate_options o;
	mig_autogenerate_part own; /* what was compared here */
	struct mig__arena arena;
};

/* The sections of one revision: two for each part. */
struct sections {
	mig_section *at;
	size_t count;
};

static mig_autogenerate_part part_of(const struct making *m, size_t i)
{
	mig_autogenerate_part part = { 0 };

	memcpy(&part, (const char *)m->o.parts + i * m->o.part_size,
	       m->o.part_size < sizeof part ? m->o.part_size : sizeof part);
	return part;
}

/* Nothing unproved without force. */
static mig_status check_parts(const struct making *m)
{
	struct mig__error *err = &m->ctx->err;

	if (m->o.part_size < MIG__SIZE_TO(mig_autogenerate_part, database) || !m->o.part_count)
		return mig__fail(err, MIG_EINVAL, "the parts of a revision are missing");
	for (size_t i = 0; !m->o.force && i < m->o.part_count; i++) {
		mig_autogenerate_part part = part_of(m, i);

		if (mig_op_list_unproved(part.ops))
			return mig__fail(err, MIG_EPROOF, "%s", mig_op_list_unproved(part.ops));
	}
	return MIG_OK;
}

static int any_difference(const struct making *m)
{
	size_t count = 0;

	for (size_t i = 0; i < m->o.part_count; i++)
		count += mig_op_list_count(part_of(m, i).ops);
	return count > 0;
}

/* The part whose operations need a revision of their own first, or NULL. */
static const mig_op_list *any_apart(const struct making *m)
{
	for (size_t i = 0; i < m->o.part_count; i++) {
		const mig_op_list *list = part_of(m, i).ops;

		if (list && list->work.apart)
			return list;
	}
	return NULL;
}

/* The SQL, under a warning if it is not proved. */
static const char *warned(struct making *m, const mig_op_list *list, const char *sql)
{
	const char *text;
	struct mig__buf buf;

	if (!mig_op_list_unproved(list))
		return sql;
	mig__buf_init(&buf, &m->ctx->alloc);
	mig__buf_adds(&buf, "-- warning: this is not proved: ");
	mig__shown_add(&buf, list->unproved, strlen(list->unproved));
	mig__buf_addf(&buf, "\n\n%s", sql);
	text = buf.failed ? NULL : mig__arena_strdup(&m->arena, buf.data);
	mig__buf_finish(&buf);
	return text;
}

/* What a part has in the revision; NULL: it has nothing to do there. */
static const mig_section *sections_of(const mig_op_list *list, int apart)
{
	if (!list || (apart && !list->work.apart))
		return NULL;
	return apart ? list->apart : list->work.apart ? list->rest : list->sections;
}

/* The two sections of each part, which name the dialect: another engine would run the SQL, or half of
 * it, with another meaning. apart: those of the revision in front. */
static mig_status fill_sections(struct making *m, int apart, struct sections *out)
{
	size_t most = 2 * m->o.part_count;

	*out = (struct sections){ .at = mig__arena_zalloc(&m->arena, most, sizeof *out->at) };
	if (!out->at)
		return mig__fail_nomem(&m->ctx->err);
	for (size_t i = 0; i < most; i++) {
		mig_autogenerate_part part = part_of(m, i / 2);
		int32_t direction = i % 2 ? MIG_DOWNGRADE : MIG_UPGRADE;
		const mig_section *given = sections_of(part.ops, apart);
		mig_section *s = &out->at[out->count];

		if (given && !given[direction].sql)
			continue; /* the other one says why */
		out->count++;
		if (given)
			*s = given[direction];
		s->dialect = mig_op_list_dialect(part.ops);
		s->direction = direction;
		s->database = part.database;
		s->sql = given ? warned(m, part.ops, given[direction].sql) : "";
		if (!s->sql)
			return mig__fail_nomem(&m->ctx->err);
	}
	return MIG_OK;
}

/* Hands the sections' text to the caller, those of the revision in front first. */
static mig_status show_sections(struct making *m, const struct sections *apart, const struct sections *rest)
{
	const struct sections *both[2] = { apart, rest };
	mig_ctx *ctx = m->ctx;
	struct mig__buf text;
	mig_status rc;

	mig__buf_init(&text, &ctx->alloc);
	for (int k = 0; k < 2; k++) {
		if (apart->count)
			mig__buf_adds(&text, k ? "\n-- the revision after it\n\n"
					       : "-- a revision of its own\n\n");
		for (size_t i = 0; i < both[k]->count; i++) {
			mig__buf_adds(&text, i ? "\n" : "");
			mig__script_add_directive(&text, &both[k]->at[i]);
			mig__buf_adds(&text, both[k]->at[i].sql);
		}
	}
	if (text.failed) {
		rc = mig__fail_nomem(&ctx->err);
	} else {
		ctx->busy = 1;
		rc = m->o.sections_fn(m->o.user, text.data, text.len);
		ctx->busy = 0;
		if (rc)
			rc = mig__fail(&ctx->err, rc, "the sections could not be written");
	}
	mig__buf_finish(&text);
	return rc;
}

static mig_status write_revision(struct making *m, mig_revision_options *o, const struct sections *sections,
				 mig_revision_list **out)
{
	o->struct_size = sizeof *o;
	o->sections = sections->at;
	o->section_count = sections->count;
	o->section_size = sizeof *sections->at;
	return mig_revision_create(m->ctx, o, out);
}

/* "add a mood: alter enum mood" */
static const char *name_apart(struct making *m, const mig_revision_options *o)
{
	const mig_op_list *list = any_apart(m);
	const char *kept;
	struct mig__buf text;

	mig__buf_init(&text, &m->ctx->alloc);
	mig__buf_addf(&text, "%s%s%s", o->message ? o->message : "", o->message && o->message[0] ? ": " : "",
		      mig_op_list_text(list, 0));
	if (list->work.apart->up_ops.count > 1)
		mig__buf_addf(&text, " and %zu more", list->work.apart->up_ops.count - 1);
	kept = text.failed ? NULL : mig__arena_strdup(&m->arena, text.data);
	mig__buf_finish(&text);
	return kept;
}

/* A list of both. */
static mig_status list_both(mig_ctx *ctx, const char *apart, const mig_revision *rest, mig_revision_list **out)
{
	uint32_t nodes[2] = { mig__graph_find(ctx->graph, apart),
			      mig__graph_find(ctx->graph, mig_revision_id(rest)) };

	return mig__revision_list_new(ctx, nodes, 2, 0, out);
}

/* The revision in front takes the place that was asked for, and its labels and dependencies; the other
 * one follows it. */
static mig_status write_both(struct making *m, mig_revision_options *o, const struct sections *apart,
			     const struct sections *rest, mig_revision_list **out)
{
	mig_revision_list *first = NULL, *second = NULL;
	mig_revision_options front = *o;
	const char *heads[2] = { NULL, NULL };
	mig_status rc;

	front.rev_id = NULL;
	front.message = name_apart(m, o);
	rc = front.message ? write_revision(m, &front, apart, &first) : mig__fail_nomem(&m->ctx->err);
	if (rc)
		return rc;
	heads[0] = mig_revision_id(mig_revision_list_at(first, 0));
	o->heads = heads;
	o->branch_labels = NULL;
	o->depends_on = NULL;
	o->splice = 0;
	rc = write_revision(m, o, rest, &second);
	if (!rc)
		rc = list_both(m->ctx, heads[0], mig_revision_list_at(second, 0), out);
	if (rc && second)
		mig__file_remove(mig_revision_file(mig_revision_list_at(second, 0)));
	if (rc) {
		mig__file_remove(mig_revision_file(mig_revision_list_at(first, 0)));
		mig__unload(m->ctx);
	}
	mig_revision_list_free(first);
	mig_revision_list_free(second);
	return rc;
}

static mig_status make_revisions(struct making *m, mig_revision_list **out)
{
	struct sections apart = { 0 }, rest;
	mig_revision_options revision;
	mig_status rc = any_apart(m) ? fill_sections(m, 1, &apart) : MIG_OK;

	if (!rc)
		rc = fill_sections(m, 0, &rest);
	if (!rc)
		rc = mig__options_read(&revision, sizeof revision, m->o.revision, &m->ctx->err);
	if (rc)
		return rc;
	if (m->o.sections_fn)
		rc = show_sections(m, &apart, &rest);
	else if (apart.count)
		rc = write_both(m, &revision, &apart, &rest, out);
	else
		rc = write_revision(m, &revision, &rest, out);
	return rc;
}

/* Compares the database of the context, for want of parts. */
static mig_status compare_own(struct making *m, mig_op_list **list)
{
	mig_status rc = mig__diff_at_head(m->ctx, m->o.diff, list);

	m->own.ops = *list;
	m->o.parts = &m->own;
	m->o.part_count = 1;
	m->o.part_size = sizeof m->own;
	return rc == MIG_EPROOF && m->o.force ? MIG_OK : rc;
}

mig_status mig_autogenerate(mig_ctx *ctx, const mig_autogenerate_options *options,
			    mig_revision_list **out)
{
	struct making m = { .ctx = ctx };
	mig_op_list *list = NULL;
	int any;
	mig_status rc = mig__enter_db(ctx);

	if (rc)
		return rc;
	if (!out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the output is NULL");
	rc = mig__options_read(&m.o, sizeof m.o, options, &ctx->err);
	if (rc)
		return rc;
	mig__arena_init(&m.arena, &ctx->alloc);
	rc = m.o.parts ? MIG_OK : compare_own(&m, &list);
	if (!rc)
		rc = check_parts(&m);
	any = !rc && any_difference(&m);
	if (any)
		rc = make_revisions(&m, out);
	if (!rc && (!any || m.o.sections_fn))
		rc = mig__revision_list_new(ctx, NULL, 0, 0, out);
	mig__arena_finish(&m.arena);
	mig_op_list_free(list);
	return rc;
}
