/* test_runs_of_host: hooks of a run, refusals of the program's own, what functions tell of themselves,
 * and mig_verify(). */
#include "both.h"

#include <stdio.h>
#include <string.h>

enum { OWN_REFUSAL = -1000, MOST = 512 };

/* Where hooks are called, in order: "<a[a" for the one before the run and the one before step a. */
struct notes {
	char text[MOST];
	const char *fails_at; /* "": nowhere */
	mig_status status;
};

static void note(struct notes *n, const char *mark, mig_step *step)
{
	size_t used = strlen(n->text);

	snprintf(n->text + used, sizeof n->text - used, "%s%s", mark, mig_step_revision(step));
}

static mig_status hook(struct notes *n, const char *mark, mig_step *step)
{
	char sql[128];

	note(n, mark, step);
	snprintf(sql, sizeof sql, "INSERT INTO calls VALUES ('%s%s')", mark,
		 mig_step_revision(step));
	if (n->fails_at && !strcmp(n->fails_at, mark))
		return mig_step_fail_with(step, n->status, "switched off",
					  "start with --database-upgrade=true");
	return mig_step_exec(step, sql);
}

static mig_status run_before(void *user, mig_step *step)
{
	return hook(user, "<", step);
}

static mig_status run_after(void *user, mig_step *step)
{
	return hook(user, ">", step);
}

static mig_status step_before(void *user, mig_step *step)
{
	return hook(user, "[", step);
}

static mig_status step_after(void *user, mig_step *step)
{
	return hook(user, "]", step);
}

static void add(mig_ctx *ctx, const char *id, const char *revises, const char *attributes,
		const char *sql)
{
	char text[1024];
	int n = snprintf(text, sizeof text,
			 "-- revision %s\n--\n-- revision: %s\n-- revises: %s\n\n"
			 "-- mig:upgrade%s\n%s\n\n-- mig:downgrade%s\nSELECT 1;\n",
			 id, id, revises, attributes, sql, attributes);

	ok(ctx, mig_add_script(ctx, id, text, (size_t)n));
}

static mig_ctx *open_with(const struct base *base, struct notes *n)
{
	mig_ctx *ctx = open_base(base);

	run_sql(base, "CREATE TABLE IF NOT EXISTS calls (mark TEXT)");
	ok(ctx, mig_set_run_hooks(ctx, run_before, run_after, n));
	ok(ctx, mig_set_step_hooks(ctx, step_before, step_after, n));
	return ctx;
}

static void add_three(mig_ctx *ctx, const char *attributes_of_b)
{
	add(ctx, "a", "", "", "CREATE TABLE ta (x INTEGER);");
	add(ctx, "b", "a", attributes_of_b, "CREATE TABLE tb (x INTEGER);");
	add(ctx, "c", "b", "", "CREATE TABLE tc (x INTEGER);");
}

static void count_is(const struct base *base, const char *sql, const char *want)
{
	assert_string_equal(ask_sql(base, sql), want);
}

static void hooks_once(const struct base *base)
{
	struct notes n = { .text = "" };
	mig_ctx *ctx = open_with(base, &n);

	add_three(ctx, "");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(n.text, "<a[a]a[b]b[c]c>c");
	count_is(base, "SELECT COUNT(*) FROM calls", "8");
	ok(ctx, mig_upgrade(ctx, "head")); /* nothing to do: not called */
	ok(ctx, mig_stamp(ctx, "a"));
	assert_string_equal(n.text, "<a[a]a[b]b[c]c>c");
	n.text[0] = '\0';
	ok(ctx, mig_stamp(ctx, "c"));
	ok(ctx, mig_downgrade(ctx, "a"));
	assert_string_equal(n.text, "<c[c]c[b]b>b");
	mig_close(ctx);
}

/* -- what a function fails with */

static mig_status returns_zero(void *user, mig_step *step)
{
	mig_step_fail_with(step, *(const mig_status *)user, "switched off", "switch it on");
	return mig_step_exec(step, "CREATE TABLE made (x INTEGER)");
}

/* A refusal counts although the function goes on and returns 0. */
static void refusal_returns_zero(const struct base *base)
{
	mig_status status = OWN_REFUSAL;
	mig_revision_def def = { .struct_size = sizeof def, .id = "a", .upgrade = returns_zero,
				 .user = &status };
	mig_ctx *ctx = open_base(base);

	ok(ctx, mig_add_revision(ctx, &def));
	expect(ctx, OWN_REFUSAL, mig_upgrade(ctx, "head"));
	assert_string_equal(mig_error_message(ctx), "revision a: switched off");
	assert_string_equal(mig_error_hint(ctx), "switch it on");
	status = 5;
	expect(ctx, MIG_EINVAL, mig_upgrade(ctx, "head"));
	run_sql(base, "CREATE TABLE made (x INTEGER)"); /* nothing was kept */
	mig_close(ctx);
}

