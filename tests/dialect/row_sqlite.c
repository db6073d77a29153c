#include "support.h"

#include <sqlite3.h>

static const char *fresh(void)
{
	static char url[220];
	static int n;

	snprintf(url, sizeof url, "sqlite:%s", scratch("db"));
	snprintf(url + strlen(url), sizeof url - strlen(url), "%d.sqlite", ++n);
	return url;
}

static void native_exec(void *native, const char *sql)
{
	if (sqlite3_exec(native, sql, NULL, NULL, NULL) != SQLITE_OK)
		mig_conformance_fail("%s: %s", sql, sqlite3_errmsg(native));
}

static int number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt;
	int n = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static void *native_open(const char *url)
{
	sqlite3 *db;

	if (sqlite3_open(url + strlen("sqlite:"), &db) != SQLITE_OK)
		mig_conformance_fail("%s", sqlite3_errmsg(db));
	native_exec(db, "PRAGMA foreign_keys = ON");
	native_exec(db, "PRAGMA busy_timeout = 123");
	native_exec(db, "CREATE TEMP TABLE mine (x); INSERT INTO mine VALUES (1), (2), (3)");
	return db;
}

static int native_unchanged(void *native)
{
	/* a plain result code where an extended one exists: those are still off */
	int plain = sqlite3_exec(native,
				 "CREATE TEMP TABLE IF NOT EXISTS u (x UNIQUE);"
				 "INSERT OR IGNORE INTO u VALUES (1);"
				 "INSERT INTO u VALUES (1)",
				 NULL, NULL, NULL);

	return number(native, "PRAGMA foreign_keys") == 1 &&
	       number(native, "PRAGMA busy_timeout") == 123 &&
	       number(native, "SELECT count(*) FROM mine") == 3 && plain == SQLITE_CONSTRAINT &&
	       sqlite3_get_autocommit(native);
}

static void native_close(void *native)
{
	/* not close_v2: a statement left behind would show */
	if (sqlite3_close(native) != SQLITE_OK)
		mig_conformance_fail("%s", sqlite3_errmsg(native));
}

static const char *read_only_url(const char *url)
{
	static char read_only[260];

	snprintf(read_only, sizeof read_only, "file:%s?mode=ro", url + strlen("sqlite:"));
	return read_only;
}

static const char *const refused[] = {
	"BEGIN",
	"begin immediate;",
	"COMMIT",
	"END TRANSACTION;",
	"ROLLBACK",
	"rollback transaction;",
	"  -- a comment\n /* another */ ; ; COMMIT;",
	"\xef\xbb\xbf"
	"COMMIT;",
	"SELECT 1; SELECT 2;\nEnd;",
	NULL,
};

static const char *const allowed[] = {
	"SAVEPOINT a; ROLLBACK TO a; RELEASE a;",
	"SAVEPOINT a; ROLLBACK TRANSACTION TO SAVEPOINT a; RELEASE a;",
	"EXPLAIN COMMIT;",
	"SELECT 'COMMIT;' AS \"END;\" -- COMMIT;\n; /* ROLLBACK; */",
	"CREATE TABLE begun (\"commit\"); CREATE TRIGGER t AFTER INSERT ON begun BEGIN\n"
	"SELECT CASE WHEN 1 THEN 2 END; END;",
	NULL,
};

const mig_conformance row_sqlite = {
	.dialect = mig_dialect_sqlite,
	.fresh = fresh,
	.native_open = native_open,
	.native_unchanged = native_unchanged,
	.native_exec = native_exec,
	.native_close = native_close,
	.read_only_url = read_only_url,
	.exact_places = 1,
	.lone = "VACUUM",
	.slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000000000) "
		"SELECT count(*) FROM n",
	.values = "SELECT $1, $2, $3, $4, $5",
	.refused = refused,
	.allowed = allowed,
	.split = "\xef\xbb\xbf -- first;\n;create temp /* ; */ trigger [a;b] after insert on t "
		 "begin\n"
		 "select case when ';' then 1 end; -- end;\nend ;\n"
		 "insert into \"x;\"\"y\" values ('it''s;', `a;`) -- no end",
	.split_first = "create temp /* ; */ trigger [a;b] after insert on t begin\n"
		       "select case when ';' then 1 end; -- end;\nend ;",
	.split_second = "insert into \"x;\"\"y\" values ('it''s;', `a;`)",
	.unclosed = "SELECT 1; SELECT 'open;\n",
	.unclosed_at = 17,
};
