/* support: what the tests of whole runs share: a folder in memory, clock, chance, plain SQL. */
#ifndef MIG_TEST_SUPPORT_H
#define MIG_TEST_SUPPORT_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#define PATH_SIZE 512

/* A temporary folder, memory-backed where the machine has one (what is tested here is what a
 * process leaves behind, not what a disk does). */
struct folder {
	char path[PATH_SIZE / 2];
};

void folder_make(struct folder *folder);
void folder_remove(struct folder *folder);
/* PATH of a name in the folder. */
void folder_path(const struct folder *folder, const char *name, char out[PATH_SIZE]);
/* "sqlite:PATH" of a name in the folder. */
void folder_url(const struct folder *folder, const char *name, char out[PATH_SIZE]);
/* Removes a database with its journals. */
void folder_drop_database(const struct folder *folder, const char *name);

int64_t clock_us(void);
void sleep_us(int64_t us);

/* A seed from MIG_TEST_SEED, or a new one; printed, so that a failure can be run again. */
uint32_t chance_seed(void);
/* 0 … below - 1. */
uint32_t chance(uint32_t *state, uint32_t below);
/* A count from the environment, or the default. */
size_t rounds_of(const char *variable, size_t fallback);

/* Plain SQL; all of them fail the running test when the engine reports an error. */
sqlite3 *sql_open(const char *path);
void sql_exec(sqlite3 *db, const char *sql);
int64_t sql_int(sqlite3 *db, const char *sql);
/* The first column of the first row, or "" ; out is cut at size. */
void sql_text(sqlite3 *db, const char *sql, char *out, size_t size);

#endif