static mig_status fails_its_own_way(void *user, mig_step *step)
{
	(void)user;
	return mig_step_exec(step, "SELECT no_such_column_here FROM calls") ? -4711 : 0;
}

/* What the engine said is not lost. */
static void own_status(const struct base *base)
{
	struct notes n = { .text = "" };
	mig_ctx *ctx = open_with(base, &n);

	add(ctx, "a", "", "", "SELECT 1;");
	ok(ctx, mig_set_step_hooks(ctx, fails_its_own_way, NULL, NULL));
	expect(ctx, MIG_EREVISION, mig_upgrade(ctx, "head"));
	assert_non_null(strstr(mig_error_message(ctx), "-4711"));
	assert_non_null(strstr(mig_error_message(ctx), "no_such_column_here"));
	assert_non_null(strstr(mig_error_statement(ctx), "FROM calls"));
	mig_close(ctx);
}

static void hooks_per_revision(const struct base *base)
{
	mig_run_options each = { .struct_size = sizeof each,
				 .transaction_mode = MIG_TRANSACTION_REVISION };
	struct notes n = { .fails_at = ">", .status = OWN_REFUSAL };
	mig_ctx *ctx = open_with(base, &n);

	add_three(ctx, "");
	expect(ctx, OWN_REFUSAL, mig_upgrade_with(ctx, "head", &each));
	assert_string_equal(n.text, "<a[a]a[b]b[c]c>c");
	/* the last revision is undone with its hook, the others stay */
	count_is(base, "SELECT COUNT(*) FROM calls", "5");
	n.fails_at = NULL;
	n.text[0] = '\0';
	ok(ctx, mig_upgrade_with(ctx, "head", &each));
	assert_string_equal(n.text, "<c[c]c>c");
	mig_close(ctx);
}

/* With a step outside a transaction they are in those of its beginning and its end. */
static void hooks_and_lone(const struct base *base)
{
	struct notes n = { .text = "" };
	mig_ctx *ctx = open_with(base, &n);

	add(ctx, "a", "", " transaction=no", "CREATE TABLE ta (x INTEGER);");
	add(ctx, "b", "a", "", "CREATE TABLE tb (x INTEGER);");
	add(ctx, "c", "b", " transaction=no", "CREATE TABLE tc (x INTEGER);");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(n.text, "<a[a]a[b]b[c]c>c");
	mig_close(ctx);
}

/* A step that is taken up was begun by another run: its hook before is not this run's. */
static void hooks_and_resumed(const struct base *base)
{
	struct notes n = { .text = "" };
	mig_ctx *ctx = open_with(base, &n);

	add(ctx, "a", "", " transaction=no", "CREATE TABLE ta (x INTEGER);\nINSERT INTO later VALUES (1);");
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_string_equal(n.text, "<a[a");
	run_sql(base, "CREATE TABLE later (x INTEGER)");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(n.text, "<a[a]a>a");
	mig_close(ctx);
}

static void refusal_of_hook(const struct base *base)
{
	struct notes n = { .fails_at = "<", .status = OWN_REFUSAL };
	mig_ctx *ctx = open_with(base, &n);

	add_three(ctx, "");
	expect(ctx, OWN_REFUSAL, mig_upgrade(ctx, "head"));
	assert_int_equal(mig_error_status(ctx), OWN_REFUSAL);
	assert_string_equal(mig_error_message(ctx), "revision a, before-run hook: switched off");
	assert_string_equal(mig_error_hint(ctx), "start with --database-upgrade=true");
	assert_string_equal(mig_error_report(ctx),
			    "revision a, before-run hook: switched off\n"
			    "hint: start with --database-upgrade=true");
	assert_string_equal(mig_error_revision(ctx), "a");
	count_is(base, "SELECT COUNT(*) FROM calls", "0");
	mig_close(ctx);
}

static mig_status odd_status(void *user, mig_step *step)
{
	return mig_step_fail_with(step, *(const mig_status *)user, NULL, NULL);
}

static void statuses(const struct base *base)
{
	static const struct {
		mig_status given, want;
	} cases[] = { { 0, MIG_EREVISION },      { MIG_ECHECK, MIG_ECHECK }, { -1000, -1000 },
		      { INT32_MIN, INT32_MIN }, { -999, MIG_EINVAL },       { 1, MIG_EINVAL } };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mig_status given = cases[i].given;
		mig_revision_def def = { .struct_size = sizeof def, .id = "a", .upgrade = odd_status,
					 .user = &given };
		mig_ctx *ctx = open_base(base);

		ok(ctx, mig_add_revision(ctx, &def));
		expect(ctx, cases[i].want, mig_upgrade(ctx, "head"));
		assert_null(mig_error_hint(ctx));
		if (given != 1 && given != -999)
			assert_string_equal(mig_error_message(ctx), "revision a: failed");
		mig_close(ctx);
	}
}

