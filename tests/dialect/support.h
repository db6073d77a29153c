/* support: a database of a dialect under test, its callbacks recorded. */
#ifndef TEST_DIALECT_SUPPORT_H
#define TEST_DIALECT_SUPPORT_H

#include "dialect/db.h"

#include <mig/conformance.h>

#include <setjmp.h>
#include <stdarg.h>
/* after those two */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SQLite, for the conformance suite. */
extern const mig_conformance row_sqlite;

struct base {
	struct mig__db db;
	struct mig__error err;
	int waits, works, stop; /* calls of poll; stop: at the n-th */
	int warnings;
	char last_log[200];
};

/* Opens url, or adopts native; NULL options take the usual ones. */
mig_status base_open_with(struct base *b, const mig_conformance *row,
			  const struct mig__alloc *alloc, const mig_conn_options *o);
void base_open(struct base *b, const mig_conformance *row, const char *url, int32_t timeout_ms);
void base_close(struct base *b);
mig_status base_script(struct base *b, const char *text);
/* The first column of the first row as a number; -1: no row. */
int64_t base_number(struct base *b, const char *sql);
void base_check(const struct base *b, mig_status rc, const char *file, int line);
void pause_ms(int ms);
/* A path in the test's own folder, which is removed at the end. Valid until the next call. */
const char *scratch(const char *name);
void scratch_remove(void);

#define OK(b, call) base_check(&(b), (call), __FILE__, __LINE__)

#endif
