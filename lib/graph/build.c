/* Building a graph: ids and labels into the maps, then link.c, sort.c, normal.c and labels.c. */
#include "graph/internal.h"

#include "base/text.h"

#include <string.h>

enum {
	LARGEST_COUNT = 1 << 28,
	AHEAD = 16 /* ids whose entries are on their way */
};

static mig_status add_ids(struct mig__graph *g, const struct mig__graph_decl *decls,
			  struct mig__error *err)
{
	struct {
		size_t size;
		uint32_t hash;
	} ahead[AHEAD];
	uint32_t old, hashed = 0;

	if (!mig__ids_reserve(g))
		return mig__fail_nomem(err);
	for (uint32_t v = 0; v < g->count; v++) {
		const char *id = decls[v].id;
		size_t size;

		for (; hashed < g->count && hashed < v + AHEAD; hashed++) {
			size = strlen(decls[hashed].id);
			ahead[hashed % AHEAD].size = size;
			ahead[hashed % AHEAD].hash = mig__ids_hash(g, decls[hashed].id, size);
		}
		size = ahead[v % AHEAD].size;
		if (!mig__text_is_id(id, size))
			return mig__graph_fault(err, MIG_EILLEGAL_ID, &decls[v],
						"illegal revision id \"%.*s\": 1 to 255 letters, "
						"digits, \"_\" and \".\"",
						MIG__SHOW(id, size));
		if (mig__text_is_reserved(id, size))
			return mig__graph_fault(err, MIG_EILLEGAL_ID, &decls[v],
						"\"%s\" has a meaning of its own and cannot be a "
						"revision id",
						id);
		g->id[v] = id;
		old = mig__ids_add(g, v, size, ahead[v % AHEAD].hash);
		if (old != MIG__NO_NODE) {
			const char *file = decls[old].file;

			return mig__graph_fault(err, MIG_EDUPLICATE_REVISION, &decls[v],
						"revision \"%s\" is there already%s%s", id,
						file ? ", in " : "", file ? file : "");
		}
	}
	return MIG_OK;
}

static mig_status check_label(const struct mig__graph *g, const struct mig__graph_decl *decls,
			      uint32_t v, const char *label, struct mig__error *err)
{
	uint32_t other;

	if (!mig__text_is_label(label, strlen(label)))
		return mig__graph_fault(
			err, MIG_EILLEGAL_ID, &decls[v],
			"illegal branch label \"%.*s\" of revision \"%s\": 1 to 255 "
			"bytes of letters, digits, \"_\", \".\" and \"-\"",
			MIG__SHOW(label, strlen(label)), g->id[v]);
	if (mig__text_is_reserved(label, strlen(label)))
		return mig__graph_fault(err, MIG_EILLEGAL_ID, &decls[v],
					"\"%s\" has a meaning of its own and cannot be a branch "
					"label (revision \"%s\")",
					label, g->id[v]);
	other = mig__ids_get(g, label, strlen(label));
	if (other != MIG__NO_NODE)
		return mig__graph_fault(err, MIG_EDUPLICATE_LABEL, &decls[v],
					"branch label \"%s\" of revision \"%s\" is the id of a "
					"revision%s%s",
					label, g->id[v], decls[other].file ? ", in " : "",
					decls[other].file ? decls[other].file : "");
	return MIG_OK;
}

static mig_status add_labels(struct mig__graph *g, const struct mig__graph_decl *decls,
			     struct mig__error *err)
{
	uint32_t at = 0, old;
	mig_status rc;

	if (!mig__map_reserve(&g->labels, g->label_count))
		return mig__fail_nomem(err);
	for (uint32_t v = 0; v < g->count; v++) {
		g->label_at[v] = at;
		for (uint32_t i = 0; i < decls[v].label_count; i++, at++) {
			const char *label = decls[v].labels[i];

			rc = check_label(g, decls, v, label, err);
			if (rc)
				return rc;
			if (!mig__map_add(&g->labels, label, strlen(label), at, &old))
				return mig__fail_nomem(err);
			if (old != MIG__NONE) {
				const struct mig__graph_decl *first = &decls[g->label_node[old]];

				return mig__graph_fault(err, MIG_EDUPLICATE_LABEL, &decls[v],
							"branch label \"%s\" of revision \"%s\" is "
							"used by revision \"%s\" already%s%s",
							label, g->id[v], first->id,
							first->file ? ", in " : "",
							first->file ? first->file : "");
			}
			g->label_text[at] = label;
			g->label_node[at] = v;
		}
	}
	g->label_at[g->count] = at;
	return MIG_OK;
}

static mig_status insert(struct mig__graph *g, const struct mig__graph_decl *decls,
			 struct mig__error *err)
{
	uint64_t labels = 0;
	mig_status rc;

	for (uint32_t v = 0; v < g->count; v++)
		labels += decls[v].label_count;
	if (labels > LARGEST_COUNT)
		return mig__fail(err, MIG_EINVAL, "too many branch labels");
	g->label_count = (uint32_t)labels;
	g->id = mig__arena_alloc(&g->arena, g->count * sizeof *g->id);
	if (!g->id)
		return mig__fail_nomem(err);
	rc = add_ids(g, decls, err);
	if (rc || !labels)
		return rc;
	g->label_text = mig__arena_alloc(&g->arena, g->label_count * sizeof *g->label_text);
	g->label_node = mig__arena_alloc(&g->arena, g->label_count * sizeof *g->label_node);
	g->label_at = mig__arena_alloc(&g->arena, (g->count + (size_t)1) * sizeof *g->label_at);
	if (!g->label_text || !g->label_node || !g->label_at)
		return mig__fail_nomem(err);
	return add_labels(g, decls, err);
}

mig_status mig__graph_new(const struct mig__alloc *alloc, const struct mig__graph_decl *decls,
			  size_t count, struct mig__error *err, struct mig__graph **out)
{
	struct mig__graph *g;
	mig_status rc;

	if (count > LARGEST_COUNT)
		return mig__fail(err, MIG_EINVAL, "too many revisions: %zu", count);
	g = mig__calloc(alloc, 1, sizeof *g);
	if (!g)
		return mig__fail_nomem(err);
	g->alloc = alloc;
	g->count = (uint32_t)count;
	mig__arena_init(&g->arena, alloc);
	mig__map_init(&g->labels, alloc);
	rc = insert(g, decls, err);
	if (!rc)
		rc = mig__graph_link(g, decls, err);
	if (!rc)
		rc = mig__graph_sort(g, decls, err);
	if (!rc)
		rc = mig__graph_normalize(g, err);
	if (!rc)
		rc = mig__graph_spread_labels(g, err);
	if (rc)
		mig__graph_free(g);
	else
		*out = g;
	return rc;
}

void mig__graph_free(struct mig__graph *g)
{
	if (!g)
		return;
	mig__map_finish(&g->labels);
	mig__arena_finish(&g->arena);
	mig__free(g->alloc, g);
}
