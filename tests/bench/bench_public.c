/* bench_public: what programs ask mig.h about many revisions, against the least work that answers it.
 *
 *     bench_public [-c] [-n COUNT] [-f FILES] [-s SAMPLES] [-b SECONDS] [-t FOLDER]
 *
 * COUNT (100,000) revisions of a bundle; FILES (10,000) in a folder, where the limit reads the head of
 * each file. Each sample opens a context on an empty database in memory and closes it. -c measures CPU
 * time. */
#include "limit.h"
#include "rows.h"
#include "shapes.h"

#include <mig/mig.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct env {
	struct shape shape;
	mig_bundle_revision *revisions;
	mig_bundle bundle, half_bundle; /* half: the first revisions of a line */
	char folder[256];
};

static void check(mig_status rc, const mig_ctx *ctx)
{
	if (rc)
		die(mig_status_name(rc), mig_error_message(ctx));
}

static void bundle_of(struct env *env)
{
	static const char *const none[] = { NULL };
	static const char text[] = "-- mig:upgrade\nSELECT 1;\n";
	static const mig_section section = { .direction = MIG_UPGRADE, .offset = 15, .size = 10 };

	env->revisions = calloc(env->shape.count, sizeof(*env->revisions));
	if (!env->revisions)
		die("memory", NULL);
	for (uint32_t i = 0; i < env->shape.count; i++) {
		const struct shape_revision *r = &env->shape.at[i];

		env->revisions[i] = (mig_bundle_revision){ .id = r->id,
							   .file = "f.sql",
							   .message = "a revision",
							   .created = "",
							   .revises = r->parents,
							   .depends_on = r->dependencies,
							   .branch_labels = none,
							   .text = text,
							   .text_size = sizeof(text) - 1,
							   .sections = &section,
							   .section_count = 1 };
	}
	env->bundle = (mig_bundle){ .struct_size = sizeof(mig_bundle),
				    .revision_size = sizeof(mig_bundle_revision),
				    .section_size = sizeof(mig_section),
				    .count = env->shape.count,
				    .revisions = env->revisions };
	env->half_bundle = env->bundle;
	env->half_bundle.count /= 2;
}

/* ---- what is measured ------------------------------------------------------------------------ */

enum ask { HEADS = 1, PLAN = 2 };

static void ask(mig_ctx *ctx, int what, size_t count)
{
	mig_revision_list *heads = NULL;
	mig_plan *plan = NULL;

	if (what & HEADS) {
		check(mig_heads(ctx, 0, &heads), ctx);
		if (!mig_revision_list_count(heads))
			die("heads", "none");
	}
	if (what & PLAN) {
		check(mig_plan_upgrade(ctx, "heads", &plan), ctx);
		if (mig_plan_count(plan) != count)
			die("plan", "another number of steps");
	}
	mig_revision_list_free(heads);
	mig_plan_free(plan);
}

static double bundle_ms(const mig_bundle *bundle, int what)
{
	double start = clock_ms();
	mig_ctx *ctx = NULL;

	check(mig_open(&ctx, "sqlite::memory:"), ctx);
	check(mig_add_bundle(ctx, bundle), ctx);
	ask(ctx, what, bundle->count);
	mig_close(ctx);
	return clock_ms() - start;
}

static double limit_bundle(struct env *env)
{
	double start = clock_ms();

	shape_order(&env->shape);
	return clock_ms() - start;
}

static double mig_bundle_both(struct env *env)
{
	return bundle_ms(&env->bundle, HEADS | PLAN);
}

static double half_heads(struct env *env)
{
	return bundle_ms(&env->half_bundle, HEADS);
}

static double all_heads(struct env *env)
{
	return bundle_ms(&env->bundle, HEADS);
}

static double folder_ms(struct env *env, int what)
{
	double start = clock_ms();
	mig_ctx *ctx = NULL;

	check(mig_open(&ctx, "sqlite::memory:"), ctx);
	check(mig_add_directory(ctx, env->folder), ctx);
	ask(ctx, what, env->shape.count);
	mig_close(ctx);
	return clock_ms() - start;
}

static double mig_folder_heads(struct env *env)
{
	return folder_ms(env, HEADS);
}

static double mig_folder_plan(struct env *env)
{
	return folder_ms(env, PLAN);
}

static double mig_folder_both(struct env *env)
{
	return folder_ms(env, HEADS | PLAN);
}

/* The rest of a header line, at most 15 bytes of it. */
static int header_line(const char *text, const char *key, char out[16])
{
	const char *at = strstr(text, key);
	size_t size;

	if (!at)
		return 0;
	at += strlen(key);
	size = strcspn(at, "\n");
	snprintf(out, 16, "%.*s", (int)(size < 15 ? size : 15), at);
	return 1;
}

