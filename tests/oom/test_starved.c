/* Memory that runs out and stays out, for libmig and for SQLite, from each request on in turn: a lent
 * connection never comes back inside libmig's transaction, a context with a connection of its own
 * works again when there is memory again, and rows and tables agree. MIG_OOM_STEP=5: from every
 * fifth request on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <malloc.h>
#include <mig/mig.h>
#include <sqlite3.h>

/* -- memory */

static int64_t requests, last = INT64_MAX; /* from then on there is no more */
static int64_t live, limit;                /* bytes; a full heap has room again for what is freed */
static int full;
static sqlite3_mem_methods libc;

static int starved(int64_t size)
{
	if (requests++ < last)
		return 0;
	if (requests == last + 1)
		limit = live;
	return !full || live + size > limit;
}

static void *sqlite_malloc(int size)
{
	void *p = starved(size) ? NULL : libc.xMalloc(size);

	live += p ? libc.xSize(p) : 0;
	return p;
}

static void sqlite_free(void *p)
{
	live -= libc.xSize(p);
	libc.xFree(p);
}

static void *sqlite_realloc(void *p, int size)
{
	int before = libc.xSize(p);
	void *out = starved(size - before) ? NULL : libc.xRealloc(p, size);

	live += out ? libc.xSize(out) - before : 0;
	return out;
}

static void *mig_realloc(void *user, void *p, size_t size)
{
	int64_t before = (int64_t)malloc_usable_size(p);
	void *out;

	(void)user;
	if (!size) {
		live -= before;
		free(p);
		return NULL;
	}
	out = starved((int64_t)size - before) ? NULL : realloc(p, size);
	live += out ? (int64_t)malloc_usable_size(out) - before : 0;
	return out;
}

static void share_memory(void)
{
	sqlite3_mem_methods ours;

	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &libc);
	ours = libc;
	ours.xMalloc = sqlite_malloc;
	ours.xRealloc = sqlite_realloc;
	ours.xFree = sqlite_free;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
}

/* -- a run */

struct how {
	const char *name;
	const char *journal;
	int lent, mode, down;
	int full; /* a full heap; otherwise nothing is given any more, whatever is freed */
};

#define B(create, more, drop)                                                                   \
	"-- b\n--\n-- revision: b\n-- revises: a\n\n-- mig:upgrade\n" create                    \
	"\nALTER TABLE a ADD COLUMN w REFERENCES a (id);\nUPDATE a SET w = id;\n" more            \
	"\n\n-- mig:downgrade\n" drop "\nALTER TABLE a DROP COLUMN w;\n"

static const char *const scripts[] = {
	"-- a\n--\n-- revision: a\n-- revises:\n\n-- mig:upgrade\nCREATE TABLE a (id INTEGER PRIMARY "
	"KEY, v TEXT);\nINSERT INTO a (v) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	"WHERE i < 500) SELECT hex(zeroblob(50)) FROM n;\n\n-- mig:downgrade\nDROP TABLE a;\n",
	/* an index has SQLite prepare all other statements again */
	B("CREATE INDEX a_v ON a (v);", "PRAGMA cache_size = 10;", "DROP INDEX a_v;"),
	"-- c\n--\n-- revision: c\n-- revises: b\n\n-- mig:upgrade\nCREATE TABLE c (x);\nCREATE TRIGGER t "
	"AFTER INSERT ON a BEGIN INSERT INTO c VALUES (new.id); END;\nDELETE FROM a WHERE id > "
	"100;\n\n-- mig:downgrade\nDROP TRIGGER t;\nDROP TABLE c;\n",
};

/* In place of the second one, where what is freed is of no use. */
static const char plain[] = B("CREATE VIEW a_v AS SELECT v FROM a;", "", "DROP VIEW a_v;");

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

static mig_ctx *open_ctx(const struct how *how, const char *path, sqlite3 *db)
{
	mig_allocator allocator = { .struct_size = sizeof allocator, .realloc_fn = mig_realloc };
	char url[200];
	mig_open_options o = { .struct_size = sizeof o,
			       .url = how->lent ? NULL : url,
			       .connection = how->lent ? db : NULL,
			       .dialect_name = how->lent ? "sqlite" : NULL,
			       .allocator = &allocator };
	mig_ctx *ctx = NULL;

	snprintf(url, sizeof url, "sqlite:%s", path);
	if (mig_open_with(&ctx, &o))
		_exit(30);
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		const char *text = i == 1 && !how->full ? plain : scripts[i];

		if (mig_add_script(ctx, "x.sql", text, strlen(text)))
			_exit(31);
	}
	return ctx;
}

