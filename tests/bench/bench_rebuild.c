/* What the comparison of old and new rows costs when SQLite rebuilds a table; and reading a table
 * with many equal CHECKs.
 *
 *     bench_rebuild [-c] [-n ROWS,…] [-k CHECKS,…] [-s SAMPLES] [-t FOLDER]
 *
 * The script of a rebuild comes from mig_diff(), as `mig migrate` writes it. It runs three ways, in
 * turn, each on a new copy of the same database: by hand through sqlite3 without the comparison,
 * with libmig without the "mig:check" line, and with libmig as written. */
#include "limit.h"

#include <sqlite3.h>

#include <mig/model.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 512, SAMPLES_MAX = 101 };

struct env {
	char base[PATH_SIZE], work[PATH_SIZE], url[PATH_SIZE + 8];
	char *checked, *plain; /* scripts, the second without the comparison */
	int samples;
};

static const struct rebuild {
	const char *name, *old, *new;
} rebuilds[] = {
	{ "rowid key, NOT NULL added", "id INTEGER PRIMARY KEY, a TEXT, b INTEGER, c TEXT)",
	  "id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INTEGER, c TEXT)" },
	{ "rowid key, INTEGER to REAL", "id INTEGER PRIMARY KEY, a TEXT, b INTEGER, c TEXT)",
	  "id INTEGER PRIMARY KEY, a TEXT, b REAL, c TEXT)" },
	{ "no key, INTEGER to TEXT", "id INTEGER, a TEXT, b INTEGER, c TEXT)",
	  "id INTEGER, a TEXT, b TEXT, c TEXT)" },
	{ "WITHOUT ROWID, NOT NULL added",
	  "id TEXT PRIMARY KEY, a TEXT, b INTEGER, c TEXT) WITHOUT ROWID",
	  "id TEXT PRIMARY KEY, a TEXT NOT NULL, b INTEGER, c TEXT) WITHOUT ROWID" },
	{ "WITHOUT ROWID, key of two, INTEGER to TEXT",
	  "id INTEGER, a TEXT, b INTEGER, c TEXT, PRIMARY KEY (id, a)) WITHOUT ROWID",
	  "id TEXT, a TEXT, b INTEGER, c TEXT, PRIMARY KEY (id, a)) WITHOUT ROWID" },
};

static void check(mig_status rc, const mig_ctx *ctx)
{
	if (rc)
		die(mig_status_name(rc), mig_error_message(ctx));
}

static sqlite3 *open_file(const char *path)
{
	sqlite3 *db;

	if (sqlite3_open(path, &db))
		die(path, sqlite3_errmsg(db));
	return db;
}

static void exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL))
		die(sql, sqlite3_errmsg(db));
}

static void remove_database(const char *path)
{
	char journal[PATH_SIZE + 16];

	snprintf(journal, sizeof journal, "%s-journal", path);
	unlink(journal);
	unlink(path);
}

static void copy_base(const struct env *env)
{
	char buffer[64 * 1024];
	int in = open(env->base, O_RDONLY | O_CLOEXEC);
	int out = open(env->work, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t got;

	if (in < 0 || out < 0)
		die(env->base, "copy");
	while ((got = read(in, buffer, sizeof buffer)) > 0)
		if (write(out, buffer, (size_t)got) != got)
			die(env->work, "copy");
	close(in);
	close(out);
}

static int compare_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *at, int count)
{
	qsort(at, (size_t)count, sizeof *at, compare_doubles);
	return at[count / 2];
}

/* -- rebuilds */

/* The script for "up", of malloc(). */
static char *script_of(const char *path, const char *model)
{
	char url[PATH_SIZE + 8], *text;
	mig_op_list *list;
	mig_model *m;
	mig_ctx *ctx;

	snprintf(url, sizeof url, "sqlite:%s", path);
	check(mig_open(&ctx, url), ctx);
	check(mig_model_of(ctx, &m), ctx);
	check(mig_model_sql(m, NULL, "model", model, strlen(model)), ctx);
	check(mig_diff(ctx, NULL, &list), ctx);
	text = strdup(mig_op_list_sql(list, MIG_UPGRADE, NULL));
	mig_op_list_free(list);
	mig_close(ctx);
	return text;
}