/* Reads the head of each file for its id and its parent, and orders them. */
static double limit_folder(struct env *env)
{
	double start = clock_ms();
	struct shape_revision *at = NULL;
	struct { char id[16]; } *parent = NULL;
	const char **lists;
	size_t count = 0, cap = 0;
	char head[4097];
	DIR *dir = opendir(env->folder);

	for (struct dirent *d; dir && (d = readdir(dir));) {
		ssize_t got;
		int fd;

		if (d->d_name[0] == '.')
			continue;
		fd = openat(dirfd(dir), d->d_name, O_RDONLY | O_CLOEXEC);
		got = fd < 0 ? -1 : read(fd, head, sizeof(head) - 1);
		if (got < 0)
			die(d->d_name, strerror(errno));
		close(fd);
		head[got] = '\0';
		if (count == cap) {
			cap = cap ? 2 * cap : 1024;
			at = realloc(at, cap * sizeof(*at));
			parent = realloc(parent, cap * sizeof(*parent));
			if (!at || !parent)
				die("memory", NULL);
		}
		memset(&at[count], 0, sizeof(*at));
		if (!header_line(head, "\n-- revision: ", at[count].id) ||
		    !header_line(head, "\n-- revises: ", parent[count].id))
			die(d->d_name, "no header");
		count++;
	}
	closedir(dir);
	lists = calloc(2 * count + 1, sizeof(*lists));
	if (count != env->shape.count || !lists)
		die(env->folder, "another number of files");
	for (size_t i = 0; i < count; i++) {
		at[i].parents = &lists[2 * i];
		at[i].dependencies = &lists[2 * i + 1];
		at[i].parents[0] = parent[i].id;
		at[i].parent_count = parent[i].id[0] != '\0';
	}
	shape_order(&(struct shape){ .at = at, .count = (uint32_t)count });
	free(at);
	free(parent);
	free(lists);
	return clock_ms() - start;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static const struct row bundle_rows[] = {
	{ "N public", "`mig_heads`, `mig_plan_upgrade`, bundle, line", limit_bundle, mig_bundle_both,
	  UNIT_RATIO, 0 },
	{ "N growth", "`mig_heads`, bundle, line: N against N / 2", half_heads, all_heads, UNIT_RATIO,
	  0 },
}, branched_rows[] = {
	{ "N public", "`mig_heads`, `mig_plan_upgrade`, bundle, branched", limit_bundle,
	  mig_bundle_both, UNIT_RATIO, 0 },
}, folder_rows[] = {
	{ "M", "`mig_heads`, folder", limit_folder, mig_folder_heads, UNIT_RATIO, 0 },
	{ "M", "`mig_plan_upgrade`, folder", limit_folder, mig_folder_plan, UNIT_RATIO, 0 },
	{ "M", "`mig_heads`, then `mig_plan_upgrade`, folder", limit_folder, mig_folder_both,
	  UNIT_RATIO, 0 },
};

static void run_bundle(const struct row *rows, size_t row_count, size_t shape, uint32_t count,
		       const struct sampling *sampling)
{
	struct env env = { 0 };

	shape_make(&env.shape, shape, count);
	bundle_of(&env);
	for (size_t i = 0; i < row_count; i++)
		row_run(&rows[i], "-", &env, count, sampling);
	free(env.revisions);
	shape_free(&env.shape);
}

static void file_path(const struct env *env, uint32_t i, char out[512])
{
	snprintf(out, 512, "%s/%s_table_%u.sql", env->folder, env->shape.at[i].id, i);
}

static void write_file(const struct env *env, uint32_t i)
{
	const struct shape_revision *r = &env->shape.at[i];
	char path[512];
	FILE *f;

	file_path(env, i, path);
	f = fopen(path, "w");
	if (!f)
		die(path, strerror(errno));
	fprintf(f,
		"-- table %u\n--\n-- revision: %s\n-- revises: %s\n-- branch_labels:\n"
		"-- depends_on:\n-- created: 2026-11-22T20:49:00Z\n\n-- mig:upgrade\n"
		"CREATE TABLE t%u (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL, note TEXT);\n"
		"CREATE INDEX t%u_name ON t%u (name);\n\n-- mig:downgrade\nDROP TABLE t%u;\n",
		i, r->id, r->parent_count ? r->parents[0] : "", i, i, i, i);
	if (fclose(f))
		die(path, strerror(errno));
}

static void run_folder(const char *base, uint32_t count, const struct sampling *sampling)
{
	struct env env = { 0 };
	char path[512];

	snprintf(env.folder, sizeof(env.folder), "%s/mig-bench-XXXXXX", base);
	if (!mkdtemp(env.folder))
		die(env.folder, strerror(errno));
	shape_make(&env.shape, 0, count);
	for (uint32_t i = 0; i < count; i++)
		write_file(&env, i);
	for (size_t i = 0; i < sizeof(folder_rows) / sizeof(*folder_rows); i++)
		row_run(&folder_rows[i], "-", &env, count, sampling);
	for (uint32_t i = 0; i < count; i++) {
		file_path(&env, i, path);
		unlink(path);
	}
	rmdir(env.folder);
	shape_free(&env.shape);
}

int main(int argc, char **argv)
{
	const char *folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	struct sampling sampling = { .budget_s = 2 };
	unsigned long count = 100000, files = 10000;
	int c;

	while ((c = getopt(argc, argv, "cb:f:n:s:t:")) != -1)
		switch (c) {
		case 'b':
			sampling.budget_s = atof(optarg);
			break;
		case 'c':
			clock_use_cpu();
			break;
		case 'f':
			files = strtoul(optarg, NULL, 10);
			break;
		case 'n':
			count = strtoul(optarg, NULL, 10);
			break;
		case 's':
			sampling.samples = atoi(optarg);
			break;
		case 't':
			folder = optarg;
			break;
		default:
			files = 0;
		}
	if (optind != argc || count < 2000 || count > 10000000 || files < 2000 || files > 1000000 ||
	    sampling.samples < 0 || sampling.samples > SAMPLES_MAX) {
		fprintf(stderr, "usage: bench_public [-c] [-n COUNT] [-f FILES] [-s SAMPLES] [-b SECONDS] "
				"[-t FOLDER]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	rows_print_head();
	run_bundle(bundle_rows, sizeof(bundle_rows) / sizeof(*bundle_rows), 0, (uint32_t)count,
		   &sampling);
	run_bundle(branched_rows, 1, 1, (uint32_t)count, &sampling);
	run_folder(folder, (uint32_t)files, &sampling);
	return 0;
}
