/* support: a fresh database for a test, scripts, runs in a thread, and questions to the server by a
 * connection that has nothing to do with libmig. */
#ifndef TESTS_POSTGRESQL_SUPPORT_H
#define TESTS_POSTGRESQL_SUPPORT_H

#include "cluster.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <mig/mig.h>

enum { URL_SIZE = 512, LOG_SIZE = 16384 };

/* A database of the test's own. */
struct place {
	char url[URL_SIZE];
	PGconn *db; /* the observer */
};

/* Skips the test where there is no server. */
void place_begin(struct place *p);
void place_end(struct place *p);
/* The place's URL with one more parameter, e.g. "user=reader"; it beats an earlier one. Static. */
const char *url_with(const struct place *p, const char *parameter);
/* Opens the place; options may be NULL, their url is set. */
mig_ctx *open_place(const struct place *p, mig_open_options *options);
mig_ctx *open_url(const char *url);
/* Puts a host's connection into a context. */
mig_ctx *lend(PGconn *db);

/* A revision file. The first line of `up` is line 7, and one more for each line of keys. */
struct revision {
	const char *id, *revises;
	const char *keys;       /* whole lines of the header, e.g. "-- lock_timeout: 3s\n" */
	const char *attributes; /* e.g. " transaction=no", of both sections */
	const char *up, *down;  /* down NULL: no such section */
};

void add(mig_ctx *ctx, const struct revision *r);
/* clang-format off */
#define ADD(ctx, ...) add(ctx, &(struct revision){ __VA_ARGS__ })
/* clang-format on */

/* malloc() that does not fail. */
char *room_for(size_t size);
/* `count` letters between two texts; to be freed. */
char *long_text(const char *before, size_t count, const char *after);

/* Fails with the context's message unless the status is what is expected. */
#define expect(ctx, want, call)                                                      \
	do {                                                                         \
		mig_status got_ = (call);                                            \
		if (got_ != (want))                                                  \
			fail_msg("%s: %s, not %s: %s", #call, mig_status_name(got_), \
				 mig_status_name(want), mig_error_message(ctx));     \
	} while (0)
#define ok(ctx, call) expect(ctx, MIG_OK, call)
/* Fails unless the text, which may be NULL, has this part. */
#define assert_has(text, part) check_has(text, part, __FILE__, __LINE__)
void check_has(const char *text, const char *part, const char *file, int line);

/* The first column of a query, rows joined by "|", NULL as "NULL". Static. */
const char *ask(PGconn *db, const char *sql);
#define assert_answer(db, sql, want) assert_string_equal(ask(db, sql), want)
/* Whether the server is older than a major version. */
int is_older(PGconn *db, int major);
/* The same, for a case that needs the version: if so, says that it is left out. */
int is_left_out(PGconn *db, int major, const char *what);
/* Version rows, joined by "|"; "none" without the table. Static. */
const char *rows(PGconn *db);
/* Asks until the answer is not 0 or f; fails after ten seconds. */
void wait_until(PGconn *db, const char *sql);
int64_t now_ms(void);
void sleep_ms(int ms);

/* -- what libmig logs */

struct log {
	char text[LOG_SIZE]; /* lines like "2 message" */
	size_t size;
};

void log_to(mig_ctx *ctx, struct log *log);
/* How often a part is in the text. */
size_t count_of(const char *text, const char *part);

/* -- a run in a thread of its own */

struct runner {
	pthread_t thread;
	mig_ctx *ctx;
	const mig_run_options *options;
	mig_status status;
	int64_t ended_ms;
};

void runner_start(struct runner *r, mig_ctx *ctx, const mig_run_options *options);
mig_status runner_join(struct runner *r);

/* A run that stops before its first statement, with lock and transaction, until it is let go. */
struct held {
	struct runner runner;
	sem_t there, go;
};

struct held *held_start(mig_ctx *ctx);
mig_status held_finish(struct held *h);

/* What pg_locks has of advisory locks in the place's database. */
#define ADVISORY_LOCKS                                                                      \
	"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT " \
	"oid FROM pg_database WHERE datname = current_database())"
/* Tables that are not libmig's own. */
#define TABLES                                                                        \
	"SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', "     \
	"'information_schema') AND tablename NOT LIKE 'mig\\_%' ORDER BY schemaname " \
	"COLLATE \"C\", tablename COLLATE \"C\""

#endif
