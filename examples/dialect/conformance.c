/* conformance: the description of SQLCipher for libmig's suite, and the program that runs it. */
#include <mig/conformance.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const mig_dialect *mig_dialect_sqlcipher(void);

static char folder[] = "/tmp/sqlcipher-conformance-XXXXXX";
static pid_t owner;
static int count;

static void clean_up(void)
{
	/* a process that was killed leaves these behind */
	static const char *const kinds[] = { "", "-journal", "-mig-lock" };
	char path[100];

	if (getpid() != owner)
		return;
	for (; count; count--)
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
			snprintf(path, sizeof path, "%s/%d.db%s", folder, count, kinds[i]);
			unlink(path);
		}
	rmdir(folder);
}

static const char *fresh(void)
{
	static char url[100];

	if (!owner) {
		if (!mkdtemp(folder))
			mig_conformance_fail("%s cannot be made", folder);
		owner = getpid();
		atexit(clean_up);
	}
	snprintf(url, sizeof url, "sqlcipher:%s/%d.db?key=open%%20sesame", folder, ++count);
	return url;
}

static void native_exec(void *native, const char *sql)
{
	if (sqlite3_exec(native, sql, NULL, NULL, NULL) != SQLITE_OK)
		mig_conformance_fail("%s: %s", sql, sqlite3_errmsg(native));
}

static void *native_open(const char *url)
{
	char path[100];
	sqlite3 *db;

	snprintf(path, sizeof path, "%.*s", (int)strcspn(strchr(url, ':') + 1, "?"),
		 strchr(url, ':') + 1);
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_key(db, "open sesame", 11) != SQLITE_OK)
		mig_conformance_fail("%s: %s", path, sqlite3_errmsg(db));
	native_exec(db, "PRAGMA foreign_keys = ON");
	native_exec(db, "PRAGMA busy_timeout = 123");
	return db;
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

static int native_unchanged(void *native)
{
	return number(native, "PRAGMA foreign_keys") == 1 &&
	       number(native, "PRAGMA busy_timeout") == 123 && sqlite3_get_autocommit(native);
}

static void native_close(void *native)
{
	if (sqlite3_close(native) != SQLITE_OK) /* a statement was left behind */
		mig_conformance_fail("%s", sqlite3_errmsg(native));
}

static const char *read_only_url(const char *url)
{
	static char read_only[120];

	snprintf(read_only, sizeof read_only, "%s&mode=ro", url);
	return read_only;
}

static const char *const refused[] = {
	"BEGIN",
	"begin immediate;",
	"COMMIT",
	"END TRANSACTION;",
	"ROLLBACK",
	"  -- a comment\n /* another */ ; ; COMMIT;",
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

static const mig_conformance description = {
	.dialect = mig_dialect_sqlcipher,
	.fresh = fresh,
	.native_open = native_open,
	.native_unchanged = native_unchanged,
	.native_exec = native_exec,
	.native_close = native_close,
	.read_only_url = read_only_url,
	.exact_places = 0, /* this SQLite does not tell them */
	.slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000000000) "
		"SELECT count(*) FROM n",
	.values = "SELECT $1, $2, $3, $4, $5",
	.lone = "VACUUM",
	.refused = refused,
	.allowed = allowed,
	.split = " -- first;\n;create temp /* ; */ trigger [a;b] after insert on t begin\n"
		 "select case when ';' then 1 end; -- end;\nend ;\n"
		 "insert into \"x;\"\"y\" values ('it''s;', `a;`) -- no end",
	.split_first = "create temp /* ; */ trigger [a;b] after insert on t begin\n"
		       "select case when ';' then 1 end; -- end;\nend ;",
	.split_second = "insert into \"x;\"\"y\" values ('it''s;', `a;`)",
	.unclosed = "SELECT 1; SELECT 'open;\n",
	.unclosed_at = 17,
};

int main(int argc, char **argv)
{
	return mig_conformance_main(argc, argv, &description);
}
