/* render: the statements on libmig's own tables. */
#ifndef MIG__PG_RENDER_H
#define MIG__PG_RENDER_H

#include "base/buf.h"
#include "dialect/postgresql/conn/conn.h"

/* The time as the history table has it. */
#define MIG__PG_NOW                                                            \
	"pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', " \
	"'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

/* The statements on libmig's tables. */
enum mig__pg_own {
	MIG__PG_CREATE_VERSION,
	MIG__PG_CREATE_HISTORY,
	MIG__PG_ADD_COLUMNS,
	MIG__PG_READ_VERSION,
	MIG__PG_INSERT_VERSION,
	MIG__PG_UPDATE_VERSION,
	MIG__PG_DELETE_VERSION,
	MIG__PG_CLEAR_VERSION,
	MIG__PG_CHECK_VERSION,
	MIG__PG_INSERT_HISTORY,
	MIG__PG_READ_RUNNING,
	MIG__PG_READ_HISTORY,
	MIG__PG_MARK_RUNNING,
	MIG__PG_MARK_IN_SCRIPT,
	MIG__PG_MARK_ANY,
	MIG__PG_EXPECT_VERSION,
	MIG__PG_ENTER,
	MIG__PG_ENTER_SESSION,
	MIG__PG_LEAVE_SESSION
};
/* Their values: $1 is the first. */
struct mig__pg_values {
	mig_value at[24];
	const mig_value *time; /* which is the time at which a script runs, or NULL */
	int script;            /* for tables of any version */
};
/* Adds one, with its values as constants (NULL: with the parameters as they are), for conn->schema as it
 * is now. */
void mig__pg_add_own(const mig_conn *conn, struct mig__buf *buf, enum mig__pg_own which,
		     const struct mig__pg_values *values);

/* Adds "(…)": the first `count` of these. */
void mig__pg_add_values(struct mig__buf *buf, const struct mig__pg_values *values, size_t count);

#endif
