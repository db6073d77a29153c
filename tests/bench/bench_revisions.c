/* Runs of revisions with libmig against the limit: the same SQL by hand, on the same machine in the
 * same minute. README.md says what each row means.
 *
 *     bench_revisions [-c] [-d sqlite,postgresql] [-n 10,100,1000] [-r ABCDEFGHIJR] [-s SAMPLES]
 *                     [-b SECONDS] [-w MILLISECONDS] [-t FOLDER] [-k FOLDER] [-m MIG]
 */
#include "engine.h"
#include "gen.h"
#include "rows.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct options {
	const char *engines, *counts, *letters, *mig;
	struct engine_options engine;
	struct sampling sampling;
};

/* What a row's run is, and when it is measured. */
enum how {
	DOWN = 1,
	ONE = 2,     /* one transaction */
	FAR = 4,     /* PostgreSQL alone */
	FOLDER = 8,  /* revisions are read from files */
	DISK = 16,   /* a database that is synced */
	SMALL = 32,  /* small revisions instead of the mixed ones */
	LARGE = 64,  /* not for N = 10 */
	MIDDLE = 128, /* for N = 100 alone */
	PROGRAM = 256, /* needs the mig program */
	SERVER = 512, /* PostgreSQL alone */
	FILES = 1024, /* SQLite alone */
	LIMIT_WRITES_HISTORY = 2048
};

/* What a row needs, for one N and one kind of revisions. */
struct env {
	const struct options *options;
	const struct engine *engine;
	void *state; /* the engine's */
	size_t n;
	struct gen gen;
	mig_bundle bundle;
	struct limit_step *up, *down;
	char folder[PATH_SIZE / 2];
	char files[PATH_SIZE / 2 + 16]; /* the environment: files/versions has the revision files */
	char versions[PATH_SIZE / 2 + 32];
	char limit_url[PATH_SIZE], mig_url[PATH_SIZE]; /* at the head */
	char limit_program[PATH_SIZE], mig_program[PATH_SIZE];
	int how;       /* the row that is measured */
	void *limit_db; /* rows B */
	void *lent_db;
	mig_ctx *open_ctx;
	void *far_limit_db, *far_lent_db; /* rows R */
};

static void check(mig_status rc, const mig_ctx *ctx)
{
	if (rc)
		die(mig_status_name(rc), mig_error_message(ctx));
}

static mig_ctx *open_url(const char *url, int digest)
{
	mig_open_options options = { .struct_size = sizeof(options),
				     .url = url,
				     .header_digest = digest };
	mig_ctx *ctx = NULL;

	check(mig_open_with(&ctx, &options), ctx);
	return ctx;
}

static mig_ctx *lend(const struct env *env, void *db)
{
	mig_open_options options = { .struct_size = sizeof(options),
				     .connection = db,
				     .dialect_name = env->engine->limit->name };
	mig_ctx *ctx = NULL;

	check(mig_open_with(&ctx, &options), ctx);
	return ctx;
}

/* ---- what is measured: each returns milliseconds -------------------------------------------- */

/* A time to take differences of: what passes; or, when the clock is that of the CPU, what the client
 * and the server's process have worked. db NULL: it is not there yet. */
static double spent(const struct env *env, void *db)
{
	return clock_ms() +
	       (clock_is_cpu() && db && env->engine->server_ms ? env->engine->server_ms(db) : 0);
}

static int repeats(const struct env *env)
{
	return env->n <= 20 ? 10 : env->n <= 200 ? 5 : 1;
}

/* The end of a time that began at `start`: with the connection's end. */
static double close_limit(const struct env *env, void *db, double start)
{
	double took = spent(env, db) - start, end = clock_ms();

	env->engine->limit->close(db);
	return took + clock_ms() - end;
}

static double close_mig(const struct env *env, mig_ctx *ctx, double start)
{
	void *db = NULL;
	double took;

	if (clock_is_cpu() && env->engine->server_ms)
		db = mig_take_connection(ctx);
	mig_close(ctx);
	took = spent(env, db) - start;
	if (db)
		env->engine->limit->close(db);
	return took;
}

