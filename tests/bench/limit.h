/* limit: the same work as libmig's, by hand: nothing but calls of the engine's library and reads of
 * files. It is what the benchmark measures against. Any failure ends the program. */
#ifndef MIG_BENCH_LIMIT_H
#define MIG_BENCH_LIMIT_H

#include <stddef.h>

/* Milliseconds that passed; after clock_use_cpu(), that this process has worked. */
double clock_ms(void);
void clock_use_cpu(void);
int clock_is_cpu(void);
_Noreturn void die(const char *what, const char *why);
/* Peak resident memory of this process since it began its program, in kB. */
long peak_kb(void);

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
enum limit_how {
	LIMIT_ONE = 1,	  /* one transaction, not one each */
	LIMIT_HISTORY = 2 /* a row of history for each revision, as libmig writes one (SQLite) */
};

/* What the limit does with an engine. Its database is its own: one version row, without libmig's
 * tables. */
struct limit_engine {
	const char *name;
	void *(*open)(const char *url); /* as libmig has it */
	void (*close)(void *db);
	/* Reads the version row. */
	void (*query)(void *db);
	/* Runs the steps and keeps the version row. */
	void (*apply)(void *db, const struct limit_step *steps, size_t count, int how);
	/* The same upwards from a folder of revision files, one file in memory at a time. */
	void (*apply_folder)(void *db, const char *folder, int how);
};
extern const struct limit_engine limit_sqlite, limit_postgresql;

#endif