/* The script without the statement that compares; of malloc(). */
static char *without_check(const char *script)
{
	const char *from = strstr(script, "-- mig:check"), *to = from ? strchr(from, ';') : NULL;
	char *text = malloc(strlen(script) + 1);

	if (!to || !text || strstr(to, "-- mig:check"))
		die("script", "compares not once");
	memcpy(text, script, (size_t)(from - script));
	strcpy(text + (from - script), to + 1);
	return text;
}

static double by_hand(const struct env *env, const char *script)
{
	double start;
	sqlite3 *db;

	copy_base(env);
	start = clock_ms();
	db = open_file(env->work);
	exec(db, "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE");
	exec(db, script);
	exec(db, "COMMIT");
	sqlite3_close(db);
	return clock_ms() - start;
}

static double by_mig(const struct env *env, const char *script)
{
	static const char *const none[] = { NULL };
	static const uint32_t head = 0;
	const mig_section section = { .direction = MIG_UPGRADE,
					     .size = strlen(script),
					     .foreign_keys = -1 };
	const mig_bundle_revision revision = { .id = "r",
					       .message = "r",
					       .created = "",
					       .revises = none,
					       .branch_labels = none,
					       .depends_on = none,
					       .text = script,
					       .text_size = section.size,
					       .sections = &section,
					       .section_count = 1 };
	const mig_bundle bundle = { .struct_size = sizeof bundle,
				    .revision_size = sizeof revision,
				    .section_size = sizeof section,
				    .count = 1,
				    .revisions = &revision,
				    .heads = &head,
				    .head_count = 1 };
	double start;
	mig_ctx *ctx;

	copy_base(env);
	start = clock_ms();
	check(mig_open(&ctx, env->url), ctx);
	check(mig_add_bundle(ctx, &bundle), ctx);
	check(mig_upgrade(ctx, "head"), ctx);
	mig_close(ctx);
	return clock_ms() - start;
}

static void make_base(const struct env *env, const char *columns, size_t rows)
{
	char sql[512];
	sqlite3 *db;

	remove_database(env->base);
	db = open_file(env->base);
	snprintf(sql, sizeof sql, "CREATE TABLE t (%s", columns);
	exec(db, sql);
	snprintf(sql, sizeof sql,
		 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %zu) "
		 "INSERT INTO t SELECT i, 'name ' || i, i * 7, 'a text of some length ' || i "
		 "FROM n",
		 rows);
	exec(db, sql);
	sqlite3_close(db);
}

static void measure(struct env *env, const struct rebuild *r, size_t rows)
{
	double hand[SAMPLES_MAX], plain[SAMPLES_MAX], checked[SAMPLES_MAX], cost[SAMPLES_MAX],
		all[SAMPLES_MAX];
	char model[256];

	make_base(env, r->old, rows);
	snprintf(model, sizeof model, "CREATE TABLE t (%s", r->new);
	env->checked = script_of(env->base, model);
	env->plain = without_check(env->checked);
	for (int i = -1; i < env->samples; i++) { /* the first is a warm-up */
		const int k = i < 0 ? 0 : i;

		hand[k] = by_hand(env, env->plain);
		plain[k] = by_mig(env, env->plain);
		checked[k] = by_mig(env, env->checked);
		cost[k] = checked[k] / plain[k];
		all[k] = checked[k] / hand[k];
	}
	printf("| %s | %zu | %.1f | %.1f | %.1f | %.2f× | %.2f× |\n", r->name, rows,
	       median(hand, env->samples), median(plain, env->samples),
	       median(checked, env->samples), median(cost, env->samples),
	       median(all, env->samples));
	fflush(stdout);
	free(env->plain);
	free(env->checked);
}

/* -- many equal CHECKs */

/* A table with so many; of malloc(). */
static char *table_with(size_t checks, const char *column)
{
	static const char one[] = ", CHECK (a > 0)";
	const size_t size = checks * (sizeof one - 1) + 64;
	char *text = malloc(size), *at = text;

	if (!text)
		die("memory", NULL);
	at += snprintf(at, 64, "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER%s", column);
	for (size_t i = 0; i < checks; i++, at += sizeof one - 1)
		memcpy(at, one, sizeof one);
	strcpy(at, ")");
	return text;
}

