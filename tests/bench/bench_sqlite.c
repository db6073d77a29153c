/* libmig on SQLite against the limit: the same SQL by hand, in the same program and the same run.
 * README.md says what each row means.
 *
 *     bench_sqlite [-c] [-n 10,100,1000] [-s SAMPLES] [-r ABCDEFGHJ] [-t FOLDER] [-m MIG]
 *                  [-l LIMIT]
 */
#include "gen.h"
#include "limit.h"
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
#include <unistd.h>

extern char **environ;

enum { PATH_SIZE = 512 };

/* What a row needs, for one N. */
struct env {
	size_t n;
	struct gen gen;
	mig_bundle bundle;
	struct limit_step *up, *down;
	char folder[PATH_SIZE / 2];
	char files[PATH_SIZE]; /* the environment: files/versions holds the revision files */
	char versions[PATH_SIZE];
	char head[PATH_SIZE];       /* a database at the head, libmig's */
	char limit_head[PATH_SIZE]; /* the limit program's */
	char work[PATH_SIZE];       /* the database of a sample */
	const char *self, *limit, *mig;
	int cpu;          /* CPU time is measured */
	sqlite3 *open_db; /* row B */
	mig_ctx *open_ctx;
};

static void check(mig_status rc, const mig_ctx *ctx)
{
	if (rc)
		die(mig_status_name(rc), mig_error_message(ctx));
}

static mig_ctx *open_with_stamp(const char *path, int keep)
{
	char url[PATH_SIZE + 8];
	mig_open_options o = { .struct_size = sizeof(o), .url = url, .header_digest = keep };
	mig_ctx *ctx = NULL;

	snprintf(url, sizeof(url), "sqlite:%s", path);
	check(mig_open_with(&ctx, &o), ctx);
	return ctx;
}

static mig_ctx *open_file(const char *path)
{
	return open_with_stamp(path, 0);
}

/* ---- what is measured: each returns milliseconds -------------------------------------------- */

static int repeats(const struct env *env)
{
	return env->n <= 20 ? 20 : env->n <= 200 ? 5 : 1;
}

static double limit_a(struct env *env)
{
	int times = repeats(env);
	double start = clock_ms();

	for (int i = 0; i < times; i++)
		limit_noop(env->head);
	return (clock_ms() - start) / times;
}

static double open_and_close(struct env *env, int keep)
{
	int times = repeats(env);
	double start = clock_ms();

	for (int i = 0; i < times; i++) {
		mig_ctx *ctx = open_with_stamp(env->head, keep);

		check(mig_add_bundle(ctx, &env->bundle), ctx);
		check(mig_upgrade(ctx, "head"), ctx);
		mig_close(ctx);
	}
	return (clock_ms() - start) / times;
}

static double mig_a(struct env *env)
{
	return open_and_close(env, 0);
}

static double mig_a_stamp(struct env *env)
{
	return open_and_close(env, 1);
}

static double limit_b(struct env *env)
{
	double start = clock_ms();

	for (int i = 0; i < 500; i++)
		limit_query(env->open_db);
	return (clock_ms() - start) / 500;
}

/* The same context again and again. */
static double mig_b(struct env *env)
{
	double start = clock_ms();

	for (int i = 0; i < 500; i++)
		check(mig_upgrade(env->open_ctx, "head"), env->open_ctx);
	return (clock_ms() - start) / 500;
}

/* A new context on the application's connection each time. */
static double mig_b_lent(struct env *env)
{
	int times = 5 * repeats(env);
	mig_open_options options = { .struct_size = sizeof(options),
				     .connection = env->open_db,
				     .dialect_name = "sqlite" };
	double start = clock_ms();

	for (int i = 0; i < times; i++) {
		mig_ctx *ctx = NULL;

		check(mig_open_with(&ctx, &options), ctx);
		check(mig_add_bundle(ctx, &env->bundle), ctx);
		check(mig_upgrade(ctx, "head"), ctx);
		mig_close(ctx);
	}
	return (clock_ms() - start) / times;
}

