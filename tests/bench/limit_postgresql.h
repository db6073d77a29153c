/* limit_postgresql: what else tests and benchmarks do by hand with libpq. Any failure ends the
 * program. */
#ifndef MIG_BENCH_LIMIT_POSTGRESQL_H
#define MIG_BENCH_LIMIT_POSTGRESQL_H

#include "limit.h"

#include <libpq-fe.h>

PGconn *limit_pg_open(const char *url);
/* Runs one message. */
void limit_pg_exec(PGconn *db, const char *sql);
/* Runs the steps, with a version table of one row; every step is one message. */
void limit_pg_apply(PGconn *db, const struct limit_step *steps, size_t count, int how);

#endif
