/* test_runs: what upgrade, downgrade and stamp do to a database, and what they leave when they
 * fail. */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CREATE(t) "CREATE TABLE " t " (id INTEGER PRIMARY KEY, v TEXT);"
#define DROP(t) "DROP TABLE " t ";"

static void add_abc(mig_ctx *ctx)
{
	add(ctx, "aaa", "", CREATE("a"), DROP("a"));
	add(ctx, "bbb", "aaa", CREATE("b"), DROP("b"));
	add(ctx, "ccc", "bbb", CREATE("c"), DROP("c"));
}

static void test_up_and_down(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add_abc(ctx);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(rows(p), "ccc");
	assert_string_equal(tables(p), "a|b|c");
	ok(ctx, mig_downgrade(ctx, "-1"));
	assert_string_equal(rows(p), "bbb");
	assert_string_equal(tables(p), "a|b");
	ok(ctx, mig_upgrade(ctx, "+1"));
	assert_string_equal(rows(p), "ccc");
	ok(ctx, mig_downgrade(ctx, "base"));
	assert_string_equal(rows(p), "");
	assert_string_equal(tables(p), "");
	assert_string_equal(ask(p, "SELECT direction || ' ' || revision || ' ' || state FROM "
				   "mig_history ORDER BY id"),
			    "upgrade aaa done|upgrade bbb done|upgrade ccc done|downgrade ccc done|"
			    "upgrade ccc done|downgrade ccc done|downgrade bbb done|"
			    "downgrade aaa done");
	assert_string_equal(ask(p, "SELECT DISTINCT statements FROM mig_history"), "1");
	mig_close(ctx);
}

static void test_history_rows(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);
	const mig_history_entry *e;
	mig_history_list *log;

	ok(ctx, mig_history_read(ctx, &log));
	assert_int_equal(mig_history_list_count(log), 0);
	mig_history_list_free(log);
	add(ctx, "aaa", "", CREATE("a") CREATE("a2"), NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_history_read(ctx, &log));
	mig_close(ctx); /* the list outlives its context */
	assert_int_equal(mig_history_list_count(log), 1);
	e = mig_history_list_at(log, 0);
	assert_string_equal(e->revision, "aaa");
	assert_string_equal(e->direction, "upgrade");
	assert_string_equal(e->state, "done");
	assert_int_equal(strlen(e->digest), 64);
	assert_int_equal(e->statements, 2);
	assert_true(e->duration_us > 0 && e->duration_us < 60000000);
	assert_string_equal(e->library, MIG_VERSION_STRING);
	assert_int_equal(strlen(e->started_at), strlen("2026-01-01T00:00:00.000Z"));
	assert_non_null(strchr(e->actor, '@'));
	assert_null(mig_history_list_at(log, 1));
	mig_history_list_free(log);
}

