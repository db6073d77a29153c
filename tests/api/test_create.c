/* test_create: new environments and new revision files. */
#include "support.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static mig_ctx *new_project(const struct place *p)
{
	mig_open_options o = { .struct_size = sizeof o };
	char dir[128];
	mig_ctx *ctx;

	snprintf(dir, sizeof dir, "%s/migrations", p->dir);
	o.url = p->url;
	ok(ctx, mig_open_with(&ctx, &o));
	ok(ctx, mig_init_directory(ctx, dir, NULL));
	ok(ctx, mig_add_directory(ctx, dir));
	return ctx;
}

static const char *create(mig_ctx *ctx, const mig_revision_options *o)
{
	static char id[300];
	mig_revision_list *list;

	ok(ctx, mig_revision_create(ctx, o, &list));
	assert_int_equal(mig_revision_list_count(list), 1);
	snprintf(id, sizeof id, "%s", mig_revision_id(mig_revision_list_at(list, 0)));
	mig_revision_list_free(list);
	return id;
}

/* With a mig.ini of its own: PATH.ini. */
static mig_status init_at(mig_ctx *ctx, const char *path)
{
	mig_init_options o = { .struct_size = sizeof o };
	char config[300];

	snprintf(config, sizeof config, "%s.ini", path);
	o.config = config;
	return mig_init_directory(ctx, path, &o);
}

static void test_init(void **state)
{
	struct place *p = *state;
	static const char *const names[] = { "versions", "../mig.ini", "script.sql.tmpl", "README" };
	char path[256];
	mig_ctx *ctx = new_project(p);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/migrations/%s", p->dir, names[i]);
		assert_int_equal(access(path, R_OK), 0);
	}
	snprintf(path, sizeof path, "%s/migrations", p->dir);
	expect(ctx, MIG_EEXISTS, mig_init_directory(ctx, path, NULL));
	snprintf(path, sizeof path, "%s/migrations/README", p->dir);
	expect(ctx, MIG_EEXISTS, init_at(ctx, path));
	snprintf(path, sizeof path, "%s/no/such/parent", p->dir);
	expect(ctx, MIG_EIO, mig_init_directory(ctx, path, NULL));
	snprintf(path, sizeof path, "%s/empty", p->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	/* its mig.ini would be another than the one that is there */
	expect(ctx, MIG_EEXISTS, mig_init_directory(ctx, path, NULL));
	assert_non_null(strstr(mig_error_message(ctx), "/mig.ini: exists"));
	assert_non_null(mig_error_hint(ctx));
	ok(ctx, init_at(ctx, path));
	mig_close(ctx);
}

/* What could not be made whole is not there. */
static void test_init_without_room(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = new_project(p);
	struct rlimit limit, little;
	char path[256];

	snprintf(path, sizeof path, "%s/other", p->dir);
	getrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_IGN);
	for (int there = 0; there < 2; there++) {
		if (there)
			assert_int_equal(mkdir(path, 0700), 0);
		for (rlim_t size = 100; size < 1200; size += 300) {
			little = limit;
			little.rlim_cur = size;
			setrlimit(RLIMIT_FSIZE, &little);
			expect(ctx, MIG_EIO, init_at(ctx, path));
			setrlimit(RLIMIT_FSIZE, &limit);
			if (there)
				assert_int_equal(rmdir(path), 0); /* and was empty */
			assert_int_equal(access(path, F_OK), -1);
			if (there)
				assert_int_equal(mkdir(path, 0700), 0);
		}
	}
	signal(SIGXFSZ, SIG_DFL);
	ok(ctx, init_at(ctx, path));
	mig_close(ctx);
}