static double limit_c(struct env *env)
{
	int times = repeats(env);
	double start = clock_ms();

	for (int i = 0; i < times; i++) {
		limit_scan(env->versions);
		limit_noop(env->head);
	}
	return (clock_ms() - start) / times;
}

static double mig_c(struct env *env)
{
	int times = repeats(env);
	double start = clock_ms();

	for (int i = 0; i < times; i++) {
		mig_ctx *ctx = open_file(env->head);

		check(mig_add_directory(ctx, env->files), ctx);
		check(mig_upgrade(ctx, "head"), ctx);
		mig_close(ctx);
	}
	return (clock_ms() - start) / times;
}

/* Runs a program; its output goes to *line (64 bytes) or nowhere. */
static double spawn(const struct env *env, char *const argv[], char *line)
{
	posix_spawn_file_actions_t actions;
	struct rusage used;
	double start = clock_ms();
	int ends[2], status = 0;
	pid_t child;

	if (pipe(ends))
		die("pipe", NULL);
	posix_spawn_file_actions_init(&actions);
	if (line)
		posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	else
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	if (posix_spawnp(&child, argv[0], &actions, NULL, argv, environ))
		die(argv[0], "does not start");
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (line) {
		ssize_t got = read(ends[0], line, 63);

		line[got > 0 ? got : 0] = '\0';
	}
	close(ends[0]);
	if (wait4(child, &status, 0, &used) != child || !WIFEXITED(status) || WEXITSTATUS(status))
		die(argv[0], "exit status");
	if (env->cpu)
		return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
		       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
	return clock_ms() - start;
}

static double limit_d(struct env *env)
{
	char *argv[] = { (char *)env->limit, "scan", env->head, env->versions, NULL };

	return spawn(env, argv, NULL);
}

