/* The commands inside a program, and the bundle that "mig embed" has written of tests/cli/embed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <mig/cli.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "embedded.h"

enum { OUT = 65536 };

/* What the last command printed. */
static char out[OUT], err[OUT];
static char folder[] = "/tmp/mig-host-XXXXXX", url[64];
static const char *embed_folder;

static void read_back(FILE *f, char text[OUT])
{
	size_t n;

	rewind(f);
	n = fread(text, 1, OUT - 1, f);
	text[n] = '\0';
	fclose(f);
}

/* Runs a command line; words are separated by blanks. */
static int run(const mig_cli_options *options, const char *line)
{
	FILE *o = tmpfile(), *e = tmpfile();
	char *copy = strdup(line), *argv[16] = { copy };
	int argc = 1, status, old_out, old_err;

	assert_true(o && e && copy);
	for (char *p = strtok(copy, " "); p && argc < 15; p = strtok(NULL, " "))
		argv[argc++] = p;
	fflush(stdout);
	old_out = dup(1);
	old_err = dup(2);
	dup2(fileno(o), 1);
	dup2(fileno(e), 2);
	status = mig_cli_main(argc, argv, options);
	fflush(stdout);
	dup2(old_out, 1);
	dup2(old_err, 2);
	close(old_out);
	close(old_err);
	read_back(o, out);
	read_back(e, err);
	free(copy);
	return status;
}

static mig_cli_options host(void)
{
	mig_cli_options options = { .struct_size = sizeof options };

	options.program = "notes db";
	options.url = url;
	options.bundle = &embedded;
	return options;
}

/* -- the bundle */

static mig_revision_list *load(mig_ctx **ctx, const mig_bundle *bundle)
{
	mig_open_options options = { .struct_size = sizeof options };
	mig_revision_list *list;

	assert_int_equal(mig_open_with(ctx, &options), 0);
	if (bundle)
		assert_int_equal(mig_add_bundle(*ctx, bundle), 0);
	else
		assert_int_equal(mig_add_directory(*ctx, embed_folder), 0);
	assert_int_equal(mig_revisions(*ctx, NULL, &list), 0);
	assert_int_equal(mig_revision_list_load(*ctx, list), 0);
	return list;
}

static void check_sections(const mig_revision *a, const mig_revision *b)
{
	assert_int_equal(mig_revision_section_count(a), mig_revision_section_count(b));
	for (size_t i = 0; i < mig_revision_section_count(a); i++) {
		const mig_section *x = mig_revision_section(a, i);
		const mig_section *y = mig_revision_section(b, i);

		assert_int_equal(x->direction, y->direction);
		assert_int_equal(x->no_transaction, y->no_transaction);
		assert_int_equal(x->offset, y->offset);
		assert_int_equal(x->size, y->size);
		assert_string_equal(x->dialect ? x->dialect : "", y->dialect ? y->dialect : "");
		assert_string_equal(x->database ? x->database : "", y->database ? y->database : "");
	}
}

static void test_bundle(void **state)
{
	static const char *const load_order[] = { "bbbb", "cccc", "dddd", "eeee", "aaaa" };
	mig_ctx *a, *b;
	mig_revision_list *files = load(&a, NULL), *built = load(&b, &embedded);

	(void)state;
	assert_int_equal(embedded.count, 5);
	for (size_t i = 0; i < embedded.count; i++)
		assert_string_equal(embedded.revisions[i].id, load_order[i]);
	assert_string_equal(embedded.revisions[4].file, "versions/zz_first.sql");
	assert_int_equal(mig_revision_list_count(files), mig_revision_list_count(built));
	for (size_t i = 0; i < mig_revision_list_count(files); i++) {
		const mig_revision *x = mig_revision_list_at(files, i);
		const mig_revision *y = mig_revision_list_at(built, i);
		size_t m, n;
		const char *s = mig_revision_text(mig_revision_list_at(files, i), &m);
		const char *t = mig_revision_text(mig_revision_list_at(built, i), &n);

		assert_string_equal(mig_revision_id(x), mig_revision_id(y));
		assert_string_equal(mig_revision_message(x), mig_revision_message(y));
		assert_string_equal(mig_revision_created(x), mig_revision_created(y));
		assert_string_equal(mig_revision_digest(x), mig_revision_digest(y));
		assert_string_equal(mig_revision_chain(x), mig_revision_chain(y));
		assert_int_equal(mig_revision_label_count(x), mig_revision_label_count(y));
		assert_int_equal(mig_revision_parent_count(x), mig_revision_parent_count(y));
		assert_int_equal(mig_revision_dependency_count(x),
				 mig_revision_dependency_count(y));
		check_sections(x, y);
		assert_non_null(s);
		assert_int_equal(m, n);
		assert_memory_equal(s, t, n);
		assert_int_equal(t[n], '\0');
	}
	mig_revision_list_free(files);
	mig_revision_list_free(built);
	mig_close(a);
	mig_close(b);
}

