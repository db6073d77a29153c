/* revision: lists of revisions as handles. An entry is a number of the graph; what it says is read
 * from the revisions that the list shares with the context, and digests and sections are added when
 * mig_revision_list_load() asks for them. Not how revisions are found: that is the graph. */
#include "api/revision.h"

#include "base/file.h"

#include <string.h>

/* -- making a list */

/* The first line, if there are more. */
static int take_summary(mig_revision_list *list, mig_revision *r)
{
	const char *message = list->revisions->set.at[r->node].message, *end = strchr(message, '\n');

	r->summary = end ? mig__arena_strndup(&list->arena, message, (size_t)(end - message)) : NULL;
	return !end || r->summary;
}

mig_status mig__revision_list_new(mig_ctx *ctx, const uint32_t *nodes, size_t count, uint32_t flags,
				  mig_revision_list **out)
{
	mig_revision_list *list = mig__calloc(&ctx->alloc, 1, sizeof *list);

	if (!list)
		return mig__fail_nomem(&ctx->err);
	list->alloc = ctx->alloc;
	mig__arena_init(&list->arena, &list->alloc);
	if (count)
		list->revisions = mig__revisions_share(ctx->revisions);
	list->at = mig__arena_alloc(&list->arena, count * sizeof *list->at);
	for (size_t i = 0; list->at && i < count; i++) {
		list->at[i] = (mig_revision){ .list = list, .node = nodes[i], .flags = flags };
		if (!take_summary(list, &list->at[i]))
			list->at = NULL;
	}
	if (!list->at) {
		mig_revision_list_free(list);
		return mig__fail_nomem(&ctx->err);
	}
	list->count = count;
	*out = list;
	return MIG_OK;
}

static const struct mig__script *script_of(const mig_revision *r)
{
	return &r->list->revisions->set.at[r->node];
}

/* What is kept of an entry; NULL without memory. */
static struct mig__more *more_of(const mig_revision *r)
{
	mig_revision *own = &r->list->at[r - r->list->at];

	if (!own->more)
		own->more = mig__arena_zalloc(&r->list->arena, 1, sizeof *own->more);
	return own->more;
}

/* -- what a list leaves out until it is asked for */

static mig_status copy_sections(mig_ctx *ctx, const struct mig__script *script,
				struct mig__arena *arena, struct mig__more *more)
{
	mig_section *sections = mig__arena_zalloc(arena, script->section_count, sizeof *sections);

	if (!sections)
		return mig__fail_nomem(&ctx->err);
	for (size_t i = 0; i < script->section_count; i++)
		if (!mig__section_copy(arena, &script->sections[i].is, &sections[i]))
			return mig__fail_nomem(&ctx->err);
	more->sections = sections;
	more->section_count = script->section_count;
	return MIG_OK;
}

static mig_status load_one(mig_ctx *ctx, struct mig__world *world, mig_revision_list *list,
			   mig_revision *r)
{
	uint32_t node = mig__graph_find(ctx->graph, mig_revision_id(r));
	struct mig__more *more = more_of(r);
	struct mig__script *script;
	mig_status rc;

	if (!more)
		return mig__fail_nomem(&ctx->err);
	if (node == MIG__NO_NODE)
		return mig__fail(&ctx->err, MIG_ENOTFOUND, "revision %s is not in this context",
				 mig_revision_id(r));
	script = &ctx->set->at[node];
	rc = mig__script_load(&ctx->set->arena, script, &ctx->err);
	if (!rc)
		rc = mig__script_digest(&ctx->alloc, script, &ctx->err);
	if (!rc)
		rc = mig__world_chain(&ctx->alloc, world, node, &ctx->err, more->chain);
	if (rc)
		return rc;
	mig__digest_hex(script->digest, more->digest);
	if (mig__script_section(script, MIG_DOWNGRADE, world->dialect, world->database))
		r->flags |= MIG_REVISION_REVERSIBLE;
	return copy_sections(ctx, script, &list->arena, more);
}

mig_status mig_revision_list_load(mig_ctx *ctx, mig_revision_list *list)
{
	struct mig__world world;
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	if (!list)
		return mig__fail(&ctx->err, MIG_EINVAL, "the list is NULL");
	rc = mig__load(ctx, 1);
	if (rc)
		return rc;
	world = mig__world_of(ctx);
	for (size_t i = 0; !rc && i < list->count; i++)
		rc = load_one(ctx, &world, list, &list->at[i]);
	list->has_texts = !rc;
	return rc;
}

/* Reads the file of an entry; its text stays NULL if that fails. */
static void read_text(const mig_revision *r, struct mig__more *more)
{
	struct mig__error err;
	char *text;

	mig__error_init(&err, &r->list->alloc);
	if (!mig__file_read(&r->list->alloc, script_of(r)->file, &err, &text, &more->text_size)) {
		more->text = mig__arena_strndup(&r->list->arena, text, more->text_size);
		mig__free(&r->list->alloc, text);
	}
	mig__error_clear(&err);
}

