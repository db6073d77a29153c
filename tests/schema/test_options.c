/* What mig_autogenerate() and mig_diff() do with each of their options, on every dialect. */
#include "both.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* -- the file that was written */

/* The text of the revision's file, "" if there is none; freed by the caller. */
static char *file_of(const struct base *base, const char *id)
{
	char folder[80], path[400] = "", *text = calloc(1, 65536);
	struct dirent *e;
	FILE *f;
	DIR *d;

	assert_non_null(text);
	snprintf(folder, sizeof folder, "%s/versions", base->dir);
	d = opendir(folder);
	assert_non_null(d);
	while ((e = readdir(d)))
		if (!strncmp(e->d_name, id, strlen(id)) && strstr(e->d_name, ".sql"))
			snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
	closedir(d);
	f = path[0] ? fopen(path, "r") : NULL;
	if (f) {
		assert_true(fread(text, 1, 65535, f) > 0);
		fclose(f);
	}
	return text;
}

static mig_ctx *with_model(const struct base *base, const char *sql)
{
	mig_ctx *ctx = open_base(base);
	mig_model *m;

	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_sql(m, NULL, "model", sql, strlen(sql)));
	return ctx;
}

static size_t count_files(const struct base *base)
{
	size_t count = 0;
	char folder[80];
	struct dirent *e;
	DIR *d;

	snprintf(folder, sizeof folder, "%s/versions", base->dir);
	d = opendir(folder);
	assert_non_null(d);
	while ((e = readdir(d)))
		count += strstr(e->d_name, ".sql") != NULL;
	closedir(d);
	return count;
}

/* Writes the revision; how many there are. */
static size_t generate(mig_ctx *ctx, const char *id, const mig_diff_options *diff, int32_t force)
{
	mig_revision_options revision = { .struct_size = sizeof revision,
					  .message = id,
					  .rev_id = id };
	mig_autogenerate_options o = { .struct_size = sizeof o,
				       .revision = &revision,
				       .diff = diff,
				       .force = force };
	mig_revision_list *list;
	size_t count;

	ok(ctx, mig_autogenerate(ctx, &o, &list));
	count = mig_revision_list_count(list);
	mig_revision_list_free(list);
	return count;
}

/* -- the dialect's name */

static void names_its_dialect(const struct base *base)
{
	char up[64], down[64], other[64];
	char *text;
	mig_op_list *list;
	mig_ctx *ctx = with_model(base, "CREATE TABLE t (id INTEGER PRIMARY KEY)");

	snprintf(up, sizeof up, "\n-- mig:upgrade dialect=%s\n", base->dialect);
	snprintf(down, sizeof down, "\n-- mig:downgrade dialect=%s\n", base->dialect);
	ok(ctx, mig_diff(ctx, NULL, &list));
	assert_string_equal(mig_op_list_dialect(list), base->dialect);
	assert_null(mig_op_list_dialect(NULL));
	mig_op_list_free(list);
	assert_int_equal(generate(ctx, "one", NULL, 0), 1);
	text = file_of(base, "one");
	assert_non_null(strstr(text, up));
	assert_non_null(strstr(text, down));
	free(text);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	/* the other engine refuses it, and says why */
	if (!strcmp(base->dialect, "sqlite"))
		return;
	assert_int_equal(mig_open(&ctx, "sqlite::memory:"), MIG_OK);
	ok(ctx, mig_add_directory(ctx, base->dir));
	expect(ctx, MIG_ENO_SECTION, mig_upgrade(ctx, "head"));
	assert_non_null(strstr(mig_error_message(ctx), "has no upgrade section for sqlite"));
	snprintf(other, sizeof other, "it is written for %s:", base->dialect);
	assert_non_null(strstr(mig_error_hint(ctx), other));
	mig_close(ctx);
}

static void test_names_its_dialect(void **user)
{
	(void)user;
	on_all(names_its_dialect);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_its_dialect),
	};

	(void)count_files;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
