/* place: where libmig's own tables are. */
#ifndef MIG__PG_PLACE_H
#define MIG__PG_PLACE_H

#include "base/buf.h"
#include "dialect/postgresql/store/store.h"

/* Adds FROM … for the lock's number (k), and the schema of the tables (s), "" if there is none:
 * where the version table is, otherwise where it will be created. */
void mig__pg_add_key(const mig_conn *conn, struct mig__buf *sql);
/* Adds an expression that is true if c (pg_class) has all columns of the history. */
void mig__pg_add_whole(struct mig__buf *sql);
/* Adds the name of our tables' schema, as a constant or as a query for it; NULL: there is none. */
void mig__pg_add_schema(const mig_conn *conn, struct mig__buf *sql);
/* A table of ours, with the schema if that is known. */
void mig__pg_add_table(const mig_conn *conn, struct mig__buf *buf, const char *name);
/* The same as a string constant: what regclass reads. */
void mig__pg_add_table_text(const mig_conn *conn, struct mig__buf *buf, const char *name);
/* Asks for the tables' schema, and pins it. */
mig_status mig__pg_find_schema(mig_conn *conn);
/* The tables' schema, as the server found it; from now on they are qualified. */
mig_status mig__pg_pin_schema(mig_conn *conn, const char *schema);
/* The schema in which unqualified names are created. */
mig_status mig__pg_current_schema(mig_conn *conn, const char **out);
/* What is known of the table that a statement is about. */
enum mig__pg_there *mig__pg_there(mig_conn *conn, enum mig__pg_table which);
/* enum mig_table_state */
mig_status mig__pg_table_exists(mig_conn *conn, enum mig__pg_table which, int32_t *out);

#endif
