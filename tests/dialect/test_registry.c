/* test_registry: from a URL or a name to a dialect, and what is shown of a URL. */
#include "support.h"

#include <mig/mig.h>
#include <mig/model.h>
#include <sys/stat.h>
#include <unistd.h>

static mig_status find(const char *url, const char *name, struct mig__error *err,
		       const mig_dialect **out)
{
	mig__error_clear(err);
	return mig__dialect_find(url, name, err, out);
}

static void schemes_name_dialects(void **state)
{
	static const char *const urls[] = {
		"sqlite:x", "sqlite3:x", "file:x?mode=ro", "SQLITE:///x", "sqlite+aiosqlite:///x",
		NULL
	};
	const mig_dialect *d;
	struct mig__error err;
	const char *const *url;

	(void)state;
	mig__error_init(&err, &mig__alloc_libc);
	for (url = urls; *url; url++) {
		d = NULL;
		assert_int_equal(find(*url, NULL, &err, &d), MIG_OK);
		assert_string_equal(d->name, "sqlite");
	}
	assert_int_equal(find(NULL, "sqlite", &err, &d), MIG_OK);
	assert_ptr_equal(d, mig_dialect_sqlite());
	/* a name wins over the URL */
	assert_int_equal(find("nothing:x", "sqlite3", &err, &d), MIG_OK);
	mig__error_clear(&err);
}

static void unknown_ones_are_told(void **state)
{
	const mig_dialect *d = NULL;
	struct mig__error err;

	(void)state;
	mig__error_init(&err, &mig__alloc_libc);
	setenv("MIG_DIALECT_PATH", "/nonexistent/one::/nonexistent/two", 1);
	assert_int_equal(find("nosuchdb://u:secret@h/d", NULL, &err, &d), MIG_ENO_DIALECT);
	assert_non_null(strstr(err.message, "libmig-nosuchdb.so"));
	assert_non_null(strstr(err.message, "/nonexistent/one, /nonexistent/two"));
	assert_null(strstr(err.message, "secret"));
	assert_non_null(strstr(err.hint, "libmig-nosuchdb"));
	assert_null(d);
	mig__error_clear(&err);
	unsetenv("MIG_DIALECT_PATH");
}

static void names_are_never_paths(void **state)
{
	static const char *const names[] = { "",
					     "../sqlite",
					     "a/b",
					     "sql-ite",
					     "s q",
					     "s\nq",
					     "a_name_that_is_longer_than_any_dialect_has",
					     NULL };
	static const char *const urls[] = { "",   "notes.db", "/srv/notes.db", "../x:y",
					    ":x", "C++:x",    "u:secret@h",    NULL };
	const mig_dialect *d;
	struct mig__error err;
	int i;

	(void)state;
	mig__error_init(&err, &mig__alloc_libc);
	for (i = 0; names[i]; i++)
		assert_int_equal(find(NULL, names[i], &err, &d), MIG_ENO_DIALECT);
	for (i = 0; urls[i]; i++) {
		assert_int_equal(find(urls[i], NULL, &err, &d), MIG_ENO_DIALECT);
		assert_non_null(err.message);
	}
	assert_int_equal(find(NULL, NULL, &err, &d), MIG_ENO_DIALECT);
	mig__error_clear(&err);
}

static void broken_plugins_are_told(void **state)
{
	const mig_dialect *d = NULL;
	struct mig__error err;
	char path[300];
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s", scratch("libmig-broken.so"));
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "not a library\n");
	fclose(f);
	mig__error_init(&err, &mig__alloc_libc);
	*strrchr(path, '/') = '\0';
	setenv("MIG_DIALECT_PATH", path, 1);
	assert_int_equal(find("broken:x", NULL, &err, &d), MIG_ENO_DIALECT);
	assert_non_null(strstr(err.message, "libmig-broken.so: ")); /* the loader's words */
	mig__error_clear(&err);
	unsetenv("MIG_DIALECT_PATH");
}

