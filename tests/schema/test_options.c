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

/* -- a proof that fails */

static int32_t but_not_the_index(void *user, const mig_op *op, int32_t direction)
{
	(void)user;
	/* up: without the column; down: it is dropped all the same */
	return !(direction == MIG_UPGRADE && op->to && op->to->kind == MIG_KIND_COLUMN);
}

/* A downgrade that drops what the upgrade did not make cannot be proved. */
static void unproved(const struct base *base)
{
	mig_diff_options diff = { .struct_size = sizeof diff, .operation_fn = but_not_the_index };
	mig_revision_options revision = { .struct_size = sizeof revision, .rev_id = "two" };
	mig_autogenerate_options o = { .struct_size = sizeof o,
				       .revision = &revision,
				       .diff = &diff };
	static const char model[] = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);"
				    "CREATE INDEX i ON t (v);";
	mig_revision_list *list = NULL;
	mig_op_list *ops = NULL;
	char *text;
	mig_ctx *ctx;

	run_sql(base, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
	ctx = with_model(base, model);
	expect(ctx, MIG_EPROOF, mig_diff(ctx, &diff, &ops));
	assert_int_equal(mig_op_list_count(ops), 1); /* it is there, and says why */
	assert_string_equal(mig_op_list_unproved(ops), mig_error_message(ctx));
	mig_op_list_free(ops);
	ops = NULL;
	expect(ctx, MIG_EPROOF, mig_autogenerate(ctx, &o, &list));
	assert_null(list);
	assert_int_equal(count_files(base), 0);
	diff.unproved = 1; /* nobody tries it, so nobody finds out */
	ok(ctx, mig_diff(ctx, &diff, &ops));
	assert_int_equal(mig_op_list_count(ops), 1);
	assert_null(mig_op_list_unproved(ops));
	mig_op_list_free(ops);
	diff.unproved = 0;
	o.force = 1;
	ok(ctx, mig_autogenerate(ctx, &o, &list));
	assert_int_equal(mig_revision_list_count(list), 1);
	mig_revision_list_free(list);
	text = file_of(base, "two");
	assert_non_null(strstr(text, "-- warning: this is not proved: "));
	free(text);
	mig_close(ctx);
}

static void test_unproved(void **user)
{
	(void)user;
	on_all(unproved);
}

/* -- renames that are asked about, and the parts of a revision */

static int32_t yes_once(void *user, const mig_object *from, const mig_object *to)
{
	assert_string_equal(from->name, "name");
	assert_string_equal(to->name, "called");
	++*(int *)user;
	return 1;
}

static int32_t no(void *user, const mig_object *from, const mig_object *to)
{
	(void)from;
	(void)to;
	++*(int *)user;
	return 0;
}

static int32_t yes_but_stop(void *user, const mig_object *from, const mig_object *to)
{
	(void)from;
	(void)to;
	mig_cancel(user);
	return 1;
}

static mig_status keep_sections(void *user, const char *text, size_t size)
{
	*(char **)user = strndup(text, size);
	return MIG_OK;
}

