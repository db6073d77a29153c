/* A hot standby: programs that are up to date start on it; what has to be written is refused. */
#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

static struct pg_cluster primary;
static char folder[] = "/tmp/mig-standby-XXXXXX", url[URL_SIZE];
static int started;

static int shell(const char *format, const char *a, const char *b, const char *c)
{
	char command[1000];

	snprintf(command, sizeof command, format, a, b, c);
	return system(command);
}

static int begin(void **state)
{
	const char *database;
	size_t size;

	(void)state;
	if (!pg_cluster_start(&primary))
		return 0;
	database = pg_cluster_database(&primary);
	assert_non_null(mkdtemp(folder));
	if (shell("sh '%s' standby '%s' '%s'", SERVER_SH, primary.folder, folder) ||
	    shell("sh '%s' start '%s'%s", PG_CLUSTER_SH, folder, " >/dev/null"))
		return 0;
	started = 1;
	/* "postgresql:///DB?host=PRIMARY&user=…": the last host counts */
	size = strlen(database);
	assert_true(size + sizeof folder + 10 < sizeof url);
	snprintf(url, sizeof url, "%s&host=%s", database, folder);
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (started)
		shell("sh '%s' stop '%s'%s", PG_CLUSTER_SH, folder, "");
	if (primary.folder[0])
		pg_cluster_remove(&primary);
	return 0;
}

static void require_standby(void)
{
	if (started)
		return;
	if (getenv("CI"))
		fail_msg("no standby can be made");
	print_message("no standby can be made\n");
	skip();
}

static void test_standby(void **state)
{
	static char at_primary[URL_SIZE];
	mig_revision_list *list;
	mig_history_list *log;
	int32_t at_head;
	PGconn *db;
	mig_ctx *ctx;

	(void)state;
	require_standby();
	snprintf(at_primary, sizeof at_primary, "%.*s", (int)(strrchr(url, '&') - url), url);
	/* nothing is there yet */
	ctx = open_url(url);
	ADD(ctx, .id = "r1", .up = "CREATE TABLE one (n int);");
	expect(ctx, MIG_EREADONLY, mig_upgrade(ctx, "head"));
	assert_has(mig_error_hint(ctx), "standby");
	mig_close(ctx);
	ctx = open_url(at_primary);
	ADD(ctx, .id = "r1", .up = "CREATE TABLE one (n int);");
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	db = pg_connect(url);
	wait_until(db, "SELECT count(to_regclass('one'))");
	PQfinish(db);
	/* up to date */
	ctx = open_url(url);
	ADD(ctx, .id = "r1", .up = "CREATE TABLE one (n int);");
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 1);
	ok(ctx, mig_current(ctx, &list));
	mig_revision_list_free(list);
	ok(ctx, mig_history_read(ctx, &log));
	assert_int_equal(mig_history_list_count(log), 1);
	mig_history_list_free(log);
	/* pending */
	ADD(ctx, .id = "r2", .revises = "r1", .up = "CREATE TABLE two (n int);");
	expect(ctx, MIG_EREADONLY, mig_upgrade(ctx, "head"));
	assert_has(mig_error_hint(ctx), "standby");
	mig_close(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_standby) };

	return cmocka_run_group_tests(tests, begin, end);
}