static void test_failing_statement(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add(ctx, "aaa", "", CREATE("a"), NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	add(ctx, "bbb", "aaa", CREATE("b"), NULL);
	add(ctx, "ccc", "bbb", CREATE("c") "\nINSERT INTO c (v)\n  VALUES (nothing_like_it);",
	    NULL);
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_string_equal(mig_error_message(ctx),
			    "ccc.sql:9:11: revision ccc: no such column: nothing_like_it");
	assert_string_equal(mig_error_revision(ctx), "ccc");
	assert_string_equal(mig_error_file(ctx), "ccc.sql");
	assert_int_equal(mig_error_line(ctx), 9);
	assert_int_equal(mig_error_column(ctx), 11);
	assert_int_equal(mig_error_native_code(ctx), SQLITE_ERROR);
	assert_null(mig_error_detail(ctx)); /* SQLite says it all in the message */
	assert_string_equal(mig_error_statement(ctx),
			    "INSERT INTO c (v)\n  VALUES (nothing_like_it);");
	assert_string_equal(rows(p), "aaa"); /* bbb went with it: one transaction */
	assert_string_equal(tables(p), "a");
	mig_close(ctx);
}

static void test_transaction_for_each(void **state)
{
	struct place *p = *state;
	mig_run_options each = { .struct_size = sizeof each,
				 .transaction_mode = MIG_TRANSACTION_REVISION };
	mig_ctx *ctx = open_place(p);

	add_abc(ctx);
	add(ctx, "ddd", "ccc", "CREATE TABLE a (x);", NULL);
	expect(ctx, MIG_ESQL, mig_upgrade_with(ctx, "head", &each));
	assert_string_equal(rows(p), "ccc");
	assert_string_equal(tables(p), "a|b|c");
	ok(ctx, mig_downgrade_with(ctx, "base", &each));
	assert_string_equal(tables(p), "");
	mig_close(ctx);
}

static void test_branches_and_merge(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add(ctx, "base1", "", CREATE("t"), DROP("t"));
	add(ctx, "left", "base1", CREATE("l"), DROP("l"));
	add(ctx, "right", "base1", CREATE("r"), DROP("r"));
	expect(ctx, MIG_EMULTIPLE_HEADS, mig_upgrade(ctx, "head"));
	assert_non_null(strstr(mig_error_message(ctx), "left"));
	assert_non_null(strstr(mig_error_message(ctx), "right"));
	ok(ctx, mig_upgrade(ctx, "heads"));
	assert_string_equal(rows(p), "left|right");
	add(ctx, "join", "left, right", "", "");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(rows(p), "join");
	ok(ctx, mig_downgrade(ctx, "-1")); /* undoes the merge alone */
	assert_string_equal(rows(p), "left|right");
	expect(ctx, MIG_EAMBIGUOUS_WALK, mig_downgrade(ctx, "-1"));
	ok(ctx, mig_downgrade(ctx, "base1"));
	assert_string_equal(rows(p), "base1");
	assert_string_equal(tables(p), "t");
	mig_close(ctx);
}

static void test_irreversible(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add(ctx, "aaa", "", CREATE("a"), NULL);
	add(ctx, "bbb", "aaa", CREATE("b"), DROP("b"));
	ok(ctx, mig_upgrade(ctx, "head"));
	expect(ctx, MIG_EIRREVERSIBLE, mig_downgrade(ctx, "base"));
	assert_string_equal(mig_error_revision(ctx), "aaa");
	assert_string_equal(rows(p), "bbb"); /* nothing ran */
	assert_string_equal(tables(p), "a|b");
	mig_close(ctx);
}

static void test_edited(void **state)
{
	struct place *p = *state;
	mig_run_options accept = { .struct_size = sizeof accept, .edited = MIG_EDITED_ACCEPT };
	mig_run_options warn = { .struct_size = sizeof warn, .edited = MIG_EDITED_WARN };
	mig_ctx *ctx = open_place(p);

	add_abc(ctx);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	ctx = open_place(p);
	add(ctx, "aaa", "", CREATE("a"), DROP("a"));
	add(ctx, "bbb", "aaa", CREATE("b") "-- a remark", DROP("b"));
	add(ctx, "ccc", "bbb", CREATE("c"), DROP("c"));
	expect(ctx, MIG_EEDITED, mig_upgrade(ctx, "head"));
	assert_string_equal(mig_error_revision(ctx), "bbb");
	assert_string_equal(mig_error_file(ctx), "bbb.sql");
	assert_string_equal(mig_error_message(ctx), "edited after it was applied: bbb (bbb.sql)");
	ok(ctx, mig_upgrade_with(ctx, "head", &warn));
	expect(ctx, MIG_EEDITED, mig_upgrade(ctx, "head"));
	ok(ctx, mig_upgrade_with(ctx, "head", &accept));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask(p, "SELECT revision FROM mig_history WHERE direction = 'stamp'"),
			    "bbb");
	mig_close(ctx);
	ctx = open_place(p); /* what was accepted is not blamed for another edit */
	add(ctx, "aaa", "", CREATE("a"), DROP("a"));
	add(ctx, "bbb", "aaa", CREATE("b") "-- a remark", DROP("b"));
	add(ctx, "ccc", "bbb", CREATE("c") "-- another", DROP("c"));
	expect(ctx, MIG_EEDITED, mig_upgrade(ctx, "head"));
	assert_string_equal(mig_error_message(ctx), "edited after it was applied: ccc (ccc.sql)");
	mig_close(ctx);
}

static void test_newer(void **state)
{
	struct place *p = *state;
	mig_revision_list *list;
	mig_ctx *ctx = open_place(p);

	add_abc(ctx);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	ctx = open_place(p);
	add(ctx, "aaa", "", CREATE("a"), DROP("a"));
	expect(ctx, MIG_ENEWER, mig_upgrade(ctx, "head"));
	assert_non_null(strstr(mig_error_message(ctx), "ccc"));
	expect(ctx, MIG_ENEWER, mig_downgrade(ctx, "base"));
	expect(ctx, MIG_ENEWER, mig_stamp(ctx, "head"));
	expect(ctx, MIG_ENEWER, mig_current(ctx, &list));
	assert_string_equal(rows(p), "ccc");
	assert_string_equal(tables(p), "a|b|c");
	{
		mig_run_options purge = { .struct_size = sizeof purge, .purge = 1 };
		const char *targets[] = { "head" };

		ok(ctx, mig_stamp_with(ctx, targets, 1, &purge));
	}
	assert_string_equal(rows(p), "aaa");
	mig_close(ctx);
}

