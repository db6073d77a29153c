/* support: a database of a dialect under test, its callbacks recorded. */
#ifndef TEST_DIALECT_SUPPORT_H
#define TEST_DIALECT_SUPPORT_H

#include "dialect/db.h"

#include <setjmp.h>
#include <stdarg.h>
/* after those two */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What differs by dialect. To test another one, add a row_*.c and its entry in row_all. */
struct row {
	const char *name;
	/* A new, empty database: its URL, valid until the next call. */
	const char *(*fresh)(void);
	/* The engine's own connection to it, and whether it is as native_open() made it. */
	void *(*native_open)(const char *url);
	int (*native_unchanged)(void *native);
	void (*native_exec)(void *native, const char *sql);
	void (*native_close)(void *native);
	/* Makes the database read-only for connections opened from now on; NULL: cannot be done. */
	const char *(*read_only_url)(const char *url);
	const char *slow;           /* runs for minutes, changes nothing */
	const char *values;         /* SELECT of $1 … $5, typed integer, real, text, blob, any */
	const char *const *refused; /* scripts that begin or end a transaction, NULL at the end */
	const char *const *allowed; /* scripts that look like it and do not; run one by one */
	const char *split;          /* a text of two statements, hard to split */
	const char *split_first, *split_second;
	const char *unclosed; /* a text whose quote is never closed */
	size_t unclosed_at;
};

extern const struct row row_sqlite, row_postgresql;

/* A test of any dialect: its state is the row. */
struct test {
	const char *name;
	CMUnitTestFunction fn;
};

/* clang-format off */
#define TEST(fn) { #fn, fn }
/* clang-format on */

extern const struct test lock_tests[];

const struct row *row_of(void **state);

struct base {
	struct mig__db db;
	struct mig__error err;
	int waits, works, stop; /* calls of poll; stop: at the n-th */
	int warnings;
	char last_log[200];
};

/* Opens url, or adopts native; NULL options take the usual ones. */
mig_status base_open_with(struct base *b, const struct row *row, const struct mig__alloc *alloc,
			  const mig_conn_options *o);
void base_open(struct base *b, const struct row *row, const char *url, int32_t timeout_ms);
mig_status base_lend(struct base *b, const struct row *row, void *native);
void base_close(struct base *b);
/* begin() and lock(), again when the lock has been freed meanwhile. */
mig_status base_begin(struct base *b, int32_t check);
mig_status base_lock(struct base *b);
mig_status base_script(struct base *b, const char *text);
/* The first column of the first row as a number; -1: no row. */
int64_t base_number(struct base *b, const char *sql);
void base_check(const struct base *b, mig_status rc, const char *file, int line);
int64_t milliseconds(void);
void pause_ms(int ms);
/* A path in the test's own folder, which is removed at the end. Valid until the next call. */
const char *scratch(const char *name);
void scratch_remove(void);

#define OK(b, call) base_check(&(b), (call), __FILE__, __LINE__)

#endif