/* -- what a function tells */

struct told {
	size_t working;
	uint64_t done, total;
	char what[32];
	uint64_t stop_at;
	mig_ctx *cancel;
	char log[64];
};

enum { ROWS = 100000 };

static mig_status import_accounts(void *user, mig_step *step)
{
	struct told *t = user;
	mig_status rc = mig_step_log(step, MIG_LOG_INFO, "the import begins");

	assert_int_equal(mig_step_log(step, 99, "x"), MIG_EINVAL);
	assert_int_equal(mig_step_log(step, MIG_LOG_INFO, NULL), MIG_EINVAL);
	for (uint64_t i = 1; !rc && i <= ROWS; i++) {
		if (t->cancel && i == ROWS / 2)
			mig_cancel(t->cancel);
		rc = mig_step_progress(step, "accounts", i, ROWS);
	}
	return rc;
}

static int32_t on_progress(void *user, const mig_progress *p)
{
	struct told *t = user;

	if (p->event != MIG_EVENT_WORKING || !p->work)
		return 0;
	assert_string_equal(p->revision, "a");
	t->working++;
	t->done = p->work_done;
	t->total = p->work_total;
	snprintf(t->what, sizeof t->what, "%s", p->work);
	return t->stop_at && p->work_done >= t->stop_at;
}

static void on_log(void *user, int32_t level, const char *message)
{
	struct told *t = user;

	if (level == MIG_LOG_INFO)
		snprintf(t->log, sizeof t->log, "%s", message);
}

static mig_ctx *open_import(const struct base *base, struct told *t)
{
	mig_revision_def def = { .struct_size = sizeof def, .id = "a", .upgrade = import_accounts,
				 .user = t };
	mig_ctx *ctx = open_base(base);

	ok(ctx, mig_add_revision(ctx, &def));
	ok(ctx, mig_set_progress(ctx, on_progress, t));
	ok(ctx, mig_set_log(ctx, on_log, t));
	return ctx;
}

static void progress_of_function(const struct base *base)
{
	struct told t = { .stop_at = 1 };
	mig_ctx *ctx = open_import(base, &t);

	expect(ctx, MIG_ECANCELLED, mig_upgrade(ctx, "head"));
	assert_int_equal(t.working, 1);
	mig_close(ctx);

	t = (struct told){ .what = "" };
	ctx = open_import(base, &t);
	t.cancel = ctx;
	expect(ctx, MIG_ECANCELLED, mig_upgrade(ctx, "head"));
	assert_true(t.done < ROWS);
	mig_close(ctx);

	t = (struct told){ .what = "" };
	ctx = open_import(base, &t);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_true(t.working >= 2 && t.working < 1000); /* not once a row */
	assert_int_equal(t.done, ROWS);
	assert_int_equal(t.total, ROWS);
	assert_string_equal(t.what, "accounts");
	assert_string_equal(t.log, "the import begins");
	assert_int_equal(mig_step_progress(NULL, "x", 0, 0), MIG_EINVAL);
	assert_int_equal(mig_step_log(NULL, 0, "x"), MIG_EINVAL);
	mig_close(ctx);
}

/* -- verify */

static void verify(const struct base *base)
{
	mig_ctx *ctx = open_base(base);

	add_three(ctx, "");
	expect(ctx, MIG_EBEHIND, mig_verify(ctx, NULL));
	assert_string_equal(mig_error_message(ctx),
			    "the database is not up to date: 3 revisions are to be applied: a, b, c");
	assert_string_equal(mig_error_revision(ctx), "a");
	ok(ctx, mig_upgrade(ctx, "b"));
	expect(ctx, MIG_EBEHIND, mig_verify(ctx, "head"));
	assert_string_equal(mig_error_message(ctx),
			    "the database is not up to date: 1 revision is to be applied: c");
	ok(ctx, mig_verify(ctx, "b"));
	ok(ctx, mig_verify(ctx, "a")); /* past it */
	expect(ctx, MIG_ENOTFOUND, mig_verify(ctx, "nothing"));
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_verify(ctx, NULL));
	mig_close(ctx);

	ctx = open_base(base); /* b was edited: the rows alone look right */
	add(ctx, "a", "", "", "CREATE TABLE ta (x INTEGER);");
	add(ctx, "b", "a", "", "CREATE TABLE tb (y INTEGER);");
	add(ctx, "c", "b", "", "CREATE TABLE tc (x INTEGER);");
	{
		int32_t at_head = 0;

		ok(ctx, mig_is_at_head(ctx, &at_head));
		assert_int_equal(at_head, 1);
	}
	expect(ctx, MIG_EEDITED, mig_verify(ctx, NULL));
	assert_string_equal(mig_error_revision(ctx), "b");
	mig_close(ctx);

	ctx = open_base(base); /* a program that is older */
	add(ctx, "a", "", "", "CREATE TABLE ta (x INTEGER);");
	expect(ctx, MIG_ENEWER, mig_verify(ctx, NULL));
	mig_close(ctx);
	assert_int_equal(mig_verify(NULL, NULL), MIG_EINVAL);
}

