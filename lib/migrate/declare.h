/* declare: brings a declared model to the dialect's own terms: what the inspector reads after the
 * model's SQL was run in a scratch database. */
#ifndef MIG__MIGRATE_DECLARE_H
#define MIG__MIGRATE_DECLARE_H

#include "migrate/relevant.h"
#include "migrate/scratch.h"
#include "migrate/sound.h"
#include "schema/model.h"

/* live: what the model is to be compared with, or NULL. If all of the model can be had as objects
 * without running it, only what is not surely the same as in live is run, with what that needs and
 * what depends on it: limits then marks this part in live, and out has nothing else. Otherwise
 * limits.before is NULL, and out is the whole model. out is initialised here. The errors of SQL
 * name its file, line and column. What refers to something that is not there is refused. */
mig_status mig__declare(struct mig__db *db, const mig_model *model, struct mig__schema *live,
			struct mig__relevant *limits, const struct mig__alone *alone,
			struct mig__schema *out);

/* Whether a source is meant for the dialect, and its text; *read is to be freed. */
int mig__declare_is_for(const struct mig__source_sql *s, const struct mig__db *db);
mig_status mig__declare_text(struct mig__db *db, const struct mig__source_sql *s, char **read,
			     const char **text, size_t *size);

/* Parts of a model, as objects of the dialect, into a schema that is being built. */
mig_status mig__declare_enum(struct mig__db *db, const struct mig__enum *e,
			     struct mig__schema *into);
/* *number: of the table. */
mig_status mig__declare_table(struct mig__db *db, const mig_table *table, struct mig__schema *into,
			      uint32_t *number);
mig_status mig__declare_column(struct mig__db *db, const mig_column *column, uint32_t table,
			       struct mig__schema *into);
/* Its keys, constraints and indexes. */
mig_status mig__declare_items(struct mig__db *db, const mig_table *table, uint32_t number,
			      struct mig__schema *into);

#endif