#ifdef PLUGIN_DIR
static void plugins_are_loaded(void **state)
{
	const mig_dialect *d = NULL, *again = NULL;
	struct mig__error err;

	(void)state;
	mig__error_init(&err, &mig__alloc_libc);
	setenv("MIG_DIALECT_PATH", "/nonexistent:" PLUGIN_DIR, 1);
	assert_int_equal(find("good_one:x", NULL, &err, &d), MIG_OK);
	assert_string_equal(d->name, "good_one");
	assert_int_equal(find(NULL, "good_one", &err, &again), MIG_OK);
	assert_ptr_equal(d, again);
	assert_int_equal(find("old_one:x", NULL, &err, &d), MIG_ENO_DIALECT);
	assert_non_null(strstr(err.message, "another version"));
	assert_int_equal(find("hollow_one:x", NULL, &err, &d), MIG_ENO_DIALECT);
	assert_non_null(strstr(err.message, "missing"));
	mig__error_clear(&err);
	unsetenv("MIG_DIALECT_PATH");
}

/* By a scheme that is not its name, and by a URL that has no scheme. */
static void dialects_are_asked(void **state)
{
	static const char *const urls[] = { "good_one_too:x", "good_one_too+driver://h/x",
					    "good_one>me>pw" };
	const mig_dialect *d;
	struct mig__error err;
	char out[40];

	(void)state;
	mig__error_init(&err, &mig__alloc_libc);
	setenv("MIG_DIALECT_PATH", PLUGIN_DIR, 1);
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		d = NULL;
		assert_int_equal(find(urls[i], NULL, &err, &d), MIG_OK);
		assert_string_equal(d->name, "good_one");
	}
	assert_int_equal(find(NULL, "good_one_too", &err, &d), MIG_OK);
	assert_string_equal(d->name, "good_one");
	/* of the wrong version: it is not asked */
	assert_int_equal(find("old_one>me>pw", NULL, &err, &d), MIG_ENO_DIALECT);
	assert_null(strstr(err.message, "pw"));
	assert_int_equal(find("old_one_too:x", NULL, &err, &d), MIG_ENO_DIALECT);
	/* what may be shown, the dialect says */
	assert_int_equal(mig_url_display("good_one>me>pw", out, sizeof out), 11);
	assert_string_equal(out, "good_one>me");
	/* and of nobody's URL nothing is shown */
	mig_url_display("nobody>me>pw", out, sizeof out);
	assert_null(strstr(out, "pw"));
	assert_null(strstr(out, "me"));
	unsetenv("MIG_DIALECT_PATH");
	mig__error_clear(&err);
}
#endif

static void check_refused(const mig_dialect *d, const char *why)
{
	struct mig__error err;

	mig__error_init(&err, &mig__alloc_libc);
	assert_int_equal(mig__dialect_check(d, &err), MIG_ENO_DIALECT);
	assert_non_null(strstr(err.message, why));
	mig__error_clear(&err);
}

static mig_status observes(mig_conn *conn, const char *text, size_t size, char *seen)
{
	(void)conn, (void)text, (void)size, (void)seen;
	return MIG_OK;
}

static mig_status reads_rows(mig_conn *conn, mig_version_row_fn fn, void *user, int32_t *there)
{
	(void)conn, (void)fn, (void)user, (void)there;
	return MIG_OK;
}

/* Slots that are of use together alone. */
static void half_a_group_is_refused(void **state)
{
	mig_dialect d = *mig_dialect_sqlite();
	mig_dialect_conn conn = *d.conn;
	mig_dialect_store store = *d.store;
	mig_dialect_schema schema = *d.schema;
	const mig_open_options o = {
		.struct_size = sizeof o, .url = "sqlite::memory:", .dialect = &d
	};
	struct mig__error err;
	mig_ctx *ctx;

	(void)state;
	d.conn = &conn, d.store = &store, d.schema = &schema;
	mig__error_init(&err, &mig__alloc_libc);
	assert_int_equal(mig__dialect_check(&d, &err), MIG_OK);
	schema.render = NULL;
	check_refused(&d, "required function");
	d.schema = NULL;
	assert_int_equal(mig__dialect_check(&d, &err), MIG_OK);
	conn.struct_size = offsetof(mig_dialect_conn, finish);
	check_refused(&d, "too short");
	conn.struct_size = sizeof conn;
	conn.finish = NULL;
	check_refused(&d, "required function");
	conn = *mig_dialect_sqlite()->conn;
	conn.recover = NULL, conn.observe = observes;
	check_refused(&d, "observe");
	d.conn = NULL;
	check_refused(&d, "connections");
	d.conn = mig_dialect_sqlite()->conn;
	store.read_rows = reads_rows;
	check_refused(&d, "own tables");
	store.read_rows = NULL;
	store.write_header_digest = NULL;
	check_refused(&d, "read_header_digest");
	assert_int_equal(mig__dialect_check(NULL, &err), MIG_ENO_DIALECT);
	mig__error_clear(&err);
	/* also where a host hands its table over */
	assert_int_equal(mig_open_with(&ctx, &o), MIG_ENO_DIALECT);
	assert_non_null(strstr(mig_error_message(ctx), "read_header_digest"));
	mig_close(ctx);
}

