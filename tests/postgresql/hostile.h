/* hostile: objects on the search path that nobody should ever call. */
#ifndef MIG_TEST_HOSTILE_H
#define MIG_TEST_HOSTILE_H

/* Makes them in an empty database. */
extern const char pg_hostile_sql[];
/* "f" as long as none was called. */
#define PG_HOSTILE_CALLED "SELECT is_called FROM hostile.called"

#endif
