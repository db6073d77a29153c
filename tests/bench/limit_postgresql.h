/* limit_postgresql: the same work as libmig's on PostgreSQL, by hand: nothing but libpq. Any
 * failure ends the program. */
#ifndef MIG_BENCH_LIMIT_POSTGRESQL_H
#define MIG_BENCH_LIMIT_POSTGRESQL_H

#include "limit.h"

#include <libpq-fe.h>

PGconn *limit_pg_open(const char *url);
/* Reads libmig's version rows. */
void limit_pg_query(PGconn *db);
/* Opens, reads them, closes. */
void limit_pg_noop(const char *url);
/* Runs one message. */
void limit_pg_exec(PGconn *db, const char *sql);
/* Runs the steps, with a version table of one row. one nonzero: a transaction for all, otherwise
 * one each; every step is one message. */
void limit_pg_apply(PGconn *db, const struct limit_step *steps, size_t count, int one);
/* Upwards from a folder of revision files, one file in memory at a time, a transaction each. */
void limit_pg_apply_folder(const char *url, const char *folder);

#endif
