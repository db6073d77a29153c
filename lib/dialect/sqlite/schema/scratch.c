/* scratch: an empty database in memory, to try a schema in. Not a copy of the live one: what is in
 * it, autogenerate has created there. */
#include "dialect/sqlite/schema/objects.h"

mig_status mig__sqlite_scratch_at(mig_conn *conn, const char *url, mig_conn **out)
{
	mig_conn_options options = { .struct_size = sizeof options,
				     .url = url,
				     .version_table = conn->version_table,
				     .history_table = conn->history_table,
				     .foreign_keys = conn->keys,
				     .create = MIG_CREATE_MISSING };

	return mig__sqlite_open(conn->host, &options, out);
}

mig_status mig__sqlite_scratch(mig_conn *conn, mig_conn **out)
{
	return mig__sqlite_scratch_at(conn, "sqlite::memory:", out);
}