static void verify_unfinished(const struct base *base)
{
	mig_ctx *ctx = open_base(base);

	add(ctx, "a", "", "", "CREATE TABLE ta (x INTEGER);");
	add(ctx, "b", "a", " transaction=no",
	    "CREATE TABLE tb (x INTEGER);\nINSERT INTO later VALUES (1);");
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	expect(ctx, MIG_EPARTIAL, mig_verify(ctx, NULL));
	assert_string_equal(mig_error_message(ctx),
			    "revision b is only partly applied (1 statement done)");
	assert_non_null(strstr(mig_error_hint(ctx), "it was begun by "));
	run_sql(base, "CREATE TABLE later (x INTEGER)");
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_verify(ctx, "head"));
	mig_close(ctx);
}

/* Nothing is made, also not in a database that is missing. */
static void verify_makes_nothing(const struct base *base)
{
	mig_open_options o = { .struct_size = sizeof o, .url = base->url, .create = MIG_CREATE_PRETEND };
	mig_ctx *ctx;

	ok(ctx, mig_open_with(&ctx, &o));
	add_three(ctx, "");
	expect(ctx, MIG_EBEHIND, mig_verify(ctx, NULL));
	mig_close(ctx);
	if (!strcmp(base->dialect, "sqlite"))
		count_is(base, "SELECT COUNT(*) FROM sqlite_schema", "0");
	else
		count_is(base, "SELECT COUNT(*) FROM pg_class WHERE relname LIKE 'mig_%'", "0");
}

/* -- scripts instead of runs */

static mig_status gather(void *user, const char *text, size_t size)
{
	char *out = user;
	size_t used = strlen(out);

	assert_true(used + size < 65536);
	memcpy(out + used, text, size);
	out[used + size] = '\0';
	return MIG_OK;
}

static void hooks_in_script(const struct base *base)
{
	static char script[65536];
	const char *first, *last;
	const mig_open_options o = {
		.struct_size = sizeof o, .url = base->url, .script = gather, .script_user = script
	};
	struct notes n = { .text = "" };
	mig_ctx *ctx;

	script[0] = '\0';
	ok(ctx, mig_open_with(&ctx, &o));
	ok(ctx, mig_set_run_hooks(ctx, run_before, run_after, &n));
	ok(ctx, mig_set_step_hooks(ctx, step_before, step_after, &n));
	add_three(ctx, "");
	ok(ctx, mig_upgrade(ctx, "head"));
	first = strstr(script, "INSERT INTO calls VALUES ('<a')");
	last = strstr(script, "INSERT INTO calls VALUES ('>c')");
	assert_non_null(first);
	assert_non_null(last);
	assert_true(first < strstr(script, "CREATE TABLE ta"));
	assert_true(last > strstr(script, "CREATE TABLE tc"));
	assert_null(strstr(first + 1, "INSERT INTO calls VALUES ('<"));
	mig_close(ctx);
}

#define ON_ALL(name)                       \
	static void test_##name(void **state) \
	{                                  \
		(void)state;               \
		on_all(name);              \
	}
ON_ALL(hooks_once)
ON_ALL(hooks_per_revision)
ON_ALL(hooks_and_lone)
ON_ALL(hooks_and_resumed)
ON_ALL(refusal_of_hook)
ON_ALL(refusal_returns_zero)
ON_ALL(own_status)
ON_ALL(statuses)
ON_ALL(progress_of_function)
ON_ALL(verify)
ON_ALL(verify_unfinished)
ON_ALL(verify_makes_nothing)
ON_ALL(hooks_in_script)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hooks_once),
		cmocka_unit_test(test_hooks_per_revision),
		cmocka_unit_test(test_hooks_and_lone),
		cmocka_unit_test(test_hooks_and_resumed),
		cmocka_unit_test(test_refusal_of_hook),
		cmocka_unit_test(test_refusal_returns_zero),
		cmocka_unit_test(test_own_status),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_progress_of_function),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_verify_unfinished),
		cmocka_unit_test(test_verify_makes_nothing),
		cmocka_unit_test(test_hooks_in_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
