/* Templates and file names. */
#include "script_support.h"

static const char *const parents[] = { "p1", "p2", NULL };
static const char *const labels[] = { "caf\xc3\xa9", NULL };
static const char *const deps[] = { "d1", NULL };

/* Renders into *text, which is freed with free(). */
static mig_status render(const char *template_text, const struct mig__script_values *v,
			 struct mig__error *err, char **text)
{
	size_t size = 0;
	mig_status rc = mig__script_render(&mig__alloc_libc, "t.tmpl", template_text,
					   strlen(template_text), v, err, text, &size);

	if (!rc)
		assert_int_equal(size, strlen(*text));
	return rc;
}

static void assert_render(const char *template_text, const struct mig__script_values *v,
			  const char *want)
{
	struct mig__error err;
	char *text = NULL;
	mig_status rc;

	mig__error_init(&err, &mig__alloc_libc);
	rc = render(template_text, v, &err, &text);
	if (rc)
		print_error("%s\n", err.message);
	assert_int_equal(rc, MIG_OK);
	assert_string_equal(text, want);
	free(text);
}

static void assert_refused(const char *template_text, const struct mig__script_values *v,
			   mig_status status, const char *want)
{
	struct mig__error err;
	char *text = NULL;

	mig__error_init(&err, &mig__alloc_libc);
	assert_error(&err, render(template_text, v, &err, &text), status, want, NULL);
	assert_null(text);
}

/* The two sections of a values struct. */
#define SQL(up, down)                                                               \
	.sections = (mig_section[]){ { .direction = MIG_UPGRADE, .sql = up },       \
				     { .direction = MIG_DOWNGRADE, .sql = down } }, \
	.section_count = 2

/* Sections of several dialects, and options, beside the template's directives. */
static void test_sections(void **user)
{
	const mig_section sections[] = {
		{ .direction = MIG_UPGRADE, .dialect = "sqlite", .sql = "A" },
		{ .direction = MIG_UPGRADE,
		  .dialect = "postgresql",
		  .no_transaction = 1,
		  .sql = "B;\n" },
		{ .direction = MIG_DOWNGRADE, .dialect = "sqlite", .sql = "C" },
	};
	const struct mig__script_values v = {
		.id = "3f", .message = "m", .sections = sections, .section_count = 3
	};

	(void)user;
	assert_render(mig__script_template, &v,
		      "-- m\n--\n-- revision: 3f\n-- revises:\n-- branch_labels:\n-- depends_on:\n"
		      "-- created:\n\n-- mig:upgrade dialect=sqlite\nA\n\n"
		      "-- mig:upgrade dialect=postgresql transaction=no\nB;\n\n"
		      "-- mig:downgrade dialect=sqlite\nC\n");
}

static void test_built_in(void **user)
{
	const struct mig__script_values full = { .id = "3f",
						 .message = "add email\n\n  and more\n",
						 .created = "2026-11-22T20:49:00Z",
						 .parents = { parents, 2 },
						 .labels = { labels, 1 },
						 .dependencies = { deps, 1 },
						 SQL("SELECT 1;\nSELECT '$$ ${x}';\n\n",
						     "SELECT 2;") };
	const struct mig__script_values least = { .id = "3f" };

	(void)user;
	assert_render(mig__script_template, &full,
		      "-- add email\n--\n--   and more\n--\n-- revision: 3f\n-- revises: p1, p2\n"
		      "-- branch_labels: caf\xc3\xa9\n-- depends_on: d1\n"
		      "-- created: 2026-11-22T20:49:00Z\n\n-- mig:upgrade\nSELECT 1;\n"
		      "SELECT '$$ ${x}';\n\n-- mig:downgrade\nSELECT 2;\n");
	assert_render(mig__script_template, &least,
		      "--\n--\n-- revision: 3f\n-- revises:\n-- branch_labels:\n-- depends_on:\n"
		      "-- created:\n\n-- mig:upgrade\n\n-- mig:downgrade\n");
}

