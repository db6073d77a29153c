/* scratch: an empty database beside the live one, to try things in. */
#ifndef MIG__MIGRATE_SCRATCH_H
#define MIG__MIGRATE_SCRATCH_H

#include "migrate/sql.h"

/* Opens a scratch of db's make as a db of its own; to be closed with mig__scratch_close. */
mig_status mig__scratch_open(struct mig__db *db, struct mig__db *out);
/* The same, for a copy of the schema that was read last. */
mig_status mig__scratch_open_for_copy(struct mig__db *db, struct mig__db *out);
void mig__scratch_close(struct mig__db *scratch);
/* Runs SQL of a person: any statements. name stands for its file in errors. */
mig_status mig__scratch_script(struct mig__db *scratch, const char *name, const char *text,
			       size_t size);
/* Puts file, line and column of the error's offset in front of an error; returns rc. */
mig_status mig__scratch_place(struct mig__db *db, mig_status rc, const char *name, const char *text,
			      size_t size);
/* Runs rendered statements: at once, as a revision's section runs; in portions nonzero: in several
 * transactions, since so many objects at once may need more locks than the engine has. */
mig_status mig__scratch_run(struct mig__db *scratch, const struct mig__sql *sql, int portions);
/* Reads a database's schema. out is initialised here. */
mig_status mig__inspect(struct mig__db *db, struct mig__schema *out);

#endif
