/* foreign: the version table of another tool, or of a program that has migrated itself so far. */
#ifndef MIG__DIALECT_FOREIGN_H
#define MIG__DIALECT_FOREIGN_H

#include "dialect/db.h"

struct mig__foreign {
	const char *table; /* with its schema before a dot, if it has one */
	const char *column;
	const char *query; /* the host's own SQL, instead of both; or NULL */
};

/* A value as text, borrowed for the call; NULL: it is null. */
typedef mig_status (*mig__foreign_fn)(void *user, const char *value);

/* Calls fn for each value of the column, or of the query's first one. */
mig_status mig__foreign_read(struct mig__db *db, const struct mig__foreign *what,
			     mig__foreign_fn fn, void *user);

#endif