static double spawn_mig(struct env *env, char *verb)
{
	char *argv[] = { (char *)env->mig, verb, NULL };
	char url[PATH_SIZE + 8];

	snprintf(url, sizeof(url), "sqlite:%s", env->head);
	setenv("MIG_URL", url, 1);
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

static void drop_work(const struct env *env)
{
	char journal[PATH_SIZE + 16];

	snprintf(journal, sizeof(journal), "%s-journal", env->work);
	unlink(journal);
	unlink(env->work);
}

static void copy_to_work(const struct env *env, const char *from)
{
	char buffer[64 * 1024];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(env->work, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t got;

	if (in < 0 || out < 0)
		die(from, "copy");
	while ((got = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, (size_t)got) != got)
			die(env->work, "copy");
	close(in);
	close(out);
}

static double limit_run(struct env *env, int down, int one)
{
	double start, took;

	drop_work(env);
	if (down)
		copy_to_work(env, env->limit_head);
	start = clock_ms();
	limit_apply(env->work, down ? env->down : env->up, env->n, one);
	took = clock_ms() - start;
	drop_work(env);
	return took;
}

static double mig_run(struct env *env, int down, int one)
{
	mig_run_options options = { .struct_size = sizeof(options),
				    .transaction_mode =
					    one ? MIG_TRANSACTION_RUN : MIG_TRANSACTION_REVISION };
	double start, took;
	mig_ctx *ctx;

	drop_work(env);
	if (down)
		copy_to_work(env, env->head);
	start = clock_ms();
	ctx = open_file(env->work);
	check(mig_add_bundle(ctx, &env->bundle), ctx);
	check(down ? mig_downgrade_with(ctx, "base", &options)
		   : mig_upgrade_with(ctx, "head", &options),
	      ctx);
	mig_close(ctx);
	took = clock_ms() - start;
	drop_work(env);
	return took;
}

static double limit_e(struct env *env)
{
	return limit_run(env, 0, 0);
}

static double mig_e(struct env *env)
{
	return mig_run(env, 0, 0);
}

static double limit_f(struct env *env)
{
	return limit_run(env, 0, 1);
}

static double mig_f(struct env *env)
{
	return mig_run(env, 0, 1);
}

static double limit_g(struct env *env)
{
	return limit_run(env, 1, 0);
}

static double mig_g(struct env *env)
{
	return mig_run(env, 1, 0);
}

static double limit_g1(struct env *env)
{
	return limit_run(env, 1, 1);
}

static double mig_g1(struct env *env)
{
	return mig_run(env, 1, 1);
}

static void print_history(mig_ctx *ctx, FILE *out)
{
	mig_revision_list *list = NULL, *current = NULL;

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
}

static double mig_h(struct env *env)
{
	int times = repeats(env);
	FILE *out = fopen("/dev/null", "w");
	double start = clock_ms();

	if (!out)
		die("/dev/null", NULL);
	for (int i = 0; i < times; i++) {
		mig_ctx *ctx = open_file(env->head);

		check(mig_add_directory(ctx, env->files), ctx);
		print_history(ctx, out);
		mig_close(ctx);
	}
	fclose(out);
	return (clock_ms() - start) / times;
}

/* Peak memory in MB of a child; the name of its work is `what`. */
static double child_peak(struct env *env, const char *program, const char *what, const char *path)
{
	char *argv[] = { (char *)program, (char *)what, (char *)path,
			 program == env->self ? env->files : env->versions, NULL };
	char line[64];

	drop_work(env);
	spawn(env, argv, line);
	drop_work(env);
	return (double)atol(line) / 1024;
}

static double limit_j(struct env *env)
{
	return child_peak(env, env->limit, "up", env->work);
}

static double mig_j(struct env *env)
{
	return child_peak(env, env->self, "--child-up", env->work);
}

static double limit_j_noop(struct env *env)
{
	return child_peak(env, env->limit, "scan", env->head);
}

static double mig_j_noop(struct env *env)
{
	return child_peak(env, env->self, "--child-noop", env->head);
}

/* This program again, in a process of its own. */
static int child(const char *path, const char *files)
{
	mig_run_options options = { .struct_size = sizeof(options),
				    .transaction_mode = MIG_TRANSACTION_REVISION };
	mig_ctx *ctx = open_file(path);

	check(mig_add_directory(ctx, files), ctx);
	check(mig_upgrade_with(ctx, "head", &options), ctx);
	mig_close(ctx);
	printf("%ld\n", peak_kb());
	return 0;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* clang-format off */
#define RATIO .unit = UNIT_RATIO
#define BULK RATIO, .floor = 1.15, .excellent = 1.03, .small_floor = 1.5, .small_excellent = 1.2
#define MORE_US .unit = UNIT_MORE_US, .floor = 50, .excellent = 10, .quick = 1
#define MORE_MB .unit = UNIT_MORE_MB, .floor = 3, .excellent = 1
static const struct row rows[] = {
	{ 'A', "no-op, compiled in", limit_a, mig_a, RATIO, .floor = 1.3, .excellent = 1.1, .quick = 1 },
	{ 'A', "no-op, compiled in, header_digest", limit_a, mig_a_stamp, RATIO, .floor = 1.3,
	  .excellent = 1.1, .quick = 1 },
	{ 'B', "no-op, same context", limit_b, mig_b, MORE_US },
	{ 'B', "no-op, new context, lent connection", limit_b, mig_b_lent, MORE_US,
	  .floor_each = 0.6, .excellent_each = 0.25 },
	{ 'C', "no-op, folder", limit_c, mig_c, RATIO, .floor = 1.5, .excellent = 1.2, .quick = 1 },
	{ 'D', "no-op, `mig upgrade`", limit_d, mig_d, RATIO, .floor = 1.5, .excellent = 1.2,
	  .quick = 1, .needs_mig = 1 },
	{ 'E', "upgrade, a transaction each", limit_e, mig_e, BULK },
	{ 'F', "upgrade, one transaction", limit_f, mig_f, BULK },
	{ 'G', "downgrade, a transaction each", limit_g, mig_g, BULK },
	{ 'G', "downgrade, one transaction", limit_g1, mig_g1, BULK },
	{ 'H', "history and current, folder", limit_c, mig_h, RATIO, .floor = 1.5, .excellent = 1.2,
	  .quick = 1 },
	{ 'H', "`mig history`", limit_d, mig_h_process, RATIO, .floor = 1.5, .excellent = 1.2,
	  .quick = 1, .needs_mig = 1 },
	{ 'J', "peak memory, upgrade, folder", limit_j, mig_j, MORE_MB },
	{ 'J', "peak memory, no-op, folder", limit_j_noop, mig_j_noop, MORE_MB },
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

static void env_make(struct env *env, const char *base)
{
	mig_ctx *ctx;

	snprintf(env->folder, sizeof(env->folder), "%s/mig-bench-XXXXXX", base);
	if (!mkdtemp(env->folder))
		die(env->folder, strerror(errno));
	snprintf(env->files, PATH_SIZE, "%s/files", env->folder);
	snprintf(env->versions, PATH_SIZE, "%s/files/versions", env->folder);
	snprintf(env->head, PATH_SIZE, "%s/head.db", env->folder);
	snprintf(env->limit_head, PATH_SIZE, "%s/limit.db", env->folder);
	snprintf(env->work, PATH_SIZE, "%s/work.db", env->folder);
	if (mkdir(env->files, 0755) || mkdir(env->versions, 0755))
		die(env->versions, strerror(errno));
	if (gen_make(&env->gen, env->n, 0) || gen_write(&env->gen, env->versions) ||
	    gen_bundle(&env->gen, &env->bundle))
		die("revisions", "cannot be made");
	make_steps(env);
	limit_apply(env->limit_head, env->up, env->n, 1);
	ctx = open_with_stamp(env->head, 1);
	check(mig_add_bundle(ctx, &env->bundle), ctx);
	check(mig_upgrade(ctx, "head"), ctx);
	mig_close(ctx);
	env->open_db = limit_open(env->head);
	env->open_ctx = open_file(env->head);
	check(mig_add_bundle(env->open_ctx, &env->bundle), env->open_ctx);
}

static void env_finish(struct env *env)
{
	mig_close(env->open_ctx);
	sqlite3_close(env->open_db);
	nftw(env->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(env->up);
	free(env->down);
	gen_free(&env->gen);
}

struct options {
	const char *counts, *letters, *folder, *mig;
	char self[PATH_SIZE], limit[PATH_SIZE];
	int samples, cpu;
};

static void run_all(const struct options *o, size_t n)
{
	struct env env = {
		.n = n, .self = o->self, .limit = o->limit, .mig = o->mig, .cpu = o->cpu
	};

	env_make(&env, o->folder);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strchr(o->letters, rows[i].letter) && (o->mig || !rows[i].needs_mig))
			row_run(&rows[i], &env, n, o->samples);
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
	snprintf(o->limit, sizeof(o->limit), "%.*sbench_limit", (int)(slash - o->self + 1),
		 o->self);
}

static int parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "cn:s:r:t:m:l:")) != -1)
		switch (c) {
		case 'c':
			o->cpu = 1;
			clock_use_cpu();
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
	struct options o = { .counts = "10,100,1000", .letters = "ABCDEFGHJ" };

	if (argc == 4 && strncmp(argv[1], "--child-", 8) == 0)
		return child(argv[2], argv[3]);
	o.folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	find_programs(&o);
	if (parse(argc, argv, &o)) {
		fprintf(stderr,
			"usage: bench_sqlite [-c] [-n COUNT,…] [-s SAMPLES] [-r ROWS] [-t FOLDER] "
			"[-m MIG] [-l LIMIT]\n");
		return 2;
	}
	printf("libmig %s, SQLite %s, %s, %s time\n\n", mig_version(), sqlite3_libversion(),
	       o.folder, o.cpu ? "CPU" : "wall-clock");
	rows_print_head();
	for (const char *at = o.counts; *at;) {
		char *end;
		size_t n = strtoul(at, &end, 10);

		if (!n || n > 100000)
			die("-n", o.counts);
		run_all(&o, n);
		at = *end == ',' ? end + 1 : end;
		if (at == end && *end)
			die("-n", o.counts);
	}
	return 0;
}