/* An engine with other quotes, and with options of its own: SQLite takes these quotes, too. */
static void quotes_are_the_dialects(void **state)
{
	static const char *const options[] = { "engine", NULL };
	mig_dialect d = *mig_dialect_sqlite();
	mig_dialect_conn conn = *d.conn;
	mig_dialect_schema schema = *d.schema;
	const mig_open_options o = { .struct_size = sizeof o, .url = "sqlite::memory:", .dialect = &d };
	mig_model *m;
	mig_table *t;
	mig_op_list *list;
	mig_ctx *ctx;
	const char *sql;

	(void)state;
	conn.name_quotes = "``";
	conn.text_quotes = "''x";
	schema.table_options = options;
	d.name = "mysql";
	d.conn = &conn;
	d.schema = &schema;
	assert_int_equal(mig_open_with(&ctx, &o), MIG_OK);
	assert_int_equal(mig_model_of(ctx, &m), MIG_OK);
	t = mig_model_table(m, NULL, "t");
	mig_column_primary_key(mig_table_column(t, "id", "integer"));
	mig_column_indexed(mig_table_column(t, "select", "text"));
	mig_column_default_text(mig_table_column(t, "b", "text"), "axb");
	assert_int_equal(mig_table_option(t, "mysql", "engine", "InnoDB"), MIG_OK);
	assert_int_equal(mig_diff(ctx, NULL, &list), MIG_OK);
	sql = mig_op_list_sql(list, MIG_UPGRADE, NULL);
	assert_non_null(strstr(sql, "'axxb'"));
	assert_non_null(strstr(sql, "(`select`)"));
	mig_op_list_free(list);
	assert_int_equal(mig_table_option(t, "mysql", "strict", "yes"), MIG_EINVAL);
	mig_close(ctx);
}

static mig_status takes_script(void *user, const char *text, size_t size)
{
	(void)text, (void)size;
	++*(int *)user;
	return MIG_OK;
}

/* Rather than written without what makes it fail on another database. */
static void an_unguarded_script_is_refused(void **state)
{
	static const char one[] = "-- one\n-- revision: one\n\n-- mig:upgrade\nCREATE TABLE t (x);\n";
	mig_dialect d = *mig_dialect_sqlite();
	mig_dialect_store store = *d.store;
	int pieces = 0;
	mig_open_options o = { .struct_size = sizeof o,
			       .url = "sqlite::memory:",
			       .dialect = &d,
			       .script = takes_script,
			       .script_user = &pieces };
	mig_ctx *ctx;

	(void)state;
	d.store = &store;
	for (int guarded = 1; guarded >= 0; guarded--) {
		if (!guarded)
			store.expect = NULL;
		assert_int_equal(mig_open_with(&ctx, &o), MIG_OK);
		assert_int_equal(mig_add_script(ctx, "one.sql", one, sizeof one - 1), MIG_OK);
		pieces = 0;
		assert_int_equal(mig_upgrade(ctx, "head"), guarded ? MIG_OK : MIG_EUNSUPPORTED);
		assert_int_equal(pieces > 0, guarded);
		mig_close(ctx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schemes_name_dialects), cmocka_unit_test(unknown_ones_are_told),
		cmocka_unit_test(names_are_never_paths), cmocka_unit_test(broken_plugins_are_told),
#ifdef PLUGIN_DIR
		cmocka_unit_test(plugins_are_loaded),
		cmocka_unit_test(dialects_are_asked),
#endif
		cmocka_unit_test(half_a_group_is_refused),
		cmocka_unit_test(an_unguarded_script_is_refused),
		cmocka_unit_test(quotes_are_the_dialects),
	};

	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
