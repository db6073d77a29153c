/* test_url: what is shown of a URL, and that nothing else of it is in an error. */
#include "support.h"

#include <mig/model.h>
#include <string.h>

#define HIDDEN "(a URL that is not shown)"

static void parts_are_shown(void **state)
{
	static const char *const pairs[][2] = {
		{ "sqlite:notes.db", "sqlite:notes.db" },
		{ "sqlite:my notes.db", "sqlite:my notes.db" },
		{ "sqlite:///notes.db", "sqlite:///notes.db" },
		{ "sqlite:////srv/app.db?vfs=x&key=k", "sqlite:////srv/app.db" },
		{ "sqlite::memory:", "sqlite::memory:" },
		{ "sqlite:///:memory:", "sqlite:///:memory:" },
		{ "sqlite://", "sqlite://" },
		{ "sqlite:C:/data/app.db", "sqlite:C:/data/app.db" },
		{ "sqlite:file:app.db?mode=ro", "sqlite:file:app.db" },
		{ "file:app.db?hexkey=00ff", "file:app.db" },
		{ "file:///srv/app.db#passphrase=x", "file:///srv/app.db" },
		{ "app.db", "app.db" },
		{ "postgresql://me@host:5432/db", "postgresql://me@host:5432/db" },
		{ "postgresql+asyncpg://me:pw@host/db", "postgresql+asyncpg://me@host/db" },
		{ "postgresql://me:p%40w@host/db?sslmode=x", "postgresql://me@host/db" },
		{ "postgresql://:pw@/db", "postgresql:///db" },
		{ "postgresql:///db?host=/run&password=pw", "postgresql:///db" },
		{ "postgresql://me@a:1,b:2,[::1]:3/db", "postgresql://me@a:1,b:2,[::1]:3/db" },
		{ "postgresql://%2Frun%2Fpg/db", "postgresql://%2Frun%2Fpg/db" },
		{ "postgresql://[fe80::1%25eth0]/db", "postgresql://[fe80::1%25eth0]/db" },
		{ "hostaddr=::1 dbname=d", "hostaddr=::1 dbname=d" },
		{ "host=h port=1 user=me dbname=d", "host=h port=1 user=me dbname=d" },
		{ " host = h\tdbname\n=\n'my d' ", "host=h dbname='my d'" },
		{ "host=h password = pw user=me", "host=h user=me" },
		{ "host=h\tpassword\t=\tpw", "host=h" },
		{ "host=h password='a \\' b' dbname=d", "host=h dbname=d" },
		{ "host=h password=a\\ b dbname=d", "host=h dbname=d" },
		{ "host=h passfile=/x sslpassword=pw service=s", "host=h" },
		{ "host=h pass%77ord=pw", "host=h" },
		{ "host=h password= user=pw", "host=h" }, /* "user=pw" is the password */
		{ "host=h dbname=postgresql://me:pw@h/d", "host=h" },
		{ "host=h user=me:pw", "host=h" },
		/* what can be read in two ways, or not at all */
		{ "postgresql://me:p/w@host/db", HIDDEN },
		{ "postgresql://me:p@w@host/db", HIDDEN },
		{ "postgresql://me:p?w@host/db", HIDDEN },
		{ "postgresql://me:p#w@host/db", HIDDEN },
		{ "postgresql://me:p@w/x@host/db", HIDDEN },
		{ "postgresql://me:pw", HIDDEN },
		{ "postgresql://me:123456", HIDDEN },
		{ "postgresql://me:p w@host/db?x=@", HIDDEN },
		{ "postgresql://me%3Apw@host/db", HIDDEN },
		{ "postgresql://host/db%3Fpassword=pw", HIDDEN },
		{ "postgresql://host/db&password=pw", HIDDEN },
		{ "postgresql://[::1/db", HIDDEN },
		{ "postgresql:me:pw@host/db", HIDDEN },
		{ "jdbc:postgresql://host/db", HIDDEN },
		{ "sqlite:a@b.db", HIDDEN },
		{ "password=pw", HIDDEN },
		{ "host=h password='pw", HIDDEN },
		{ "host=h password=p w dbname=d", HIDDEN },
		{ "host=h password", HIDDEN },
		{ "me:pw@host", HIDDEN },
		{ "://me:pw@host", HIDDEN },
	};
	char out[128];

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		assert_int_equal(mig_url_display(pairs[i][0], out, sizeof out),
				 strlen(pairs[i][1]));
		assert_string_equal(out, pairs[i][1]);
	}
	assert_int_equal(mig_url_display("", out, sizeof out), 0);
	assert_string_equal(out, "");
}

static void any_size_will_do(void **state)
{
	char out[16];

	(void)state;
	assert_int_equal(mig_url_display("sqlite:a.db", NULL, 0), 11);
	assert_int_equal(mig_url_display("sqlite:a.db", NULL, 5), 11);
	memset(out, 'x', sizeof out);
	assert_int_equal(mig_url_display("sqlite:a.db", out, 8), 11);
	assert_memory_equal(out, "sqlite:\0xxxxxxxx", 16);
	assert_int_equal(mig_url_display("sqlite:a.db", out, 1), 11);
	assert_string_equal(out, "");
	assert_int_equal(mig_url_display("sqlite:a.db", out, 12), 11);
	assert_string_equal(out, "sqlite:a.db");
	assert_int_equal(mig_url_display(NULL, out, sizeof out), strlen(HIDDEN));
}