static void test_own_template(void **user)
{
	const struct mig__script_values v = { .id = "a", .message = "one\ntwo", SQL("X", NULL) };

	(void)user;
	assert_render("\xef\xbb\xbf  --${message}\r\n--revision:${revision}\r\n-- mig:upgrade "
		      "transaction=no\r\nSELECT $$$$, $1, $body$, 5$;\r\n  ${upgrade};",
		      &v,
		      "  --one\n  --two\n--revision:a\n-- mig:upgrade transaction=no\n"
		      "SELECT $$, $1, $body$, 5$;\n  X;\n");
}

#define HEAD "-- ${message}\n--\n-- revision: ${revision}\n-- revises: ${revises}\n"

static void test_template_faults(void **user)
{
	const struct mig__script_values v = {
		.id = "a", .message = "m", .parents = { parents, 2 }, SQL("UP", NULL)
	};

	(void)user;
	assert_refused("-- \xc3\xa9 ${message}\n-- revision: ${revison}\n", &v, MIG_ESYNTAX,
		       "t.tmpl:2:14: unknown variable \"${revison}\" (did you mean "
		       "\"${revision}\"?)");
	assert_refused("-- ${}", &v, MIG_ESYNTAX, "t.tmpl:1:4: unknown variable \"${}\"");
	assert_refused("\n-- ${message\n}", &v, MIG_ESYNTAX,
		       "t.tmpl:2:4: \"${\" has no \"}\" (write $${ for a plain one)");
	assert_refused("", &v, MIG_ESYNTAX,
		       "the file that the template gives: t.tmpl: the file is empty");
	assert_refused("-- ${message}\n-- revision: ${revision}\n-- mig:upgrade\n${upgrade}\n", &v,
		       MIG_ESYNTAX,
		       "t.tmpl: the template does not put ${revises} where it belongs, and alone");
	assert_refused("-- For: ${message}\n-- revision: ${revision}\n-- revises: ${revises}\n"
		       "-- mig:upgrade\n${upgrade}\n",
		       &v, MIG_ESYNTAX,
		       "t.tmpl: the template does not put ${message} where it belongs, and alone");
	assert_refused(HEAD "-- revision: x${revision}\n", &v, MIG_ESYNTAX,
		       "the file that the template gives: t.tmpl:5:4: \"revision\" is given twice");
	assert_refused(HEAD "-- mig:upgrade\n-- mig:downgrade\n${upgrade}\n", &v, MIG_ESYNTAX,
		       "t.tmpl: the template does not put ${upgrade} where it belongs, and alone");
	assert_refused(HEAD "-- mig:upgrde\n${upgrade}\n", &v, MIG_ESYNTAX,
		       "the file that the template gives: t.tmpl:5:4: unknown directive "
		       "\"mig:upgrde\" (did you mean \"mig:upgrade\"?)");
}

