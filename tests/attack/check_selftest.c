/* The checker finds what it is for: for each of its rules a fault is planted in a sound database.
 */
#include "../crash/support.h"
#include "check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct stage {
	struct folder folder;
	char url[PATH_SIZE], path[PATH_SIZE];
	struct oracle *oracle;
	struct program program;
	struct verdict v;
	int32_t stop_at; /* statement at which the progress callback stops the run; 0: never */
	const char *stop_in;
};

static int32_t stop_run(void *user, const mig_progress *p)
{
	const struct stage *s = user;

	return p->event == MIG_EVENT_STATEMENT && s->stop_at &&
	       strcmp(p->revision, s->stop_in) == 0 && p->statement == (uint64_t)s->stop_at;
}

static int set_up(void **state)
{
	static struct stage s;

	memset(&s, 0, sizeof(s));
	folder_make(&s.folder);
	folder_url(&s.folder, "a.db", s.url);
	folder_path(&s.folder, "a.db", s.path);
	s.oracle = oracle_new(&subject_sqlite, &bare_sqlite, ":memory:");
	s.program = (struct program){ .subject = &subject_sqlite,
				      .count = subject_sqlite.count,
				      .mode = MIG_TRANSACTION_REVISION,
				      .progress = stop_run,
				      .progress_user = &s };
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	oracle_free(s->oracle);
	folder_remove(&s->folder);
	return 0;
}

static void go(struct stage *s, int32_t direction, const char *target, mig_status expected)
{
	struct outcome outcome;

	program_run(&s->program, s->url, direction, target, &outcome);
	if (outcome.status != expected)
		fail_msg("%s: %s: %s", target, mig_status_name(outcome.status), outcome.message);
}

static void plant(struct stage *s, const char *sql)
{
	sqlite3 *db = sql_open(s->path);

	sql_exec(db, sql);
	sqlite3_close(db);
}

static void sound(struct stage *s)
{
	memset(&s->v, 0, sizeof(s->v));
	if (check_whole(s->oracle, s->url, s->program.mode, NULL, &s->v))
		fail_msg("%s: %s", rule_names[s->v.rule], s->v.text);
}

static void found(struct stage *s, enum rule rule)
{
	if (s->v.rule != rule)
		fail_msg("%s instead of %s: %s", rule_names[s->v.rule], rule_names[rule],
			 s->v.text);
	memset(&s->v, 0, sizeof(s->v));
}

/* Plants a fault in a sound database, sees it, and takes it away again. */
static void caught(struct stage *s, const char *sql, enum rule rule)
{
	char copy[PATH_SIZE + 8], command[PATH_SIZE * 3];

	sound(s);
	snprintf(copy, sizeof(copy), "%s.copy", s->path);
	snprintf(command, sizeof(command), "cp '%s' '%s'", s->path, copy);
	assert_int_equal(system(command), 0);
	plant(s, sql);
	check_whole(s->oracle, s->url, s->program.mode, NULL, &s->v);
	if (s->v.rule != rule)
		fail_msg("%s: %s instead of %s: %s", sql, rule_names[s->v.rule], rule_names[rule],
			 s->v.text);
	assert_true(s->v.text[0] != '\0');
	assert_int_equal(rename(copy, s->path), 0);
	sound(s);
}

static void test_rows_and_schema(void **state)
{
	struct stage *s = *state;

	go(s, MIG_UPGRADE, "head", MIG_OK);
	caught(s, "DROP TABLE s7", RULE_STATE); /* a row without its table */
	caught(s, "DELETE FROM mig_version", RULE_HISTORY);
	caught(s, "DELETE FROM mig_version; DELETE FROM mig_history",
	       RULE_STATE); /* without rows */
	caught(s, "UPDATE mig_version SET revision = 'r10b'", RULE_HISTORY);
	caught(s,
	       "UPDATE mig_version SET revision = 'r10b'; DELETE FROM mig_history WHERE revision = "
	       "'r11'",
	       RULE_DIGEST);
	caught(s, "DELETE FROM mig_history WHERE revision = 'r05'", RULE_HISTORY);
	caught(s, "INSERT INTO mig_version VALUES ('r05', 'x')", RULE_ROWS);
	caught(s, "UPDATE mig_version SET revision = 'unknown'", RULE_ROWS);
	caught(s, "UPDATE mig_version SET digest = 'running'", RULE_DIGEST);
	caught(s, "DROP TABLE mig_history", RULE_HISTORY);
}

