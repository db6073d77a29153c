/* The host is after the calls as it was before them: output, environment, folder, umask, locale,
 * signals, open files, threads, memory; and nothing was written but the database. */
#include <mig/mig.h>
#include <mig/model.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

enum { SIGNALS = 32, TEXT = 8192 };

struct host {
	char environment[TEXT], folder[TEXT], locale[64], files[TEXT], threads[TEXT];
	struct sigaction signals[SIGNALS];
	sigset_t mask;
	mode_t umask;
	int rounding;
};

static char dir[] = "/tmp/mig-host-XXXXXX";

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted; dots and the folder's own descriptor left out. */
static void list(const char *path, char out[TEXT])
{
	char *names[256];
	size_t count = 0, at = 0;
	DIR *d = opendir(path);
	struct dirent *e;
	char own[16];

	assert_non_null(d);
	snprintf(own, sizeof own, "%d", dirfd(d));
	while ((e = readdir(d)) && count < 256)
		if (e->d_name[0] != '.' && strcmp(e->d_name, own) != 0)
			names[count++] = strdup(e->d_name);
	closedir(d);
	qsort(names, count, sizeof *names, by_name);
	out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		at += (size_t)snprintf(out + at, TEXT - at, "%s ", names[i]);
		free(names[i]);
	}
}

static void look(struct host *h)
{
	size_t at = 0;

	memset(h, 0, sizeof *h);
	for (char **e = environ; *e && at < TEXT; e++)
		at += (size_t)snprintf(h->environment + at, TEXT - at, "%s\n", *e);
	assert_non_null(getcwd(h->folder, TEXT));
	snprintf(h->locale, sizeof h->locale, "%s", setlocale(LC_ALL, NULL));
	list("/proc/self/fd", h->files);
	list("/proc/self/task", h->threads);
	for (int i = 1; i < SIGNALS; i++)
		sigaction(i, NULL, &h->signals[i]);
	sigprocmask(SIG_SETMASK, NULL, &h->mask);
	h->umask = umask(0);
	umask(h->umask);
	h->rounding = fegetround();
}

static void assert_same(const struct host *a, const struct host *b)
{
	assert_string_equal(a->environment, b->environment);
	assert_string_equal(a->folder, b->folder);
	assert_string_equal(a->locale, b->locale);
	assert_string_equal(a->files, b->files);
	assert_string_equal(a->threads, b->threads);
	for (int i = 1; i < SIGNALS; i++) {
		assert_ptr_equal(a->signals[i].sa_handler, b->signals[i].sa_handler);
		assert_int_equal(a->signals[i].sa_flags, b->signals[i].sa_flags);
		assert_int_equal(sigismember(&a->mask, i), sigismember(&b->mask, i));
	}
	assert_int_equal(a->umask, b->umask);
	assert_int_equal(a->rounding, b->rounding);
}

/* -- memory: what is lent and not given back */

struct count {
	int64_t blocks;
};

static void *counted(void *user, void *ptr, size_t size)
{
	struct count *count = user;
	void *made;

	if (!size) {
		count->blocks -= ptr != NULL;
		free(ptr);
		return NULL;
	}
	made = realloc(ptr, size);
	count->blocks += made && !ptr;
	return made;
}

static void add(mig_ctx *ctx, const char *id, const char *revises, const char *up, const char *down)
{
	char text[512];
	int n = snprintf(text, sizeof text,
			 "-- %s\n-- revision: %s\n-- revises: %s\n-- mig:upgrade\n%s\n"
			 "-- mig:downgrade\n%s\n",
			 id, id, revises, up, down);

	assert_int_equal(mig_add_script(ctx, id, text, (size_t)n), MIG_OK);
}

