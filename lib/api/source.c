/* source: where revisions come from, and the set and graph made of them. */
#include "api/ctx.h"

#include "base/buf.h"
#include "base/file.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

static mig_status add(mig_ctx *ctx, const struct mig__source *source)
{
	if (!mig__grow(&ctx->alloc, (void **)&ctx->sources, &ctx->source_cap, ctx->source_count + 1,
		       sizeof *ctx->sources))
		return mig__fail_nomem(&ctx->err);
	ctx->sources[ctx->source_count++] = *source;
	mig__unload(ctx);
	return MIG_OK;
}

static mig_status keep(mig_ctx *ctx, const char *text, const char **out)
{
	*out = text ? mig__arena_strdup(&ctx->arena, text) : NULL;
	return text && !*out ? mig__fail_nomem(&ctx->err) : MIG_OK;
}

mig_status mig_add_directory(mig_ctx *ctx, const char *path)
{
	return mig_add_directory_with(ctx, path, NULL);
}

mig_status mig_add_directory_with(mig_ctx *ctx, const char *path,
				  const mig_directory_options *options)
{
	struct mig__source source = { .kind = MIG__FOLDER };
	mig_directory_options o;
	struct mig__buf versions;
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	rc = mig__options_read(&o, sizeof o, options, &ctx->err);
	if (rc)
		return rc;
	if (!path || !path[0])
		return mig__fail(&ctx->err, MIG_EINVAL, "the folder's path is missing");
	source.recursive = o.recursive;
	mig__buf_init(&versions, &ctx->alloc);
	mig__buf_addf(&versions, "%s%sversions", path, path[strlen(path) - 1] == '/' ? "" : "/");
	if (versions.failed)
		rc = mig__fail_nomem(&ctx->err);
	else if (!o.exact && mig__file_kind(versions.data) == MIG__FILE_FOLDER)
		rc = keep(ctx, versions.data, &source.name);
	else
		rc = keep(ctx, path, &source.name);
	mig__buf_finish(&versions);
	return rc ? rc : add(ctx, &source);
}

mig_status mig_add_script(mig_ctx *ctx, const char *name, const char *text, size_t size)
{
	struct mig__source source = { .kind = MIG__TEXT, .size = size };
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	if (!name || !text)
		return mig__fail(&ctx->err, MIG_EINVAL, "a script needs a name and a text");
	rc = keep(ctx, name, &source.name);
	if (rc)
		return rc;
	source.text = mig__arena_strndup(&ctx->arena, text, size);
	return source.text ? add(ctx, &source) : mig__fail_nomem(&ctx->err);
}

/* Copies the bundle's snapshots, in today's size, to the front of the context's. */
static mig_status keep_snapshots(mig_ctx *ctx, const mig_bundle *bundle)
{
	enum { FIRST_SNAPSHOT = MIG__SIZE_TO(mig_bundle_snapshot, heads) };
	struct mig__snapshots *list;
	mig_bundle_snapshot *at;
	mig_status rc = MIG_OK;

	if (!bundle->snapshot_count)
		return MIG_OK;
	if (!bundle->snapshots || bundle->snapshot_size < FIRST_SNAPSHOT ||
	    bundle->snapshot_size % alignof(mig_bundle_snapshot))
		return mig__fail(&ctx->err, MIG_EINVAL, "bundle: its snapshots are malformed");
	list = mig__arena_zalloc(&ctx->arena, 1, sizeof *list);
	at = mig__arena_zalloc(&ctx->arena, bundle->snapshot_count, sizeof *at);
	if (!list || !at)
		return mig__fail_nomem(&ctx->err);
	for (size_t i = 0; !rc && i < bundle->snapshot_count; i++) {
		rc = mig__options_element(&at[i], sizeof *at,
					  (const char *)bundle->snapshots + i * bundle->snapshot_size,
					  bundle->snapshot_size, "bundle: a snapshot", &ctx->err);
		if (!rc && (!at[i].dialect || !at[i].key || !at[i].text || at[i].text[at[i].text_size]))
			rc = mig__fail(&ctx->err, MIG_EINVAL,
				       "bundle: a snapshot has no dialect, key or text");
	}
	if (rc)
		return rc;
	*list = (struct mig__snapshots){ at, bundle->snapshot_count, ctx->snapshots };
	ctx->snapshots = list;
	return MIG_OK;
}