static void test_done_twice_or_not(void **state)
{
	struct stage *s = *state;

	go(s, MIG_UPGRADE, "head", MIG_OK);
	caught(s, "UPDATE tally SET n = 2 WHERE k = '3.4'", RULE_STATE);
	caught(s, "DELETE FROM tally WHERE k = '3.4'", RULE_STATE);
	caught(s, "INSERT INTO s7 (v) VALUES ('xy')", RULE_STATE);
	caught(s, "DELETE FROM s7 WHERE id = 1", RULE_STATE);
	caught(s, "DROP INDEX book_author", RULE_STATE);
	caught(s, "DROP TRIGGER book_counts", RULE_STATE);
	caught(s, "ALTER TABLE s7 ADD COLUMN more", RULE_STATE);
	caught(s,
	       "INSERT INTO mig_history (revision, direction, state) VALUES ('r11', 'upgrade', "
	       "'done')",
	       RULE_HISTORY);
}

static void test_left_over(void **state)
{
	struct stage *s = *state;

	go(s, MIG_UPGRADE, "head", MIG_OK);
	caught(s, "CREATE TABLE _mig_new1_book (id INTEGER)", RULE_STATE);
	caught(s, "CREATE TABLE mig_other (id INTEGER)", RULE_STATE);
	caught(s,
	       "CREATE TABLE author_old (id INTEGER); INSERT INTO author_old SELECT id FROM author",
	       RULE_STATE);
	/* a rebuild that was stopped after its DROP */
	caught(s,
	       "PRAGMA legacy_alter_table = 1; DROP VIEW titles; ALTER TABLE book RENAME TO "
	       "book_new",
	       RULE_STATE);
}

static void test_damage(void **state)
{
	struct stage *s = *state;
	FILE *f;

	go(s, MIG_UPGRADE, "head", MIG_OK);
	caught(s, "PRAGMA foreign_keys = 0; DELETE FROM author WHERE id = 1", RULE_SOUND);
	sound(s);
	f = fopen(s->path, "r+");
	assert_non_null(f);
	fseek(f, 4096 * 6 + 8, SEEK_SET);
	fwrite("\x7f\x7f\x7f\x7f\x7f\x7f", 1, 6, f);
	fclose(f);
	check_whole(s->oracle, s->url, s->program.mode, NULL, &s->v);
	found(s, RULE_SOUND);
}

static void test_journal(void **state)
{
	struct stage *s = *state;
	struct whole whole;

	s->stop_in = "r02";
	s->stop_at = 4;
	go(s, MIG_UPGRADE, "head", MIG_ECANCELLED);
	assert_int_equal(check_whole(s->oracle, s->url, s->program.mode, &whole, &s->v), 0);
	assert_int_equal(whole.at, 1);
	assert_int_equal(whole.unfinished, 1);
	assert_int_equal(whole.statements, 3);
	/* 3 of them are marked, and a fourth is done; or 4 marked and 3 done */
	caught(s, "CREATE INDEX s2_v ON s2 (v)", RULE_STATE);
	caught(s, "UPDATE mig_history SET statements = 4 WHERE state = 'running'", RULE_STATE);
	caught(s, "UPDATE mig_history SET statements = 6 WHERE state = 'running'", RULE_JOURNAL);
	caught(s, "UPDATE mig_history SET statements = 99 WHERE state = 'running'", RULE_JOURNAL);
	caught(s, "UPDATE mig_history SET revision = 'r03' WHERE state = 'running'", RULE_JOURNAL);
	caught(s, "UPDATE mig_history SET state = 'done' WHERE state = 'running'", RULE_HISTORY);
	caught(s, "DELETE FROM mig_history WHERE state = 'running'", RULE_DIGEST);
	caught(s,
	       "INSERT INTO mig_history (revision, direction, state, statements) VALUES ('r02', "
	       "'upgrade', 'running', 3)",
	       RULE_JOURNAL);
}

static void test_half_undone(void **state)
{
	struct stage *s = *state;
	char sql[300];
	char chain[80];
	sqlite3 *db;

	go(s, MIG_UPGRADE, "head", MIG_OK);
	db = sql_open(s->path);
	sql_text(db, "SELECT digest FROM mig_version", chain, sizeof(chain));
	sqlite3_close(db);
	s->stop_in = "r11";
	s->stop_at = 2;
	go(s, MIG_DOWNGRADE, "base", MIG_ECANCELLED);
	/* a row that still proves what is half undone */
	snprintf(sql, sizeof(sql), "UPDATE mig_version SET digest = '%s'", chain);
	caught(s, sql, RULE_DIGEST);
}

