/* diff: the operations that make one schema of another, in an order in which they can be done. */
#ifndef MIG__SCHEMA_DIFF_H
#define MIG__SCHEMA_DIFF_H

#include "schema/schema.h"

/* What the comparison asks. */
struct mig__diff_hooks {
	void *user;
	/* enum mig_change, or-ed, for two objects whose attributes differ. */
	uint32_t (*change)(void *user, const mig_object *from, const mig_object *to);
	/* As the dialect's slot. */
	int32_t (*holds)(const mig_object *dependent, const mig_object *changed);
	/* As the dialect's slot; NULL: never. */
	int32_t (*renames)(const mig_object *from, const mig_object *to);
	/* Nonzero: leave this alone. from or to is NULL where only one side has it. May be NULL. */
	int (*leave_out)(void *user, const mig_object *from, const mig_object *to);
	/* As the dialect's slot; NULL: there is none. */
	mig_status (*unlike)(void *user, const mig_object *is, const mig_object *want, void *told_user,
			     mig_unlike_fn told);
};

struct mig__ops {
	struct mig__arena arena;
	mig_op *at;
	size_t count;
};

/* before and after must outlive the operations. */
mig_status mig__diff(struct mig__schema *before, struct mig__schema *after,
		     const struct mig__diff_hooks *hooks, struct mig__ops *out);
void mig__ops_finish(struct mig__ops *ops);

#endif