static void test_stamp(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add_abc(ctx);
	ok(ctx, mig_stamp(ctx, "bbb"));
	assert_string_equal(rows(p), "bbb");
	assert_string_equal(tables(p), "");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(tables(p), "c");
	ok(ctx, mig_stamp(ctx, "base"));
	assert_string_equal(rows(p), "");
	assert_string_equal(ask(p, "SELECT direction || ' ' || revision FROM mig_history"),
			    "stamp bbb|upgrade ccc|stamp base");
	expect(ctx, MIG_ENOTFOUND, mig_stamp(ctx, "zzz"));
	mig_close(ctx);
}

static void add_line(mig_ctx *ctx)
{
	add(ctx, "aaa", "", CREATE("a"), NULL);
	add(ctx, "bbb", "aaa", CREATE("b"), NULL);
	add(ctx, "ccc", "bbb", CREATE("c"), NULL);
	add(ctx, "ddd", "aaa", CREATE("d"), NULL);
}

static void test_adopt(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add_line(ctx);
	expect(ctx, MIG_ESQL, mig_adopt(ctx, NULL));
	expect(ctx, MIG_EINVAL, mig_adopt(ctx, ""));
	assert_int_equal(mig_adopt(NULL, NULL), MIG_EINVAL);
	tell(p, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)");
	ok(ctx, mig_adopt(ctx, NULL));
	assert_string_equal(rows(p), "");

	/* bbb is implied by ccc */
	tell(p, "INSERT INTO alembic_version VALUES ('ddd'), ('bbb'), ('ccc')");
	ok(ctx, mig_adopt(ctx, NULL));
	assert_string_equal(rows(p), "ccc|ddd");
	assert_string_equal(ask(p, "SELECT direction || ' ' || revision FROM mig_history"),
			    "stamp ccc|stamp ddd");
	assert_string_equal(tables(p), "alembic_version");
	assert_string_equal(ask(p, "SELECT version_num FROM alembic_version"), "ddd|bbb|ccc");

	ok(ctx, mig_adopt(ctx, NULL));
	assert_string_equal(ask(p, "SELECT count(*) FROM mig_history"), "2");
	ok(ctx, mig_upgrade(ctx, "heads"));
	mig_close(ctx);
}

static void test_adopt_leaves_its_own_rows(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add_line(ctx);
	ok(ctx, mig_stamp(ctx, "bbb"));
	tell(p, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)");
	expect(ctx, MIG_EEXISTS, mig_adopt(ctx, NULL));
	tell(p, "INSERT INTO alembic_version VALUES ('ccc')");
	expect(ctx, MIG_EEXISTS, mig_adopt(ctx, NULL));
	assert_non_null(strstr(mig_error_message(ctx), "bbb"));
	assert_string_equal(rows(p), "bbb");
	mig_close(ctx);
}

static void test_adopt_knows_ids_in_full_alone(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add(ctx, "aaaaaaaa", "", CREATE("a"), NULL);
	tell(p, "CREATE TABLE \"odd \"\"name\" (version_num VARCHAR(32) NOT NULL)");
	tell(p, "INSERT INTO \"odd \"\"name\" VALUES ('aaaaaaaa'), ('aaaaa'), ('head')");
	expect(ctx, MIG_ENEWER, mig_adopt(ctx, "main.odd \"name"));
	assert_non_null(strstr(mig_error_message(ctx), "\"aaaaa\", \"head\""));
	assert_string_equal(ask(p, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'mig%'"),
			    "0");
	tell(p, "DELETE FROM \"odd \"\"name\" WHERE version_num <> 'aaaaaaaa'");
	ok(ctx, mig_adopt(ctx, "main.odd \"name"));
	assert_string_equal(rows(p), "aaaaaaaa");
	mig_close(ctx);
}

static void test_nothing_is_created_at_base(void **state)
{
	struct place *p = *state;
	mig_revision_list *list;
	mig_plan *plan;
	int32_t at_head;
	mig_ctx *ctx = open_place(p);

	add_abc(ctx);
	ok(ctx, mig_current(ctx, &list));
	assert_int_equal(mig_revision_list_count(list), 0);
	mig_revision_list_free(list);
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 0);
	ok(ctx, mig_plan_upgrade(ctx, "head", &plan));
	assert_int_equal(mig_plan_count(plan), 3);
	assert_string_equal(mig_revision_id(mig_plan_revision(plan, 0)), "aaa");
	assert_string_equal(mig_plan_sql(plan, 1, NULL), CREATE("b") "\n\n");
	assert_int_equal(mig_plan_transactional(plan, 0), 1);
	mig_plan_free(plan);
	ok(ctx, mig_downgrade(ctx, "base"));
	assert_string_equal(ask(p, "SELECT count(*) FROM sqlite_schema"), "0");
	mig_close(ctx);
}

/* -- outside a transaction */

#define LONE_HEADER "-- lone\n--\n-- revision: lone\n-- revises:\n\n-- mig:upgrade transaction=no\n"

