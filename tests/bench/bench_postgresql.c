/* libmig on PostgreSQL against the limit: the same SQL by hand, in the same program and the same
 * run. README.md says what each row means.
 *
 *     bench_postgresql [-c] [-n 10,100,1000] [-s SAMPLES] [-r ABCDEFGHIJLM] [-d MILLISECONDS]
 *                      [-t FOLDER] [-m MIG] [-l LIMIT]
 *
 * The server is that of MIG_TEST_POSTGRESQL, or one that is started for the time.
 */
#include "cluster.h"
#include "delay.h"
#include "gen.h"
#include "limit_postgresql.h"
#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { PATH_SIZE = 512, FOLDER_SIZE = 256 };

struct options {
	const char *counts, *letters, *folder, *mig;
	char self[PATH_SIZE], limit[PATH_SIZE];
	double round_trip_ms;
	int samples;
	int cpu; /* CPU time is measured; rows that are about waiting are left out */
};

/* A database of the benchmark. */
struct base {
	char name[64], url[PATH_SIZE];
};

/* What a run is, in struct row. */
enum how { DOWN = 1, ONE = 2, FAR = 4 };

/* What a row needs, for one N. */
struct env {
	const struct options *options;
	size_t n;
	struct gen gen;
	mig_bundle bundle;
	struct limit_step *up, *down;
	char folder[FOLDER_SIZE];
	char files[FOLDER_SIZE + 16]; /* the environment: files/versions has the revision files */
	char versions[FOLDER_SIZE + 32];
	PGconn *admin;
	struct base head;       /* at the head, libmig's; a template, so nobody is connected */
	struct base limit_head; /* the limit's */
	struct base noop;       /* a copy of head, for the rows that change nothing */
	struct base work;       /* of a sample */
	int how;                /* the run that is measured */
	struct delay delay;
	PGconn *open_db; /* rows B */
	mig_ctx *open_ctx;
	PGconn *far_db; /* row L */
};

static void check(mig_status rc, const mig_ctx *ctx)
{
	if (rc)
		die(mig_status_name(rc), mig_error_message(ctx));
}

static mig_ctx *open_url(const char *url)
{
	mig_ctx *ctx = NULL;

	check(mig_open(&ctx, url), ctx);
	return ctx;
}

static mig_ctx *lend(PGconn *db)
{
	mig_open_options options = { .struct_size = sizeof(options),
				     .connection = db,
				     .dialect_name = "postgresql" };
	mig_ctx *ctx = NULL;

	check(mig_open_with(&ctx, &options), ctx);
	return ctx;
}

/* ---- databases ------------------------------------------------------------------------------ */

static void drop_base(struct env *env, const struct base *base)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s WITH (FORCE)", base->name);
	limit_pg_exec(env->admin, sql);
}

static void make_base(struct env *env, const struct base *base, const struct base *from)
{
	char sql[256];

	drop_base(env, base);
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s TEMPLATE %s%s", base->name,
		 from ? from->name : "template0",
		 PQserverVersion(env->admin) >= 150000 ? " STRATEGY file_copy" : "");
	limit_pg_exec(env->admin, sql);
}

static void name_base(struct base *base, const char *server, const char *name)
{
	snprintf(base->name, sizeof(base->name), "mig_bench_%ld_%s", (long)getpid(), name);
	snprintf(base->url, sizeof(base->url), "%s%cdbname=%s", server,
		 strchr(server, '?') ? '&' : '?', base->name);
}

/* The work database anew, empty or a copy of a head; its URL. Static. */
static const char *fresh_work(struct env *env, const struct base *head)
{
	static char far[PATH_SIZE];

	make_base(env, &env->work, env->how & DOWN ? head : NULL);
	if (!(env->how & FAR))
		return env->work.url;
	delay_url(&env->delay, env->work.url, far, sizeof(far));
	return far;
}

/* ---- what is measured: each returns milliseconds -------------------------------------------- */

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* What the server's process of a connection has worked. */
static double server_ms(const PGconn *db)
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

/* A time to take differences of: what passes, or with -c what the client and the server's process
 * have worked; db NULL: it is not there yet. */
static double spent(const struct env *env, const PGconn *db)
{
	if (!env->options->cpu)
		return clock_ms();
	return cpu_ms() + (db ? server_ms(db) : 0);
}

static int repeats(const struct env *env)
{
	return env->n <= 20 ? 10 : env->n <= 200 ? 5 : 1;
}