/* -- the commands */

static void test_commands(void **state)
{
	mig_cli_options options = host();

	(void)state;
	assert_int_equal(run(&options, "current --check-heads"), MIG_CLI_FOUND);
	assert_string_equal(out, "<base>\n");
	assert_string_equal(err, "notes db: the database is not at the heads\n");
	assert_int_equal(run(&options, "upgrade"), MIG_CLI_DONE);
	assert_non_null(strstr(out, "Upgrade cccc, dddd, bbbb -> eeee ("));
	assert_non_null(strstr(out, "Database is at eeee (head): 5 revisions applied in "));
	assert_int_equal(run(&options, "current"), MIG_CLI_DONE);
	assert_string_equal(out, "eeee (head)\n");
	assert_int_equal(run(&options, "downgrad"), MIG_CLI_USAGE);
	assert_string_equal(err, "notes db: unknown command \"downgrad\" (did you mean "
				 "\"downgrade\"?)\n"
				 "Usage: notes db [OPTION...] COMMAND [ARGUMENT...]\n");
	assert_int_equal(run(&options, "help"), MIG_CLI_DONE);
	assert_int_equal(strncmp(out, "Usage: notes db ", 16), 0);
}

/* A folder that is named stands in for what is compiled in; to write, the folder is needed. */
static void test_folder(void **state)
{
	mig_cli_options options = host();
	char line[256];

	(void)state;
	options.directory = "no-such-folder";
	assert_int_equal(run(&options, "heads"), MIG_CLI_DONE);
	assert_string_equal(out, "eeee (head)\n");
	assert_int_equal(run(&options, "revision -m x"), MIG_CLI_ERROR);
	assert_string_equal(err, "notes db: there is no mig.ini and no folder \"no-such-folder\", here "
				 "or in a folder above\n"
				 "hint: \"notes db init\" makes both; -d names a folder with revisions, -c "
				 "a configuration\n");
	snprintf(line, sizeof line, "init -q -c %s/new/mig.ini %s/new", folder, folder);
	assert_int_equal(run(&options, line), MIG_CLI_DONE);
	snprintf(line, sizeof line, "-d %s/new heads", folder);
	assert_int_equal(run(&options, line), MIG_CLI_DONE);
	assert_string_equal(out, "");
	snprintf(line, sizeof line, "revision -m x --rev-id ffff -d %s/new -q", folder);
	assert_int_equal(run(&options, line), MIG_CLI_DONE);
	snprintf(line, sizeof line, "-d %s/new heads", folder);
	assert_int_equal(run(&options, line), MIG_CLI_DONE);
	assert_string_equal(out, "ffff (head)\n");
}

static mig_status create_c(void *user, mig_step *step)
{
	++*(int *)user;
	return mig_step_exec(step, "CREATE TABLE c (i)");
}

static mig_status setup_c(mig_ctx *ctx, void *user)
{
	static const char *const revises[] = { "eeee", NULL };
	mig_revision_def def = { .struct_size = sizeof def };

	def.id = "incode";
	def.message = "written in C";
	def.revises = revises;
	def.upgrade = create_c;
	def.user = user;
	return mig_add_revision(ctx, &def);
}

static mig_status setup_fails(mig_ctx *ctx, void *user)
{
	(void)ctx;
	(void)user;
	return MIG_EREVISION;
}

static mig_status setup_wrong(mig_ctx *ctx, void *user)
{
	(void)user;
	return mig_add_revision(ctx, NULL);
}

