/* See support.h. */
#include "support.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

void folder_make(struct folder *folder)
{
	const char *base = getenv("MIG_TEST_FOLDER");

	if (!base)
		base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(folder->path, sizeof(folder->path), "%s/mig-test-XXXXXX", base);
	if (!mkdtemp(folder->path))
		fail_msg("mkdtemp(%s)", folder->path);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void folder_remove(struct folder *folder)
{
	nftw(folder->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void folder_path(const struct folder *folder, const char *name, char out[PATH_SIZE])
{
	snprintf(out, PATH_SIZE, "%s/%s", folder->path, name);
}

void folder_url(const struct folder *folder, const char *name, char out[PATH_SIZE])
{
	snprintf(out, PATH_SIZE, "sqlite:%s/%s", folder->path, name);
}

void folder_drop_database(const struct folder *folder, const char *name)
{
	static const char *const suffixes[] = { "", "-journal", "-wal", "-shm" };
	char path[PATH_SIZE];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s%s", folder->path, name, suffixes[i]);
		unlink(path);
	}
}

int64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void sleep_us(int64_t us)
{
	struct timespec wait = { us / 1000000, (us % 1000000) * 1000 };

	nanosleep(&wait, NULL);
}

uint32_t chance_seed(void)
{
	const char *given = getenv("MIG_TEST_SEED");
	uint32_t seed = given ? (uint32_t)strtoul(given, NULL, 10)
			      : (uint32_t)clock_us() * 2654435761u + (uint32_t)getpid();

	print_message("seed: MIG_TEST_SEED=%u\n", seed);
	return seed ? seed : 1;
}

uint32_t chance(uint32_t *state, uint32_t below)
{
	uint32_t x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*state = x;
	return below ? x % below : 0;
}

size_t rounds_of(const char *variable, size_t fallback)
{
	const char *given = getenv(variable);

	return given && atoi(given) > 0 ? (size_t)atoi(given) : fallback;
}

sqlite3 *sql_open(const char *path)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL))
		fail_msg("%s: %s", path, sqlite3_errmsg(db));
	sqlite3_busy_timeout(db, 10000);
	return db;
}

void sql_exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

void sql_text(sqlite3 *db, const char *sql, char *out, size_t size)
{
	sqlite3_stmt *stmt = NULL;
	int rc;

	out[0] = '\0';
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW && sqlite3_column_text(stmt, 0))
		snprintf(out, size, "%s", (const char *)sqlite3_column_text(stmt, 0));
	else if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_finalize(stmt);
}

int64_t sql_int(sqlite3 *db, const char *sql)
{
	char text[64];

	sql_text(db, sql, text, sizeof(text));
	return strtoll(text, NULL, 10);
}