/* The limit's no-op, after it has read a folder, if there is one. */
static double limit_noops(struct env *env, const char *versions)
{
	int times = repeats(env);
	double took = 0;

	for (int i = 0; i < times; i++) {
		double start = spent(env, NULL);
		PGconn *db;

		if (versions)
			limit_scan(versions);
		db = limit_pg_open(env->noop.url);
		limit_pg_query(db);
		took += spent(env, db) - start;
		PQfinish(db);
	}
	return took / times;
}

static double limit_a(struct env *env)
{
	return limit_noops(env, NULL);
}

static double limit_c(struct env *env)
{
	return limit_noops(env, env->versions);
}

/* Opens a database, does something with it, and closes. */
static double timed(struct env *env, const char *url, void (*work)(struct env *env, mig_ctx *ctx))
{
	double start = spent(env, NULL), took;
	mig_ctx *ctx = open_url(url);
	PGconn *db;

	work(env, ctx);
	db = mig_take_connection(ctx);
	mig_close(ctx);
	took = spent(env, db) - start;
	PQfinish(db);
	return took;
}

static double timed_noop(struct env *env, void (*work)(struct env *env, mig_ctx *ctx))
{
	int times = repeats(env);
	double took = 0;

	for (int i = 0; i < times; i++)
		took += timed(env, env->noop.url, work);
	return took / times;
}

static void noop_bundle(struct env *env, mig_ctx *ctx)
{
	check(mig_add_bundle(ctx, &env->bundle), ctx);
	check(mig_upgrade(ctx, "head"), ctx);
}

static void noop_folder(struct env *env, mig_ctx *ctx)
{
	check(mig_add_directory(ctx, env->files), ctx);
	check(mig_upgrade(ctx, "head"), ctx);
}

static void print_history(struct env *env, mig_ctx *ctx)
{
	mig_revision_list *list = NULL, *current = NULL;
	FILE *out = fopen("/dev/null", "w");

	if (!out)
		die("/dev/null", NULL);
	check(mig_add_directory(ctx, env->files), ctx);
	check(mig_revisions(ctx, NULL, &list), ctx);
	check(mig_current(ctx, &current), ctx);
	for (size_t i = 0; i < mig_revision_list_count(list); i++) {
		const mig_revision *r = mig_revision_list_at(list, i);

		fprintf(out, "%s -> %s%s, %s\n",
			mig_revision_parent_count(r) ? mig_revision_parent(r, 0) : "<base>",
			mig_revision_id(r),
			mig_revision_flags(r) & MIG_REVISION_HEAD ? " (head)" : "",
			mig_revision_summary(r));
	}
	mig_revision_list_free(current);
	mig_revision_list_free(list);
	fclose(out);
}

static double mig_a(struct env *env)
{
	return timed_noop(env, noop_bundle);
}

static double mig_c(struct env *env)
{
	return timed_noop(env, noop_folder);
}

static double mig_h(struct env *env)
{
	return timed_noop(env, print_history);
}

static double limit_queries(struct env *env, PGconn *db, int times)
{
	double start = spent(env, db);

	for (int i = 0; i < times; i++)
		limit_pg_query(db);
	return (spent(env, db) - start) / times;
}

static double limit_b(struct env *env)
{
	return limit_queries(env, env->open_db, 500);
}

/* The same context again and again. */
static double mig_b(struct env *env)
{
	double start = spent(env, env->open_db);

	for (int i = 0; i < 500; i++)
		check(mig_upgrade(env->open_ctx, "head"), env->open_ctx);
	return (spent(env, env->open_db) - start) / 500;
}

/* A new context on the application's connection each time. */
static double lent_noops(struct env *env, PGconn *db, int times)
{
	double start = spent(env, db);

	for (int i = 0; i < times; i++) {
		mig_ctx *ctx = lend(db);

		noop_bundle(env, ctx);
		mig_close(ctx);
	}
	return (spent(env, db) - start) / times;
}

static double mig_b_lent(struct env *env)
{
	return lent_noops(env, env->open_db, 10 * repeats(env));
}

/* Runs a program; its output goes to *line (64 bytes) or nowhere. */
static double spawn(const struct env *env, const char *const argv[], char *line)
{
	posix_spawn_file_actions_t actions;
	struct rusage used;
	double start = clock_ms();
	int ends[2], status = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		die("pipe", NULL);
	posix_spawn_file_actions_init(&actions);
	if (line)
		posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	else
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)argv, environ))
		die(argv[0], "does not start");
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (line) {
		ssize_t got = read(ends[0], line, 63);

		line[got > 0 ? got : 0] = '\0';
	}
	close(ends[0]);
	if (wait4(child, &status, 0, &used) != child || status)
		die(argv[0], "exit status");
	if (env->options->cpu)
		return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
		       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
	return clock_ms() - start;
}

