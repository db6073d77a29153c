/* scratch: an empty database beside the live one, to try things in. */
#ifndef MIG__MIGRATE_SCRATCH_H
#define MIG__MIGRATE_SCRATCH_H

#include "migrate/sql.h"

/* Opens a scratch of db's make as a db of its own; to be closed with mig__scratch_close. */
mig_status mig__scratch_open(struct mig__db *db, struct mig__db *out);
/* The same, for a copy of the schema that was read last. */
mig_status mig__scratch_open_for_copy(struct mig__db *db, struct mig__db *out);
void mig__scratch_close(struct mig__db *scratch);
/* Instead of closing it: the scratch, in which nothing is any more, is the next that db opens. */
void mig__scratch_keep(struct mig__db *scratch, struct mig__db *db);
/* Runs SQL of a person: any statements. name stands for its file in errors. */
mig_status mig__scratch_script(struct mig__db *scratch, const char *name, const char *text,
			       size_t size);
/* Puts file, line and column of the error's offset in front of an error; returns rc. */
mig_status mig__scratch_place(struct mig__db *db, mig_status rc, const char *name, const char *text,
			      size_t size);
/* Runs rendered statements: at once, as a revision's section runs; in portions nonzero: in several
 * transactions, since so many objects at once may need more locks than the engine has. */
mig_status mig__scratch_run(struct mig__db *scratch, const struct mig__sql *sql, int portions);
/* A text of a person. */
struct mig__scratch_text {
	const char *name, *at;
	size_t size;
	char *read; /* the same, to be freed; NULL: it is somebody else's */
};
/* Runs the statements and the texts in one transaction, reads what came out, and undoes it all. */
mig_status mig__scratch_look(struct mig__db *scratch, const struct mig__sql *sql,
			     const struct mig__scratch_text *texts, size_t count,
			     struct mig__schema *out);
/* Nonzero: not too many statements for a transaction, and none that cannot be in one. */
int mig__scratch_fits(const struct mig__db *scratch, const struct mig__sql *sql);
/* Reads a database's schema. out is initialised here. */
mig_status mig__inspect(struct mig__db *db, struct mig__schema *out);
/* The same without the rows of the engine's own tables, which cost as much again. */
mig_status mig__inspect_objects(struct mig__db *db, struct mig__schema *out);
/* The first one, of at least these objects at the top with what is inside, and maybe without who needs whom. */
mig_status mig__inspect_only(struct mig__db *db, const mig_object *const *only, size_t count, struct mig__schema *out);

#endif
