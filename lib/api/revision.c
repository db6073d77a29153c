/* revision: lists of revisions as handles. A list holds copies of all texts, so it outlives the
 * context; digests and sections are added when mig_revision_list_load() asks for them. Not how
 * revisions are found: that is the graph. */
#include "api/revision.h"

#include "base/file.h"

#include <string.h>

/* -- making a list */

static const char *copy_text(struct mig__arena *arena, const char *text)
{
	return mig__arena_strdup(arena, text ? text : "");
}

/* Copies texts; 0 when there is no memory. */
static int copy_list(struct mig__arena *arena, const char *const *texts, uint32_t count,
		     struct mig__list *out)
{
	const char **copy = mig__arena_zalloc(arena, (size_t)count + 1, sizeof *copy);

	if (!copy)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		if (!(copy[i] = copy_text(arena, texts[i])))
			return 0;
	*out = (struct mig__list){ copy, count };
	return 1;
}

static int copy_nodes(struct mig__arena *arena, const struct mig__graph *graph,
		      struct mig__span nodes, struct mig__list *out)
{
	const char **copy = mig__arena_zalloc(arena, (size_t)nodes.count + 1, sizeof *copy);

	if (!copy)
		return 0;
	for (uint32_t i = 0; i < nodes.count; i++)
		if (!(copy[i] = copy_text(arena, mig__graph_id(graph, nodes.at[i]))))
			return 0;
	*out = (struct mig__list){ copy, nodes.count };
	return 1;
}

static uint32_t flags_of(const mig_ctx *ctx, uint32_t node)
{
	const struct mig__script *script = &ctx->set.at[node];
	uint32_t flags = 0;
	size_t children = mig__graph_children(ctx->graph, node).count;

	if (!children)
		flags |= MIG_REVISION_HEAD;
	if (!mig__graph_dependents(ctx->graph, node).count)
		flags |= MIG_REVISION_EFFECTIVE_HEAD;
	if (!script->parents.count)
		flags |= MIG_REVISION_BASE;
	if (children > 1)
		flags |= MIG_REVISION_BRANCH_POINT;
	if (mig__graph_parents(ctx->graph, node).count > 1)
		flags |= MIG_REVISION_MERGE_POINT;
	if (script->downgrade || script->derive)
		flags |= MIG_REVISION_REVERSIBLE;
	return flags;
}

static int copy_revision(mig_ctx *ctx, struct mig__arena *arena, uint32_t node, mig_revision *out)
{
	const struct mig__script *s = &ctx->set.at[node];
	const char *message = s->message ? s->message : "";

	out->id = copy_text(arena, s->id);
	out->message = copy_text(arena, message);
	out->summary = mig__arena_strndup(arena, message, strcspn(message, "\n"));
	out->created = copy_text(arena, s->created);
	out->header = s->header;
	out->file = s->file ? copy_text(arena, s->file) : NULL;
	out->flags = flags_of(ctx, node);
	out->on_disk = s->on_disk;
	return out->id && out->message && out->summary && out->created && (!s->file || out->file) &&
	       copy_list(arena, s->parents.at, s->parents.count, &out->parents) &&
	       copy_list(arena, s->labels.at, s->labels.count, &out->labels) &&
	       copy_nodes(arena, ctx->graph, mig__graph_children(ctx->graph, node),
			  &out->children) &&
	       copy_nodes(arena, ctx->graph, mig__graph_dependencies(ctx->graph, node),
			  &out->dependencies);
}

mig_status mig__revision_list_new(mig_ctx *ctx, const uint32_t *nodes, size_t count, uint32_t flags,
				  mig_revision_list **out)
{
	mig_revision_list *list = mig__calloc(&ctx->alloc, 1, sizeof *list);

	if (!list)
		return mig__fail_nomem(&ctx->err);
	list->alloc = ctx->alloc;
	mig__arena_init(&list->arena, &list->alloc);
	list->at = mig__arena_zalloc(&list->arena, count, sizeof *list->at);
	for (size_t i = 0; list->at && i < count; i++) {
		if (!copy_revision(ctx, &list->arena, nodes[i], &list->at[i])) {
			list->at = NULL;
			break;
		}
		list->at[i].list = list;
		list->at[i].flags |= flags;
		list->count++;
	}
	if (!list->at) {
		mig_revision_list_free(list);
		return mig__fail_nomem(&ctx->err);
	}
	*out = list;
	return MIG_OK;
}

/* -- what a list leaves out until it is asked for */

