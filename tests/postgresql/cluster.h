/* cluster: PostgreSQL databases for test programs. With MIG_TEST_HOSTILE in the environment, they have
 * objects on the search path that nobody may call (hostile.h), and a test fails if one was.
 *
 * They are in the cluster that the environment variable MIG_TEST_POSTGRESQL gives (a URL, as
 * cluster.sh prints it), or in one that the program starts for itself. That one goes when the
 * program ends, however it ends; a forked child neither stops it nor keeps it. */
#ifndef MIG_TEST_CLUSTER_H
#define MIG_TEST_CLUSTER_H

#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A cluster of the program's own. */
struct pg_cluster {
	char folder[64];
	char url[256]; /* of the database postgres */
	int guard;     /* its end of file tells the guard to remove the cluster */
	pid_t owner;
	struct pg_cluster *next;
};

/* 0 when no server is installed; otherwise there is a cluster. */
int pg_available(void);
/* The same for a test: skips it, or fails it where the environment has CI. */
void pg_require(void);

/* The URL of a new, empty database; valid until the program ends. NULL: no server is installed. */
const char *pg_fresh_database(void);
/* Drops it early, with whoever is connected. */
void pg_drop_database(const char *url);

/* A cluster to be mistreated: 0 when no server is installed. */
int pg_cluster_start(struct pg_cluster *cluster);
/* Stops it as a crash would, and returns when it is down. */
void pg_cluster_crash(const struct pg_cluster *cluster);
void pg_cluster_restart(struct pg_cluster *cluster);
void pg_cluster_remove(struct pg_cluster *cluster);
const char *pg_cluster_database(const struct pg_cluster *cluster);

/* All of these fail the running test when the server reports an error. Notices are dropped. */
PGconn *pg_connect(const char *url);
void pg_exec(PGconn *db, const char *sql);
int64_t pg_int(PGconn *db, const char *sql);
/* The first column of the first row, or ""; out is cut at size. */
void pg_text(PGconn *db, const char *sql, char *out, size_t size);

#endif