static mig_status go(const struct how *how, mig_ctx *ctx, int down)
{
	mig_run_options o = { .struct_size = sizeof o, .transaction_mode = how->mode };

	return down ? mig_downgrade_with(ctx, "base", &o) : mig_upgrade_with(ctx, "head", &o);
}

/* What is wrong, as an exit status; 0: all is well, 1: and the memory was enough. */
static int child(const struct how *how, const char *path, int64_t k)
{
	char sql[100];
	sqlite3 *db;
	mig_ctx *ctx;
	mig_status rc;
	int enough, at;

	if (sqlite3_open(path, &db))
		return 32;
	snprintf(sql, sizeof sql, "PRAGMA journal_mode = %s", how->journal);
	sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_exec(db, "CREATE TABLE host (x); INSERT INTO host VALUES (1)", NULL, NULL, NULL);
	ctx = open_ctx(how, path, db);
	if (how->down && go(how, ctx, 0))
		return 33;
	requests = 0;
	full = how->full;
	last = k;
	rc = go(how, ctx, how->down);
	enough = requests <= last;
	if (how->lent)
		mig_close(ctx); /* without memory as well */
	if (how->lent && !sqlite3_get_autocommit(db))
		return 40; /* the host's next COMMIT would make half a run permanent */
	last = INT64_MAX;
	if (rc && rc != MIG_ENOMEM)
		return 41;
	/* rows and tables agree, whatever there is of them */
	at = number(db, "SELECT max(revision) = 'a' OR max(revision) >= 'b' FROM mig_version") == 1
		     ? number(db, "SELECT unicode(max(revision)) - 96 FROM mig_version")
		     : 0;
	if (number(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('a', 'a_v', 'c')") != at)
		return 42;
	if (how->lent)
		ctx = open_ctx(how, path, db);
	if (go(how, ctx, how->down)) {
		fprintf(stderr, "%s\n", mig_error_message(ctx));
		return 43; /* memory is there again */
	}
	mig_close(ctx);
	if (number(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('a', 'a_v', 'c')") !=
	    (how->down ? 0 : 3))
		return 44;
	sqlite3_close(db);
	return enough;
}

static void try(const struct how *how)
{
	/* in memory, if it can be: nobody waits for a disk here */
	static const char *const files[] = { "", "-journal", "-wal", "-shm" };
	const char *step = getenv("MIG_OOM_STEP");
	char dir[40], path[100], file[120];
	int64_t k, steps = step ? atoi(step) : 1;
	int result = 0;

	snprintf(dir, sizeof dir, "%s/mig-starved-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(dir));
	for (k = 0; result != 1; k += steps * (k < 200 ? 1 : 1 + k / 100)) {
		pid_t pid;
		int status;

		snprintf(path, sizeof path, "%s/%d.db", dir, (int)k);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			_exit(child(how, path, k));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
			fail_msg("%s: no memory from request %d on: %d", how->name, (int)k,
				 WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
		result = WEXITSTATUS(status);
		for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
			snprintf(file, sizeof file, "%s%s", path, files[i]);
			unlink(file);
		}
	}
	print_message("%s: %d requests\n", how->name, (int)k);
	assert_true(k > 500);
	assert_int_equal(rmdir(dir), 0);
}

static void test_lent(void **state)
{
	static const struct how hows[] = {
		{ "lent", "DELETE", 1, MIG_TRANSACTION_RUN, 0, 0 },
		{ "lent, full heap", "DELETE", 1, MIG_TRANSACTION_RUN, 0, 1 },
		{ "lent, a transaction a revision, full heap", "TRUNCATE", 1,
		  MIG_TRANSACTION_REVISION, 0, 1 },
		{ "lent, down", "TRUNCATE", 1, MIG_TRANSACTION_RUN, 1, 0 },
		{ "lent, down, WAL, full heap", "WAL", 1, MIG_TRANSACTION_RUN, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof hows / sizeof *hows; i++)
		try(&hows[i]);
}

static void test_own(void **state)
{
	static const struct how hows[] = {
		{ "own", "DELETE", 0, MIG_TRANSACTION_RUN, 0, 0 },
		{ "own, a transaction a revision", "DELETE", 0, MIG_TRANSACTION_REVISION, 0, 0 },
		{ "own, WAL, down, full heap", "WAL", 0, MIG_TRANSACTION_RUN, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof hows / sizeof *hows; i++)
		try(&hows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lent),
		cmocka_unit_test(test_own),
	};

	share_memory();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
