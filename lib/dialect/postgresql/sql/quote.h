/* quote: names and string constants in SQL. */
#ifndef MIG__PG_QUOTE_H
#define MIG__PG_QUOTE_H

#include "base/buf.h"
#include "dialect/postgresql/conn/conn.h"

void mig__pg_add_name(struct mig__buf *buf, const char *name);
/* A string constant that reads the same whatever the settings. */
void mig__pg_add_text(struct mig__buf *buf, const char *text, size_t size);
/* A name and a constant as mig__pg_add_name() and mig__pg_add_text() have them, but what is not
 * ASCII is escaped where the server can read that: it is the same in every client encoding. */
void mig__pg_add_safe_name(const mig_conn *conn, struct mig__buf *buf, const char *name);
void mig__pg_add_safe_text(const mig_conn *conn, struct mig__buf *buf, const char *text);

#endif
