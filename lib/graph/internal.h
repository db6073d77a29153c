/* What the files of lib/graph share: the graph itself, and the steps of an operation on it.
 *
 * "Below" a node: what parents and dependencies lead to. A node's "line": by parents only. Every
 * walk over the whole graph is one pass over g->order, which has what is below first. */
#ifndef MIG__GRAPH_INTERNAL_H
#define MIG__GRAPH_INTERNAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "graph/graph.h"

/* For each node a list of nodes: those of v are node[at[v]] to node[at[v + 1]], without it. */
struct mig__adjacency {
	uint32_t *at, *node;
};

struct mig__id_entry {
	uint32_t hash;
	uint32_t node; /* plus one; 0: free */
};

struct mig__graph {
	const struct mig__alloc *alloc;
	struct mig__arena arena;
	struct mig__id_entry *ids; /* ids.c */
	uint32_t ids_mask;
	struct mig__map labels; /* to indexes of label_text */
	uint32_t count, label_count;
	const char **id;
	const char **label_text; /* of all nodes, in load order */
	uint32_t *label_node;
	uint32_t *label_at; /* own labels of v: label_at[v] to label_at[v + 1], without it; NULL if
			     * there are no labels */
	struct mig__adjacency parents, children;
	struct mig__adjacency dependencies; /* NULL if there are none */
	struct mig__adjacency below;        /* parents, then dependencies, without repeats */
	struct mig__adjacency normal; /* below, without dependencies that the line lists already */
	struct mig__adjacency dependents; /* the reverse of below */
	uint32_t *order, *place;          /* place[order[i]] == i */
	struct mig__span sets[MIG__GRAPH_SETS];
	uint32_t *label_source; /* labels.c; NULL if there are no labels */
	uint32_t *label_tail;
};