/* mig_diff() of such a table with a model. */
static double diff_ms(const struct env *env, const char *model, size_t want)
{
	double start = clock_ms();
	mig_op_list *list;
	mig_model *m;
	mig_ctx *ctx;

	check(mig_open(&ctx, env->url), ctx);
	check(mig_model_of(ctx, &m), ctx);
	check(mig_model_sql(m, NULL, "model", model, strlen(model)), ctx);
	check(mig_diff(ctx, NULL, &list), ctx);
	if ((mig_op_list_count(list) != 0) != want)
		die("diff", "not as many operations as expected");
	mig_op_list_free(list);
	mig_close(ctx);
	return clock_ms() - start;
}

static void measure_checks(const struct env *env, size_t checks)
{
	char *table = table_with(checks, ""), *changed = table_with(checks, " NOT NULL"),
	     *fewer = table_with(checks - 1, "");
	double same[SAMPLES_MAX], column[SAMPLES_MAX], one[SAMPLES_MAX], by_hand[SAMPLES_MAX];

	for (int i = 0; i < env->samples; i++) {
		double start;
		sqlite3 *db;

		remove_database(env->work);
		start = clock_ms();
		db = open_file(env->work);
		exec(db, table);
		sqlite3_close(db);
		by_hand[i] = clock_ms() - start;
		same[i] = diff_ms(env, table, 0);
		column[i] = diff_ms(env, changed, 1);
		one[i] = diff_ms(env, fewer, 1);
	}
	printf("| %zu | %.2f | %.2f | %.2f | %.2f |\n", checks, median(by_hand, env->samples),
	       median(same, env->samples), median(column, env->samples), median(one, env->samples));
	fflush(stdout);
	free(table);
	free(changed);
	free(fewer);
}

/* -- */

/* Calls with each number of a list such as "100,1000". */
static void for_each(const char *list, struct env *env, void (*run)(struct env *env, size_t n))
{
	for (const char *at = list; *at;) {
		char *end;
		const size_t n = strtoul(at, &end, 10);

		if (!n || n > 100000000 || (*end && *end != ','))
			die("numbers", list);
		run(env, n);
		at = *end ? end + 1 : end;
	}
}

static void run_rebuilds(struct env *env, size_t rows)
{
	for (size_t i = 0; i < sizeof rebuilds / sizeof *rebuilds; i++)
		measure(env, &rebuilds[i], rows);
}

static void run_checks(struct env *env, size_t checks)
{
	measure_checks(env, checks);
}

static void run_all(struct env *env, const char *rows, const char *checks, const char *base)
{
	char folder[PATH_SIZE / 2];

	snprintf(folder, sizeof folder, "%s/mig-rebuild-XXXXXX", base);
	if (!mkdtemp(folder))
		die(folder, "cannot be made");
	snprintf(env->base, sizeof env->base, "%s/base.db", folder);
	snprintf(env->work, sizeof env->work, "%s/work.db", folder);
	snprintf(env->url, sizeof env->url, "sqlite:%s", env->work);
	puts("| rebuild | rows | by hand, ms | unchecked, ms | checked, ms | / unchecked | "
	     "/ by hand |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
	for_each(rows, env, run_rebuilds);
	puts("\n| equal CHECKs | CREATE TABLE, ms | no difference, ms | a column, ms | one less, "
	     "ms |"
	     "\n| ---: | ---: | ---: | ---: | ---: |");
	for_each(checks, env, run_checks);
	remove_database(env->base);
	remove_database(env->work);
	rmdir(folder);
}

int main(int argc, char **argv)
{
	const char *rows = "100000,1000000", *checks = "1000,8000";
	const char *folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	struct env env = { .samples = 5 };
	int c;

	while ((c = getopt(argc, argv, "cn:k:s:t:")) != -1)
		switch (c) {
		case 'c':
			clock_use_cpu();
			break;
		case 'n':
			rows = optarg;
			break;
		case 'k':
			checks = optarg;
			break;
		case 's':
			env.samples = atoi(optarg);
			break;
		case 't':
			folder = optarg;
			break;
		default:
			return 2;
		}
	if (optind != argc || env.samples < 1 || env.samples > SAMPLES_MAX) {
		fputs("usage: bench_rebuild [-c] [-n ROWS,…] [-k CHECKS,…] [-s SAMPLES] "
		      "[-t FOLDER]\n",
		      stderr);
		return 2;
	}
	run_all(&env, rows, checks, folder);
	return 0;
}
