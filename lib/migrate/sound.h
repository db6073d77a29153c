/* sound: whether a model refers to what is not there, where the engine itself takes it and fails
 * only when rows are read or written. */
#ifndef MIG__MIGRATE_SOUND_H
#define MIG__MIGRATE_SOUND_H

#include "dialect/db.h"
#include "schema/diff.h"
#include "schema/model.h"

/* What the comparison leaves alone, a model may refer to if the database has it. */
struct mig__alone {
	const struct mig__schema *live;
	const struct mig__diff_hooks *hooks;
};

/* s: the whole model, as objects. The error names file, line and column, if a text declares the
 * object. */
mig_status mig__sound(struct mig__db *db, const mig_model *model, const struct mig__schema *s,
		      const struct mig__alone *alone);

#endif