static const char *text_of(const mig_revision *r, size_t *size)
{
	const struct mig__script *script = script_of(r);
	struct mig__more *more;

	if (!script->on_disk) {
		*size = r->list->has_texts && script->text ? script->text_size : 0;
		return r->list->has_texts ? script->text : NULL;
	}
	more = more_of(r);
	if (more && !more->text)
		read_text(r, more);
	*size = more && more->text ? more->text_size : 0;
	return more ? more->text : NULL;
}

const char *mig_revision_text(const mig_revision *r, size_t *size)
{
	size_t bytes = 0;
	const char *text = r ? text_of(r, &bytes) : NULL;

	if (size)
		*size = bytes;
	return text;
}

/* -- reading a list */

size_t mig_revision_list_count(const mig_revision_list *list)
{
	return list ? list->count : 0;
}

const mig_revision *mig_revision_list_at(const mig_revision_list *list, size_t i)
{
	return list && i < list->count ? &list->at[i] : NULL;
}

void mig_revision_list_free(mig_revision_list *list)
{
	struct mig__alloc alloc;

	if (!list)
		return;
	alloc = list->alloc;
	mig__arena_finish(&list->arena);
	mig__revisions_release(list->revisions);
	mig__free(&alloc, list);
}

static const char *entry(struct mig__list list, size_t i)
{
	return i < list.count ? list.at[i] : NULL;
}

/* The id of node i; NULL past the end. */
static const char *node_id(const mig_revision *r, struct mig__span nodes, size_t i)
{
	return i < nodes.count ? r->list->revisions->set.at[nodes.at[i]].id : NULL;
}

static struct mig__span children(const mig_revision *r)
{
	return mig__graph_children(r->list->revisions->graph, r->node);
}

static struct mig__span dependencies(const mig_revision *r)
{
	return mig__graph_dependencies(r->list->revisions->graph, r->node);
}

const char *mig_revision_id(const mig_revision *r)
{
	return r ? script_of(r)->id : NULL;
}

const char *mig_revision_summary(const mig_revision *r)
{
	return !r ? NULL : r->summary ? r->summary : script_of(r)->message;
}

const char *mig_revision_message(const mig_revision *r)
{
	return r ? script_of(r)->message : NULL;
}

const char *mig_revision_file(const mig_revision *r)
{
	return r ? script_of(r)->file : NULL;
}

const char *mig_revision_created(const mig_revision *r)
{
	return r ? script_of(r)->created : NULL;
}

const mig_header *mig_revision_header(const mig_revision *r)
{
	return r ? &script_of(r)->header : NULL;
}

size_t mig_revision_parent_count(const mig_revision *r)
{
	return r ? script_of(r)->parents.count : 0;
}

const char *mig_revision_parent(const mig_revision *r, size_t i)
{
	return r ? entry(script_of(r)->parents, i) : NULL;
}

size_t mig_revision_child_count(const mig_revision *r)
{
	return r ? children(r).count : 0;
}

const char *mig_revision_child(const mig_revision *r, size_t i)
{
	return r ? node_id(r, children(r), i) : NULL;
}

size_t mig_revision_dependency_count(const mig_revision *r)
{
	return r ? dependencies(r).count : 0;
}

const char *mig_revision_dependency(const mig_revision *r, size_t i)
{
	return r ? node_id(r, dependencies(r), i) : NULL;
}

size_t mig_revision_label_count(const mig_revision *r)
{
	return r ? script_of(r)->labels.count : 0;
}

const char *mig_revision_label(const mig_revision *r, size_t i)
{
	return r ? entry(script_of(r)->labels, i) : NULL;
}

static uint32_t flags_of_graph(const mig_revision *r)
{
	const struct mig__graph *graph = r->list->revisions->graph;
	const struct mig__script *script = script_of(r);
	size_t below = children(r).count;
	uint32_t flags = 0;

	if (!below)
		flags |= MIG_REVISION_HEAD;
	if (!mig__graph_dependents(graph, r->node).count)
		flags |= MIG_REVISION_EFFECTIVE_HEAD;
	if (!script->parents.count)
		flags |= MIG_REVISION_BASE;
	if (below > 1)
		flags |= MIG_REVISION_BRANCH_POINT;
	if (mig__graph_parents(graph, r->node).count > 1)
		flags |= MIG_REVISION_MERGE_POINT;
	if (script->downgrade || script->derive)
		flags |= MIG_REVISION_REVERSIBLE;
	return flags;
}

uint32_t mig_revision_flags(const mig_revision *r)
{
	return r ? r->flags | flags_of_graph(r) : 0;
}

const char *mig_revision_digest(const mig_revision *r)
{
	return !r ? NULL : r->more ? r->more->digest : "";
}

const char *mig_revision_chain(const mig_revision *r)
{
	return !r ? NULL : r->more ? r->more->chain : "";
}

size_t mig_revision_section_count(const mig_revision *r)
{
	return r && r->more ? r->more->section_count : 0;
}

const mig_section *mig_revision_section(const mig_revision *r, size_t i)
{
	return i < mig_revision_section_count(r) ? &r->more->sections[i] : NULL;
}
