/* changes: what an operation changes, for people: "type integer -> bigint, default none -> 0". */
#ifndef MIG__CLI_CHANGES_H
#define MIG__CLI_CHANGES_H

#include "cli/cli.h"

#include <mig/model.h>

/* Operations, and where those on an object are. */
struct mig__cli_changes {
	const mig_op_list *ops;
	int utf8; /* the terminal shows more than ASCII */
	struct mig__cli_change_place *old, *defaults; /* by object; by column of a default */
	size_t old_count, default_count;
};

/* 0: no memory. */
int mig__cli_changes_init(struct mig__cli_changes *c, const mig_op_list *ops, int utf8);
void mig__cli_changes_finish(struct mig__cli_changes *c);
/* Operation i and what it changes, on one line; nothing if another line shows it: a default's change
 * stands with its column's. Returns whether there is one. */
int mig__cli_add_operation(struct mig__cli_text *out, const struct mig__cli_changes *c, size_t i);

#endif