static void test_lone(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add_text(ctx,
		 LONE_HEADER "PRAGMA journal_mode = WAL;\nCREATE TABLE one (x);\nVACUUM;\n"
			     "BEGIN;\nCREATE TABLE two (x);\nINSERT INTO two VALUES (1);\nCOMMIT;\n"
			     "CREATE TABLE three (x);\n"
			     "-- mig:downgrade transaction=no\nDROP TABLE three; DROP TABLE two;\n"
			     "VACUUM; DROP TABLE one;\n");
	add(ctx, "next", "lone", CREATE("n"), DROP("n"));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(rows(p), "next");
	assert_string_equal(tables(p), "n|one|three|two");
	assert_string_equal(ask(p, "PRAGMA journal_mode"), "wal");
	assert_string_equal(ask(p, "SELECT revision || ' ' || state || ' ' || statements FROM "
				   "mig_history"),
			    "lone done 8|next done 1");
	ok(ctx, mig_downgrade(ctx, "base"));
	assert_string_equal(tables(p), "");
	assert_string_equal(rows(p), "");
	mig_close(ctx);
	assert_int_equal(access(p->db, F_OK), 0);
	{
		char lock[128];

		snprintf(lock, sizeof lock, "%s-mig-lock", p->db);
		assert_int_equal(access(lock, F_OK), -1); /* nothing is left behind */
	}
}

