/* quote: names and string constants in SQL. */
#ifndef MIG__SQLITE_QUOTE_H
#define MIG__SQLITE_QUOTE_H

#include "base/buf.h"

/* A name in quotes. */
void mig__sqlite_add_name(struct mig__buf *buf, const char *name);
/* A name, in quotes only if it needs them. */
void mig__sqlite_add_word(struct mig__buf *buf, const char *name);
/* A string constant. */
void mig__sqlite_add_string(struct mig__buf *buf, const char *text);

#endif
