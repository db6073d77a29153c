/* How often "mig migrate" reads a schema and makes a scratch database, by calls of mig__inspect() and
 * mig__scratch_open_for_copy() that the linker wraps. The command line runs in this process, with a
 * terminal where it is to ask. */
#include "../crash/support.h"

#include "migrate/scratch.h"

#include <mig/cli.h>
#include <mig/model.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int inspections, scratches;

mig_status __real_mig__inspect(struct mig__db *db, struct mig__schema *out);
mig_status __wrap_mig__inspect(struct mig__db *db, struct mig__schema *out);
mig_status __real_mig__scratch_open_for_copy(struct mig__db *live, struct mig__db *out);
mig_status __wrap_mig__scratch_open_for_copy(struct mig__db *live, struct mig__db *out);

mig_status __wrap_mig__inspect(struct mig__db *db, struct mig__schema *out)
{
	inspections++;
	return __real_mig__inspect(db, out);
}

mig_status __wrap_mig__scratch_open_for_copy(struct mig__db *live, struct mig__db *out)
{
	scratches++;
	return __real_mig__scratch_open_for_copy(live, out);
}

static mig_cli_options host = { .struct_size = sizeof host };

struct place {
	struct folder folder;
	char url[PATH_SIZE], files[PATH_SIZE], model[PATH_SIZE], config[PATH_SIZE];
};

static int run(struct place *p, char *const *words)
{
	char *argv[16] = { (char *)(uintptr_t) "mig", (char *)(uintptr_t) "--directory", p->files,
			   (char *)(uintptr_t) "--url", p->url };
	int argc = 5;

	while (*words)
		argv[argc++] = *words++;
	inspections = scratches = 0;
	return mig_cli_main(argc, argv, &host);
}

#define RUN(p, ...) run(p, (char *[]){ __VA_ARGS__, NULL })
#define WORD(text) (char *)(uintptr_t)(text)

static void write_model(struct place *p, const char *text)
{
	FILE *f = fopen(p->model, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	sqlite3 *db;
	char path[PATH_SIZE];

	assert_non_null(p);
	folder_make(&p->folder);
	folder_url(&p->folder, "a.db", p->url);
	folder_path(&p->folder, "a.db", path);
	folder_path(&p->folder, "migrations", p->files);
	folder_path(&p->folder, "model.sql", p->model);
	folder_path(&p->folder, "mig.ini", p->config);
	assert_int_equal(RUN(p, WORD("init"), WORD("-q"), WORD("-c"), p->config), MIG_CLI_DONE);
	db = sql_open(path);
	sql_exec(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
	sqlite3_close(db);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	folder_remove(&p->folder);
	free(p);
	return 0;
}

static void expect(const char *what, int most_inspections, int most_scratches)
{
	print_message("%s: %d inspections, %d scratches\n", what, inspections, scratches);
	assert_true(inspections <= most_inspections);
	assert_true(scratches <= most_scratches);
}

static void test_proved(void **state)
{
	struct place *p = *state;

	write_model(p, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)");
	assert_int_equal(RUN(p, WORD("migrate"), WORD("--models"), p->model), MIG_CLI_DONE);
	expect("one column more", 6, 1);
}

/* One question, answered with no: nothing is compared again. */
static void asked(struct place *p, const char *answer, char *option, int most, int scratch)
{
	int master, slave, in = dup(STDIN_FILENO), out = dup(STDOUT_FILENO), status;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(write(master, answer, strlen(answer)), strlen(answer));
	fflush(stdout);
	dup2(slave, STDIN_FILENO);
	dup2(slave, STDOUT_FILENO);
	clearerr(stdin);
	status = RUN(p, WORD("migrate"), WORD("--models"), p->model, WORD("--dry-run"), option);
	fflush(stdout);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	close(slave);
	close(master);
	close(in);
	close(out);
	assert_int_equal(status, MIG_CLI_DONE);
	expect(answer, most, scratch);
}

/* The host leaves a column out, so that its index cannot be made. */
static int32_t but_not_the_column(void *user, const mig_op *op, int32_t direction)
{
	(void)user;
	return !(direction == MIG_UPGRADE && op->to && op->to->kind == MIG_KIND_COLUMN);
}

static mig_status set_options(mig_ctx *ctx, void *user)
{
	mig_diff_options o = { .struct_size = sizeof o, .operation_fn = but_not_the_column };

	(void)user;
	return mig_set_diff_options(ctx, &o);
}

static void test_forced(void **state)
{
	struct place *p = *state;

	write_model(p, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, v TEXT);"
		       "CREATE INDEX i ON t (v)");
	host.setup = set_options;
	assert_int_equal(RUN(p, WORD("migrate"), WORD("--models"), p->model), MIG_CLI_ERROR);
	expect("not proved", 4, 1);
	asked(p, "n\n", WORD("--force"), 4, 1);
	assert_int_equal(RUN(p, WORD("migrate"), WORD("--models"), p->model, WORD("--force")),
			 MIG_CLI_DONE);
	expect("forced", 4, 1);
	host.setup = NULL;
}

static void test_no(void **state)
{
	write_model(*state, "CREATE TABLE t (id INTEGER PRIMARY KEY, called TEXT)");
	asked(*state, "n\n", NULL, 6, 1);
}

static void test_yes(void **state)
{
	write_model(*state, "CREATE TABLE t (id INTEGER PRIMARY KEY, called TEXT)");
	asked(*state, "y\n", NULL, 13, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_proved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_forced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_yes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
