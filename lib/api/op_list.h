/* op_list: what a comparison has found, as a handle. */
#ifndef MIG__API_OP_LIST_H
#define MIG__API_OP_LIST_H

#include "api/ctx.h"
#include "migrate/autogen.h"

struct mig_op_list {
	struct mig__memory *memory; /* a share: schemas keep the address of its allocator */
	struct mig__arena arena;
	struct mig__autogen work; /* owns the schemas that the operations point into */
	mig_op *at;
	const char **texts;
	struct changes {
		mig_op_change *at;
		size_t count;
	} *changes;          /* by operation */
	const char **losses; /* likewise */
	const char **remarks;
	size_t remark_count;
	size_t count;
	mig_section sections[2]; /* by direction */
	mig_section apart[2], rest[2]; /* what the two revisions have, if work.apart is there */
	const char *dialect;
	const char **uncovered;
	size_t uncovered_count;
	const char *unproved; /* why; NULL: proved, or not tried */
	const char **renames; /* that were said yes to */
	size_t rename_count;
};

/* An empty one, whose work is to be done; NULL: no memory. */
mig_op_list *mig__op_list_new(mig_ctx *ctx);
/* Everything that can be asked of the list, of its `work`. Of one with nothing in it there is no
 * operation, and "" as SQL. */
mig_status mig__op_list_fill(mig_op_list *list);

/* autogen.c: mig_diff() with the context's defaults, of a database that must be at head. */
mig_status mig__diff_at_head(mig_ctx *ctx, const mig_diff_options *options, mig_op_list **out);

#endif