static mig_status load_one(mig_ctx *ctx, struct mig__world *world, mig_revision_list *list,
			   mig_revision *r)
{
	uint32_t node = mig__graph_find(ctx->graph, r->id);
	struct mig__script *script;
	mig_section *sections;
	mig_status rc;

	if (node == MIG__NO_NODE)
		return mig__fail(&ctx->err, MIG_ENOTFOUND, "revision %s is not in this context",
				 r->id);
	script = &ctx->set.at[node];
	rc = mig__script_load(&ctx->set.arena, script, &ctx->err);
	if (!rc)
		rc = mig__script_digest(&ctx->alloc, script, &ctx->err);
	if (!rc)
		rc = mig__world_chain(&ctx->alloc, world, node, &ctx->err, r->chain);
	if (rc)
		return rc;
	mig__digest_hex(script->digest, r->digest);
	if (mig__script_section(script, MIG_DOWNGRADE, world->dialect, world->database))
		r->flags |= MIG_REVISION_REVERSIBLE;
	sections = mig__arena_zalloc(&list->arena, script->section_count, sizeof *sections);
	if (!sections)
		return mig__fail_nomem(&ctx->err);
	for (size_t i = 0; i < script->section_count; i++)
		if (!mig__section_copy(&list->arena, &script->sections[i].is, &sections[i]))
			return mig__fail_nomem(&ctx->err);
	if (!script->on_disk && script->text) {
		r->text = mig__arena_strndup(&list->arena, script->text, script->text_size);
		r->text_size = script->text_size;
		if (!r->text)
			return mig__fail_nomem(&ctx->err);
	}
	r->sections = sections;
	r->section_count = script->section_count;
	return MIG_OK;
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
	return rc;
}

/* Reads the file of an entry; its text stays NULL if that fails. */
static void read_text(mig_revision_list *list, mig_revision *r)
{
	struct mig__error err;
	char *text;

	mig__error_init(&err, &list->alloc);
	if (!mig__file_read(&list->alloc, r->file, &err, &text, &r->text_size)) {
		r->text = mig__arena_strndup(&list->arena, text, r->text_size);
		mig__free(&list->alloc, text);
	}
	mig__error_clear(&err);
}

const char *mig_revision_text(const mig_revision *r, size_t *size)
{
	if (r && !r->text && r->on_disk)
		read_text(r->list, &r->list->at[r - r->list->at]);
	if (size)
		*size = r && r->text ? r->text_size : 0;
	return r ? r->text : NULL;
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
	mig__free(&alloc, list);
}

static const char *entry(struct mig__list list, size_t i)
{
	return i < list.count ? list.at[i] : NULL;
}

const char *mig_revision_id(const mig_revision *r)
{
	return r ? r->id : NULL;
}

const char *mig_revision_summary(const mig_revision *r)
{
	return r ? r->summary : NULL;
}

const char *mig_revision_message(const mig_revision *r)
{
	return r ? r->message : NULL;
}

const char *mig_revision_file(const mig_revision *r)
{
	return r ? r->file : NULL;
}

const char *mig_revision_created(const mig_revision *r)
{
	return r ? r->created : NULL;
}

const mig_header *mig_revision_header(const mig_revision *r)
{
	return r ? &r->header : NULL;
}

size_t mig_revision_parent_count(const mig_revision *r)
{
	return r ? r->parents.count : 0;
}

const char *mig_revision_parent(const mig_revision *r, size_t i)
{
	return r ? entry(r->parents, i) : NULL;
}

size_t mig_revision_child_count(const mig_revision *r)
{
	return r ? r->children.count : 0;
}

const char *mig_revision_child(const mig_revision *r, size_t i)
{
	return r ? entry(r->children, i) : NULL;
}

size_t mig_revision_dependency_count(const mig_revision *r)
{
	return r ? r->dependencies.count : 0;
}

const char *mig_revision_dependency(const mig_revision *r, size_t i)
{
	return r ? entry(r->dependencies, i) : NULL;
}

size_t mig_revision_label_count(const mig_revision *r)
{
	return r ? r->labels.count : 0;
}

const char *mig_revision_label(const mig_revision *r, size_t i)
{
	return r ? entry(r->labels, i) : NULL;
}

uint32_t mig_revision_flags(const mig_revision *r)
{
	return r ? r->flags : 0;
}

const char *mig_revision_digest(const mig_revision *r)
{
	return r ? r->digest : NULL;
}

const char *mig_revision_chain(const mig_revision *r)
{
	return r ? r->chain : NULL;
}

size_t mig_revision_section_count(const mig_revision *r)
{
	return r ? r->section_count : 0;
}

const mig_section *mig_revision_section(const mig_revision *r, size_t i)
{
	return r && i < r->section_count ? &r->sections[i] : NULL;
}
