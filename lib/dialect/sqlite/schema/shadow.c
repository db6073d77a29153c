/* shadow: the tables that a virtual table keeps its rows in, which come and go with it and are no
 * objects. SQLite lists them from 3.37 on. Before, they are known by their names, as in SQLite itself:
 * the table's, and one of those that its module has. */
#include "dialect/sqlite/schema/objects.h"

#include <string.h>

static const struct {
	const char *module;
	const char *suffixes[6];
} modules[] = {
	{ "FTS3", { "content", "segments", "segdir", "docsize", "stat" } },
	{ "FTS4", { "content", "segments", "segdir", "docsize", "stat" } },
	{ "FTS5", { "data", "idx", "content", "docsize", "config" } },
	{ "RTREE", { "node", "parent", "rowid" } },
	{ "RTREE_I32", { "node", "parent", "rowid" } },
	{ "GEOPOLY", { "node", "parent", "rowid" } },
};

static mig_status note(mig_conn *conn, struct mig__map *shadows, const char *name)
{
	return name && mig__map_add(shadows, name, strlen(name), 1, NULL) ? MIG_OK
									  : mig__sqlite_nomem(conn);
}

mig_status mig__sqlite_read_shadows(mig_conn *conn, struct mig__arena *arena,
				    struct mig__map *shadows, int *listed)
{
	sqlite3_stmt *stmt = NULL;
	int row = 1, code;
	mig_status rc = mig__sqlite_prepare(
		conn, "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'",
		-1, 0, &stmt, NULL, &code);

	*listed = code != SQLITE_ERROR;
	if (!rc && *listed && code != SQLITE_OK)
		rc = mig__sqlite_fail(conn, NULL);
	while (!rc && *listed && !(rc = mig__sqlite_row(conn, stmt, &row)) && row)
		rc = note(conn, shadows,
			  mig__arena_strdup(arena, (const char *)sqlite3_column_text(stmt, 0)));
	sqlite3_finalize(stmt);
	return rc;
}

mig_status mig__sqlite_guess_shadows(mig_conn *conn, const char *table, const char *rest,
				     struct mig__arena *arena, struct mig__map *shadows)
{
	struct mig__sqlite_token t = mig__sqlite_token(rest);
	size_t size = strlen(table) + sizeof "_segments";
	mig_status rc = MIG_OK;

	if (mig__sqlite_is(t, "USING"))
		t = mig__sqlite_token(mig__sqlite_behind(t));
	for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
		for (const char *const *s = modules[i].suffixes;
		     !rc && *s && mig__sqlite_stands_for(t, modules[i].module); s++) {
			char *name = mig__arena_alloc(arena, size);

			if (name)
				sqlite3_snprintf((int)size, name, "%s_%s", table, *s);
			rc = note(conn, shadows, name);
		}
	return rc;
}