/* MIG__EACH(p, g->parents, v) ...: for each node p in v's list. */
#define MIG__EACH(var, list, v)                    \
	for (uint32_t var##_i = (list).at[v], var; \
	     var##_i < (list).at[(v) + 1] && ((var = (list).node[var##_i]), 1); var##_i++)

static inline uint32_t mig__degree(const struct mig__adjacency *list, uint32_t v)
{
	return list->at[v + 1] - list->at[v];
}

/* For "%.*s": a caller's text, cut where it is absurdly long. */
#define MIG__SHOW(text, size) (int)((size) < 255 ? (size) : 255), (text)

/* -- build */

int mig__ids_reserve(struct mig__graph *g); /* 0 without memory */
/* The hash of an id; its entry is fetched meanwhile. */
uint32_t mig__ids_hash(const struct mig__graph *g, const char *text, size_t size);
/* Adds g->id[node], of that size, unless it is there: then its node, else MIG__NO_NODE. */
uint32_t mig__ids_add(struct mig__graph *g, uint32_t node, size_t size, uint32_t hash);
/* The node with this id, or MIG__NO_NODE. */
uint32_t mig__ids_get(const struct mig__graph *g, const char *id, size_t size);
uint32_t mig__ids_get_hashed(const struct mig__graph *g, const char *id, size_t size,
			     uint32_t hash);

mig_status mig__graph_link(struct mig__graph *g, const struct mig__graph_decl *decls,
			   struct mig__error *err); /* link.c */
mig_status mig__graph_sort(struct mig__graph *g, const struct mig__graph_decl *decls,
			   struct mig__error *err);                                /* sort.c */
mig_status mig__graph_normalize(struct mig__graph *g, struct mig__error *err);     /* normal.c */
mig_status mig__graph_spread_labels(struct mig__graph *g, struct mig__error *err); /* labels.c */

/* Fails with a message that starts with the revision's file, if it has one. */
mig_status mig__graph_fault(struct mig__error *err, mig_status status,
			    const struct mig__graph_decl *decl, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Adds ` (did you mean "..."?)` if a key of the graph is near the word. */
void mig__graph_suggest(const struct mig__graph *g, const char *word, size_t size,
			struct mig__buf *buf);

/* -- reachability (reach.c) */

enum mig__verdict { MIG__NO, MIG__YES, MIG__UNKNOWN };

struct mig__reach {
	uint32_t *first, *end; /* the interval of what was first met below a node */
	uint32_t *low, *post;  /* the interval of all it leads to, and maybe more */
};

/* Labels the nodes with the flag (flags NULL: all), by the given edges; 0 without memory. */
int mig__reach_init(struct mig__reach *r, const struct mig__graph *g,
		    const struct mig__adjacency *down, const uint8_t *flags, unsigned flag);
void mig__reach_finish(const struct mig__graph *g, struct mig__reach *r);
/* What the labels say of "v leads to c, or is c". */
enum mig__verdict mig__reach_judge(const struct mig__reach *r, uint32_t v, uint32_t c);

/* -- messages: `"a", "b" and 3 more` */

void mig__list_nodes(struct mig__buf *buf, const struct mig__graph *g, const uint32_t *nodes,
		     size_t count);

/* -- identifiers */

/* LABEL@NAME; label_size is 0 if there is no LABEL. */
struct mig__ident {
	const char *label, *name;
	size_t label_size, name_size;
};

/* A LABEL and its lineage: the line-ancestors and line-descendants of the revision it names. */
struct mig__branch {
	const char *text;
	size_t size;
	uint32_t node; /* MIG__NO_NODE: no LABEL was given */
	uint8_t *in;   /* NULL: no LABEL was given, everything is in */
};

struct mig__ident mig__ident_split(const char *text);
/* The same at the last @. */
struct mig__ident mig__ident_split_last(const char *text);
int mig__ident_is(const char *name, size_t size, const char *word);
/* Whether the text is an id or label as it stands. */
int mig__graph_has_key(const struct mig__graph *g, const char *text, size_t size);
mig_status mig__branch_open(const struct mig__graph *g, const struct mig__ident *ident,
			    struct mig__error *err, struct mig__branch *out);
void mig__branch_close(const struct mig__graph *g, struct mig__branch *branch);
mig_status mig__resolve_name(const struct mig__graph *g, const struct mig__branch *branch,
			     const char *name, size_t size, struct mig__error *err,
			     struct mig__nodes *out);
/* At most one. */
mig_status mig__resolve_name_one(const struct mig__graph *g, const struct mig__branch *branch,
				 const char *name, size_t size, struct mig__error *err,
				 uint32_t *out);

/* -- targets (target.c) */

/* [LABEL@][NAME](+|-)N; ident.name_size is 0 if there is no NAME. */
struct mig__relative {
	struct mig__ident ident;
	int64_t steps;
};

struct mig__goal {
	uint32_t node; /* MIG__NO_NODE: base */
	uint32_t line; /* where there are several ways, that of this node; or MIG__NO_NODE */
	struct mig__ident ident; /* with a LABEL: it is still to be checked, and used as line */
	int undo_merge;          /* -1 from a merge: it alone is undone */
};

/* Whether a text is relative. An exact id or label is not, whatever it looks like. */
int mig__relative_parse(const struct mig__graph *g, const char *text, struct mig__relative *out);
/* The tips to go to. clamp: a walk past the end stays there (history). */
mig_status mig__target_upgrade(const struct mig__graph *g, const struct mig__nodes *rows,
			       const char *text, int clamp, struct mig__error *err,
			       struct mig__nodes *out);
mig_status mig__target_downgrade(const struct mig__graph *g, const struct mig__nodes *rows,
				 const char *text, struct mig__error *err, struct mig__goal *out);
/* N parents down from each effective head (that has the label); for "-N:" in history. */
mig_status mig__target_from_heads(const struct mig__graph *g, const struct mig__relative *rel,
				  const char *text, struct mig__error *err, struct mig__nodes *out);
/* Drops nodes that do not have the branch's label. */
mig_status mig__keep_labelled(const struct mig__graph *g, const struct mig__branch *branch,
			      struct mig__nodes *nodes, struct mig__error *err);

/* -- sets of nodes, as flags for each node */

enum {
	MIG__APPLIED = 1, /* a row, or below one */
	MIG__NEEDED = 2,  /* a target, or below one */
	MIG__CHOSEN = 4,  /* to be listed; order.c takes it away as it lists */
	MIG__REGION = 8,  /* chosen, or between chosen ones */
	MIG__ROW = 16,
	MIG__TARGET = 32,
	MIG__ABOVE = 64,
	MIG__DONE = 128
};

/* A flag for each node, zero; NULL without memory. */
uint8_t *mig__flags_new(const struct mig__graph *g);
/* Whatever is below a node with the flag, at a place from `low` up to before `high`, gets it. */
void mig__sweep_down(const struct mig__graph *g, uint8_t *flags, unsigned flag, uint32_t high,
		     uint32_t low);
/* Whatever is above a node with the flag, by the given edges (below or parents), gets it. */
void mig__sweep_up(const struct mig__graph *g, const struct mig__adjacency *down, uint8_t *flags,
		   unsigned flag, uint32_t low, uint32_t high);
/* The nodes with all these flags, in load order. */
mig_status mig__flags_collect(const struct mig__graph *g, const uint8_t *flags, unsigned want,
			      struct mig__error *err, struct mig__nodes *out);
/* Fails with MIG_EOVERLAP if one of the nodes is below another. what: "rows", "targets". */
mig_status mig__check_overlap(const struct mig__graph *g, const struct mig__nodes *nodes,
			      const char *what, struct mig__error *err);
mig_status mig__fail_overlap(const struct mig__graph *g, const struct mig__nodes *nodes,
			     uint32_t lower, const char *what, struct mig__error *err);
/* The rows as nodes, in the given order, without repeats; MIG_ENEWER. */
mig_status mig__rows_read(const struct mig__graph *g, struct mig__rows rows, struct mig__error *err,
			  struct mig__nodes *out);
mig_status mig__nodes_copy(const struct mig__graph *g, const uint32_t *from, uint32_t count,
			   struct mig__error *err, struct mig__nodes *out);
/* Sorts into load order and drops repeats. */
void mig__nodes_tidy(struct mig__nodes *nodes);

/* Lists the chosen nodes newest first from the tips, by the rule at the top of order.c.
 * The region is the `count` nodes at `region`, newest first. */
mig_status mig__order_list(const struct mig__graph *g, uint8_t *flags, const uint32_t *region,
			   uint32_t count, const struct mig__nodes *tips, struct mig__error *err,
			   struct mig__nodes *out);

#endif