/* -- errors */

#define CANARY "Hunter2"

static void look(const char *url, const char *where, const char *text)
{
	/* parts of it as well: it may have been cut by an @ or a blank */
	if (text && (strstr(text, "unter2") || strstr(text, "Hunte")))
		fail_msg("%s: %s shows \"%s\"", url, where, text);
}

static void on_log(void *user, int32_t level, const char *message)
{
	(void)level;
	look(user, "the log", message);
}

static void look_at_errors(const char *url, mig_ctx *ctx)
{
	look(url, "the message", mig_error_message(ctx));
	look(url, "the hint", mig_error_hint(ctx));
	look(url, "the detail", mig_error_detail(ctx));
	look(url, "the statement", mig_error_statement(ctx));
	look(url, "the file", mig_error_file(ctx));
}

/* Where scratch databases are made, and where the model is. */
static void look_at_the_others(const char *url)
{
	mig_open_options o = { .struct_size = sizeof o, .url = "sqlite::memory:" };
	mig_model *model;
	mig_op_list *list = NULL;
	mig_ctx *ctx;

	for (int is_scratch = 0; is_scratch < 2; is_scratch++) {
		o.scratch_url = is_scratch ? url : NULL;
		assert_int_equal(mig_open_with(&ctx, &o), MIG_OK);
		assert_int_equal(mig_set_log(ctx, on_log, (void *)(uintptr_t)url), MIG_OK);
		assert_int_equal(mig_model_of(ctx, &model), MIG_OK);
		assert_int_equal(is_scratch ? mig_model_sql(model, NULL, "m.sql", "SELECT 1;", 9)
					    : mig_model_database(model, url),
				 MIG_OK);
		if (mig_diff(ctx, NULL, &list) == MIG_OK)
			mig_op_list_free(list);
		look_at_errors(url, ctx);
		mig_close(ctx);
	}
}

static void no_error_tells(void **state)
{
	static const char *const urls[] = {
		"sqlite:/nowhere/a.db?key=" CANARY,
		"sqlite:///nowhere/a.db?mode=" CANARY,
		"sqlite:a.db?vfs=" CANARY "&cache=x",
		"sqlite:a.db?cache=" CANARY,
		"sqlite:a.db?mode=" CANARY,
		"sqlite://me:" CANARY "@host/a.db",
		"file://me:" CANARY "@host/a.db",
		"file:/nowhere/a.db?hexkey=" CANARY "&passphrase=" CANARY,
		"nosuch://me:" CANARY "@host/db",
		"me:" CANARY "@host/db",
		"/me:" CANARY "@host/db",
		"//me:" CANARY "@host/db",
		"password=" CANARY,
		"postgresql://me:" CANARY "@nowhere.invalid/db",
		"postgresql://me:" CANARY "/x@nowhere.invalid/db",
		"postgresql://me:x/" CANARY "@nowhere.invalid/db",
		"postgresql://me:x@" CANARY "/y@nowhere.invalid/db",
		"postgresql://me:x?" CANARY "@nowhere.invalid/db",
		"postgresql://me:x#" CANARY "@nowhere.invalid/db",
		"postgresql://me:x:" CANARY "@nowhere.invalid:x/db",
		"postgresql://me:%" CANARY "@nowhere.invalid/db",
		"postgresql://me:x\"" CANARY "\"@nowhere.invalid:x/db",
		"postgresql://me:" CANARY,
		"postgresql://me:" CANARY " x@nowhere.invalid/db",
		"postgresql://[" CANARY "/db",
		"postgresql://nowhere.invalid/db?pass%77ord=" CANARY,
		"postgresql://nowhere.invalid/db?password=%zz" CANARY,
		"postgresql://nowhere.invalid/db?password=" CANARY "=x",
		"postgresql://nowhere.invalid/db?password" CANARY,
		"postgresql://nowhere.invalid/db?sslmode=" CANARY,
		"postgresql://nowhere.invalid/db?sslmode=%48unter2",
		"postgresql://nowhere.invalid/db?passfile=/" CANARY,
		"postgresql://nowhere.invalid/db?sslmode=require&sslpassword=" CANARY,
		"postgresql://nowhere.invalid/db?service=" CANARY,
		"postgresql://nowhere.invalid/db?" CANARY "=x",
		"postgresql://a.invalid,me:" CANARY "@b.invalid/db",
		"postgresql:me:" CANARY "@host/db",
		"postgresql:" CANARY "@host",
		"host=nowhere.invalid password=" CANARY,
		"host=nowhere.invalid password = " CANARY,
		"host=nowhere.invalid\tpassword\t=\t" CANARY,
		"host=nowhere.invalid password='a " CANARY "'",
		"host=nowhere.invalid password='a\\' " CANARY "'",
		"host=nowhere.invalid password=a\\ " CANARY,
		"host=nowhere.invalid password=a " CANARY,
		"host=nowhere.invalid password='a " CANARY,
		"host=nowhere.invalid password='a' " CANARY "'",
		"host=nowhere.invalid password='a\"' " CANARY "\"=b",
		"host=nowhere.invalid pass%77ord=" CANARY,
		"host=nowhere.invalid password " CANARY,
		"host=nowhere.invalid passwort=" CANARY,
		"host=nowhere.invalid sslmode=" CANARY,
		"host=nowhere.invalid target_session_attrs='" CANARY "'",
		"host=nowhere.invalid port=" CANARY "@x",
		"host=nowhere.invalid connect_timeout=" CANARY,
		"host=nowhere.invalid service=" CANARY,
		"dbname=postgresql://me:" CANARY "@nowhere.invalid/db",
		"dbname='host=nowhere.invalid password=" CANARY "'",
	};
	(void)state;
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		mig_open_options o = { .struct_size = sizeof o, .url = urls[i] };
		char shown[200];
		mig_ctx *ctx;

		mig_url_display(urls[i], shown, sizeof shown);
		look(urls[i], "mig_url_display()", shown);
		o.create = MIG_CREATE_PRETEND;
		assert_int_not_equal(mig_open_with(&ctx, &o), MIG_OK);
		look_at_errors(urls[i], ctx);
		mig_close(ctx);
		look_at_the_others(urls[i]);
	}
}