static void test_stopped_between(void **state)
{
	struct stage *s = *state;

	go(s, MIG_UPGRADE, "r04", MIG_OK); /* neither r04 nor r05 is outside a transaction */
	sound(s);
	check_whole(s->oracle, s->url, MIG_TRANSACTION_RUN, NULL, &s->v);
	found(s, RULE_STOP);
	check_at(s->oracle, s->url, -1, 5, RULE_TARGET, &s->v);
	found(s, RULE_TARGET);
}

static void test_stamp(void **state)
{
	struct stage *s = *state;
	struct whole whole;
	int64_t stamp;
	char sql[64];
	sqlite3 *db;

	oracle_free(s->oracle);
	s->oracle = oracle_new(&subject_sqlite_scripts, &bare_sqlite, ":memory:");
	s->program.subject = &subject_sqlite_scripts;
	s->program.bundle = subject_bundle(&subject_sqlite_scripts);
	s->program.header_digest = 1;
	go(s, MIG_UPGRADE, "head", MIG_OK);
	db = sql_open(s->path);
	stamp = sql_int(db, "PRAGMA user_version");
	sqlite3_close(db);
	assert_true(stamp != 0);
	go(s, MIG_DOWNGRADE, "r09", MIG_OK);
	assert_int_equal(check_whole(s->oracle, s->url, -1, &whole, &s->v), 0);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %lld", (long long)stamp);
	plant(s, sql);
	check_next(s->oracle, &s->program, s->url, MIG_UPGRADE, &whole, &s->v);
	found(s, RULE_TARGET);
}

static void test_answers(void **state)
{
	struct stage *s = *state;
	struct whole whole = { .at = subject_sqlite.count - 1 };
	mig_ctx *ctx = NULL;

	go(s, MIG_UPGRADE, "head", MIG_OK);
	assert_int_equal(program_open(&s->program, s->url, NULL, &ctx), MIG_OK);
	check_answers(&s->program, ctx, &whole, &s->v);
	found(s, RULE_ANSWER);
	whole = (struct whole){ .at = subject_sqlite.count,
				.unfinished = 1,
				.direction = MIG_DOWNGRADE };
	check_answers(&s->program, ctx, &whole, &s->v);
	found(s, RULE_ANSWER);
	mig_close(ctx);
}

static void test_next_run(void **state)
{
	struct stage *s = *state;
	struct whole whole;

	go(s, MIG_UPGRADE, "r05", MIG_OK);
	assert_int_equal(check_whole(s->oracle, s->url, -1, &whole, &s->v), 0);
	plant(s, "CREATE TABLE f6 (id INTEGER)");
	check_next(s->oracle, &s->program, s->url, MIG_UPGRADE, &whole, &s->v);
	found(s, RULE_NEXT);
}

static void test_settings(void **state)
{
	struct stage *s = *state;
	sqlite3 *db = sql_open(s->path);
	struct text before = { 0 };
	struct bare lent;

	bare_lent(&lent, &bare_sqlite, db);
	assert_int_equal(settings_note(&lent, &before, &s->v), 0);
	assert_int_equal(settings_check(&lent, &before, &s->v), 0);
	sql_exec(db, "PRAGMA recursive_triggers = 1");
	settings_check(&lent, &before, &s->v);
	found(s, RULE_SETTINGS);
	sql_exec(db, "PRAGMA recursive_triggers = 0; BEGIN");
	settings_check(&lent, &before, &s->v);
	found(s, RULE_SETTINGS);
	sqlite3_close(db);
	text_free(&before);
}

static void test_not_a_database(void **state)
{
	struct stage *s = *state;
	FILE *f = fopen(s->path, "w");

	assert_non_null(f);
	for (int i = 0; i < 2000; i++)
		fputs("no database", f);
	fclose(f);
	check_whole(s->oracle, s->url, -1, NULL, &s->v);
	assert_true(s->v.rule == RULE_OPEN || s->v.rule == RULE_SOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_rows_and_schema), TEST(test_done_twice_or_not),
		TEST(test_left_over),       TEST(test_damage),
		TEST(test_journal),         TEST(test_half_undone),
		TEST(test_stopped_between), TEST(test_stamp),
		TEST(test_answers),         TEST(test_next_run),
		TEST(test_settings),        TEST(test_not_a_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
