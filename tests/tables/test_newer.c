/* test_newer: today's tables under a library that knows version 1 alone, and both in turn on one
 * database. The old library is its statements, letter by letter (fixture.c). */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void upgrade(const struct place *p, const char *target)
{
	mig_ctx *ctx = open_versions(p);

	ok(ctx, mig_upgrade(ctx, target));
	mig_close(ctx);
}

/* It reads what today's library has made and written, and writes itself. */
static void test_takes_turns(void **state)
{
	struct place p;
	mig_ctx *ctx;
	mig_history_list *list;

	(void)state;
	place_begin(&p);
	upgrade(&p, "head");
	assert_string_equal(columns(&p), today_columns);
	assert_int_equal(strncmp(old_read(&p, OLD_ROWS), "c3,", 3), 0);
	assert_string_equal(old_read(&p, OLD_RUNNING), "");
	assert_has(old_read(&p, OLD_HISTORY), "|b2,upgrade,done,");

	tell(&p, "DROP TABLE more");
	old_step(&p, "c3", "b2", "downgrade");
	assert_int_equal(strncmp(old_read(&p, OLD_ROWS), "b2,", 3), 0);
	ctx = open_versions(&p);
	ok(ctx, mig_history_read(ctx, &list));
	assert_int_equal(mig_history_list_count(list), 4);
	assert_string_equal(mig_history_list_at(list, 3)->direction, "downgrade");
	assert_string_equal(mig_history_list_at(list, 3)->actor, "old@host:1");
	mig_history_list_free(list);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_int_equal(strncmp(old_read(&p, OLD_ROWS), "c3,", 3), 0);
	assert_has(old_read(&p, OLD_HISTORY), "c3,downgrade,done,,1,,2026-12-01T02:00:00.000Z,5,old@host:1");
	place_end(&p);
}

/* done_digest as of the section that was killed before that statement. */
static void digest_before(uint64_t statement, char out[65])
{
	struct place p;

	place_begin(&p);
	killed_in_b2(&p, statement);
	snprintf(out, 65, "%.64s", ask(&p, "SELECT done_digest FROM mig_history WHERE state = 'running'"));
	place_end(&p);
}

/* What the old library is told of a statement in flight: that it is, and that nobody knows more. */
static void test_shows_what_is_in_flight(void **state)
{
	struct place p;

	(void)state;
	place_begin(&p);
	killed_in_b2(&p, 2);
	assert_has(old_read(&p, OLD_ROWS), "a1,running:");
	assert_has(old_read(&p, OLD_RUNNING), "b2,upgrade,running,");
	if (on_postgresql) {
		assert_has(old_read(&p, OLD_RUNNING), " in flight:?,");
		assert_answer(&p, "SELECT in_flight FROM mig_history WHERE state = 'running'", "2:0");
	} else {
		assert_answer(&p, "SELECT in_flight FROM mig_history WHERE state = 'running'", "NULL");
	}
	upgrade(&p, "head");
	assert_answer(&p, "SELECT id FROM things ORDER BY id", "1|2");
	place_end(&p);
}

/* It goes on with a section of today's library, and is killed as well. What it left in the new column is
 * about a statement of before. */
static void test_section_in_turns(void **state)
{
	struct place p;
	char digest[65];

	(void)state;
	digest_before(3, digest);
	place_begin(&p);
	killed_in_b2(&p, 2);
	tell(&p, on_postgresql ? "CREATE INDEX CONCURRENTLY things_id ON things (id)" : "VACUUM");
	old_mark(&p, 1, 2, digest, "running");
	if (on_postgresql)
		assert_answer(&p, "SELECT in_flight FROM mig_history WHERE state = 'running'", "2:0");
	upgrade(&p, "head");
	assert_answer(&p, "SELECT id FROM things ORDER BY id", "1|2");
	assert_answer(&p, "SELECT count(*) FROM mig_history WHERE in_flight IS NOT NULL", "0");
	place_end(&p);
}

/* The statement failed for the old library, which has said so in its own column alone: it is not taken
 * for done, though there is now what it makes. */
static void test_failed_in_turns(void **state)
{
	struct place p;
	char digest[100];
	mig_ctx *ctx;

	(void)state;
	if (!on_postgresql)
		return;
	digest_before(2, digest);
	strcat(digest, " failed");
	place_begin(&p);
	killed_in_b2(&p, 2);
	old_mark(&p, 1, 1, digest, "running");
	tell(&p, "CREATE INDEX things_id ON things (id)");
	ctx = open_versions(&p);
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	place_end(&p);
}

/* What a script, or an old library that knew nothing, has put there ("?"), with something in the new
 * column that is about another statement: the index of that name may be anybody's, and must be what the
 * statement makes. */
static void test_not_known(void **state)
{
	static const char *const stale[] = { "NULL", "'1:0'", "'3:0'", "'x'", "'2'", "''" };

	(void)state;
	for (size_t i = 0; on_postgresql && i < sizeof stale / sizeof *stale; i++) {
		struct place p;
		char sql[200];

		place_begin(&p);
		killed_in_b2(&p, 2);
		snprintf(sql, sizeof sql, "UPDATE mig_history SET in_flight = %s WHERE state = 'running'",
			 stale[i]);
		tell(&p, sql);
		upgrade(&p, "head");
		assert_answer(&p, "SELECT id FROM things ORDER BY id", "1|2");
		place_end(&p);
	}
}

/* A column of a version to come, and one that has other values in it than are known. */
static void test_version_to_come(void **state)
{
	struct place p;

	(void)state;
	place_begin(&p);
	upgrade(&p, "b2");
	tell(&p, "ALTER TABLE mig_history ADD COLUMN later TEXT DEFAULT 'x'");
	upgrade(&p, "head");
	assert_answer(&p, "SELECT later FROM mig_history ORDER BY id DESC LIMIT 1", "x");
	place_end(&p);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_turns),	cmocka_unit_test(test_shows_what_is_in_flight),
		cmocka_unit_test(test_section_in_turns), cmocka_unit_test(test_failed_in_turns),
		cmocka_unit_test(test_not_known),	cmocka_unit_test(test_version_to_come),
	};

	if (argc < 2 || !places_are(argv[1]))
		return 77;
	return cmocka_run_group_tests_name(argv[1], tests, NULL, NULL);
}