mig_status mig_add_bundle(mig_ctx *ctx, const mig_bundle *bundle)
{
	struct mig__source source = { .kind = MIG__BUNDLE };
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	if (!bundle)
		return mig__fail(&ctx->err, MIG_EINVAL, "the bundle is NULL");
	rc = mig__bundle_check(bundle, &ctx->err);
	if (!rc)
		rc = mig__options_read(&source.bundle, sizeof source.bundle, bundle, &ctx->err);
	if (!rc)
		rc = keep_snapshots(ctx, &source.bundle);
	return rc ? rc : add(ctx, &source);
}

mig_status mig_add_source(mig_ctx *ctx, mig_source_fn fn, void *user)
{
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	if (!fn)
		return mig__fail(&ctx->err, MIG_EINVAL, "the function is NULL");
	return add(ctx, &(struct mig__source){ .kind = MIG__CALLBACK, .fn = fn, .user = user });
}

static mig_status keep_list(mig_ctx *ctx, const char *const *list, const char *const **out)
{
	size_t count = 0;
	const char **copy;
	mig_status rc = MIG_OK;

	*out = NULL;
	if (!list)
		return MIG_OK;
	while (list[count])
		count++;
	copy = mig__arena_zalloc(&ctx->arena, count + 1, sizeof *copy);
	if (!copy)
		return mig__fail_nomem(&ctx->err);
	for (size_t i = 0; !rc && i < count; i++)
		rc = keep(ctx, list[i], &copy[i]);
	*out = copy;
	return rc;
}

mig_status mig_add_revision(mig_ctx *ctx, const mig_revision_def *def)
{
	struct mig__source source = { .kind = MIG__FUNCTIONS };
	mig_revision_def *d = &source.def;
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	if (!def)
		return mig__fail(&ctx->err, MIG_EINVAL, "the definition is NULL");
	rc = mig__options_read(d, sizeof *d, def, &ctx->err);
	if (rc)
		return rc;
	if (!d->id || !d->upgrade)
		return mig__fail(&ctx->err, MIG_EINVAL,
				 "a revision in C needs an id and an upgrade function");
	if (d->no_transaction && !d->idempotent)
		return mig__fail(&ctx->err, MIG_EINVAL,
				 "revision %s: no_transaction without idempotent: when the process "
				 "dies in its functions, they are called again from their start",
				 d->id);
	rc = keep(ctx, d->id, &d->id);
	if (!rc)
		rc = keep(ctx, d->message, &d->message);
	if (!rc)
		rc = keep(ctx, d->version, &d->version);
	if (!rc)
		rc = keep_list(ctx, d->revises, &d->revises);
	if (!rc)
		rc = keep_list(ctx, d->branch_labels, &d->branch_labels);
	if (!rc)
		rc = keep_list(ctx, d->depends_on, &d->depends_on);
	return rc ? rc : add(ctx, &source);
}

/* -- from sources to a graph */

static mig_status read_callback(mig_ctx *ctx, const struct mig__source *s)
{
	int busy = ctx->busy;

	for (size_t i = 0;; i++) {
		const char *name = NULL, *text = NULL;
		size_t size = 0;
		mig_status rc;

		ctx->busy = 1;
		rc = s->fn(s->user, i, &name, &text, &size);
		ctx->busy = busy;
		if (rc)
			return mig__fail(&ctx->err, rc > 0 ? MIG_ERROR : rc,
					 "the program could not give its revision number %zu", i);
		if (!name)
			return MIG_OK;
		if (!text)
			return mig__fail(&ctx->err, MIG_EINVAL, "%s: the program gave no text",
					 name);
		rc = mig__set_add_text(ctx->set, name, text, size, &ctx->err);
		if (rc)
			return rc;
	}
}

static mig_status read_source(mig_ctx *ctx, const struct mig__source *s, int32_t digests)
{
	switch (s->kind) {
	case MIG__FOLDER:
		return mig__set_add_folder(ctx->set, s->name, s->recursive, digests, &ctx->err);
	case MIG__TEXT:
		return mig__set_add_text(ctx->set, s->name, s->text, s->size, &ctx->err);
	case MIG__BUNDLE:
		return mig__set_add_bundle(ctx->set, &s->bundle, &ctx->err);
	case MIG__FUNCTIONS:
		return mig__set_add_c(ctx->set, &s->def, &ctx->err);
	case MIG__CALLBACK:
		return read_callback(ctx, s);
	}
	return mig__fail(&ctx->err, MIG_EINVAL, "unknown kind of source");
}