static void test_setup(void **state)
{
	mig_cli_options options = host();
	int calls = 0;

	(void)state;
	options.setup = setup_c;
	options.user = &calls;
	assert_int_equal(run(&options, "plan --sql"), MIG_CLI_DONE);
	assert_non_null(strstr(out, "\n-- Upgrade eeee -> incode, written in C\n"
				    "-- (written in C)\n"));
	assert_int_equal(run(&options, "plan --sql --json"), MIG_CLI_DONE);
	assert_non_null(strstr(out, "\"sql\": null"));
	assert_int_equal(run(&options, "upgrade"), MIG_CLI_DONE);
	assert_int_equal(calls, 1);
	assert_int_equal(run(&options, "show incode"), MIG_CLI_DONE);
	assert_string_equal(out, "Rev: incode (head)\nParent: eeee\n\n    written in C\n\n"
				 "-- (written in C)\n");
	/* without a bundle, and no folder that anybody named */
	options.bundle = NULL;
	options.directory = "no-such-folder";
	options.setup = setup_fails;
	assert_int_equal(run(&options, "heads"), MIG_CLI_ERROR);
	assert_string_equal(err, "notes db: the program's own setup returned MIG_EREVISION\n");
	options.setup = setup_wrong;
	assert_int_equal(run(&options, "heads"), MIG_CLI_ERROR);
	assert_string_equal(err, "notes db: the definition is NULL\n");
}

static void test_options(void **state)
{
	struct {
		mig_cli_options known;
		uint64_t later;
	} newer = { .known = host(), .later = 0 };
	mig_cli_options options = { 0 };

	(void)state;
	assert_int_equal(run(&options, "--version"), MIG_CLI_ERROR);
	newer.known.struct_size = sizeof newer;
	assert_int_equal(run(&newer.known, "--version"), MIG_CLI_DONE);
	assert_string_equal(out, "notes db (libmig) " MIG_VERSION_STRING "\n");
	newer.later = 1;
	assert_int_equal(run(&newer.known, "--version"), MIG_CLI_ERROR);
	options.struct_size = sizeof options.struct_size;
	assert_int_equal(run(&options, "--version"), MIG_CLI_DONE);
	assert_string_equal(out, "mig (libmig) " MIG_VERSION_STRING "\n");
	assert_int_equal(run(NULL, "--version"), MIG_CLI_DONE);
	assert_int_equal(mig_cli_main(0, NULL, NULL), MIG_CLI_USAGE);
}

static void on_signal(int number)
{
	(void)number;
}

/* What the host does about signals is as it was. */
static void test_signals(void **state)
{
	static const int numbers[] = { SIGPIPE, SIGINT, SIGTERM };
	struct sigaction mine = { .sa_handler = on_signal }, now;
	mig_cli_options options = host();

	(void)state;
	for (size_t i = 0; i < 3; i++)
		sigaction(numbers[i], &mine, NULL);
	assert_int_equal(run(&options, "upgrade"), MIG_CLI_ERROR); /* it is at "incode" */
	for (size_t i = 0; i < 3; i++) {
		sigaction(numbers[i], NULL, &now);
		assert_true(now.sa_handler == on_signal);
		signal(numbers[i], SIG_DFL);
	}
	assert_int_equal(run(&options, "upgrade"), MIG_CLI_ERROR);
	for (size_t i = 0; i < 3; i++) {
		sigaction(numbers[i], NULL, &now);
		assert_true(now.sa_handler == SIG_DFL);
	}
}

static int start(void **state)
{
	(void)state;
	unsetenv("MIG_URL");
	unsetenv("MIG_DIRECTORY");
	unsetenv("MIG_CONFIG");
	if (!mkdtemp(folder))
		return -1;
	snprintf(url, sizeof url, "sqlite:%s/a.db", folder);
	return 0;
}

static int stop(void **state)
{
	static const char *const left[] = { "a.db",
					    "new/versions/ffff_x.sql",
					    "new/versions",
					    "new/mig.ini",
					    "new/script.sql.tmpl",
					    "new/README",
					    "new",
					    "" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, left[i]);
		remove(path);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bundle),  cmocka_unit_test(test_commands),
		cmocka_unit_test(test_folder),  cmocka_unit_test(test_setup),
		cmocka_unit_test(test_options), cmocka_unit_test(test_signals),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	embed_folder = argv[1];
	return cmocka_run_group_tests(tests, start, stop);
}