static void test_line_of_revisions(void **state)
{
	struct place *p = *state;
	mig_revision_options o = { .struct_size = sizeof o };
	mig_revision_list *list;
	char first[64];
	mig_ctx *ctx = new_project(p);

	snprintf(first, sizeof first, "%s", create(ctx, &o));
	assert_int_equal(strlen(first), 12);
	o.message = "Add Users, and e-mail!\nmore about it";
	o.rev_id = "two";
	o.upgrade_sql = "CREATE TABLE two (x);\n";
	o.downgrade_sql = "DROP TABLE two;\n";
	assert_string_equal(create(ctx, &o), "two");
	ok(ctx, mig_show(ctx, "two", &list));
	{
		const mig_revision *r = mig_revision_list_at(list, 0);

		assert_string_equal(mig_revision_message(r), o.message);
		assert_string_equal(mig_revision_parent(r, 0), first);
		assert_non_null(strstr(mig_revision_file(r),
				       "/migrations/versions/two_add_users_and_e_mail.sql"));
		assert_int_equal(strlen(mig_revision_created(r)), strlen("2026-01-01T00:00:00Z"));
	}
	mig_revision_list_free(list);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(rows(p), "two");
	assert_string_equal(tables(p), "two");
	ok(ctx, mig_downgrade(ctx, "base"));
	assert_string_equal(tables(p), "");
	expect(ctx, MIG_EDUPLICATE_REVISION, mig_revision_create(ctx, &o, &list));
	o.rev_id = "a-b";
	expect(ctx, MIG_EILLEGAL_ID, mig_revision_create(ctx, &o, &list));
	o.rev_id = "head";
	expect(ctx, MIG_EILLEGAL_ID, mig_revision_create(ctx, &o, &list));
	mig_close(ctx);
}

static void test_branches(void **state)
{
	struct place *p = *state;
	const char *on_one[] = { "one", NULL }, *all[] = { "heads", NULL },
		   *labels[] = { "side", NULL };
	const char *twice[] = { "two", "two", NULL }, *base[] = { "base", NULL };
	const char *deps[] = { "one", NULL }, *unknown[] = { "nope", NULL };
	mig_revision_options o = { .struct_size = sizeof o, .rev_id = "one" };
	mig_revision_list *list;
	mig_ctx *ctx = new_project(p);

	create(ctx, &o);
	o.rev_id = "two";
	create(ctx, &o);
	o.rev_id = "side1";
	o.heads = on_one;
	expect(ctx, MIG_ENOT_HEAD, mig_revision_create(ctx, &o, &list));
	assert_non_null(mig_error_hint(ctx));
	o.splice = 1;
	o.branch_labels = labels;
	create(ctx, &o);
	o = (mig_revision_options){ .struct_size = sizeof o, .rev_id = "three" };
	expect(ctx, MIG_EMULTIPLE_HEADS, mig_revision_create(ctx, &o, &list));
	o.branch_labels = labels;
	o.heads = twice;
	expect(ctx, MIG_EINVAL, mig_revision_create(ctx, &o, &list));
	o.heads = all;
	expect(ctx, MIG_EDUPLICATE_LABEL, mig_revision_create(ctx, &o, &list));
	o.branch_labels = NULL;
	create(ctx, &o);
	ok(ctx, mig_show(ctx, "three", &list));
	assert_int_equal(mig_revision_parent_count(mig_revision_list_at(list, 0)), 2);
	mig_revision_list_free(list);
	o.rev_id = "other";
	o.heads = base;
	o.depends_on = unknown;
	expect(ctx, MIG_ENOTFOUND, mig_revision_create(ctx, &o, &list));
	o.depends_on = deps;
	create(ctx, &o);
	ok(ctx, mig_bases(ctx, &list));
	assert_int_equal(mig_revision_list_count(list), 2);
	mig_revision_list_free(list);
	mig_close(ctx);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_templates(void **state)
{
	struct place *p = *state;
	mig_revision_options o = { .struct_size = sizeof o, .rev_id = "one", .message = "m" };
	mig_revision_list *list;
	char path[256];
	mig_ctx *ctx = new_project(p);

	snprintf(path, sizeof path, "%s/migrations/script.sql.tmpl", p->dir);
	write_file(path, "-- ${mesage}\n");
	expect(ctx, MIG_ESYNTAX, mig_revision_create(ctx, &o, &list));
	assert_non_null(strstr(mig_error_message(ctx), "script.sql.tmpl:1:"));
	assert_non_null(strstr(mig_error_message(ctx), "did you mean"));
	write_file(path, "-- house rules\n-- ${message}\n"); /* loses the id */
	expect(ctx, MIG_ESYNTAX, mig_revision_create(ctx, &o, &list));
	unlink(path); /* the built-in one */
	create(ctx, &o);
	o.rev_id = "two";
	o.template_path = "/nonexistent/template";
	expect(ctx, MIG_EIO, mig_revision_create(ctx, &o, &list));
	o.template_path = NULL;
	o.version_path = "/elsewhere";
	expect(ctx, MIG_EINVAL, mig_revision_create(ctx, &o, &list));
	mig_close(ctx);
	ok(ctx, mig_open(&ctx, p->url));
	expect(ctx, MIG_EMISUSE, mig_revision_create(ctx, NULL, &list));
	mig_close(ctx);
}

static size_t count_entries(const char *folder)
{
	DIR *d = opendir(folder);
	size_t count = 0;

	assert_non_null(d);
	while (readdir(d))
		count++;
	closedir(d);
	return count - 2;
}

/* A revision is there whole or not at all, and no file beside it either. */
static void test_revision_without_room(void **state)
{
	struct place *p = *state;
	mig_revision_options o = { .struct_size = sizeof o, .rev_id = "one", .message = "m" };
	struct rlimit limit, little;
	mig_revision_list *list;
	mig_ctx *ctx = new_project(p);
	char path[256];

	snprintf(path, sizeof path, "%s/migrations/versions", p->dir);
	getrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_IGN);
	for (rlim_t size = 0; size < 100; size += 10) {
		little = limit;
		little.rlim_cur = size;
		setrlimit(RLIMIT_FSIZE, &little);
		expect(ctx, MIG_EIO, mig_revision_create(ctx, &o, &list));
		setrlimit(RLIMIT_FSIZE, &limit);
		assert_non_null(strstr(mig_error_message(ctx), "one_m.sql: File too large"));
		assert_int_equal(count_entries(path), 0);
	}
	signal(SIGXFSZ, SIG_DFL);
	create(ctx, &o);
	assert_int_equal(count_entries(path), 1);
	o.splice = 1;
	expect(ctx, MIG_EDUPLICATE_REVISION, mig_revision_create(ctx, &o, &list));
	mig_close(ctx);
}

