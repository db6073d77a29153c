/* The benchmark's databases on PostgreSQL. They are on the server of MIG_TEST_POSTGRESQL, or on one
 * that is started for the time and never syncs; and on one that does, for rows on a disk. */
#include "cluster.h"
#include "delay.h"
#include "engine.h"
#include "limit_postgresql.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A database of the benchmark. */
struct base {
	char name[64], url[PATH_SIZE];
};

struct server {
	char url[PATH_SIZE];
	PGconn *admin;
	struct base work; /* of a sample */
};

struct state {
	struct server memory, disk; /* disk.admin NULL: none */
	struct pg_cluster cluster;
	struct base limit, head; /* templates, so nobody stays connected to them */
	struct base limit_copy, head_copy;
	struct delay delay;
	char far[PATH_SIZE];
};

static void drop_base(PGconn *admin, const struct base *base)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s WITH (FORCE)", base->name);
	limit_pg_exec(admin, sql);
}

static void make_base(PGconn *admin, const struct base *base, const struct base *from)
{
	char sql[256];

	drop_base(admin, base);
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s TEMPLATE %s%s", base->name,
		 from ? from->name : "template0",
		 PQserverVersion(admin) >= 150000 ? " STRATEGY file_copy" : "");
	limit_pg_exec(admin, sql);
}

static void name_base(struct base *base, const char *server, const char *name)
{
	snprintf(base->name, sizeof(base->name), "mig_bench_%ld_%s", (long)getpid(), name);
	snprintf(base->url, sizeof(base->url), "%s%cdbname=%s", server,
		 strchr(server, '?') ? '&' : '?', base->name);
}

static void connect_to(struct server *server, const char *url)
{
	snprintf(server->url, sizeof(server->url), "%s", url);
	server->admin = limit_pg_open(url);
	name_base(&server->work, url, "work");
}

static void *start(const struct engine_options *options)
{
	const char *url = pg_fresh_database();
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		die("memory", NULL);
	if (!url) {
		free(s);
		return NULL;
	}
	connect_to(&s->memory, url);
	name_base(&s->limit, url, "limit");
	name_base(&s->head, url, "head");
	name_base(&s->limit_copy, url, "limit_copy");
	name_base(&s->head_copy, url, "head_copy");
	if (delay_start(&s->delay, PQhost(s->memory.admin), PQport(s->memory.admin),
			(int64_t)(options->round_trip_ms * 1000)))
		die("proxy", strerror(errno));
	if (options->disk) {
		setenv("MIG_TEST_FOLDER", options->disk, 1);
		setenv("MIG_TEST_POSTGRESQL_SYNC", "1", 1);
		if (!pg_cluster_start(&s->cluster))
			die("server", "does not start on the disk");
		connect_to(&s->disk, s->cluster.url);
	}
	return s;
}

static void stop(void *state)
{
	struct state *s = state;
	const struct base *bases[] = { &s->limit, &s->head, &s->limit_copy, &s->head_copy,
				       &s->memory.work };

	delay_stop(&s->delay);
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		drop_base(s->memory.admin, bases[i]);
	PQfinish(s->memory.admin);
	if (s->disk.admin) {
		PQfinish(s->disk.admin);
		pg_cluster_remove(&s->cluster);
	}
	free(s);
}

static void make_heads(void *state, char limit[PATH_SIZE], char mig[PATH_SIZE])
{
	struct state *s = state;

	make_base(s->memory.admin, &s->limit_copy, NULL);
	make_base(s->memory.admin, &s->head_copy, NULL);
	snprintf(limit, PATH_SIZE, "%s", s->limit_copy.url);
	snprintf(mig, PATH_SIZE, "%s", s->head_copy.url);
}

static void heads_made(void *state)
{
	struct state *s = state;

	make_base(s->memory.admin, &s->limit, &s->limit_copy);
	make_base(s->memory.admin, &s->head, &s->head_copy);
}

static const char *fresh(void *state, enum content content, int disk)
{
	struct state *s = state;
	struct server *server = disk ? &s->disk : &s->memory;

	make_base(server->admin, &server->work,
		  content == EMPTY	      ? NULL
		  : content == AT_HEAD_OF_MIG ? &s->head
					      : &s->limit);
	return server->work.url;
}

static const char *far_url(void *state, const char *url)
{
	struct state *s = state;

	delay_url(&s->delay, url, s->far, sizeof(s->far));
	return s->far;
}

static double server_ms(void *db)
{
	char path[64];
	FILE *f;
	double ns = 0;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", PQbackendPID(db));
	f = fopen(path, "r");
	if (!f || fscanf(f, "%lf", &ns) != 1)
		die(path, "cannot be read");
	fclose(f);
	return ns / 1e6;
}

const struct engine engine_postgresql = { .limit = &limit_postgresql,
					  .limit_program = "bench_limit_postgresql",
					  .mig_program = "bench_mig",
					  .start = start,
					  .stop = stop,
					  .make_heads = make_heads,
					  .heads_made = heads_made,
					  .fresh = fresh,
					  .far = far_url,
					  .server_ms = server_ms };
