/* edit: the operations of a revision written in C. They are gathered, and then done together: the
 * schema is read, copied with the changes, and the difference of the two is rendered and run. So
 * what the dialect must do around a change (a rebuild, views that stand on it) is done as for
 * autogenerate. */
#ifndef MIG__MIGRATE_EDIT_H
#define MIG__MIGRATE_EDIT_H

#include "migrate/declare.h"

enum mig__edit_type {
	MIG__CREATE_TABLE,
	MIG__DROP_TABLE,
	MIG__RENAME_TABLE,
	MIG__ADD_COLUMN,
	MIG__ALTER_COLUMN,
	MIG__DROP_COLUMN,
	MIG__RENAME_COLUMN,
	MIG__ADD_ITEMS, /* constraints and indexes */
	MIG__DROP_ITEM
};

struct mig__edit {
	enum mig__edit_type type;
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