static double limit_d(struct env *env)
{
	const char *argv[] = { env->options->limit, "scan", env->noop.url, env->versions, NULL };

	return spawn(env, argv, NULL);
}

static double spawn_mig(struct env *env, const char *verb)
{
	const char *argv[] = { env->options->mig, verb, NULL };

	setenv("MIG_URL", env->noop.url, 1);
	setenv("MIG_DIRECTORY", env->files, 1);
	return spawn(env, argv, NULL);
}

static double mig_d(struct env *env)
{
	return spawn_mig(env, "upgrade");
}

static double mig_h_process(struct env *env)
{
	return spawn_mig(env, "history");
}

static double limit_run(struct env *env)
{
	const char *url = fresh_work(env, &env->limit_head);
	double start = spent(env, NULL), took;
	PGconn *db = limit_pg_open(url);

	limit_pg_apply(db, env->how & DOWN ? env->down : env->up, env->n, env->how & ONE);
	took = spent(env, db) - start;
	PQfinish(db);
	return took;
}

static void run_all_on(struct env *env, mig_ctx *ctx)
{
	mig_run_options options = { .struct_size = sizeof(options),
				    .transaction_mode = env->how & ONE ? MIG_TRANSACTION_RUN
								       : MIG_TRANSACTION_REVISION };

	check(mig_add_bundle(ctx, &env->bundle), ctx);
	check(env->how & DOWN ? mig_downgrade_with(ctx, "base", &options)
			      : mig_upgrade_with(ctx, "head", &options),
	      ctx);
}

static double mig_run(struct env *env)
{
	return timed(env, fresh_work(env, &env->head), run_all_on);
}

/* The client's work for one revision, the connection being there. */
static double limit_cpu(struct env *env)
{
	PGconn *db = limit_pg_open(fresh_work(env, NULL));
	double start = cpu_ms(), took;

	limit_pg_apply(db, env->up, env->n, env->how & ONE);
	took = cpu_ms() - start;
	PQfinish(db);
	return took / (double)env->n;
}

static double mig_cpu(struct env *env)
{
	mig_ctx *ctx = open_url(fresh_work(env, NULL));
	double start = cpu_ms(), took;

	run_all_on(env, ctx);
	took = cpu_ms() - start;
	mig_close(ctx);
	return took / (double)env->n;
}

/* Peak memory of a child, in MB. */
static double child_peak(const struct env *env, const char *const argv[])
{
	char line[64];

	spawn(env, argv, line);
	return (double)atol(line) / 1024;
}

static double limit_j(struct env *env)
{
	const char *url = fresh_work(env, NULL);

	return child_peak(env,
			  (const char *[]){ env->options->limit, "up", url, env->versions, NULL });
}

static double mig_j(struct env *env)
{
	const char *url = fresh_work(env, NULL);

	return child_peak(env,
			  (const char *[]){ env->options->self, "--child", url, env->files, NULL });
}

static double limit_j_noop(struct env *env)
{
	return child_peak(env, (const char *[]){ env->options->limit, "scan", env->noop.url,
						 env->versions, NULL });
}

static double mig_j_noop(struct env *env)
{
	return child_peak(env, (const char *[]){ env->options->self, "--child", env->noop.url,
						 env->files, NULL });
}

/* This program again, in a process of its own. */
static int child(const char *url, const char *files)
{
	mig_run_options options = { .struct_size = sizeof(options),
				    .transaction_mode = MIG_TRANSACTION_REVISION };
	mig_ctx *ctx = open_url(url);

	check(mig_add_directory(ctx, files), ctx);
	check(mig_upgrade_with(ctx, "head", &options), ctx);
	mig_close(ctx);
	printf("%ld\n", peak_kb());
	return 0;
}

/* -- far away */

static double limit_l_noop(struct env *env)
{
	return limit_queries(env, env->far_db, 20);
}

static double mig_l_noop(struct env *env)
{
	return lent_noops(env, env->far_db, 20);
}

/* One round trip a revision, as long as one takes now, and the server's time: no program that waits
 * for each answer can be faster. */