static double limit_noops(struct env *env, const char *versions)
{
	int times = repeats(env);
	double took = 0;

	for (int i = 0; i < times; i++) {
		double start = spent(env, NULL);
		void *db;

		if (versions)
			limit_scan(versions);
		db = env->engine->limit->open(env->limit_url);
		env->engine->limit->query(db);
		took += close_limit(env, db, start);
	}
	return took / times;
}

static double limit_noop(struct env *env)
{
	return limit_noops(env, NULL);
}

static double limit_noop_folder(struct env *env)
{
	return limit_noops(env, env->versions);
}

/* Opens the database at the head, does something with it, and closes. */
static double mig_noops(struct env *env, int digest, void (*work)(struct env *env, mig_ctx *ctx))
{
	int times = repeats(env);
	double took = 0;

	for (int i = 0; i < times; i++) {
		double start = spent(env, NULL);
		mig_ctx *ctx = open_url(env->mig_url, digest);

		work(env, ctx);
		took += close_mig(env, ctx, start);
	}
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

static double mig_noop(struct env *env)
{
	return mig_noops(env, 0, noop_bundle);
}

static double mig_noop_digest(struct env *env)
{
	return mig_noops(env, 1, noop_bundle);
}

static double mig_noop_folder(struct env *env)
{
	return mig_noops(env, 0, noop_folder);
}

static double mig_history_row(struct env *env)
{
	return mig_noops(env, 0, print_history);
}

/* -- on an open connection */

static double limit_queries(struct env *env, void *db, int times)
{
	double start = spent(env, db);

	for (int i = 0; i < times; i++)
		env->engine->limit->query(db);
	return (spent(env, db) - start) / times;
}

static double limit_query(struct env *env)
{
	return limit_queries(env, env->limit_db, 500);
}

/* The same context again and again. */
static double mig_again(struct env *env)
{
	double start = spent(env, env->lent_db);

	for (int i = 0; i < 500; i++)
		check(mig_upgrade(env->open_ctx, "head"), env->open_ctx);
	return (spent(env, env->lent_db) - start) / 500;
}

/* A new context on the application's connection each time. */
static double lent_noops(struct env *env, void *db, int times)
{
	double start = spent(env, db);

	for (int i = 0; i < times; i++) {
		mig_ctx *ctx = lend(env, db);

		noop_bundle(env, ctx);
		mig_close(ctx);
	}
	return (spent(env, db) - start) / times;
}

static double mig_lent(struct env *env)
{
	return lent_noops(env, env->lent_db, 10 * repeats(env));
}

static double limit_far_query(struct env *env)
{
	return limit_queries(env, env->far_limit_db, 20);
}

static double mig_far_lent(struct env *env)
{
	return lent_noops(env, env->far_lent_db, 20);
}

/* -- runs */

static const char *fresh(struct env *env, enum content head)
{
	const char *url =
		env->engine->fresh(env->state, env->how & DOWN ? head : EMPTY, env->how & DISK);

	return env->how & FAR ? env->engine->far(env->state, url) : url;
}

static void apply_limit(const struct env *env, void *db)
{
	int how = (env->how & ONE ? LIMIT_ONE : 0) |
		  (env->how & LIMIT_WRITES_HISTORY ? LIMIT_HISTORY : 0);

	if (env->how & FOLDER)
		env->engine->limit->apply_folder(db, env->versions, how);
	else
		env->engine->limit->apply(db, env->how & DOWN ? env->down : env->up, env->n, how);
}

static void apply_mig(const struct env *env, mig_ctx *ctx)
{
	mig_run_options options = { .struct_size = sizeof(options),
				    .transaction_mode = env->how & ONE ? MIG_TRANSACTION_RUN
								       : MIG_TRANSACTION_REVISION };

	check(env->how & FOLDER ? mig_add_directory(ctx, env->files)
				: mig_add_bundle(ctx, &env->bundle),
	      ctx);
	check(env->how & DOWN ? mig_downgrade_with(ctx, "base", &options)
			      : mig_upgrade_with(ctx, "head", &options),
	      ctx);
}

static double limit_run(struct env *env)
{
	const char *url = fresh(env, AT_HEAD_OF_LIMIT);
	double start = spent(env, NULL);
	void *db = env->engine->limit->open(url);

	apply_limit(env, db);
	return close_limit(env, db, start);
}

static double mig_run(struct env *env)
{
	const char *url = fresh(env, AT_HEAD_OF_MIG);
	double start = spent(env, NULL);
	mig_ctx *ctx = open_url(url, 0);

	apply_mig(env, ctx);
	return close_mig(env, ctx, start);
}

/* What a row of history costs by hand: in the place of libmig. */
static double limit_run_with_history(struct env *env)
{
	double took;

	env->how |= LIMIT_WRITES_HISTORY;
	took = limit_run(env);
	env->how &= ~LIMIT_WRITES_HISTORY;
	return took;
}

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* The client's work for one revision, the connection being there. */
static double limit_client(struct env *env)
{
	void *db = env->engine->limit->open(fresh(env, EMPTY));
	double start = cpu_ms(), took;

	apply_limit(env, db);
	took = cpu_ms() - start;
	env->engine->limit->close(db);
	return took / (double)env->n;
}

static double mig_client(struct env *env)
{
	mig_ctx *ctx = open_url(fresh(env, EMPTY), 0);
	double start = cpu_ms(), took;

	apply_mig(env, ctx);
	took = cpu_ms() - start;
	mig_close(ctx);
	return took / (double)env->n;
}

/* -- programs */

static double run_limit(struct env *env, const char *verb, const char *url, const char *from, char *line)
{
	return program_run((const char *[]){ env->limit_program, verb, url, from, NULL }, line);
}

/* A command of mig, maybe with an option. */
static double run_command(struct env *env, const char *url, const char *verb, const char *option)
{
	setenv("MIG_URL", url, 1);
	setenv("MIG_DIRECTORY", env->files, 1);
	return program_run((const char *[]){ env->options->mig, verb, option, NULL }, NULL);
}

static double limit_scan_process(struct env *env)
{
	return run_limit(env, "scan", env->limit_url, env->versions, NULL);
}

static double limit_files_process(struct env *env)
{
	return program_run((const char *[]){ env->limit_program, "files", env->versions, NULL }, NULL);
}

static double mig_upgrade_process(struct env *env)
{
	return run_command(env, env->mig_url, "upgrade", NULL);
}

static double mig_history_process(struct env *env)
{
	return run_command(env, env->mig_url, "history", NULL);
}

static double mig_history_current_process(struct env *env)
{
	return run_command(env, env->mig_url, "history", "--indicate-current");
}

static double limit_up_process(struct env *env)
{
	return run_limit(env, env->how & ONE ? "up1" : "up", fresh(env, EMPTY), env->versions, NULL);
}

static double mig_up_process(struct env *env)
{
	return run_command(env, fresh(env, EMPTY), "upgrade",
			   env->how & ONE ? NULL : "--per-revision");
}

/* The time that a process of its own took, or its peak memory in MB. */
static double line_time(const char *line)
{
	return strtod(line, NULL);
}

static double line_peak(const char *line)
{
	return strtod(line + strcspn(line, " "), NULL) / 1024;
}

static const char *number(const struct env *env)
{
	static char text[24];

	snprintf(text, sizeof(text), "%zu", env->n);
	return text;
}

static double limit_fresh(struct env *env)
{
	const char *verb = env->how & ONE ? "up1" : "up";
	char line[64];

	run_limit(env, verb, fresh(env, EMPTY), number(env), line);
	return line_time(line);
}

static double mig_fresh(struct env *env)
{
	const char *verb = env->how & ONE ? "up1" : "up";
	char line[64];

	program_run((const char *[]){ env->mig_program, verb, fresh(env, EMPTY), number(env), NULL },
		    line);
	return line_time(line);
}

static double limit_fresh_noop(struct env *env)
{
	char line[64];

	program_run((const char *[]){ env->limit_program, "noop", env->limit_url, NULL }, line);
	return line_time(line);
}

static double mig_fresh_noop(struct env *env)
{
	char line[64];

	program_run((const char *[]){ env->mig_program, "noop", env->mig_url, number(env), NULL },
		    line);
	return line_time(line);
}

static double limit_peak(struct env *env)
{
	char line[64];

	run_limit(env, env->how & ONE ? "up1" : "up", fresh(env, EMPTY), env->versions, line);
	return line_peak(line);
}

static double mig_peak(struct env *env)
{
	char line[64];

	program_run((const char *[]){ env->mig_program, env->how & ONE ? "up1" : "up",
				      fresh(env, EMPTY), env->files, NULL },
		    line);
	return line_peak(line);
}

static double limit_peak_noop(struct env *env)
{
	char line[64];

	run_limit(env, "scan", env->limit_url, env->versions, line);
	return line_peak(line);
}

static double mig_peak_noop(struct env *env)
{
	char line[64];

	program_run((const char *[]){ env->mig_program, "noop", env->mig_url, env->files, NULL },
		    line);
	return line_peak(line);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* clang-format off */
static const struct row rows[] = {
	{ "A", "no-op, bundle", limit_noop, mig_noop, UNIT_RATIO, 0 },
	{ "A stamp", "no-op, bundle, `header_digest`", limit_noop, mig_noop_digest, UNIT_RATIO, FILES },
	{ "A fresh", "no-op, bundle, fresh process", limit_fresh_noop, mig_fresh_noop, UNIT_RATIO, SMALL },
	{ "B", "no-op, same context", limit_query, mig_again, UNIT_MORE_US, 0 },
	{ "B new", "no-op, new context, lent connection", limit_query, mig_lent, UNIT_MORE_US, 0 },
	{ "C", "no-op, folder", limit_noop_folder, mig_noop_folder, UNIT_RATIO, 0 },
	{ "D", "no-op, `mig upgrade`", limit_scan_process, mig_upgrade_process, UNIT_RATIO, PROGRAM },
	{ "E", "upgrade, a transaction each", limit_run, mig_run, UNIT_RATIO, 0 },
	{ "E history", "the limit with a row of history, by hand", limit_run, limit_run_with_history, UNIT_RATIO, FILES },
	{ "E small", "small revisions, a transaction each", limit_run, mig_run, UNIT_RATIO, SMALL },
	{ "E history", "small: the limit with a row of history, by hand", limit_run, limit_run_with_history, UNIT_RATIO, SMALL | FILES },
	{ "E small fresh", "small, a transaction each, fresh process", limit_fresh, mig_fresh, UNIT_RATIO, SMALL | LARGE },
	{ "E small folder", "small, a transaction each, folder", limit_run, mig_run, UNIT_RATIO, SMALL | FOLDER | LARGE },
	{ "E small process", "small, `mig upgrade --per-revision`", limit_up_process, mig_up_process, UNIT_RATIO, SMALL | LARGE | PROGRAM },
	{ "E disk", "small, a transaction each, on a disk", limit_run, mig_run, UNIT_RATIO, SMALL | DISK | MIDDLE },
	{ "F", "upgrade, one transaction", limit_run, mig_run, UNIT_RATIO, ONE },
	{ "F small", "small revisions, one transaction", limit_run, mig_run, UNIT_RATIO, SMALL | ONE },
	{ "F small fresh", "small, one transaction, fresh process", limit_fresh, mig_fresh, UNIT_RATIO, SMALL | ONE | LARGE },
	{ "F small folder", "small, one transaction, folder", limit_run, mig_run, UNIT_RATIO, SMALL | FOLDER | ONE | LARGE },
	{ "F small process", "small, `mig upgrade`", limit_up_process, mig_up_process, UNIT_RATIO, SMALL | ONE | LARGE | PROGRAM },
	{ "F disk", "small, one transaction, on a disk", limit_run, mig_run, UNIT_RATIO, SMALL | ONE | DISK | MIDDLE },
	{ "G", "downgrade, a transaction each", limit_run, mig_run, UNIT_RATIO, DOWN },
	{ "G", "downgrade, one transaction", limit_run, mig_run, UNIT_RATIO, DOWN | ONE },
	{ "G small", "small: downgrade, a transaction each", limit_run, mig_run, UNIT_RATIO, SMALL | DOWN },
	{ "G small", "small: downgrade, one transaction", limit_run, mig_run, UNIT_RATIO, SMALL | DOWN | ONE },
	{ "H", "history and current, folder", limit_noop_folder, mig_history_row, UNIT_RATIO, 0 },
	{ "H", "`mig history`", limit_files_process, mig_history_process, UNIT_RATIO, PROGRAM },
	{ "H", "`mig history --indicate-current`", limit_scan_process, mig_history_current_process, UNIT_RATIO, PROGRAM },
	{ "I", "client's CPU a revision, a transaction each", limit_client, mig_client, UNIT_RATIO, SERVER },
	{ "I", "client's CPU a revision, one transaction", limit_client, mig_client, UNIT_RATIO, SERVER | ONE },
	{ "I", "small: client's CPU a revision, a transaction each", limit_client, mig_client, UNIT_RATIO, SMALL | SERVER | LARGE },
	{ "I", "small: client's CPU a revision, one transaction", limit_client, mig_client, UNIT_RATIO, SMALL | SERVER | ONE | LARGE },
	{ "J", "peak memory, upgrade, folder, a transaction each", limit_peak, mig_peak, UNIT_MORE_MB, 0 },
	{ "J", "peak memory, upgrade, folder, one transaction", limit_peak, mig_peak, UNIT_MORE_MB, ONE },
	{ "J", "peak memory, no-op, folder", limit_peak_noop, mig_peak_noop, UNIT_MORE_MB, 0 },
	{ "R no-op", "far: no-op, new context, lent connection", limit_far_query, mig_far_lent, UNIT_RATIO, FAR | MIDDLE },
	{ "R E", "far: upgrade, a transaction each", limit_run, mig_run, UNIT_RATIO, FAR | MIDDLE },
	{ "R F", "far: upgrade, one transaction", limit_run, mig_run, UNIT_RATIO, FAR | ONE | MIDDLE },
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

static void make_revisions(struct env *env, int small)
{
	snprintf(env->folder, sizeof(env->folder), "%s/mig-bench-XXXXXX",
		 env->options->engine.folder);
	if (!mkdtemp(env->folder))
		die(env->folder, strerror(errno));
	snprintf(env->files, sizeof(env->files), "%s/files", env->folder);
	snprintf(env->versions, sizeof(env->versions), "%s/versions", env->files);
	if (mkdir(env->files, 0755) || mkdir(env->versions, 0755))
		die(env->versions, strerror(errno));
	if ((small ? gen_make_small(&env->gen, env->n) : gen_make(&env->gen, env->n, 0)) ||
	    gen_write(&env->gen, env->versions) || gen_bundle(&env->gen, &env->bundle))
		die("revisions", "cannot be made");
	make_steps(env);
}

static void make_heads(struct env *env)
{
	const struct limit_engine *limit = env->engine->limit;
	mig_ctx *ctx;
	void *db;

	env->engine->make_heads(env->state, env->limit_url, env->mig_url);
	db = limit->open(env->limit_url);
	limit->apply(db, env->up, env->n, LIMIT_ONE);
	limit->close(db);
	ctx = open_url(env->mig_url, env->engine == &engine_sqlite);
	env->how = ONE;
	apply_mig(env, ctx);
	mig_close(ctx);
	env->engine->heads_made(env->state);
}

static void env_make(struct env *env, int small)
{
	const struct engine *e = env->engine;

	make_revisions(env, small);
	make_heads(env);
	program_beside(e->limit_program, env->limit_program);
	program_beside(e->mig_program, env->mig_program);
	env->limit_db = e->limit->open(env->limit_url);
	env->lent_db = e->limit->open(env->mig_url);
	env->open_ctx = lend(env, env->lent_db);
	check(mig_add_bundle(env->open_ctx, &env->bundle), env->open_ctx);
	if (e->far) {
		env->far_limit_db = e->limit->open(e->far(env->state, env->limit_url));
		env->far_lent_db = e->limit->open(e->far(env->state, env->mig_url));
	}
}

static void env_finish(struct env *env)
{
	mig_close(env->open_ctx);
	env->engine->limit->close(env->limit_db);
	env->engine->limit->close(env->lent_db);
	if (env->far_limit_db) {
		env->engine->limit->close(env->far_limit_db);
		env->engine->limit->close(env->far_lent_db);
	}
	nftw(env->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(env->up);
	free(env->down);
	gen_free(&env->gen);
}

static int is_measured(const struct env *env, const struct row *row, int small)
{
	const struct options *o = env->options;
	int server = env->engine->server_ms != NULL, how = row->how;

	return strchr(o->letters, row->key[0]) && !(how & SMALL) == !small &&
	       (!(how & LARGE) || env->n >= 100) && (!(how & MIDDLE) || env->n == 100) &&
	       (!(how & PROGRAM) || o->mig) && (!(how & FILES) || !server) &&
	       (!(how & (SERVER | FAR)) || server) && (!(how & DISK) || o->engine.disk) &&
	       (!clock_is_cpu() || !(how & FAR));
}

static void run_rows(const struct options *o, const struct engine *engine, void *state, size_t n,
		     int small)
{
	struct env env = { .options = o, .engine = engine, .state = state, .n = n };

	env_make(&env, small);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!is_measured(&env, &rows[i], small))
			continue;
		env.how = rows[i].how;
		row_run(&rows[i], engine->limit->name, &env, n, &o->sampling);
	}
	env_finish(&env);
}

static void run_engine(const struct options *o, const struct engine *engine)
{
	void *state = engine->start(&o->engine);

	if (!state) {
		fprintf(stderr, "bench_revisions: no %s server is installed\n", engine->limit->name);
		return;
	}
	for (const char *at = o->counts; *at;) {
		char *end;
		size_t n = strtoul(at, &end, 10);

		if (!n || n > 100000 || (*end && *end != ','))
			die("-n", o->counts);
		run_rows(o, engine, state, n, 0);
		run_rows(o, engine, state, n, 1);
		at = *end ? end + 1 : end;
	}
	engine->stop(state);
}

static int parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "cb:d:k:m:n:r:s:t:w:")) != -1)
		switch (c) {
		case 'b':
			o->sampling.budget_s = atof(optarg);
			break;
		case 'c':
			clock_use_cpu();
			setenv("BENCH_CPU", "1", 1);
			break;
		case 'd':
			o->engines = optarg;
			break;
		case 'k':
			o->engine.disk = optarg;
			break;
		case 'm':
			o->mig = optarg;
			break;
		case 'n':
			o->counts = optarg;
			break;
		case 'r':
			o->letters = optarg;
			break;
		case 's':
			o->sampling.samples = atoi(optarg);
			break;
		case 't':
			o->engine.folder = optarg;
			break;
		case 'w':
			o->engine.round_trip_ms = atof(optarg);
			break;
		default:
			return -1;
		}
	return optind == argc && o->sampling.samples >= 0 && o->sampling.samples <= SAMPLES_MAX ? 0
												  : -1;
}

int main(int argc, char **argv)
{
	struct options o = { .engines = "sqlite,postgresql",
			     .counts = "10,100,1000",
			     .letters = "ABCDEFGHIJR",
			     .engine = { .round_trip_ms = 5 },
			     .sampling = { .budget_s = 1 } };

	o.engine.folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	if (parse(argc, argv, &o)) {
		fprintf(stderr,
			"usage: bench_revisions [-c] [-d ENGINE,…] [-n COUNT,…] [-r ROWS] "
			"[-s SAMPLES] [-b SECONDS] [-w MILLISECONDS] [-t FOLDER] [-k FOLDER] "
			"[-m MIG]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	rows_print_head();
	if (strstr(o.engines, "sqlite"))
		run_engine(&o, &engine_sqlite);
#ifdef HAVE_POSTGRESQL
	if (strstr(o.engines, "postgresql"))
		run_engine(&o, &engine_postgresql);
#endif
	return 0;
}
