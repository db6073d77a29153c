/* edit: the operations of a revision written in C. They are gathered, and then done together: the
 * schema is read, copied with the changes, and the difference of the two is rendered and run. So
 * what the dialect must do around a change (a rebuild, views that stand on it) is done as for
 * autogenerate. */
#ifndef MIG__MIGRATE_EDIT_H
#define MIG__MIGRATE_EDIT_H

#include "migrate/declare.h"
#include "migrate/scratch.h"

/* An operation is a thing and what becomes of it. */
enum mig__thing {
	MIG__THE_TABLE,
	MIG__THE_COLUMN,
	MIG__THE_ITEM /* a constraint or index; those of a table when they are added */
};
enum mig__becomes { MIG__ADDED, MIG__DROPPED, MIG__ALTERED, MIG__RENAMED };

struct mig__edit {
	enum mig__thing thing;
	enum mig__becomes becomes;
	const mig_table *table;   /* what was declared */
	const mig_column *column; /* likewise */
	const char *schema;       /* "": the default one */
	const char *name;         /* of the table */
	const char *part;         /* of a column or constraint */
	const char *to;           /* the new name */
};

/* The operations of one call of a revision's function. */
struct mig__edits {
	const struct mig__alloc *alloc;
	mig_model model; /* to declare in */
	int has_model;
	struct mig__edit *at;
	size_t count, cap;
	int reverse; /* they are gathered to be undone */
};

mig_status mig__edits_add(struct mig__edits *edits, struct mig__db *db, const struct mig__edit *e);
/* Does what was gathered; nothing if they are to be undone. */
mig_status mig__edits_flush(struct mig__edits *edits, struct mig__db *db);
/* The function has returned: does, or undoes, all. */
mig_status mig__edits_end(struct mig__edits *edits, struct mig__db *db);
void mig__edits_finish(struct mig__edits *edits);

#endif