static double limit_trips(struct env *env)
{
	double trip = limit_l_noop(env), took;

	env->how &= ~FAR;
	took = limit_run(env);
	env->how |= FAR;
	return (double)env->n * trip + took;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* clang-format off */
#define RATIO .unit = UNIT_RATIO
#define BULK RATIO, .floor = 1.15, .excellent = 1.03, .small_floor = 1.5, .small_excellent = 1.2
#define AWAY RATIO, .floor = 1.2, .excellent = 1.05, .small_floor = 1.5, .small_excellent = 1.2, .slow = 1
#define MORE_US .unit = UNIT_MORE_US, .floor = 50, .excellent = 10, .quick = 1
#define MORE_MB .unit = UNIT_MORE_MB, .floor = 3, .excellent = 1
static const struct row rows[] = {
	{ 'A', "no-op, compiled in", limit_a, mig_a, RATIO, .floor = 1.3, .excellent = 1.1, .quick = 1 },
	{ 'B', "no-op, same context", limit_b, mig_b, MORE_US },
	{ 'B', "no-op, new context, lent connection", limit_b, mig_b_lent, MORE_US,
	  .floor_each = 0.6, .excellent_each = 0.25 },
	{ 'C', "no-op, folder", limit_c, mig_c, RATIO, .floor = 1.5, .excellent = 1.2, .quick = 1 },
	{ 'D', "no-op, `mig upgrade`", limit_d, mig_d, RATIO, .floor = 1.5, .excellent = 1.2,
	  .quick = 1, .needs_mig = 1 },
	{ 'E', "upgrade, a transaction each", limit_run, mig_run, BULK },
	{ 'F', "upgrade, one transaction", limit_run, mig_run, BULK, .how = ONE },
	{ 'G', "downgrade, a transaction each", limit_run, mig_run, BULK, .how = DOWN },
	{ 'G', "downgrade, one transaction", limit_run, mig_run, BULK, .how = DOWN | ONE },
	{ 'H', "history and current, folder", limit_c, mig_h, RATIO, .floor = 1.5, .excellent = 1.2,
	  .quick = 1 },
	{ 'H', "`mig history`", limit_d, mig_h_process, RATIO, .floor = 1.5, .excellent = 1.2,
	  .quick = 1, .needs_mig = 1 },
	{ 'I', "client's CPU a revision, a transaction each", limit_cpu, mig_cpu, RATIO, .floor = 2,
	  .excellent = 1.3 },
	{ 'I', "client's CPU a revision, one transaction", limit_cpu, mig_cpu, RATIO, .floor = 2,
	  .excellent = 1.3, .how = ONE },
	{ 'J', "peak memory, upgrade, folder", limit_j, mig_j, MORE_MB },
	{ 'J', "peak memory, no-op, folder", limit_j_noop, mig_j_noop, MORE_MB },
	{ 'L', "far: no-op, new context, lent connection", limit_l_noop, mig_l_noop, AWAY },
	{ 'L', "far: upgrade, a transaction each", limit_run, mig_run, AWAY, .how = FAR },
	{ 'L', "far: upgrade, one transaction", limit_run, mig_run, AWAY, .how = FAR | ONE },
	{ 'M', "far: upgrade, a transaction each, and N round trips", limit_trips, mig_run, AWAY,
	  .how = FAR },
	{ 'M', "far: upgrade, one transaction, and N round trips", limit_trips, mig_run, AWAY,
	  .how = FAR | ONE },
};
/* clang-format on */

/* ---- setting up ----------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void make_steps(struct env *env)
{
	env->up = calloc(env->n, sizeof(*env->up));
	env->down = calloc(env->n, sizeof(*env->down));
	if (!env->up || !env->down)
		die("steps", "no memory");
	for (size_t i = 0; i < env->n; i++) {
		const struct gen_revision *r = &env->gen.at[i];
		struct limit_step *down = &env->down[env->n - 1 - i];

		env->up[i] = (struct limit_step){ r->id, r->up };
		*down = (struct limit_step){ i ? env->gen.at[i - 1].id : "", r->down };
	}
}

static void make_files(struct env *env)
{
	snprintf(env->folder, sizeof(env->folder), "%s/mig-bench-XXXXXX", env->options->folder);
	if (!mkdtemp(env->folder))
		die(env->folder, strerror(errno));
	snprintf(env->files, sizeof(env->files), "%s/files", env->folder);
	snprintf(env->versions, sizeof(env->versions), "%s/versions", env->files);
	if (mkdir(env->files, 0755) || mkdir(env->versions, 0755))
		die(env->versions, strerror(errno));
	if (gen_make(&env->gen, env->n, 0) || gen_write(&env->gen, env->versions) ||
	    gen_bundle(&env->gen, &env->bundle))
		die("revisions", "cannot be made");
	make_steps(env);
}

static void make_bases(struct env *env, const char *server)
{
	mig_ctx *ctx;
	PGconn *db;

	name_base(&env->head, server, "head");
	name_base(&env->limit_head, server, "limit");
	name_base(&env->noop, server, "noop");
	name_base(&env->work, server, "work");
	make_base(env, &env->limit_head, NULL);
	db = limit_pg_open(env->limit_head.url);
	limit_pg_apply(db, env->up, env->n, 1);
	PQfinish(db);
	make_base(env, &env->head, NULL);
	env->how = ONE;
	ctx = open_url(env->head.url);
	run_all_on(env, ctx);
	mig_close(ctx);
	make_base(env, &env->noop, &env->head);
}

static void env_make(struct env *env, const char *server)
{
	char far[PATH_SIZE];

	make_files(env);
	env->admin = limit_pg_open(server);
	make_bases(env, server);
	env->open_db = limit_pg_open(env->noop.url);
	env->open_ctx = lend(env->open_db);
	check(mig_add_bundle(env->open_ctx, &env->bundle), env->open_ctx);
	if (delay_start(&env->delay, PQhost(env->admin), PQport(env->admin),
			(int64_t)(env->options->round_trip_ms * 1000)))
		die("proxy", strerror(errno));
	delay_url(&env->delay, env->noop.url, far, sizeof(far));
	env->far_db = limit_pg_open(far);
}

static void env_finish(struct env *env)
{
	PQfinish(env->far_db);
	delay_stop(&env->delay);
	mig_close(env->open_ctx);
	PQfinish(env->open_db);
	drop_base(env, &env->head);
	drop_base(env, &env->limit_head);
	drop_base(env, &env->noop);
	drop_base(env, &env->work);
	PQfinish(env->admin);
	nftw(env->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(env->up);
	free(env->down);
	gen_free(&env->gen);
}

static void run_all(const struct options *o, const char *server, size_t n)
{
	struct env env = { .options = o, .n = n };

	env_make(&env, server);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!strchr(o->letters, rows[i].letter) || (rows[i].needs_mig && !o->mig) ||
		    (rows[i].slow && o->cpu))
			continue;
		env.how = rows[i].how;
		row_run(&rows[i], &env, n, o->samples);
	}
	env_finish(&env);
}

/* The limit program lies beside this one. */
static void find_programs(struct options *o)
{
	ssize_t size = readlink("/proc/self/exe", o->self, sizeof(o->self) - 1);
	char *slash;

	if (size <= 0)
		die("/proc/self/exe", strerror(errno));
	o->self[size] = '\0';
	slash = strrchr(o->self, '/');
	snprintf(o->limit, sizeof(o->limit), "%.*sbench_limit_postgresql",
		 (int)(slash - o->self + 1), o->self);
}

static int parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "cd:n:s:r:t:m:l:")) != -1)
		switch (c) {
		case 'c':
			o->cpu = 1;
			break;
		case 'd':
			o->round_trip_ms = atof(optarg);
			break;
		case 'n':
			o->counts = optarg;
			break;
		case 's':
			o->samples = atoi(optarg);
			break;
		case 'r':
			o->letters = optarg;
			break;
		case 't':
			o->folder = optarg;
			break;
		case 'm':
			o->mig = optarg;
			break;
		case 'l':
			snprintf(o->limit, sizeof(o->limit), "%s", optarg);
			break;
		default:
			return -1;
		}
	return optind == argc && o->samples >= 0 && o->samples <= SAMPLES_MAX ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct options o = { .counts = "10,100,1000",
			     .letters = "ABCDEFGHIJLM",
			     .round_trip_ms = 5 };
	const char *server;

	if (argc == 4 && strcmp(argv[1], "--child") == 0)
		return child(argv[2], argv[3]);
	o.folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	find_programs(&o);
	if (parse(argc, argv, &o)) {
		fprintf(stderr, "usage: bench_postgresql [-c] [-n COUNT,…] [-s SAMPLES] [-r ROWS] "
				"[-d MILLISECONDS] [-t FOLDER] [-m MIG] [-l LIMIT]\n");
		return 2;
	}
	server = pg_fresh_database();
	if (!server) {
		fprintf(stderr, "bench_postgresql: no PostgreSQL server is installed\n");
		return 77;
	}
	printf("libmig %s, libpq %d, %s time, far: %g ms\n\n", mig_version(), PQlibVersion(),
	       o.cpu ? "CPU" : "wall-clock", o.round_trip_ms);
	rows_print_head();
	for (const char *at = o.counts; *at;) {
		char *end;
		size_t n = strtoul(at, &end, 10);

		if (!n || n > 100000)
			die("-n", o.counts);
		run_all(&o, server, n);
		at = *end == ',' ? end + 1 : end;
		if (at == end && *end)
			die("-n", o.counts);
	}
	return 0;
}