static void asked(const struct base *base)
{
	int count = 0;
	mig_diff_options diff = { .struct_size = sizeof diff,
				  .rename_fn = no,
				  .rename_user = &count };
	mig_autogenerate_part parts[2] = { { .ops = NULL }, { .database = "other" } };
	char *text = NULL;
	mig_autogenerate_options o = { .struct_size = sizeof o,
				       .parts = parts,
				       .part_count = 2,
				       .part_size = sizeof *parts,
				       .sections_fn = keep_sections,
				       .user = &text };
	mig_revision_list *list = NULL;
	mig_op_list *ops = NULL;
	mig_ctx *ctx;

	run_sql(base, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
	ctx = with_model(base, "CREATE TABLE t (id INTEGER PRIMARY KEY, called TEXT)");
	ok(ctx, mig_diff(ctx, &diff, &ops));
	assert_int_equal(count, 1);
	assert_int_equal(mig_op_list_count(ops), 2);
	assert_null(mig_op_list_rename(ops, 0));
	mig_op_list_free(ops);
	diff.rename_fn = yes_but_stop;
	diff.rename_user = ctx;
	expect(ctx, MIG_ECANCELLED, mig_diff(ctx, &diff, &ops));
	diff.rename_fn = yes_once;
	diff.rename_user = &count;
	ok(ctx, mig_diff(ctx, &diff, &ops));
	assert_int_equal(count, 2); /* not asked again about what is left */
	assert_int_equal(mig_op_list_count(ops), 1);
	assert_int_equal(mig_op_list_at(ops, 0)->type, MIG_OP_RENAME);
	assert_string_equal(mig_op_list_rename(ops, 0), "t.name=called");
	assert_null(mig_op_list_rename(ops, 1));
	parts[0].ops = ops;
	ok(ctx, mig_autogenerate(ctx, &o, &list));
	assert_int_equal(mig_revision_list_count(list), 0);
	assert_int_equal(count_files(base), 0);
	mig_revision_list_free(list);
	assert_non_null(text);
	assert_true(!strncmp(text, "-- mig:upgrade dialect=", 23));
	assert_non_null(strstr(text, "-- mig:upgrade database=other\n\n-- mig:downgrade "
				     "database=other\n"));
	assert_non_null(strstr(text, mig_op_list_sql(ops, MIG_DOWNGRADE, NULL)));
	free(text);
	o.part_size = 1;
	expect(ctx, MIG_EINVAL, mig_autogenerate(ctx, &o, &list));
	mig_op_list_free(ops);
	mig_close(ctx);
}

static void test_asked(void **user)
{
	(void)user;
	on_all(asked);
}

/* With force, what is proved has no warning. */
static void forced_and_proved(const struct base *base)
{
	mig_ctx *ctx = with_model(base, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
	char *text;

	assert_int_equal(generate(ctx, "one", NULL, 1), 1);
	text = file_of(base, "one");
	assert_null(strstr(text, "warning"));
	free(text);
	mig_close(ctx);
}

static void test_forced_and_proved(void **user)
{
	(void)user;
	on_all(forced_and_proved);
}

/* -- several renames, the first of them done long ago */

static void declare_renames(mig_ctx *ctx)
{
	mig_model *m;
	mig_table *t;

	ok(ctx, mig_model_of(ctx, &m));
	t = mig_model_table(m, NULL, "t");
	mig_column_primary_key(mig_table_column(t, "id", "integer"));
	mig_column_renamed_from(mig_table_column(t, "one", "text"), "first");
	mig_column_renamed_from(mig_table_column(t, "two", "text"), "second");
	mig_column_renamed_from(mig_table_column(t, "three", "text"), "third");
}

static void later_renames_count(const struct base *base)
{
	mig_ctx *ctx;

	run_sql(base, "CREATE TABLE t (id INTEGER PRIMARY KEY, one TEXT, second TEXT, third TEXT)");
	run_sql(base, "INSERT INTO t VALUES (1, 'a', 'b', 'c')");
	ctx = open_base(base);
	declare_renames(ctx);
	assert_int_equal(generate(ctx, "r", NULL, 0), 1);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_string_equal(ask_sql(base, "SELECT one || two || three FROM t"), "abc");
}

static void test_later_renames_count(void **user)
{
	(void)user;
	on_all(later_renames_count);
}

/* A schema whose name is one letter is not the default one. */
static void rename_in_a_short_schema(const struct base *base)
{
	mig_model *m;
	mig_table *t;
	mig_ctx *ctx;

	if (!strcmp(base->dialect, "sqlite"))
		return;
	run_sql(base, "CREATE SCHEMA s; CREATE TABLE s.old (id int PRIMARY KEY)");
	run_sql(base, "INSERT INTO s.old VALUES (7)");
	ctx = open_base(base);
	ok(ctx, mig_model_of(ctx, &m));
	t = mig_model_table(m, "s", "new");
	mig_column_primary_key(mig_table_column(t, "id", "integer"));
	mig_table_renamed_from(t, "old");
	assert_int_equal(generate(ctx, "r", NULL, 0), 1);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_string_equal(ask_sql(base, "SELECT id FROM s.new"), "7");
}

static void test_rename_in_a_short_schema(void **user)
{
	(void)user;
	on_all(rename_in_a_short_schema);
}

/* -- what of the difference is written */

static int32_t no_types(void *user, const mig_object *database, const mig_object *model,
			const char *attribute)
{
	(void)user, (void)database, (void)model;
	return strcmp(attribute, "type") ? -1 : 0;
}

/* The tables b, and c with another type, differ: each option is the one reason why nothing is
 * written. */
static void parts_of_the_difference(const struct base *base)
{
	static const char model[] = "CREATE TABLE a (id integer); CREATE TABLE c (x text);";
	static const char without_b[] = "CREATE TABLE a (id integer); CREATE TABLE b (id integer);"
					"CREATE TABLE c (x text);";
	const mig_diff_options only_a = { .struct_size = sizeof only_a, .include = NAMES("a") };
	const mig_diff_options but = { .struct_size = sizeof but, .exclude = NAMES("b", "c") };
	const mig_diff_options same = { .struct_size = sizeof same, .compare_fn = no_types };
	mig_ctx *ctx;

	run_sql(base, "CREATE TABLE a (id integer)");
	run_sql(base, "CREATE TABLE b (id integer)");
	run_sql(base, "CREATE TABLE c (x integer)");
	ctx = with_model(base, model);
	assert_int_equal(generate(ctx, "one", &only_a, 0), 0);
	assert_int_equal(generate(ctx, "two", &but, 0), 0);
	mig_close(ctx);
	ctx = with_model(base, without_b);
	assert_int_equal(generate(ctx, "three", &same, 0), 0);
	assert_int_equal(count_files(base), 0);
	assert_int_equal(generate(ctx, "four", NULL, 0), 1);
	mig_close(ctx);
}

/* What would match nothing is an error, and leaves no list. */
static void patterns_that_are_wrong(const struct base *base)
{
	static const char *const wrong[] = { "tabel:a", ":a", "", "a:b:c" };
	mig_ctx *ctx = with_model(base, "CREATE TABLE a (id integer);");
	int filled = 0;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		const char *const patterns[] = { "a", wrong[i], NULL };
		const mig_diff_options in = { .struct_size = sizeof in, .include = patterns };
		const mig_diff_options out = { .struct_size = sizeof out, .exclude = patterns };
		mig_op_list *list = (mig_op_list *)(void *)&filled;

		expect(ctx, MIG_EINVAL, mig_diff(ctx, &in, &list));
		assert_null(list);
		expect(ctx, MIG_EINVAL, mig_diff(ctx, &out, &list));
		if (!i)
			assert_non_null(strstr(mig_error_hint(ctx), "can name: table, view, "));
	}
	mig_close(ctx);
}

static void test_patterns_that_are_wrong(void **user)
{
	(void)user;
	on_all(patterns_that_are_wrong);
}

static void test_parts_of_the_difference(void **user)
{
	(void)user;
	on_all(parts_of_the_difference);
}

/* -- single members of model.h */

static void declare_keys(mig_model *m)
{
	/* the child comes first, and before its parent in the alphabet */
	mig_table *child = mig_model_table(m, NULL, "a_child");
	mig_table *parent = mig_model_table(m, NULL, "z_parent");
	const mig_foreign_key key = { .struct_size = sizeof key,
				      .columns = NAMES("p"),
				      .referred_table = "z_parent",
				      .referred_columns = NAMES("id"),
				      .on_delete = "SET NULL",
				      .on_update = "CASCADE",
				      .deferrable = "DEFERRABLE INITIALLY DEFERRED" };

	mig_column_primary_key(mig_table_column(child, "id", "integer"));
	mig_table_column(child, "p", "integer");
	mig_table_foreign_key(child, &key);
	mig_table_check(child, NULL, "p > 0");
	mig_table_check(child, NULL, "p < 100");
	mig_column_primary_key(mig_table_column(parent, "id", "integer"));
}

static void keys_are_whole(const struct base *base)
{
	mig_model *m;
	mig_ctx *ctx = open_base(base);

	ok(ctx, mig_model_of(ctx, &m));
	declare_keys(m);
	assert_int_equal(generate(ctx, "k", NULL, 0), 1);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(generate(ctx, "none", NULL, 0), 0);
	mig_close(ctx);
	if (!strcmp(base->dialect, "sqlite")) {
		assert_string_equal(ask_sql(base, "SELECT on_update || on_delete FROM "
						  "pragma_foreign_key_list('a_child')"),
				    "CASCADESET NULL");
		assert_non_null(strstr(ask_sql(base, "SELECT sql FROM sqlite_schema WHERE name = "
						     "'a_child'"),
				       "DEFERRABLE INITIALLY DEFERRED"));
		return;
	}
	assert_string_equal(ask_sql(base, "SELECT concat(confupdtype, confdeltype, condeferrable, "
					  "condeferred) FROM pg_constraint WHERE contype = 'f'"),
			    "cntt");
	assert_string_equal(ask_sql(base, "SELECT string_agg(conname, ',' ORDER BY conname) FROM "
					  "pg_constraint WHERE contype = 'c' AND conrelid <> 0"),
			    "ck_a_child_1,ck_a_child_2");
}

static void test_keys_are_whole(void **user)
{
	(void)user;
	on_all(keys_are_whole);
}

static void options_of_tables(const struct base *base)
{
	mig_model *m;
	mig_table *t;
	mig_ctx *ctx = open_base(base);

	ok(ctx, mig_model_of(ctx, &m));
	t = mig_model_table(m, NULL, "t");
	mig_column_primary_key(mig_table_column(t, "id", "integer"));
	ok(ctx, mig_table_option(t, "sqlite", "strict", "yes"));
	ok(ctx, mig_table_option(t, "postgresql", "options", "fillfactor=50"));
	assert_int_equal(generate(ctx, "o", NULL, 0), 1);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	if (!strcmp(base->dialect, "sqlite"))
		assert_string_equal(
			ask_sql(base, "SELECT strict FROM pragma_table_list WHERE name = 't'"), "1");
	else
		assert_string_equal(
			ask_sql(base, "SELECT reloptions[1] FROM pg_class WHERE relname = 't'"),
			"fillfactor=50");
}

static void test_options_of_tables(void **user)
{
	(void)user;
	on_all(options_of_tables);
}

/* An array is a column on PostgreSQL and an error on SQLite, never left out. */
static void arrays(const struct base *base)
{
	mig_op_list *list;
	mig_model *m;
	mig_table *t;
	mig_ctx *ctx = open_base(base);

	ok(ctx, mig_model_of(ctx, &m));
	t = mig_model_table(m, NULL, "t");
	mig_column_primary_key(mig_table_column(t, "id", "integer"));
	mig_table_column(t, "words", "text[]");
	if (!strcmp(base->dialect, "sqlite")) {
		expect(ctx, MIG_EUNSUPPORTED, mig_diff(ctx, NULL, &list));
		assert_string_equal(mig_error_message(ctx), "column words: SQLite has no arrays");
		assert_non_null(strstr(mig_error_hint(ctx), "another type"));
	} else {
		assert_int_equal(generate(ctx, "w", NULL, 0), 1);
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_string_equal(ask_sql(base, "SELECT format_type(atttypid, -1) FROM "
						  "pg_attribute WHERE attname = 'words'"),
				    "text[]");
	}
	mig_close(ctx);
}

static void test_arrays(void **user)
{
	(void)user;
	on_all(arrays);
}

/* Two names that are the same word when schema and name are joined. The column takes the new type
 * before the old one can go. */
static void joined_names(const struct base *base)
{
	static const char old[] = "CREATE SCHEMA a; CREATE SCHEMA ab; CREATE TYPE a.bc AS ENUM "
				  "('x'); CREATE TABLE t (id int PRIMARY KEY, v a.bc);";
	static const char new[] = "CREATE SCHEMA a; CREATE SCHEMA ab; CREATE TYPE ab.c AS ENUM "
				  "('x', 'y'); CREATE TABLE t (id int PRIMARY KEY, v ab.c);";
	mig_ctx *ctx;

	if (!strcmp(base->dialect, "sqlite"))
		return;
	run_sql(base, old);
	run_sql(base, "INSERT INTO t VALUES (1, 'x')");
	ctx = with_model(base, new);
	assert_int_equal(generate(ctx, "s", NULL, 0), 1);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(generate(ctx, "none", NULL, 0), 0);
	ok(ctx, mig_downgrade(ctx, "base"));
	assert_string_equal(ask_sql(base, "SELECT v FROM t"), "x");
	mig_close(ctx);
}

static void test_joined_names(void **user)
{
	(void)user;
	on_all(joined_names);
}

/* -- what is asked of nothing */

static void test_nothing(void **user)
{
	const char *(*const of_context[])(const mig_ctx *) = {
		mig_error_revision, mig_error_file,   mig_error_statement,
		mig_error_sqlstate, mig_error_detail, mig_error_hint,
	};
	const char *(*const of_revision[])(const mig_revision *) = {
		mig_revision_id,      mig_revision_summary, mig_revision_message,
		mig_revision_file,    mig_revision_created, mig_revision_digest,
		mig_revision_chain,
	};
	size_t (*const counts[])(const mig_revision *) = {
		mig_revision_parent_count, mig_revision_child_count,  mig_revision_dependency_count,
		mig_revision_label_count,  mig_revision_section_count,
	};
	mig_status (*const of_column[])(mig_column *) = {
		mig_column_not_null,    mig_column_primary_key,  mig_column_unique,
		mig_column_indexed,     mig_column_default_now,
	};

	(void)user;
	for (size_t i = 0; i < sizeof of_context / sizeof *of_context; i++)
		assert_null(of_context[i](NULL));
	for (size_t i = 0; i < sizeof of_revision / sizeof *of_revision; i++)
		assert_null(of_revision[i](NULL));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		assert_int_equal(counts[i](NULL), 0);
	for (size_t i = 0; i < sizeof of_column / sizeof *of_column; i++)
		assert_int_equal(of_column[i](NULL), MIG_EINVAL);
	assert_int_equal(mig_error_line(NULL), 0);
	assert_int_equal(mig_error_column(NULL), 0);
	assert_int_equal(mig_error_native_code(NULL), 0);
	assert_int_equal(mig_column_default_bool(NULL, 1), MIG_EINVAL);
	assert_null(mig_revision_header(NULL));
	assert_int_equal(mig_revision_list_count(NULL), 0);
	assert_null(mig_revision_list_at(NULL, 0));
	mig_revision_list_free(NULL);
}

/* -- where a revision is written to */

/* The folder is found behind other sources. */
static void after_a_bundle(const struct base *base)
{
	static const mig_bundle bundle = { .struct_size = sizeof bundle,
					   .revision_size = sizeof(mig_bundle_revision),
					   .section_size = sizeof(mig_section) };
	mig_revision_options o = { .struct_size = sizeof o, .rev_id = "one" };
	mig_revision_list *list;
	mig_ctx *ctx;

	assert_int_equal(mig_open(&ctx, base->url), MIG_OK);
	ok(ctx, mig_add_bundle(ctx, &bundle));
	ok(ctx, mig_add_directory(ctx, base->dir));
	ok(ctx, mig_revision_create(ctx, &o, &list));
	mig_revision_list_free(list);
	mig_close(ctx);
	assert_int_equal(count_files(base), 1);
}

static void test_after_a_bundle(void **user)
{
	(void)user;
	on_all(after_a_bundle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_its_dialect), cmocka_unit_test(test_unproved),
		cmocka_unit_test(test_names_its_dialect), cmocka_unit_test(test_asked),
		cmocka_unit_test(test_forced_and_proved), cmocka_unit_test(test_later_renames_count),
		cmocka_unit_test(test_keys_are_whole),    cmocka_unit_test(test_options_of_tables),
		cmocka_unit_test(test_arrays),            cmocka_unit_test(test_joined_names),
		cmocka_unit_test(test_nothing),           cmocka_unit_test(test_after_a_bundle),
		cmocka_unit_test(test_rename_in_a_short_schema),
		cmocka_unit_test(test_parts_of_the_difference),
		cmocka_unit_test(test_patterns_that_are_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
