/* header: the header digest is PRAGMA user_version, a number in the header of the file. Reading it does not read the
 * schema, which takes milliseconds if there are many tables. */
#include "dialect/sqlite/conn/conn.h"

#include <string.h>

mig_status mig__sqlite_read_header_digest(mig_conn *conn, uint32_t *out)
{
	int64_t number;
	mig_status rc;

	*out = 0;
	if (sqlite3_stricmp(conn->schema, "main") != 0) /* libmig's tables are in another file */
		return MIG_OK;
	rc = mig__sqlite_recover(conn);
	if (!rc)
		rc = mig__sqlite_number(conn, "PRAGMA user_version", &number);
	if (!rc)
		*out = (uint32_t)number;
	return rc;
}

mig_status mig__sqlite_write_header_digest(mig_conn *conn, uint32_t digest,
					   const mig_sql_sink *script)
{
	char text[64];

	if (sqlite3_stricmp(conn->schema, "main") != 0)
		return MIG_OK;
	sqlite3_snprintf(sizeof text, text, "PRAGMA main.user_version = %d", (int)(int32_t)digest);
	if (script)
		return script->statement(script->user, text, strlen(text), NULL, 0, NULL);
	return mig__sqlite_exec(conn, text);
}
