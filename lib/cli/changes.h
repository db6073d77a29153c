/* changes: what an operation changes, for people: "type integer -> bigint, default none -> 0". */
#ifndef MIG__CLI_CHANGES_H
#define MIG__CLI_CHANGES_H

#include "cli/cli.h"

#include <mig/model.h>

/* Operation i and what it changes, on one line; nothing if another line shows it: a default's change
 * stands with its column's. utf8: the terminal shows more than ASCII. Returns whether there is one. */
int mig__cli_add_operation(struct mig__cli_text *out, const mig_op_list *ops, size_t i, int utf8);

#endif