/* Every token of file_template; the time is that of the call, in UTC. */
static void test_file_names(void **state)
{
	struct place *p = *state;
	mig_revision_options o = { .struct_size = sizeof o, .rev_id = "one", .message = "a B" };
	mig_revision_list *list;
	mig_ctx *ctx = new_project(p);
	char want[300], path[300];
	time_t before, after;

	o.file_template = "%(rev)s-%(slug)s-%(year)d-%(month).2d-%(day).2d-%(hour).2d-%(minute).2d-"
			  "%(second)02d-%(epoch)d-%(day)s-%(month)d-%(year).6d";
	snprintf(path, sizeof path, "%s/migrations/versions/", p->dir);
	do { /* until a second has not passed meanwhile */
		struct tm tm;

		time(&before);
		ok(ctx, mig_revision_create(ctx, &o, &list));
		time(&after);
		gmtime_r(&before, &tm);
		strftime(want, sizeof want, "one-a_b-%Y-%m-%d-%H-%M-%S-", &tm);
		snprintf(want + strlen(want), sizeof want - strlen(want), "%lld-%d-%d-%06d.sql",
			 (long long)before, tm.tm_mday, tm.tm_mon + 1, tm.tm_year + 1900);
		snprintf(path + strlen(path), sizeof path - strlen(path), "%s", want);
		if (before == after)
			assert_string_equal(mig_revision_file(mig_revision_list_at(list, 0)), path);
		assert_int_equal(unlink(mig_revision_file(mig_revision_list_at(list, 0))), 0);
		mig_revision_list_free(list);
		mig_close(ctx);
		snprintf(path, sizeof path, "%s/migrations", p->dir);
		ok(ctx, mig_open(&ctx, p->url));
		ok(ctx, mig_add_directory(ctx, path));
		snprintf(path, sizeof path, "%s/migrations/versions/", p->dir);
	} while (before != after);
	mig_close(ctx);
}

