/* What files of cases cannot show of migrate and check: questions on a terminal, and an
 * application's module. Usage: test_autogenerate MIG APP.so APP-WITHOUT-SETUP.so */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <mig/cli.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUT = 65536, PATHS = 4096 };

static char mig[PATHS], app[PATHS], no_app[PATHS];
static char folder[] = "/tmp/mig-autogenerate-XXXXXX";
static char out[OUT]; /* stdout and stderr of the last run */

static size_t read_all(int fd)
{
	size_t n = 0;
	ssize_t more;

	while (n < OUT - 1 && (more = read(fd, out + n, OUT - 1 - n)) > 0)
		n += (size_t)more;
	out[n] = '\0';
	return n;
}

/* Runs mig with arguments that a shell reads. */
static int run(const char *arguments)
{
	char command[3 * PATHS];
	FILE *f;
	int status;

	snprintf(command, sizeof command, "'%s' %s 2>&1 </dev/null", mig, arguments);
	f = popen(command, "r");
	assert_non_null(f);
	read_all(fileno(f));
	status = pclose(f);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void assert_run(const char *arguments, int status, const char *expected)
{
	int got = run(arguments);

	if (got != status || strcmp(out, expected) != 0)
		fail_msg("mig %s: status %d and\n%s\ninstead of %d and\n%s", arguments, got, out,
			 status, expected);
}

/* The same on a terminal, where the answers are typed. */
static int run_on_terminal(const char *arguments, const char *answers)
{
	char command[PATHS + 200];
	int fd, status;
	pid_t pid = forkpty(&fd, NULL, NULL, NULL);

	assert_true(pid >= 0);
	if (!pid) {
		snprintf(command, sizeof command, "stty -echo -onlcr; exec '%s' %s", mig,
			 arguments);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	assert_true(write(fd, answers, strlen(answers)) == (ssize_t)strlen(answers));
	read_all(fd);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int has(const char *text)
{
	return strstr(out, text) != NULL;
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

/* Each test begins in an empty folder with an environment. */
static int begin(void **state)
{
	(void)state;
	strcpy(folder + sizeof folder - 7, "XXXXXX");
	if (!mkdtemp(folder) || chdir(folder))
		return -1;
	setenv("MIG_URL", "sqlite:app.db", 1);
	unsetenv("MIG_DIRECTORY");
	unsetenv("MIG_CONFIG");
	unsetenv("MIG_APP");
	return run("-q init");
}

static int end(void **state)
{
	(void)state;
	return chdir("/") || nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* -- questions */

static const char old_model[] = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INT,\n"
				"\tsize INT);\n"
				"CREATE TABLE former (a INT, b TEXT);\n";
static const char new_model[] = "CREATE TABLE users (id INTEGER PRIMARY KEY, full_name TEXT,\n"
				"\tyears INT, width INT);\n"
				"CREATE TABLE latter (a INT, b TEXT);\n";

static void make_old(void)
{
	write_file("schema.sql", old_model);
	assert_int_equal(run("migrate -q --models schema.sql"), 0);
	assert_int_equal(run("upgrade -q"), 0);
	write_file("schema.sql", new_model);
}

static void test_questions(void **state)
{
	(void)state;
	make_old();
	/* age is years, and what years was is not asked again for size */
	assert_int_equal(
		run_on_terminal("migrate --models schema.sql", "n\ny\nYES, certainly\ny\n"), 0);
	assert_true(has("users: was full_name renamed from name? [y/N] "
			"users: was years renamed from age? [y/N] "
			"users: was width renamed from size? [y/N] "
			"was table latter renamed from former? [y/N] "));
	assert_true(has("Detected: rename column users.age to years\n"));
	assert_true(has("Detected: rename table former to latter\n"));
	assert_true(has("Detected: rename column users.size to width\n"));
	assert_true(has("Detected: drop column users.name\n"));
	assert_true(has("Detected: create column users.full_name\n"));
	assert_true(has("loses data: drops column users.name and its values\n"));
	assert_false(has("loses data: drops table"));
	assert_int_equal(run("upgrade -q"), 0);
	assert_run("check --models schema.sql", 0, "No new upgrade operations detected.\n");
}

static void test_no_answer(void **state)
{
	(void)state;
	make_old();
	/* every pair of the same type is asked about; anything but y is no */
	assert_int_equal(run_on_terminal("migrate --dry-run --models schema.sql",
					 "\nno\nx\n\n\nnever mind, please\n"),
			 0);
	assert_true(has("users: was years renamed from age? [y/N] "
			"users: was years renamed from size? [y/N] "
			"users: was width renamed from age? [y/N] "
			"users: was width renamed from size? [y/N] "));
	assert_false(has("rename column"));
	assert_false(has("rename table"));
	/* an end of the input is no as well */
	assert_int_equal(run_on_terminal("migrate --dry-run --models schema.sql", "\4\4\4\4\4\4"),
			 0);
	assert_true(has("[y/N]"));
	assert_false(has("rename column"));
}

static void test_not_asked(void **state)
{
	static const char *const lines[] = { "migrate --dry-run --no-input --models schema.sql",
					     "migrate --dry-run --json --models schema.sql",
					     "migrate --dry-run --models schema.sql | cat",
					     "migrate --dry-run --models schema.sql </dev/null",
					     "check --models schema.sql" };

	(void)state;
	make_old();
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		run_on_terminal(lines[i], "y\ny\ny\ny\n");
		if (has("[y/N]") || !has("create column users.years"))
			fail_msg("%s: %s", lines[i], out);
	}
}

/* -- the application's module */

static void test_app(void **state)
{
	char line[PATHS + 100], ini[PATHS + 100];

	(void)state;
	setenv("MIG_APP", app, 1);
	assert_run("upgrade -q", 0, "");
	assert_run("history", 0, "<base> -> made (head), made in C\n");
	assert_run("check", 3,
		   "Detected: create table declared\nmig: the database differs from the model\n");
	assert_run("migrate --rev-id aaaa -m declare", 0,
		   "Detected: create table declared\n"
		   "Generating migrations/versions/aaaa_declare.sql ... done\n");
	assert_run("upgrade -q", 0, "");
	assert_run("check", 0, "No new upgrade operations detected.\n");
	/* SQL stands beside what it declares */
	write_file("more.sql", "CREATE TABLE more (x);");
	assert_run("check --models more.sql", 3,
		   "Detected: create table more\nmig: the database differs from the model\n");
	unsetenv("MIG_APP");
	assert_run("history", 1,
		   "mig: migrations/versions/aaaa_declare.sql: revision \"aaaa\" revises \"made\", "
		   "which is not there\n");
	snprintf(line, sizeof line, "--app '%s' check", app);
	assert_run(line, 0, "No new upgrade operations detected.\n");
	/* without a slash, it is in this folder and not where libraries are */
	assert_int_equal(symlink(app, "app.so"), 0);
	assert_run("--app app.so check", 0, "No new upgrade operations detected.\n");
	/* in mig.ini, it is meant from the file's folder */
	snprintf(ini, sizeof ini, "[mig]\napp = ./app.so\n");
	write_file("mig.ini", ini);
	assert_run("check", 0, "No new upgrade operations detected.\n");
}

static void test_app_errors(void **state)
{
	char expected[PATHS + 100];

	(void)state;
	assert_run("--app nowhere.so history", 1,
		   "mig: ./nowhere.so: cannot open shared object file: No such file or "
		   "directory\n");
	setenv("MIG_APP", no_app, 1);
	snprintf(expected, sizeof expected, "mig: %s: there is no mig_app_setup() in it\n", no_app);
	assert_run("history", 1, expected);
	setenv("MIG_APP", app, 1);
	setenv("APP_RETURNS", "-77", 1);
	snprintf(expected, sizeof expected, "mig: %s returned MIG_EREVISION\n", app);
	assert_run("history", 1, expected);
	unsetenv("APP_RETURNS");
	assert_run("history", 0, "<base> -> made (head), made in C\n");
}

/* The program that loads a module and the module share one libmig: app.c fails otherwise. */
static void test_one_library(void **state)
{
	(void)state;
	setenv("MIG_APP", app, 1);
	assert_run("-q upgrade", 0, "");
	assert_run("current", 0, "made (head)\n");
}

/* A host's setup is its application. */
static mig_status setup(mig_ctx *ctx, void *user)
{
	(void)ctx;
	++*(int *)user;
	return MIG_OK;
}

static void test_host(void **state)
{
	mig_cli_options options = { .struct_size = sizeof options };
	char *by_environment[] = { "notes", "-q", "history", NULL };
	char *by_option[] = { "notes", "-q", "--app", app, "upgrade", NULL };
	int calls = 0;

	(void)state;
	options.setup = setup;
	options.user = &calls;
	setenv("MIG_APP", no_app, 1);
	assert_int_equal(mig_cli_main(3, by_environment, &options), MIG_CLI_DONE);
	assert_int_equal(calls, 1);
	assert_int_equal(mig_cli_main(5, by_option, &options), MIG_CLI_DONE);
	assert_int_equal(calls, 2);
	unsetenv("MIG_APP");
	assert_run("current", 1,
		   "mig: the database is newer than this program: it is at \"made\", and no "
		   "revision with this id is known\n");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_questions, begin, end),
		cmocka_unit_test_setup_teardown(test_no_answer, begin, end),
		cmocka_unit_test_setup_teardown(test_not_asked, begin, end),
		cmocka_unit_test_setup_teardown(test_app, begin, end),
		cmocka_unit_test_setup_teardown(test_app_errors, begin, end),
		cmocka_unit_test_setup_teardown(test_one_library, begin, end),
		cmocka_unit_test_setup_teardown(test_host, begin, end),
	};

	setenv("TERM", "dumb", 1); /* terminal.sh looks at colours */
	if (argc != 4 || !realpath(argv[1], mig) || !realpath(argv[2], app) ||
	    !realpath(argv[3], no_app)) {
		fprintf(stderr, "usage: %s MIG APP.so APP-WITHOUT-SETUP.so\n", argv[0]);
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
