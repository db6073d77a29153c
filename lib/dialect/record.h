/* record: a connection that writes down what it is asked to do, as a script for the engine's own shell, in
 * place of a database. It knows one thing of the database that the script is for: the version rows,
 * which begin as the caller says and follow what is written. */
#ifndef MIG__DIALECT_RECORD_H
#define MIG__DIALECT_RECORD_H

#include "dialect/db.h"

#include <mig/mig.h>

/* Makes *out a recording connection for the dialect of db, which must stay open; closed by
 * mig__db_close(). The text goes to fn in pieces. */
mig_status mig__record_open(struct mig__db *db, mig_sql_fn fn, void *user, struct mig__db *out);
/* Nonzero: nothing is written down, the tables are there, and the version rows are changed all the
 * same. */
void mig__record_assume(struct mig__db *record, int assume);
/* From here on, each transaction of the script makes sure that the database has the rows that it
 * should have by then. */
void mig__record_expect(struct mig__db *record);
/* A line of the script, "-- TEXT", in front of what comes next. */
mig_status mig__record_comment(struct mig__db *record, const char *text);

#endif
