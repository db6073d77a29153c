/* limit: the same work as libmig's, by hand: nothing but SQLite calls and reads of files. It is
 * what the benchmark measures against. Any failure ends the program. */
#ifndef MIG_BENCH_LIMIT_H
#define MIG_BENCH_LIMIT_H

#include <sqlite3.h>
#include <stddef.h>

/* Milliseconds that passed; after clock_use_cpu(), that this process has worked. */
double clock_ms(void);
void clock_use_cpu(void);
_Noreturn void die(const char *what, const char *why);
/* Peak resident memory of this process since it began its program, in kB. */
long peak_kb(void);

sqlite3 *limit_open(const char *path);
/* Reads libmig's version rows on an open connection. */
void limit_query(sqlite3 *db);
/* Opens, reads them, closes. */
void limit_noop(const char *path);
/* Calls fn, which may be NULL, for each .sql file of a folder, in the order of their names; its
 * text may be written to. Returns the bytes. */
size_t limit_each_file(const char *folder, void (*fn)(void *user, const char *name, char *text),
		       void *user);
/* Only reads them. */
size_t limit_scan(const char *folder);

/* One revision: its id and the SQL to run. */
struct limit_step {
	const char *id; /* what the version table says afterwards; "" at the base */
	const char *sql;
};
/* Runs the steps, with a version table of one row; one nonzero: in one transaction, otherwise one
 * each. */
void limit_apply(const char *path, const struct limit_step *steps, size_t count, int one);
/* The same upwards from a folder of revision files, one file in memory at a time. */
void limit_apply_folder(const char *path, const char *folder, int one);

#endif
