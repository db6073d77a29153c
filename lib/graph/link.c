/* Linking: the ids that revisions name become lists of nodes, in both directions, and the sets that
 * follow from their lengths. */
#include "graph/internal.h"

#include "base/text.h"

#include <string.h>

enum {
	LARGEST_EDGES = 1 << 30,
	AHEAD = 16 /* revisions whose parents' entries are on their way */
};

struct linker {
	struct mig__graph *g;
	const struct mig__graph_decl *decls;
	struct mig__error *err;
	uint32_t *seen;  /* the last list that took in this node; lists are numbered from 1 */
	uint32_t hashed; /* revisions whose names are hashed: the hashes wait in the lists, which */
	uint32_t hashes[2]; /* have that many; links come after them and never overtake */
	uint32_t linked[2];
};

static mig_status missing(const struct linker *l, uint32_t v, const char *name, int parent)
{
	const struct mig__graph_decl *decl = &l->decls[v];
	struct mig__buf buf;

	mig__buf_init(&buf, l->err->alloc);
	mig__buf_addf(&buf, "revision \"%s\" %s \"%.*s\", ", decl->id,
		      parent ? "revises" : "depends on", MIG__SHOW(name, strlen(name)));
	if (parent && mig__map_get(&l->g->labels, name, strlen(name)) != MIG__NONE) {
		mig__buf_adds(&buf, "which is a branch label: a parent is named by its id");
	} else {
		mig__buf_adds(&buf, "which is not there");
		mig__graph_suggest(l->g, name, strlen(name), &buf);
	}
	mig__graph_fault(l->err, parent ? MIG_EMISSING_PARENT : MIG_EMISSING_DEPENDENCY, decl, "%s",
			 mig__buf_text(&buf));
	mig__buf_finish(&buf);
	return l->err->status;
}

static void hash_names(struct linker *l, const char *const *names, uint32_t count, uint32_t *node,
		       uint32_t *hashes)
{
	for (uint32_t i = 0; i < count; i++)
		node[(*hashes)++] = mig__ids_hash(l->g, names[i], strlen(names[i]));
}

static void hash_ahead(struct linker *l, uint32_t v)
{
	for (; l->hashed < l->g->count && l->hashed < v + AHEAD; l->hashed++) {
		const struct mig__graph_decl *decl = &l->decls[l->hashed];

		hash_names(l, decl->parents, decl->parent_count, l->g->parents.node, &l->hashes[0]);
		hash_names(l, decl->dependencies, decl->dependency_count, l->g->dependencies.node,
			   &l->hashes[1]);
	}
}

/* The nodes that one revision names, without repeats, at the end of a list. */
static mig_status link_node(struct linker *l, uint32_t v, int parent, struct mig__adjacency *list)
{
	const struct mig__graph_decl *decl = &l->decls[v];
	const char *const *names = parent ? decl->parents : decl->dependencies;
	uint32_t count = parent ? decl->parent_count : decl->dependency_count;
	uint32_t end = list->at[v], this_list = 2 * v + (parent ? 1 : 2);

	for (uint32_t i = 0; i < count; i++) {
		size_t size = strlen(names[i]);
		uint32_t hash = list->node[l->linked[!parent]++];
		uint32_t to = mig__ids_get_hashed(l->g, names[i], size, hash);

		if (to == MIG__NO_NODE && !parent) {
			to = mig__map_get(&l->g->labels, names[i], size);
			if (to != MIG__NONE)
				to = l->g->label_node[to];
		}
		if (to == MIG__NO_NODE)
			return missing(l, v, names[i], parent);
		if (to == v)
			return mig__graph_fault(l->err, parent ? MIG_ELOOP : MIG_EDEPENDENCY_LOOP,
						decl, "revision \"%s\" %s itself", decl->id,
						parent ? "revises" : "depends on");
		if (count > 1) {
			if (l->seen[to] == this_list)
				continue;
			l->seen[to] = this_list;
		}
		list->node[end++] = to;
	}
	list->at[v + 1] = end;
	return MIG_OK;
}

/* Parents, then the dependencies that are not parents. */
static void join(struct linker *l)
{
	struct mig__graph *g = l->g;
	uint32_t end = 0;

	memset(l->seen, 0, g->count * sizeof *l->seen);
	g->below.at[0] = 0;
	for (uint32_t v = 0; v < g->count; v++) {
		MIG__EACH(p, g->parents, v) {
			l->seen[p] = v + 1;
			g->below.node[end++] = p;
		}
		MIG__EACH(d, g->dependencies, v) {
			if (l->seen[d] != v + 1)
				g->below.node[end++] = d;
		}
		g->below.at[v + 1] = end;
	}
}

