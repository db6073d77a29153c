/* engine: the libsqlite3 that is loaded. It may be older or newer than the one whose header libmig was
 * built with, and parts of it may have been compiled out, so what is not everywhere is called through
 * here alone. */
#ifndef MIG__SQLITE_ENGINE_H
#define MIG__SQLITE_ENGINE_H

#include "dialect/sqlite/conn/conn.h"

/* Initializes SQLite. MIG_EUNSUPPORTED names the version, or the compile-time option, that libmig
 * cannot do with. */
mig_status mig__sqlite_engine_check(mig_conn *conn);
/* Where in the text the statement is wrong that could not be prepared; -1: unknown. */
int mig__sqlite_error_offset(mig_conn *conn, const char *text, size_t size);
/* sqlite3_progress_handler(); 0 if SQLite does not have it. fn may be NULL. */
int mig__sqlite_on_progress(sqlite3 *db, int steps, int (*fn)(void *), void *user);
/* Whether SQLite says that it was built with an option, e.g. "OMIT_EXPLAIN". */
int mig__sqlite_omits(const char *option);

#endif
