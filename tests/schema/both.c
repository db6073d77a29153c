#include "both.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#ifdef HAVE_POSTGRESQL
#include "cluster.h"
#endif

enum { ANSWER = 4096 };

static void make_folder(struct base *base)
{
	char versions[80];

	snprintf(base->dir, sizeof base->dir, "/tmp/mig-both-XXXXXX");
	assert_non_null(mkdtemp(base->dir));
	snprintf(versions, sizeof versions, "%s/versions", base->dir);
	assert_int_equal(mkdir(versions, 0700), 0);
}

static void remove_folder(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char path[400];

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		if (e->d_type == DT_DIR)
			remove_folder(path);
		else
			unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

int on_one(const char *dialect, void (*test)(const struct base *base, const void *with),
	   const void *with)
{
	struct base base = { .dialect = dialect };
	const char *url = NULL;

	if (strcmp(dialect, "sqlite") != 0) {
#ifdef HAVE_POSTGRESQL
		url = pg_available() ? pg_fresh_database() : NULL;
#endif
		if (!url)
			return 0;
	}
	make_folder(&base);
	if (url)
		snprintf(base.url, sizeof base.url, "%s", url);
	else
		snprintf(base.url, sizeof base.url, "sqlite:%s/db", base.dir);
	test(&base, with);
	remove_folder(base.dir);
#ifdef HAVE_POSTGRESQL
	if (url)
		pg_drop_database(url);
#endif
	return 1;
}

struct plain_test {
	void (*test)(const struct base *base);
};

static void call_plain(const struct base *base, const void *with)
{
	((const struct plain_test *)with)->test(base);
}

void on_all(void (*test)(const struct base *base))
{
	const struct plain_test plain = { test };

	on_one("sqlite", call_plain, &plain);
	on_one("postgresql", call_plain, &plain);
}

mig_ctx *open_base(const struct base *base)
{
	mig_ctx *ctx = NULL;

	if (mig_open(&ctx, base->url))
		fail_msg("%s: %s", base->url, mig_error_message(ctx));
	assert_int_equal(mig_add_directory(ctx, base->dir), MIG_OK);
	return ctx;
}

static void keep_first(char *out, size_t size, const char *value)
{
	snprintf(out, size, "%s", value ? value : "");
}

static int take_row(void *user, int count, char **values, char **names)
{
	char *out = user;

	(void)count, (void)names;
	if (!*out)
		keep_first(out, ANSWER, values[0]);
	return 0;
}

static void on_sqlite(const struct base *base, const char *sql, char *out)
{
	char path[80], *message = NULL;
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/db", base->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, take_row, out, &message))
		fail_msg("%s: %s", sql, message);
	sqlite3_close(db);
}

const char *ask_sql(const struct base *base, const char *sql)
{
	static char answer[ANSWER];

	answer[0] = '\0';
	if (!strcmp(base->dialect, "sqlite")) {
		on_sqlite(base, sql, answer);
		return answer;
	}
#ifdef HAVE_POSTGRESQL
	{
		PGconn *db = pg_connect(base->url);
		PGresult *result = PQexec(db, sql);

		if (PQresultStatus(result) != PGRES_TUPLES_OK &&
		    PQresultStatus(result) != PGRES_COMMAND_OK)
			fail_msg("%s: %s", sql, PQerrorMessage(db));
		if (PQntuples(result) > 0)
			keep_first(answer, sizeof answer, PQgetvalue(result, 0, 0));
		PQclear(result);
		PQfinish(db);
	}
#endif
	return answer;
}

void run_sql(const struct base *base, const char *sql)
{
	(void)ask_sql(base, sql);
}