/* A statement fails; what was done stays done, and the mended script goes on from there. */
static void test_lone_is_taken_up(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add_text(ctx, LONE_HEADER "CREATE TABLE one (x);\nINSERT INTO one VALUES (1);\n"
				  "CREATE TABLE two (nonsense nonsense nonsense,);\n"
				  "CREATE TABLE three (x);\n");
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_int_equal(mig_error_line(ctx), 9);
	assert_non_null(strstr(mig_error_hint(ctx), "2 statements"));
	assert_string_equal(rows(p), "");
	assert_string_equal(tables(p), "one");
	assert_string_equal(ask(p, "SELECT state || ' ' || statements FROM mig_history"),
			    "running 2");
	mig_close(ctx);

	/* an edit of the part that ran is refused */
	ctx = open_place(p);
	add_text(ctx, LONE_HEADER "CREATE TABLE one (x);\nINSERT INTO one VALUES (99);\n"
				  "CREATE TABLE two (x);\n");
	expect(ctx, MIG_EEDITED, mig_upgrade(ctx, "head"));
	assert_int_equal(mig_error_line(ctx), 7); /* where the part that has run begins */
	assert_string_equal(tables(p), "one");
	mig_close(ctx);

	ctx = open_place(p);
	add_text(ctx, LONE_HEADER "CREATE TABLE one (x);\r\nINSERT INTO one VALUES (1);\r\n"
				  "CREATE TABLE two (x);\nCREATE TABLE three (x);\n");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(rows(p), "lone");
	assert_string_equal(tables(p), "one|three|two");
	assert_string_equal(ask(p, "SELECT count(*) FROM one"), "1");
	assert_string_equal(ask(p, "SELECT state || ' ' || statements FROM mig_history"), "done 4");
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

static void test_lone_downgrade_is_taken_up(void **state)
{
	struct place *p = *state;
	static const char head[] = "-- lone\n--\n-- revision: lone\n-- revises:\n\n-- mig:upgrade\n"
				   "CREATE TABLE one (x); CREATE TABLE two (x);\n"
				   "-- mig:downgrade transaction=no\nDROP TABLE two;\n";
	char text[512];
	mig_ctx *ctx = open_place(p);

	snprintf(text, sizeof text, "%sDROP TABLE missing;\n", head);
	add_text(ctx, text);
	ok(ctx, mig_upgrade(ctx, "head"));
	expect(ctx, MIG_ESQL, mig_downgrade(ctx, "base"));
	assert_string_equal(tables(p), "one");
	/* half undone: not taken for applied */
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	ctx = open_place(p);
	snprintf(text, sizeof text, "%sDROP TABLE one;\n", head);
	add_text(ctx, text);
	ok(ctx, mig_upgrade(ctx, "head")); /* finishes the downgrade, then upgrades */
	assert_string_equal(rows(p), "lone");
	assert_string_equal(tables(p), "one|two");
	mig_close(ctx);
}

static void test_lone_given_up_by_stamp(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add_text(ctx, LONE_HEADER "CREATE TABLE one (x);\nSELECT nonsense;\n");
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	ok(ctx, mig_stamp(ctx, "head"));
	assert_string_equal(ask(p, "SELECT direction || ' ' || state FROM mig_history"),
			    "upgrade abandoned|stamp done");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(rows(p), "lone");
	mig_close(ctx);
}

static void test_what_a_section_kept_is_told(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add_text(ctx, LONE_HEADER "BEGIN;\nCREATE TABLE one (x);\nSELECT nonsense;\nCOMMIT;\n");
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_null(mig_error_hint(ctx));
	assert_string_equal(tables(p), "");
	mig_close(ctx);

	ctx = open_place(p);
	add_text(ctx, LONE_HEADER "BEGIN;\nCREATE TABLE one (x);\nCOMMIT;\nBEGIN;\n"
				  "CREATE TABLE two (x);\nSELECT nonsense;\nCOMMIT;\n");
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_non_null(strstr(mig_error_hint(ctx), "the first 3 statements"));
	assert_string_equal(tables(p), "one");
	mig_close(ctx);
}

static void test_adopt_not_amid_a_revision(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add_text(ctx, LONE_HEADER "CREATE TABLE one (x);\nSELECT nonsense;\n");
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	tell(p, "CREATE TABLE alembic_version AS SELECT 'lone' AS version_num");
	expect(ctx, MIG_EEXISTS, mig_adopt(ctx, NULL));
	assert_string_equal(rows(p), "");
	mig_close(ctx);
}

static void test_transaction_control_is_refused(void **state)
{
	struct place *p = *state;
	static const char *const words[] = { "BEGIN;", "begin immediate;",  "COMMIT;",
					     "END;",   "/* x */ ROLLBACK;", "End Transaction;" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		mig_ctx *ctx = open_place(p);
		char up[128];

		snprintf(up, sizeof up, "CREATE TABLE x (y);\n%s", words[i]);
		add(ctx, "aaa", "", up, NULL);
		expect(ctx, MIG_ETRANSACTION, mig_upgrade(ctx, "head"));
		assert_int_equal(mig_error_line(ctx), 8);
		assert_non_null(strstr(mig_error_hint(ctx), "transaction=no"));
		assert_string_equal(tables(p), "");
		mig_close(ctx);
	}
}

/* -- foreign keys */

static void test_rebuild_keeps_children(void **state)
{
	struct place *p = *state;
	sqlite3 *db;
	mig_open_options o = { .struct_size = sizeof o, .dialect_name = "sqlite" };
	mig_ctx *ctx;
	sqlite3_stmt *s;

	tell(p, "CREATE TABLE p (id INTEGER PRIMARY KEY, v);"
		"CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE CASCADE);"
		"INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO c VALUES (10, 1), (20, 2);"
		"INSERT INTO c VALUES (30, 99);"); /* a violation of before */
	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA foreign_keys = ON", 0, 0, 0), SQLITE_OK);
	o.connection = db;
	ok(ctx, mig_open_with(&ctx, &o));
	add(ctx, "rebuild", "",
	    "CREATE TABLE p_new (id INTEGER PRIMARY KEY, v TEXT NOT NULL);"
	    "INSERT INTO p_new SELECT * FROM p; DROP TABLE p; ALTER TABLE p_new RENAME TO p;",
	    NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask(p, "SELECT group_concat(id) FROM c"), "10,20,30");
	add(ctx, "wrong", "rebuild", "DELETE FROM p WHERE id = 2;", NULL);
	expect(ctx, MIG_EFOREIGN_KEY, mig_upgrade(ctx, "head"));
	assert_non_null(strstr(mig_error_message(ctx), "c"));
	assert_string_equal(ask(p, "SELECT count(*) FROM p"), "2");
	assert_string_equal(rows(p), "rebuild");
	mig_close(ctx);
	/* handed back as it was */
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA foreign_keys", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(s, 0), 1);
	sqlite3_finalize(s);
	assert_int_equal(sqlite3_get_autocommit(db), 1);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* -- revisions in C */

static mig_status c_up(void *user, mig_step *step)
{
	mig_stmt *s;
	int32_t more;
	mig_status rc;

	assert_string_equal(mig_step_revision(step), "ccode");
	assert_string_equal(mig_step_dialect(step), "sqlite");
	assert_int_equal(mig_step_direction(step), MIG_UPGRADE);
	assert_non_null(mig_step_connection(step));
	*(int *)user += 1;
	rc = mig_step_exec(step, "CREATE TABLE kinds (i, r, t, b, n)");
	if (!rc)
		rc = mig_step_prepare(step, "INSERT INTO kinds VALUES ($1, $2, $3, $4, $5)", &s);
	if (rc)
		return rc;
	assert_int_equal(mig_stmt_bind_int64(s, 1, INT64_MIN), MIG_OK);
	assert_int_equal(mig_stmt_bind_double(s, 2, 0.5), MIG_OK);
	assert_int_equal(mig_stmt_bind_text(s, 3, "h\xc3\xa9"), MIG_OK);
	assert_int_equal(mig_stmt_bind_blob(s, 4, "\0\1", 2), MIG_OK);
	assert_int_equal(mig_stmt_bind_null(s, 5), MIG_OK);
	assert_int_equal(mig_stmt_bind_null(s, 6), MIG_EINVAL);
	assert_int_equal(mig_stmt_bind_null(s, 0), MIG_EINVAL);
	rc = mig_stmt_step(s, &more);
	mig_stmt_free(s);
	if (!rc)
		rc = mig_step_prepare(step, "SELECT * FROM kinds", &s);
	if (rc)
		return rc;
	assert_int_equal(mig_stmt_step(s, &more), MIG_OK);
	assert_int_equal(more, 1);
	assert_int_equal(mig_stmt_column_count(s), 5);
	assert_true(mig_stmt_int64(s, 0) == INT64_MIN);
	assert_true(mig_stmt_double(s, 1) == 0.5);
	assert_string_equal(mig_stmt_text(s, 2), "h\xc3\xa9");
	{
		size_t size;
		const void *blob = mig_stmt_blob(s, 3, &size);

		assert_int_equal(size, 2);
		assert_memory_equal(blob, "\0\1", 2);
	}
	assert_int_equal(mig_stmt_type(s, 4), MIG_NULL);
	assert_null(mig_stmt_text(s, 4));
	assert_int_equal(mig_stmt_step(s, &more), MIG_OK);
	assert_int_equal(more, 0);
	mig_stmt_free(s);
	return MIG_OK;
}

static mig_status c_down(void *user, mig_step *step)
{
	*(int *)user += 10;
	return mig_step_exec(step, "DROP TABLE kinds");
}

static mig_status c_bad_sql(void *user, mig_step *step)
{
	(void)user;
	assert_int_equal(mig_step_exec(step, "CREATE TABLE q (z)"), MIG_OK);
	return mig_step_exec(step, "SELECT nonsense");
}

static mig_status c_says_no(void *user, mig_step *step)
{
	(void)user;
	assert_int_equal(mig_step_exec(step, "SELECT nonsense"), MIG_ESQL); /* dealt with */
	return mig_step_fail(step, "no licence key in the table");
}

static void test_c_revisions(void **state)
{
	struct place *p = *state;
	int calls = 0;
	mig_revision_def def = { .struct_size = sizeof def,
				 .id = "ccode",
				 .upgrade = c_up,
				 .downgrade = c_down,
				 .user = &calls };
	const char *revises[] = { "ccode", NULL };
	mig_ctx *ctx = open_place(p);

	ok(ctx, mig_add_revision(ctx, &def));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(calls, 1);
	ok(ctx, mig_downgrade(ctx, "-1"));
	assert_int_equal(calls, 11);
	ok(ctx, mig_upgrade(ctx, "head"));
	def = (mig_revision_def){
		.struct_size = sizeof def, .id = "bad", .revises = revises, .upgrade = c_bad_sql
	};
	ok(ctx, mig_add_revision(ctx, &def));
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_string_equal(mig_error_message(ctx), "revision bad: no such column: nonsense");
	assert_string_equal(tables(p), "kinds");
	mig_close(ctx);

	ctx = open_place(p);
	def = (mig_revision_def){ .struct_size = sizeof def, .id = "no", .upgrade = c_says_no };
	ok(ctx, mig_add_revision(ctx, &def));
	expect(ctx, MIG_ENEWER, mig_upgrade(ctx, "head"));
	def.id = "ccode";
	def.upgrade = c_up;
	def.user = &calls;
	ok(ctx, mig_add_revision(ctx, &def));
	expect(ctx, MIG_EREVISION, mig_upgrade(ctx, "heads"));
	assert_string_equal(mig_error_message(ctx), "revision no: no licence key in the table");
	expect(ctx, MIG_EIRREVERSIBLE, mig_downgrade(ctx, "base"));
	mig_close(ctx);
}

/* -- callbacks */

struct seen {
	mig_ctx *ctx;
	char text[2048];
	int stop_at; /* event number, 0: never */
	int events;
};

static int32_t note(void *user, const mig_progress *e)
{
	struct seen *seen = user;
	size_t n = strlen(seen->text);

	assert_true(e->struct_size >= sizeof *e);
	assert_int_equal(e->sql != NULL, e->event == MIG_EVENT_STATEMENT);
	assert_int_equal(e->sql_size != 0, e->event == MIG_EVENT_STATEMENT);
	snprintf(seen->text + n, sizeof seen->text - n, "%d:%s:%d/%d ", (int)e->event,
		 e->revision ? e->revision : "-", (int)e->step, (int)e->steps);
	if (seen->ctx) { /* no way back in */
		assert_int_equal(mig_upgrade(seen->ctx, "head"), MIG_EMISUSE);
		assert_non_null(strstr(mig_error_message(seen->ctx), "callbacks"));
		assert_int_equal(mig_error_status(seen->ctx), MIG_EMISUSE);
	}
	assert_null(mig_take_connection(seen->ctx));
	assert_int_equal(mig_close(seen->ctx), seen->ctx ? MIG_EMISUSE : MIG_OK);
	return ++seen->events == seen->stop_at;
}

static void test_progress(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);
	struct seen seen = { .ctx = ctx };

	add_abc(ctx);
	ok(ctx, mig_set_progress(ctx, note, &seen));
	ok(ctx, mig_upgrade(ctx, "bbb"));
	assert_string_equal(seen.text, "1:-:0/2 2:aaa:1/2 3:aaa:1/2 4:aaa:1/2 2:bbb:2/2 3:bbb:2/2 "
				       "4:bbb:2/2 5:-:0/2 ");
	seen.text[0] = '\0';
	ok(ctx, mig_upgrade(ctx, "bbb"));
	assert_string_equal(seen.text, ""); /* nothing to do: nothing to tell */
	mig_close(ctx);
	for (int stop = 1; stop <= 4; stop++) {
		ctx = open_place(p);
		seen = (struct seen){ .stop_at = stop };
		add_abc(ctx);
		ok(ctx, mig_set_progress(ctx, note, &seen));
		expect(ctx, MIG_ECANCELLED, mig_upgrade(ctx, "head"));
		assert_string_equal(rows(p), "bbb");
		assert_string_equal(tables(p), "a|b");
		mig_close(ctx);
	}
}

static mig_status before(void *user, mig_step *step)
{
	strcat(user, "before ");
	strcat(user, mig_step_revision(step));
	strcat(user, " ");
	return mig_step_exec(step, "CREATE TABLE IF NOT EXISTS audit (x)");
}

static mig_status after(void *user, mig_step *step)
{
	strcat(user, "after ");
	if (!strcmp(mig_step_revision(step), "ccc"))
		return mig_step_fail(step, "not on a Friday");
	return MIG_OK;
}

static void test_step_hooks(void **state)
{
	struct place *p = *state;
	char text[256] = "";
	mig_ctx *ctx = open_place(p);

	add_abc(ctx);
	ok(ctx, mig_set_step_hooks(ctx, before, after, text));
	ok(ctx, mig_upgrade(ctx, "bbb"));
	assert_string_equal(text, "before aaa after before bbb after ");
	assert_string_equal(tables(p), "a|audit|b");
	expect(ctx, MIG_EREVISION, mig_upgrade(ctx, "head"));
	assert_string_equal(mig_error_message(ctx),
			    "revision ccc, after-step hook: not on a Friday");
	assert_string_equal(rows(p), "bbb");
	mig_close(ctx);
}

static atomic_int statements_begun;

static int32_t see_statement(void *user, const mig_progress *progress)
{
	(void)user;
	if (progress->event == MIG_EVENT_STATEMENT)
		atomic_fetch_add(&statements_begun, 1);
	return 0;
}

/* In the second statement of a run. */
static void *cancel_soon(void *user)
{
	while (atomic_load(&statements_begun) < 2)
		usleep(1000);
	usleep(100 * 1000);
	mig_cancel(user);
	return NULL;
}

static void test_cancel(void **state)
{
	struct place *p = *state;
	pthread_t thread;
	mig_ctx *ctx = open_place(p);

	add(ctx, "long", "",
	    "CREATE TABLE x (y); INSERT INTO x WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i "
	    "+ 1 "
	    "FROM n WHERE i < 2000000000) SELECT count(*) FROM n;",
	    NULL);
	atomic_store(&statements_begun, 0);
	mig_set_progress(ctx, see_statement, NULL);
	assert_int_equal(pthread_create(&thread, NULL, cancel_soon, ctx), 0);
	expect(ctx, MIG_ECANCELLED, mig_upgrade(ctx, "head"));
	pthread_join(thread, NULL);
	assert_string_equal(mig_error_revision(ctx), "long");
	assert_string_equal(tables(p), "");
	mig_close(ctx);
	ctx = open_place(p);
	add_abc(ctx);
	mig_cancel(ctx); /* without a call, nothing */
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

/* A cancel that was asked to be kept is for the next call on the database, once. */
static void test_kept_cancel(void **state)
{
	struct place *p = *state;
	mig_open_options o = { .struct_size = sizeof o, .url = p->url, .keep_cancel = 1 };
	mig_revision_list *list = NULL;
	mig_ctx *ctx;

	ok(ctx, mig_open_with(&ctx, &o));
	add_abc(ctx);
	mig_cancel(ctx);
	ok(ctx, mig_heads(ctx, 0, &list)); /* asks the scripts alone */
	mig_revision_list_free(list);
	expect(ctx, MIG_ECANCELLED, mig_upgrade(ctx, "head"));
	assert_string_equal(tables(p), "");
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_cancel(ctx);
	expect(ctx, MIG_ECANCELLED, mig_current(ctx, &list));
	ok(ctx, mig_current(ctx, &list));
	mig_revision_list_free(list);
	mig_close(ctx);
}

static int32_t cancel_at_statement(void *user, const mig_progress *e)
{
	if (e->event == MIG_EVENT_STATEMENT && e->statement == 2)
		mig_cancel(user);
	return 0;
}

/* On a lent connection the host's own progress handler stays, so that nothing but SQLite's interrupt
 * can stop a statement; one that comes before the statement begins is kept for it. */
static void test_cancel_lent(void **state)
{
	static const char script[] =
		"CREATE TABLE t (x INTEGER);\n"
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000000)\n"
		"SELECT count(*) FROM n;";
	struct place *p = *state;
	mig_open_options o = { .struct_size = sizeof o, .dialect_name = "sqlite" };
	sqlite3_stmt *theirs;
	sqlite3 *db;
	mig_ctx *ctx;

	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	o.connection = db;
	ok(ctx, mig_open_with(&ctx, &o));
	add(ctx, "aaa", "", script, NULL);
	ok(ctx, mig_set_progress(ctx, cancel_at_statement, ctx));
	expect(ctx, MIG_ECANCELLED, mig_upgrade(ctx, "head"));
	assert_true(sqlite3_get_autocommit(db));
	assert_string_equal(tables(p), "");
	/* the host's own statement is none of libmig's */
	assert_int_equal(sqlite3_prepare_v2(db, "VALUES (1), (2)", -1, &theirs, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(theirs), SQLITE_ROW);
	mig_cancel(ctx);
	assert_int_equal(sqlite3_step(theirs), SQLITE_ROW);
	assert_int_equal(sqlite3_step(theirs), SQLITE_DONE);
	sqlite3_finalize(theirs);
	mig_close(ctx);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_status_messages(void **state)
{
	(void)state;
	assert_string_equal(mig_status_message(MIG_ELOCKED), "the database is locked");
	assert_string_equal(mig_status_message(MIG_OK), "no error");
	assert_string_equal(mig_status_message(-12345), mig_status_message(MIG_ERROR));
}

static void test_locked(void **state)
{
	struct place *p = *state;
	mig_open_options o = { .struct_size = sizeof o, .url = p->url, .lock_timeout_ms = 200 };
	sqlite3 *db;
	mig_ctx *ctx;

	ok(ctx, mig_open_with(&ctx, &o));
	add_abc(ctx);
	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", 0, 0, 0), SQLITE_OK);
	expect(ctx, MIG_ELOCKED, mig_upgrade(ctx, "head"));
	assert_int_equal(sqlite3_exec(db, "COMMIT", 0, 0, 0), SQLITE_OK);
	sqlite3_close(db);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

static void test_names_of_tables(void **state)
{
	struct place *p = *state;
	mig_open_options o = { .struct_size = sizeof o,
			       .url = p->url,
			       .version_table = "my \"version\"",
			       .history_table = "my history" };
	mig_ctx *ctx;

	ok(ctx, mig_open_with(&ctx, &o));
	add_abc(ctx);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask(p, "SELECT revision FROM \"my \"\"version\"\"\""), "ccc");
	assert_string_equal(ask(p, "SELECT count(*) FROM \"my history\""), "3");
	mig_close(ctx);
	/* one table for both would take neither's rows */
	o.version_table = "both";
	o.history_table = "BOTH";
	expect(ctx, MIG_EINVAL, mig_open_with(&ctx, &o));
	assert_non_null(strstr(mig_error_message(ctx), "one table, \"both\""));
	mig_close(ctx);
	o.version_table = "mig_history";
	o.history_table = NULL;
	expect(ctx, MIG_EINVAL, mig_open_with(&ctx, &o));
	mig_close(ctx);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_new, place_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_up_and_down),
		T(test_history_rows),
		T(test_failing_statement),
		T(test_transaction_for_each),
		T(test_branches_and_merge),
		T(test_irreversible),
		T(test_edited),
		T(test_newer),
		T(test_stamp),
		T(test_adopt),
		T(test_adopt_leaves_its_own_rows),
		T(test_adopt_knows_ids_in_full_alone),
		T(test_adopt_not_amid_a_revision),
		T(test_what_a_section_kept_is_told),
		T(test_nothing_is_created_at_base),
		T(test_lone),
		T(test_lone_is_taken_up),
		T(test_lone_downgrade_is_taken_up),
		T(test_lone_given_up_by_stamp),
		T(test_transaction_control_is_refused),
		T(test_rebuild_keeps_children),
		T(test_c_revisions),
		T(test_progress),
		T(test_step_hooks),
		T(test_cancel),
		T(test_kept_cancel),
		T(test_cancel_lent),
		T(test_status_messages),
		T(test_locked),
		T(test_names_of_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
