/* engine: the databases of the benchmark on one engine. */
#ifndef MIG_BENCH_ENGINE_H
#define MIG_BENCH_ENGINE_H

#include "limit.h"
#include "programs.h"

/* What a sample's database holds at first. */
enum content { EMPTY, AT_HEAD_OF_LIMIT, AT_HEAD_OF_MIG };

struct engine_options {
	const char *folder; /* in memory */
	const char *disk;   /* a folder on a disk; NULL: no row needs one */
	double round_trip_ms;
};

struct engine {
	const struct limit_engine *limit;
	const char *limit_program, *mig_program; /* beside this one */
	/* NULL: no server is installed. */
	void *(*start)(const struct engine_options *options);
	void (*stop)(void *state);
	/* URLs of two databases that stay, to be brought to the head by the limit and by libmig. Those
	 * of a call before are gone. */
	void (*make_heads)(void *state, char limit[PATH_SIZE], char mig[PATH_SIZE]);
	/* What has to be done when they are there, before they are copied. */
	void (*heads_made)(void *state);
	/* A database that is made anew, on the disk or in memory. Its URL is valid until the next. */
	const char *(*fresh)(void *state, enum content content, int disk);
	/* A database on a connection with a long way; NULL: the engine has none. */
	const char *(*far)(void *state, const char *url);
	/* What the server's process of a connection has worked; NULL: there is none. */
	double (*server_ms)(void *db);
};

extern const struct engine engine_sqlite, engine_postgresql;

#endif
