/* declare: brings a declared model to the dialect's own terms: what the inspector reads after the
 * model's SQL was run in a scratch database. */
#ifndef MIG__MIGRATE_DECLARE_H
#define MIG__MIGRATE_DECLARE_H

#include "migrate/scratch.h"
#include "schema/model.h"

/* out is initialised here. The errors of SQL name its file, line and column. */
mig_status mig__declare(struct mig__db *db, const mig_model *model, struct mig__schema *out);

#endif