/* Blanks and empty lines at the end of given SQL are not part of it. */
static void test_given_sql(void **state)
{
	struct place *p = *state;
	mig_revision_options o = { .struct_size = sizeof o, .rev_id = "one", .message = "m" };
	mig_revision_list *list;
	size_t size;
	const char *text;
	mig_ctx *ctx = new_project(p);

	o.upgrade_sql = "\n  CREATE TABLE t (x); -- so\n \t\r\n\n  ";
	o.downgrade_sql = "DROP TABLE t;";
	ok(ctx, mig_revision_create(ctx, &o, &list));
	ok(ctx, mig_revision_list_load(ctx, list));
	text = mig_revision_text(mig_revision_list_at(list, 0), &size);
	assert_non_null(strstr(text, "\n-- mig:upgrade\n\n  CREATE TABLE t (x); -- so\n\n-- mig:"
				     "downgrade\nDROP TABLE t;\n"));
	assert_string_equal(strstr(text, "DROP"), "DROP TABLE t;\n");
	mig_revision_list_free(list);
	mig_close(ctx);
}

/* A file that is there is never replaced, and a link not followed. */
static void test_revision_in_the_way(void **state)
{
	struct place *p = *state;
	mig_revision_options o = { .struct_size = sizeof o, .rev_id = "one", .message = "m" };
	mig_revision_list *list;
	char path[256], target[256];
	mig_ctx *ctx = new_project(p);

	/* not one that the folder's readers see */
	o.file_template = "sub";
	snprintf(path, sizeof path, "%s/migrations/versions/sub.sql", p->dir);
	snprintf(target, sizeof target, "%s/elsewhere", p->dir);
	assert_int_equal(symlink(target, path), 0);
	assert_int_not_equal(mig_revision_create(ctx, &o, &list), MIG_OK);
	assert_int_equal(access(target, F_OK), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	expect(ctx, MIG_EEXISTS, mig_revision_create(ctx, &o, &list));
	assert_int_equal(rmdir(path), 0);
	create(ctx, &o);
	mig_close(ctx);
}

/* A read that fails is no empty file. */
static void test_read_errors(void **state)
{
	struct place *p = *state;
	mig_revision_options o = { .struct_size = sizeof o, .rev_id = "one" };
	mig_revision_list *list;
	mig_ctx *ctx = new_project(p);

	if (access("/proc/self/mem", R_OK)) {
		mig_close(ctx);
		print_message("/proc/self/mem cannot be opened here\n");
		skip();
	}
	o.template_path = "/proc/self/mem"; /* a regular file, whose first byte cannot be read */
	expect(ctx, MIG_EIO, mig_revision_create(ctx, &o, &list));
	assert_string_equal(mig_error_message(ctx), "/proc/self/mem: Input/output error");
	mig_close(ctx);
}

struct failing {
	size_t calls, at;
};

static void *fail_at(void *user, void *ptr, size_t size)
{
	struct failing *f = user;

	if (size && ++f->calls == f->at)
		return NULL;
	if (size)
		return realloc(ptr, size);
	free(ptr);
	return NULL;
}

static void test_init_without_memory(void **state)
{
	struct place *p = *state;
	struct failing f = { 0 };
	mig_allocator allocator = { .struct_size = sizeof allocator,
				    .realloc_fn = fail_at,
				    .user = &f };
	mig_open_options o = { .struct_size = sizeof o, .allocator = &allocator };
	mig_status rc = MIG_ENOMEM;
	char path[256];
	size_t at = 0;
	mig_ctx *ctx;

	snprintf(path, sizeof path, "%s/other", p->dir);
	while (rc) {
		f.at = 0;
		ok(ctx, mig_open_with(&ctx, &o));
		f.calls = 0;
		f.at = ++at;
		{
			const char *models[] = { "a b", NULL };
			mig_init_options with = { .struct_size = sizeof with };
			char config[300];

			snprintf(config, sizeof config, "%s.ini", path);
			with.config = config;
			with.directory = "other";
			with.url = "sqlite:app.db";
			with.models = models;
			rc = mig_init_directory(ctx, path, &with);
			if (rc == MIG_ENOMEM) { /* the same again */
				f.at = 0;
				ok(ctx, mig_init_directory(ctx, path, &with));
			}
		}
		if (rc) {
			assert_int_equal(rc, MIG_ENOMEM);
			/* without memory for the names, parts stay; they are no obstacle */
		}
		assert_int_equal(count_entries(path), 3);
		mig_close(ctx);
		if (rc) {
			char command[600];

			snprintf(command, sizeof command, "rm -r '%s' '%s.ini'", path, path);
			assert_int_equal(system(command), 0);
		}
	}
	assert_true(at > 4);
}

/* What was begun is finished; what somebody else has there is not touched. */
static void test_init_again(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = new_project(p);
	char path[256], file[300];

	snprintf(path, sizeof path, "%s/migrations", p->dir);
	snprintf(file, sizeof file, "%s/../mig.ini", path);
	assert_int_equal(unlink(file), 0);
	snprintf(file, sizeof file, "%s/.mig-abcdefghijklmnop.tmp", path);
	write_file(file, "half");
	ok(ctx, mig_init_directory(ctx, path, NULL));
	snprintf(file, sizeof file, "%s/../mig.ini", path);
	assert_int_equal(access(file, R_OK), 0);
	expect(ctx, MIG_EEXISTS, mig_init_directory(ctx, path, NULL));
	assert_int_equal(unlink(file), 0);
	snprintf(file, sizeof file, "%s/README", path);
	write_file(file, "mine");
	expect(ctx, MIG_EEXISTS, mig_init_directory(ctx, path, NULL));
	assert_int_equal(unlink(file), 0);
	snprintf(file, sizeof file, "%s/versions/x", path);
	write_file(file, "mine");
	expect(ctx, MIG_EEXISTS, mig_init_directory(ctx, path, NULL));
	assert_int_equal(count_entries(path), 3);
	mig_close(ctx);
}

static char *read_ini(const struct place *p, const char *name)
{
	static char text[8192];
	char path[256];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", p->dir, name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

/* mig.ini says what is known, in lines that are read back as they were meant. */
static void test_init_with_values(void **state)
{
	struct place *p = *state;
	const char *models[] = { "schema.sql", "my \"own\".sql", "100%.sql", NULL };
	const char *bad[] = { "a\nb", NULL };
	mig_init_options o = { .struct_size = sizeof o };
	mig_open_options none = { .struct_size = sizeof none };
	char dir[128], config[160];
	mig_ctx *ctx;

	ok(ctx, mig_open_with(&ctx, &none));
	snprintf(dir, sizeof dir, "%s/db/", p->dir);
	snprintf(config, sizeof config, "%s/my.ini", p->dir);
	o.config = config;
	o.directory = "db";
	o.url = "postgresql://me:p%40w@host/app";
	o.models = models;
	ok(ctx, mig_init_directory(ctx, dir, &o));
	assert_non_null(strstr(read_ini(p, "my.ini"), "\ndirectory = db\n"));
	assert_non_null(strstr(read_ini(p, "my.ini"),
			       "\nmodels = schema.sql \"my \"\"own\"\".sql\" 100%%.sql\n"));
	assert_non_null(strstr(read_ini(p, "my.ini"), "\nurl = postgresql://me:p%%40w@host/app\n"));
	snprintf(dir, sizeof dir, "%s/other", p->dir);
	snprintf(config, sizeof config, "%s/other.ini", p->dir);
	o.models = bad;
	expect(ctx, MIG_EINVAL, mig_init_directory(ctx, dir, &o));
	o.models = NULL;
	for (size_t i = 0; i < 4; i++) {
		static const char *const urls[] = { "sqlite:a\nurl = b", " sqlite:a", "", "sqlite:a ;b" };

		o.url = urls[i];
		expect(ctx, MIG_EINVAL, mig_init_directory(ctx, dir, &o));
	}
	o.url = NULL;
	o.config = "";
	expect(ctx, MIG_EINVAL, mig_init_directory(ctx, dir, &o));
	assert_int_equal(access(dir, F_OK), -1);
	/* a caller that knows the first member alone */
	o.struct_size = offsetof(mig_init_options, config);
	ok(ctx, mig_init_directory(ctx, dir, &o));
	assert_non_null(strstr(read_ini(p, "mig.ini"), "\ndirectory = other\n"));
	mig_close(ctx);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_new, place_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_init),
		T(test_init_without_room),
		T(test_line_of_revisions),
		T(test_branches),
		T(test_templates),
		T(test_revision_without_room),
		T(test_revision_in_the_way),
		T(test_read_errors),
		T(test_init_without_memory),
		T(test_init_again),
		T(test_init_with_values),
		T(test_file_names),
		T(test_given_sql),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