static void use(const char *url, int fails)
{
	static const char model[] = "CREATE TABLE t (x INTEGER PRIMARY KEY, z REAL DEFAULT 1.5);";
	struct count count = { 0 };
	mig_allocator allocator = { sizeof allocator, counted, &count };
	mig_open_options o = { .struct_size = sizeof o, .url = url, .allocator = &allocator };
	mig_op_list *ops;
	mig_model *m;
	mig_ctx *ctx;

	assert_int_equal(mig_open_with(&ctx, &o), MIG_OK);
	add(ctx, "aaaa", "", "CREATE TABLE t (x INTEGER PRIMARY KEY);", "DROP TABLE t;");
	if (fails)
		add(ctx, "bbbb", "aaaa", "CREATE TABLE t (twice INTEGER);", "SELECT 1;");
	assert_int_equal(mig_upgrade(ctx, "head"), fails ? MIG_ESQL : MIG_OK);
	assert_int_equal(mig_upgrade(ctx, "aaaa"), MIG_OK);
	assert_int_equal(mig_upgrade(ctx, "nowhere"), MIG_ENOTFOUND);
	assert_int_equal(mig_model_of(ctx, &m), MIG_OK);
	assert_int_equal(mig_model_sql(m, NULL, "model.sql", model, sizeof model - 1), MIG_OK);
	assert_int_equal(mig_diff(ctx, NULL, &ops), MIG_OK);
	assert_non_null(strstr(mig_op_list_sql(ops, MIG_UPGRADE, NULL), "1.5"));
	mig_op_list_free(ops);
	assert_int_equal(mig_downgrade(ctx, "base"), MIG_OK);
	mig_close(ctx);
	assert_int_equal(count.blocks, 0);
}

static void test_host_is_as_it_was(void **state)
{
	char url[128], path[128], printed[TEXT], written[TEXT];
	struct host before, after;
	int out, kept[2];

	(void)state;
	snprintf(url, sizeof url, "sqlite:%s/db/app.db", dir);
	use(url, 0); /* the dialect's module stays open */
	snprintf(path, sizeof path, "%s/printed", dir);
	out = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(out >= 0);
	fflush(NULL);
	look(&before);
	for (int i = 0; i < 2; i++) {
		kept[i] = dup(i + 1);
		dup2(out, i + 1);
	}
	for (int fails = 0; fails < 2; fails++)
		use(url, fails);
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		dup2(kept[i], i + 1);
		close(kept[i]);
	}
	look(&after);
	assert_same(&before, &after);
	assert_int_equal(lseek(out, 0, SEEK_END), 0);
	close(out);
	snprintf(path, sizeof path, "%s/empty", dir);
	list(path, printed);
	assert_string_equal(printed, "");
	snprintf(path, sizeof path, "%s/db", dir);
	list(path, written);
	assert_string_equal(written, "app.db ");
}

/* A program that finds its database up to date leaves its file alone. */
static void test_nothing_to_do_writes_nothing(void **state)
{
	struct stat before, after;
	char url[160], path[128];
	mig_ctx *ctx;

	(void)state;
	snprintf(path, sizeof path, "%s/db/ready.db", dir);
	snprintf(url, sizeof url, "sqlite:%s", path);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(mig_open(&ctx, url), MIG_OK);
		add(ctx, "aaaa", "", "CREATE TABLE t (x);", "DROP TABLE t;");
		assert_int_equal(mig_upgrade(ctx, "head"), MIG_OK);
		mig_close(ctx);
		assert_int_equal(stat(path, i ? &after : &before), 0);
		assert_int_equal(chmod(path, 0400), 0);
	}
	assert_int_equal(before.st_size, after.st_size);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim);
	assert_int_equal(unlink(path), 0);
}

/* In a folder of its own that is empty, as is the one for temporary files; no home. */
static int begin(void **state)
{
	char path[128];

	(void)state;
	if (!mkdtemp(dir) || chdir(dir) || mkdir("empty", 0700) || mkdir("db", 0700))
		return -1;
	snprintf(path, sizeof path, "%s/empty", dir);
	setenv("TMPDIR", path, 1);
	setenv("HOME", "/nonexistent", 1);
	return chdir("empty");
}

static int end(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return chdir("/") || system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_is_as_it_was),
		cmocka_unit_test(test_nothing_to_do_writes_nothing),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