static int new_adjacency(struct mig__graph *g, struct mig__adjacency *list, size_t edges)
{
	list->at = mig__arena_alloc(&g->arena, (g->count + (size_t)2) * sizeof *list->at);
	list->node = mig__arena_alloc(&g->arena, edges * sizeof *list->node);
	return list->at && list->node;
}

/* Every edge the other way round; each list is in load order since the nodes are taken in it. */
static int reverse(struct mig__graph *g, const struct mig__adjacency *from,
		   struct mig__adjacency *to)
{
	uint32_t edges = from->at[g->count], *at;

	if (!new_adjacency(g, to, edges))
		return 0;
	at = to->at; /* counts are kept two places on, so that filling moves at[v + 1] to its end */
	memset(at, 0, (g->count + (size_t)2) * sizeof *at);
	for (uint32_t e = 0; e < edges; e++)
		at[from->node[e] + 2]++;
	for (uint32_t v = 0; v < g->count; v++)
		at[v + 2] += at[v + 1];
	for (uint32_t v = 0; v < g->count; v++)
		for (uint32_t e = from->at[v]; e < from->at[v + 1]; e++)
			to->node[at[from->node[e] + 1]++] = v;
	return 1;
}

/* Which sets a node belongs to, a bit for each. */
static unsigned sets_of(const struct mig__graph *g, uint32_t v)
{
	uint32_t parents = mig__degree(&g->parents, v), children = mig__degree(&g->children, v);

	return (unsigned)!children << MIG__HEADS |
	       (unsigned)!mig__degree(&g->dependents, v) << MIG__REAL_HEADS |
	       (unsigned)!parents << MIG__BASES |
	       (unsigned)!mig__degree(&g->below, v) << MIG__REAL_BASES |
	       (unsigned)(children > 1) << MIG__BRANCH_POINTS |
	       (unsigned)(parents > 1) << MIG__MERGE_POINTS;
}

static int fill_sets(struct mig__graph *g)
{
	uint32_t count[MIG__GRAPH_SETS] = { 0 }, *at[MIG__GRAPH_SETS];

	for (uint32_t v = 0; v < g->count; v++)
		for (unsigned s = 0, sets = sets_of(g, v); sets >> s; s++)
			count[s] += sets >> s & 1;
	for (int s = 0; s < MIG__GRAPH_SETS; s++) {
		at[s] = mig__arena_alloc(&g->arena, count[s] * sizeof *at[s]);
		if (!at[s])
			return 0;
		g->sets[s] = (struct mig__span){ at[s], count[s] };
	}
	for (uint32_t v = 0; v < g->count; v++)
		for (unsigned s = 0, sets = sets_of(g, v); sets >> s; s++)
			if (sets >> s & 1)
				*at[s]++ = v;
	return 1;
}

static mig_status link_all(struct linker *l, size_t dependencies)
{
	struct mig__graph *g = l->g;
	mig_status rc;

	g->parents.at[0] = 0;
	if (dependencies)
		g->dependencies.at[0] = 0;
	for (uint32_t v = 0; v < g->count; v++) {
		hash_ahead(l, v);
		rc = link_node(l, v, 1, &g->parents);
		if (!rc && dependencies)
			rc = link_node(l, v, 0, &g->dependencies);
		if (rc)
			return rc;
	}
	if (dependencies) {
		join(l);
	} else {
		g->below = g->parents;
	}
	if (!reverse(g, &g->parents, &g->children))
		return mig__fail_nomem(l->err);
	g->dependents = g->children;
	if (dependencies && !reverse(g, &g->below, &g->dependents))
		return mig__fail_nomem(l->err);
	return fill_sets(g) ? MIG_OK : mig__fail_nomem(l->err);
}

mig_status mig__graph_link(struct mig__graph *g, const struct mig__graph_decl *decls,
			   struct mig__error *err)
{
	struct linker l = { .g = g, .decls = decls, .err = err };
	uint64_t parents = 0, dependencies = 0;
	mig_status rc;

	for (uint32_t v = 0; v < g->count; v++) {
		parents += decls[v].parent_count;
		dependencies += decls[v].dependency_count;
	}
	if (parents + dependencies > LARGEST_EDGES)
		return mig__fail(err, MIG_EINVAL, "too many parents and dependencies");
	if (!new_adjacency(g, &g->parents, (size_t)parents) ||
	    (dependencies && (!new_adjacency(g, &g->dependencies, (size_t)dependencies) ||
			      !new_adjacency(g, &g->below, (size_t)(parents + dependencies)))))
		return mig__fail_nomem(err);
	l.seen = mig__calloc(g->alloc, g->count, sizeof *l.seen);
	if (!l.seen)
		return mig__fail_nomem(err);
	rc = link_all(&l, (size_t)dependencies);
	mig__free(g->alloc, l.seen);
	return rc;
}
