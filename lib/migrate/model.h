/* model: brings a declared model to the dialect's own terms: what the inspector reads after the
 * model's SQL was run in a scratch database. */
#ifndef MIG__MIGRATE_MODEL_H
#define MIG__MIGRATE_MODEL_H

#include "migrate/relevant.h"
#include "migrate/scratch.h"
#include "migrate/sound.h"
#include "schema/model.h"

/* live: what the model is to be compared with, or NULL. If all of the model can be had as objects
 * without running it, only what is not surely the same as in live is run, with what that needs and
 * what depends on it: limits then marks this part in live, and out has nothing else. Otherwise
 * limits.before is NULL, and out is the whole model. out is initialised here. The errors of SQL
 * name its file, line and column. What refers to something that is not there is refused. */
mig_status mig__model_native(struct mig__db *db, const mig_model *model, struct mig__schema *live,
			     struct mig__relevant *limits, const struct mig__alone *alone,
			     struct mig__schema *out);

/* Whether the database surely is what the model says; 0: they have to be compared. */
mig_status mig__model_is_there(struct mig__db *db, const mig_model *model, int32_t *same);

#endif
