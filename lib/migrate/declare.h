/* declare: what a program declares as objects of the dialect. */
#ifndef MIG__MIGRATE_DECLARE_H
#define MIG__MIGRATE_DECLARE_H

#include "dialect/db.h"
#include "schema/model.h"
#include "schema/schema.h"

/* Whether a source is meant for the dialect, and its text; *read is to be freed. */
int mig__declare_is_for(const struct mig__source_sql *s, const struct mig__db *db);
mig_status mig__declare_text(struct mig__db *db, const struct mig__source_sql *s, char **read,
			     const char **text, size_t *size);

/* All but what the model's texts declare, into a schema that is being built. */
mig_status mig__declare_objects(struct mig__db *db, const mig_model *model,
				struct mig__schema *into);
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
