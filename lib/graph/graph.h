/* graph: the revision graph. Pure: no files, no database; iterative and linear throughout.
 *
 * A node is a revision, numbered in load order. Build it once, then ask; a built graph is const. */
#ifndef MIG__GRAPH_GRAPH_H
#define MIG__GRAPH_GRAPH_H

#include "base/error.h"

#define MIG__NO_NODE UINT32_MAX

struct mig__graph;

/* One revision as declared. All text is borrowed: it must outlive the graph. */
struct mig__graph_decl {
	const char *id;
	const char *file;               /* for messages; may be NULL */
	const char *const *parents;     /* "revises" */
	const char *const *dependencies; /* "depends_on": ids or branch labels */
	const char *const *labels;
	uint32_t parent_count, dependency_count, label_count;
};

/* A borrowed list of nodes. */
struct mig__span {
	const uint32_t *at;
	uint32_t count;
};

/* An owned list of nodes; zero it first, free with mig__nodes_finish. */
struct mig__nodes {
	uint32_t *at;
	uint32_t count;
};

/* Builds and validates (lib/graph/build.c). decls are in load order, which breaks every tie. The
 * message of a fault names ids and files. */
mig_status mig__graph_new(const struct mig__alloc *alloc, const struct mig__graph_decl *decls,
			  size_t count, struct mig__error *err, struct mig__graph **out);
void mig__graph_free(struct mig__graph *graph); /* NULL allowed */
void mig__nodes_finish(const struct mig__graph *graph, struct mig__nodes *nodes);

uint32_t mig__graph_count(const struct mig__graph *graph);
const char *mig__graph_id(const struct mig__graph *graph, uint32_t node);
/* The node with exactly this id, or MIG__NO_NODE. */
uint32_t mig__graph_find(const struct mig__graph *graph, const char *id);
/* In declared order, without repeats. */
struct mig__span mig__graph_parents(const struct mig__graph *graph, uint32_t node);
/* Declared dependencies, labels resolved, in declared order, without repeats. */
struct mig__span mig__graph_dependencies(const struct mig__graph *graph, uint32_t node);
/* Revisions that name this one as a parent, in load order. */
struct mig__span mig__graph_children(const struct mig__graph *graph, uint32_t node);
/* Children and dependents, in load order. */
struct mig__span mig__graph_dependents(const struct mig__graph *graph, uint32_t node);

enum mig__graph_set {
	MIG__HEADS,         /* nobody's parent */
	MIG__REAL_HEADS,    /* nor anybody's dependency */
	MIG__BASES,         /* no parents */
	MIG__REAL_BASES,    /* nor dependencies */
	MIG__BRANCH_POINTS, /* parent of two or more */
	MIG__MERGE_POINTS,  /* two or more parents */
	MIG__GRAPH_SETS
};
struct mig__span mig__graph_set(const struct mig__graph *graph, enum mig__graph_set which);
/* The labels that apply to each node (own and inherited). Writes an owned array of label texts for
 * one node, sorted by bytes; the texts are borrowed from the declarations. */
mig_status mig__graph_labels(const struct mig__graph *graph, uint32_t node, struct mig__error *err,
			     const char ***labels, uint32_t *count);

/* All nodes, parents and dependencies before their children. */
struct mig__span mig__graph_order(const struct mig__graph *graph);

/* -- identifiers (resolve.c) */

/* What an identifier without a relative part stands for; base is the empty list. */
mig_status mig__graph_resolve(const struct mig__graph *graph, const char *ident,
			      struct mig__error *err, struct mig__nodes *out);
/* The same for one that must be at most one revision: MIG__NO_NODE for base. */
mig_status mig__graph_resolve_one(const struct mig__graph *graph, const char *ident,
				  struct mig__error *err, uint32_t *out);

/* -- routes (route.c). rows are the ids in the version table, in the database's order. An id that
 * the graph does not have: MIG_ENEWER, and the message lists all such. */

struct mig__rows {
	const char *const *ids;
	size_t count;
};

/* A step, and how it changes the version rows: removed leave, then added come. */
struct mig__route_step {
	uint32_t node;
	uint32_t removed_at, removed_count; /* in mig__route.nodes */
	uint32_t added_at, added_count;
};

/* Free with mig__route_finish. Zero it first. */
struct mig__route {
	int32_t direction; /* enum mig_direction */
	struct mig__route_step *steps;
	size_t step_count;
	uint32_t *nodes;      /* pool of the steps' changes */
	struct mig__nodes rows; /* the rows at the end, in load order */
};

void mig__route_finish(const struct mig__graph *graph, struct mig__route *route);

/* target may be a list ("targets") joined by count; all are tips. */
mig_status mig__graph_upgrade(const struct mig__graph *graph, struct mig__rows rows,
			      const char *const *targets, size_t count, struct mig__error *err,
			      struct mig__route *out);
/* target NULL: base. */
mig_status mig__graph_downgrade(const struct mig__graph *graph, struct mig__rows rows,
				const char *target, struct mig__error *err,
				struct mig__route *out);
/* Undoes the nodes, as far as they are applied, and everything applied that stands on them. */
mig_status mig__graph_undo(const struct mig__graph *graph, struct mig__rows rows,
			   struct mig__span nodes, struct mig__error *err, struct mig__route *out);
/* Whether a target starts from the rows, like "+1" or "LABEL@-1", so that it is another one when they
 * have changed. */
int mig__graph_is_relative(const struct mig__graph *graph, const char *target);
/* The revisions that an upgrade to the target would go to. */
mig_status mig__graph_targets(const struct mig__graph *graph, struct mig__rows rows,
			      const char *target, struct mig__error *err, struct mig__nodes *out);
/* The rows after a stamp (load order). Unknown rows: MIG_ENEWER. */
mig_status mig__graph_stamp(const struct mig__graph *graph, struct mig__rows rows,
			    const char *const *targets, size_t count, struct mig__error *err,
			    struct mig__nodes *out);
/* Newest first. range "A:B" or NULL for all; rows serve "current". */
mig_status mig__graph_history(const struct mig__graph *graph, const char *range,
			      struct mig__rows rows, struct mig__error *err,
			      struct mig__nodes *out);
/* The applied revisions without an applied child, in load order: the rows less those that others
 * imply, and the ends of other lines that the rows depend on. */
mig_status mig__graph_current(const struct mig__graph *graph, struct mig__rows rows,
			      struct mig__error *err, struct mig__nodes *out);
/* The rows less those that others imply through parents and dependencies, in load order. */
mig_status mig__graph_reduce(const struct mig__graph *graph, struct mig__rows rows,
			     struct mig__error *err, struct mig__nodes *out);
/* Everything at or below the rows through parents and dependencies, in mig__graph_order. */
mig_status mig__graph_applied(const struct mig__graph *graph, struct mig__rows rows,
			      struct mig__error *err, struct mig__nodes *out);

#endif