static mig_status check_declared(mig_ctx *ctx, const struct mig__map *ids, const mig_bundle *b)
{
	for (const char *const *id = b->declared; id && *id; id++) {
		if (mig__map_get(ids, *id, strlen(*id)) != MIG__NONE)
			continue;
		mig__fail(&ctx->err, MIG_EMISSING_PARENT,
			  "revision %s is missing: the bundle leaves it to the program", *id);
		mig__error_set_revision(&ctx->err, *id);
		mig__error_set_hint(&ctx->err, "add it with mig_add_revision()");
		return MIG_EMISSING_PARENT;
	}
	return MIG_OK;
}

/* What bundles leave to the program was added by it. */
static mig_status check_all_declared(mig_ctx *ctx)
{
	struct mig__map ids;
	size_t bundles = 0;
	mig_status rc = MIG_OK;

	for (size_t i = 0; i < ctx->source_count; i++)
		bundles += ctx->sources[i].kind == MIG__BUNDLE && ctx->sources[i].bundle.declared;
	if (!bundles)
		return MIG_OK;
	mig__map_init(&ids, &ctx->alloc);
	for (size_t i = 0; !rc && i < ctx->set->count; i++) {
		const char *id = ctx->set->at[i].id;

		if (!mig__map_add(&ids, id, strlen(id), (uint32_t)i, NULL))
			rc = mig__fail_nomem(&ctx->err);
	}
	for (size_t i = 0; !rc && i < ctx->source_count; i++)
		if (ctx->sources[i].kind == MIG__BUNDLE)
			rc = check_declared(ctx, &ids, &ctx->sources[i].bundle);
	mig__map_finish(&ids);
	return rc;
}

static mig_status build_graph(mig_ctx *ctx)
{
	struct mig__graph_decl *decls =
		mig__calloc(&ctx->alloc, ctx->set->count ? ctx->set->count : 1, sizeof *decls);
	mig_status rc;

	if (!decls)
		return mig__fail_nomem(&ctx->err);
	for (size_t i = 0; i < ctx->set->count; i++) {
		const struct mig__script *s = &ctx->set->at[i];

		decls[i] = (struct mig__graph_decl){ .id = s->id,
						     .file = s->file,
						     .parents = s->parents.at,
						     .parent_count = s->parents.count,
						     .dependencies = s->dependencies.at,
						     .dependency_count = s->dependencies.count,
						     .labels = s->labels.at,
						     .label_count = s->labels.count };
	}
	rc = mig__graph_new(&ctx->revisions->alloc, decls, ctx->set->count, &ctx->err, &ctx->graph);
	ctx->revisions->graph = ctx->graph;
	mig__free(&ctx->alloc, decls);
	return rc;
}

static mig_status revisions_new(mig_ctx *ctx)
{
	struct mig__revisions *r = mig__calloc(&ctx->alloc, 1, sizeof *r);

	if (!r)
		return mig__fail_nomem(&ctx->err);
	r->alloc = ctx->alloc;
	atomic_init(&r->shares, 1);
	mig__set_init(&r->set, &r->alloc);
	ctx->revisions = r;
	ctx->set = &r->set;
	return MIG_OK;
}

struct mig__revisions *mig__revisions_share(struct mig__revisions *revisions)
{
	atomic_fetch_add(&revisions->shares, 1);
	return revisions;
}

void mig__revisions_release(struct mig__revisions *revisions)
{
	struct mig__alloc alloc;

	if (!revisions || atomic_fetch_sub(&revisions->shares, 1) != 1)
		return;
	alloc = revisions->alloc;
	mig__graph_free(revisions->graph);
	mig__set_finish(&revisions->set);
	mig__free(&alloc, revisions);
}

mig_status mig__load(mig_ctx *ctx, int32_t digests)
{
	mig_status rc;

	if (ctx->revisions)
		return MIG_OK;
	rc = revisions_new(ctx);
	if (rc)
		return rc;
	ctx->set->keep_room = ctx->keep_room;
	for (size_t i = 0; !rc && i < ctx->source_count; i++)
		rc = read_source(ctx, &ctx->sources[i], digests);
	if (!rc)
		rc = check_all_declared(ctx);
	if (!rc)
		rc = build_graph(ctx);
	if (rc)
		mig__unload(ctx);
	return rc;
}

void mig__unload(mig_ctx *ctx)
{
	struct mig__revisions *r = ctx->revisions;

	/* Lists go on with it, and a bundle need not outlive the context. */
	if (r && atomic_load(&r->shares) > 1)
		mig__set_own(&r->set);
	mig__revisions_release(r);
	ctx->revisions = NULL;
	ctx->set = NULL;
	ctx->graph = NULL;
}