/* Values that a file could not hold. */
static void test_value_faults(void **user)
{
	static const char *const bad[] = { "p", "x y", NULL };
	struct mig__script_values v = { .id = "a/b" };

	(void)user;
#define REFUSED(status, want) assert_refused(mig__script_template, &v, status, want)
	REFUSED(MIG_EILLEGAL_ID, "illegal revision id \"a/b\": use 1 to 255 of A-Z a-z 0-9 _ .");
	v.id = "head";
	REFUSED(MIG_EILLEGAL_ID, "illegal revision id \"head\": the word is reserved");
	v.id = "";
	REFUSED(MIG_EILLEGAL_ID, "illegal revision id \"\": use 1 to 255 of A-Z a-z 0-9 _ .");
	v.id = "a";
	v.parents = (struct mig__list){ bad, 2 };
	REFUSED(MIG_EILLEGAL_ID, "illegal revision id \"x y\": use 1 to 255 of A-Z a-z 0-9 _ .");
	v.parents = (struct mig__list){ NULL, 0 };
	v.labels = (struct mig__list){ bad, 2 };
	REFUSED(MIG_EILLEGAL_ID, "illegal branch label \"x y\": use 1 to 255 bytes of letters, "
				 "digits, _ . -");
	v.labels = (struct mig__list){ NULL, 0 };
	v.message = "a\n revises: b";
	REFUSED(MIG_ESYNTAX, "line 2 of the message begins with \"revises:\", as lines of the "
			     "header do");
	v.message = "mig:upgrade all";
	REFUSED(MIG_ESYNTAX, "line 1 of the message begins with \"mig:\", as directives do");
	v.message = "a\x1b[31m";
	REFUSED(MIG_EINVAL, "the message has a control character (U+001B)");
	v.message = "a\xe9";
	REFUSED(MIG_EINVAL, "the message is not UTF-8");
	v.message = "fine";
	v.created = "now\n-- mig:upgrade";
	REFUSED(MIG_EINVAL, "the creation time has a control character (U+000A)");
	v.created = " now";
	REFUSED(MIG_ESYNTAX,
		"t.tmpl: the template does not put ${created} where it belongs, and alone");
	v.created = NULL;
	v.sections = (mig_section[]){ { .sql = "SELECT 1;\n  -- mig:downgrade\n" } };
	v.section_count = 1;
	REFUSED(MIG_ESYNTAX, "line 2 of the upgrade SQL is a directive");
	v.sections = (mig_section[]){ { .direction = MIG_DOWNGRADE, .sql = "\xff" } };
	REFUSED(MIG_EINVAL, "the downgrade SQL is not UTF-8");
	v.sections = (mig_section[]){ { .foreign_keys = 2 } };
	REFUSED(MIG_EINVAL, "foreign_keys of a section cannot be 2");
	v.sections = (mig_section[]){ { .no_transaction = -1 } };
	REFUSED(MIG_EINVAL, "transaction of a section cannot be -1");
#undef REFUSED
}

/* The message as it must come back: written here a second time, by its definition. */
static void normalise(const char *message, char *out)
{
	size_t n = 0, kept = 0, start;

	while (*message) {
		start = n;
		while (*message && *message != '\n' && *message != '\r')
			out[n++] = *message++;
		if (message[0] == '\r' && message[1] == '\n')
			message++;
		message += *message != '\0';
		while (n > start && (out[n - 1] == ' ' || out[n - 1] == '\t'))
			n--;
		if (n > start)
			kept = n;
		out[n++] = '\n';
	}
	out[kept] = '\0';
	n = strspn(out, "\n \t"); /* before the first line with something in it */
	memmove(out, out + n, strlen(out + n) + 1);
}

/* Whatever a random message holds: it comes back, or is refused; it never becomes something else.
 */
static void test_round_trip(void **user)
{
	static const char *const pieces[] = {
		"a",    "Z9",       " ",         "  ",   "\t",
		"\n",   "\r\n",     "\r",        "--",   "-- ",
		":",    "revision", "revises:",  "mig:", "upgrade",
		"${x}", "$$",       "\xc3\xa9",  "/*",   "*/",
		"'",    ",",        "revison: ", "\x01", "\xf0\x9f\x90\x98"
	};
	struct mig__script_values v = { .id = "id.1",
					.created = "x",
					.parents = { parents, 2 },
					.labels = { labels, 1 },
					SQL("SELECT 1", NULL) };
	char message[256], want[300], *text;
	struct mig__script script;
	struct mig__arena arena;
	struct mig__error err;
	int good = 0, refused = 0;

	(void)user;
	mig__error_init(&err, &mig__alloc_libc);
	mig__arena_init(&arena, &mig__alloc_libc);
	srand(11);
	for (int round = 0; round < 20000; round++) {
		message[0] = '\0';
		for (int i = rand() % 12; i >= 0; i--)
			strcat(message, pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]);
		v.message = message;
		if (render(mig__script_template, &v, &err, &text)) {
			assert_true(strstr(message, "rev") || strstr(message, "mig:") ||
				    strchr(message, 1));
			refused++;
			continue;
		}
		good++;
		assert_int_equal(
			mig__script_parse(&arena, "x", text, strlen(text), 0, &err, &script),
			MIG_OK);
		normalise(message, want);
		assert_string_equal(script.message, want);
		assert_string_equal(script.id, "id.1");
		assert_int_equal(script.parents.count, 2);
		assert_int_equal(script.section_count, 2);
		mig__arena_finish(&arena);
		free(text);
	}
	assert_true(good > 5000 && refused > 500);
	mig__error_clear(&err);
}