static void paths_are_resolved(void **state)
{
	static const char *const rows[][3] = {
		{ "sqlite:app.db", "/srv", "sqlite:/srv/app.db" },
		{ "sqlite:app.db", "..", "sqlite:../app.db" },
		{ "sqlite:./app.db", "a/", "sqlite:a/app.db" },
		{ "sqlite:../app.db", "..", "sqlite:../../app.db" },
		{ "sqlite:///app.db", "/srv", "sqlite:////srv/app.db" },
		{ "sqlite:///app.db?mode=ro", "..", "sqlite:///../app.db?mode=ro" },
		{ "sqlite:////abs/app.db", "/srv", "sqlite:////abs/app.db" },
		{ "sqlite:/abs/app.db", "/srv", "sqlite:/abs/app.db" },
		{ "sqlite+pysqlite:///app.db", "/srv", "sqlite+pysqlite:////srv/app.db" },
		{ "file:app.db?mode=ro", "a?b%c", "file:a%3fb%25c/app.db?mode=ro" },
		{ "sqlite:file:app.db", "/srv", "sqlite:file:/srv/app.db" },
		{ "file:///abs/app.db", "/srv", "file:///abs/app.db" },
		{ "sqlite:app%41.db", "a?b", "sqlite:file:a%3fb/app%2541.db" },
		{ "sqlite:app.db", "//srv", "sqlite:/srv/app.db" },
		{ "sqlite:app.db", "/", "sqlite:/app.db" },
		{ "sqlite:app.db", "file:x", "sqlite:./file:x/app.db" },
		{ "sqlite:app.db", ".", "sqlite:app.db" },
		{ "sqlite:app.db", "", "sqlite:app.db" },
		{ "sqlite::memory:", "/srv", "sqlite::memory:" },
		{ "sqlite:///:memory:", "/srv", "sqlite:///:memory:" },
		{ "file::memory:?cache=shared", "/srv", "file::memory:?cache=shared" },
		{ "file:one?mode=memory", "/srv", "file:one?mode=memory" },
		{ "sqlite:one?vfs=memdb", "/srv", "sqlite:one?vfs=memdb" },
		{ "sqlite:", "/srv", "sqlite:" },
		{ "sqlite://", "/srv", "sqlite://" },
		{ "sqlite://host/app.db", "/srv", "sqlite://host/app.db" },
		{ "postgresql:///app?sslcert=a.crt", "/srv", "postgresql:///app?sslcert=a.crt" },
		{ "nosuch:app.db", "/srv", "nosuch:app.db" },
		{ "", "/srv", "" },
	};
	char out[200];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = mig_url_resolve(rows[i][0], rows[i][1], out, sizeof out);

		assert_string_equal(out, rows[i][2]);
		assert_int_equal(n, strlen(rows[i][2]));
		for (size_t size = 0; size <= n; size++) {
			memset(out, 'x', sizeof out);
			assert_int_equal(mig_url_resolve(rows[i][0], rows[i][1], out, size), n);
			assert_int_equal(out[size], 'x');
			if (size) {
				assert_int_equal(strlen(out), size - 1);
				assert_memory_equal(out, rows[i][2], size - 1);
			}
		}
	}
	assert_int_equal(mig_url_resolve(NULL, "/", NULL, 0), 0);
	assert_int_equal(mig_url_resolve("sqlite:a", NULL, out, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_shown),
		cmocka_unit_test(any_size_will_do),
		cmocka_unit_test(paths_are_resolved),
		cmocka_unit_test(no_error_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
