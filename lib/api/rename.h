/* rename: asks which of the operations are renames. */
#ifndef MIG__API_RENAME_H
#define MIG__API_RENAME_H

#include "base/error.h"

#include <mig/model.h>

#include <stdatomic.h>

struct mig__asking {
	mig_rename_fn fn;
	void *user;
	struct mig__error *err;
	const atomic_int *cancelled; /* nothing more is asked then: MIG_ECANCELLED */
	/* what was said yes to, "old=new"; owned */
	char **said;
	size_t said_count, said_cap;
};

mig_status mig__ask_renames(struct mig__asking *asking, const mig_op *ops, size_t count);
void mig__asking_finish(struct mig__asking *asking);

#endif