static void test_file_name(void **user)
{
	static const struct {
		const char *id, *message, *name;
	} cases[] = {
		{ "3f2a", "Add E-mail to users", "3f2a_add_e_mail_to_users.sql" },
		{ "3f2a", "", "3f2a.sql" },
		{ "3f2a", NULL, "3f2a.sql" },
		{ "3f2a", "?!/../", "3f2a.sql" },
		{ "3f2a", "\n  ../etc/passwd\nsecond line", "3f2a_etc_passwd.sql" },
		{ "a", "caf\xc3\xa9 \xe4\xba\xba\xe5\x8f\xa3 \xe2\x82\xac 5",
		  "a_caf\xc3\xa9_\xe4\xba\xba\xe5\x8f\xa3_5.sql" },
		{ "a", "bad \xff\xc3 bytes", "a_bad_bytes.sql" },
		/* 40 bytes fit; one more is cut back to a "_" */
		{ "a", "0123456789 123456789 123456789 123456789",
		  "a_0123456789_123456789_123456789_123456789.sql" },
		{ "a", "0123456789 123456789 123456789 123456789 x",
		  "a_0123456789_123456789_123456789_123456789.sql" },
		{ "a", "0123456789 123456789 123456789 1234567890",
		  "a_0123456789_123456789_123456789.sql" },
		{ "a", "01234567890123456789012345678901234567890123456789",
		  "a_0123456789012345678901234567890123456789.sql" },
		{ "a", "012345678901234567890123456789012345678\xc3\xa9x",
		  "a_012345678901234567890123456789012345678.sql" },
	};

	(void)user;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *name = mig__script_file_name(&mig__alloc_libc, cases[i].id, cases[i].message, 0);

		assert_string_equal(name, cases[i].name);
		free(name);
	}
}

/* A name never gets longer than filesystems take, as long as the id alone fits. */
static void test_long_id(void **user)
{
	char id[256], *name;

	(void)user;
	for (size_t n = 200; n <= 255; n++) {
		memset(id, 'a', n);
		id[n] = '\0';
		name = mig__script_file_name(&mig__alloc_libc, id, "some words for the slug", 0);
		assert_true(strlen(name) <= (n + 4 > 255 ? n + 4 : 255));
		assert_int_equal(strncmp(name, id, n), 0);
		assert_string_equal(name + strlen(name) - 4, ".sql");
		free(name);
	}
}

static mig_status render_once(const struct mig__alloc *alloc, void *user)
{
	const struct mig__script_values v = { .id = "3f",
					      .message = "add email\n\nmore",
					      .created = "now",
					      .parents = { parents, 2 },
					      .labels = { labels, 1 },
					      .dependencies = { deps, 1 },
					      SQL(user, user) };
	struct mig__error err;
	char *text, *name = NULL;
	size_t size;
	mig_status rc;

	mig__error_init(&err, alloc);
	rc = mig__script_render(alloc, "t", mig__script_template, strlen(mig__script_template), &v,
				&err, &text, &size);
	if (!rc) {
		mig__free(alloc, text);
		name = mig__script_file_name(alloc, v.id, v.message, 0);
		if (!name)
			rc = MIG_ENOMEM;
		mig__free(alloc, name);
	}
	mig__error_clear(&err);
	return rc;
}

static void test_no_memory(void **user)
{
	static char sql[2000];

	(void)user;
	memset(sql, 'x', sizeof sql - 1);
	fail_everywhere(render_once, sql);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_built_in),     cmocka_unit_test(test_sections),
		cmocka_unit_test(test_own_template), cmocka_unit_test(test_template_faults),
		cmocka_unit_test(test_value_faults), cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_file_name),    cmocka_unit_test(test_long_id),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
