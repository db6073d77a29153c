/* The suite of libmig with a description of toydb. */
#include <mig/conformance.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const mig_dialect *mig_dialect_toydb(void);

static const char *fresh(void)
{
	static char dir[] = "toydb-XXXXXX", url[100]; /* in the working folder */
	static int n;

	if (!n && !mkdtemp(dir))
		mig_conformance_fail("there is no folder");
	snprintf(url, sizeof url, "file=%s/%d.db;", dir, ++n);
	return url;
}

static void native_exec(void *native, const char *sql)
{
	if (sqlite3_exec(native, sql, NULL, NULL, NULL) != SQLITE_OK)
		mig_conformance_fail("%s: %s", sql, sqlite3_errmsg(native));
}

static void *native_open(const char *url)
{
	char file[100];
	sqlite3 *db;

	snprintf(file, sizeof file, "%.*s", (int)strcspn(url + 5, ";"), url + 5);
	if (sqlite3_open(file, &db) != SQLITE_OK)
		mig_conformance_fail("%s", sqlite3_errmsg(db));
	native_exec(db, "PRAGMA cache_size = 77");
	return db;
}

static int native_unchanged(void *native)
{
	sqlite3_stmt *stmt;
	int same = sqlite3_prepare_v2(native, "PRAGMA cache_size", -1, &stmt, NULL) == SQLITE_OK &&
		   sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0) == 77;

	sqlite3_finalize(stmt);
	return same;
}

static void native_close(void *native)
{
	if (sqlite3_close(native) != SQLITE_OK)
		mig_conformance_fail("%s", sqlite3_errmsg(native));
}

static const char *const refused[] = { "BEGIN", "COMMIT", "ROLLBACK", "SELECT 1; COMMIT;", NULL };
static const char *const allowed[] = { "SELECT 'COMMIT;' -- COMMIT;\n; /* ROLLBACK; */", NULL };

static const mig_conformance description = {
	.dialect = mig_dialect_toydb,
	.fresh = fresh,
	.native_open = native_open,
	.native_unchanged = native_unchanged,
	.native_exec = native_exec,
	.native_close = native_close,
	.read_only_url = NULL,
	.exact_places = 1,
	.slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000000000) "
		"SELECT count(*) FROM n",
	.values = "SELECT $1, $2, $3, $4, $5",
	.lone = "VACUUM",
	.refused = refused,
	.allowed = allowed,
	.split = " -- first;\n;select ';', `a;` /* ; */;\ninsert into `x;` values ('it''s;') -- no end",
	.split_first = "select ';', `a;` /* ; */;",
	.split_second = "insert into `x;` values ('it''s;')",
	.unclosed = "SELECT 1; SELECT 'open;\n",
	.unclosed_at = 17,
};

int main(int argc, char **argv)
{
	return mig_conformance_main(argc, argv, &description);
}
