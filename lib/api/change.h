/* change: the attributes in which an operation's object differs before and after. */
#ifndef MIG__API_CHANGE_H
#define MIG__API_CHANGE_H

#include "base/arena.h"

#include <mig/model.h>

/* Those of an operation, in the arena; *count of them. NULL without memory. */
mig_op_change *mig__op_changes(struct mig__arena *arena, const mig_op *op, size_t *count);

#endif
