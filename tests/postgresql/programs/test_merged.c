/* A transaction a revision: what ends one transaction and begins the next travels with the script of the
 * next revision. Whatever goes wrong in such a message, the database is at a whole revision, the right one
 * is blamed, in the right place, and nothing is left in the session. */
#include "support.h"

enum { CHAIN = 100, LINE = 9, COLUMN = 10 };

static const mig_run_options per_revision = { .struct_size = sizeof per_revision,
					      .transaction_mode = MIG_TRANSACTION_REVISION,
					      .edited = MIG_EDITED_WARN };

/* -- a chain of revisions, one of them with SQL of its own */

struct chain {
	int count;
	int bad;               /* which; 0: none */
	const char *up, *down; /* of it; %d: its number; NULL: as the others */
};

static void add_chain(mig_ctx *ctx, const struct chain *c)
{
	for (int i = 1; i <= c->count; i++) {
		const char *more_up = i == c->bad && c->up ? c->up : "";
		const char *more_down = i == c->bad && c->down ? c->down : "";
		char id[16], before[16] = "", up[2000], down[2000];

		snprintf(id, sizeof id, "r%03d", i);
		if (i > 1)
			snprintf(before, sizeof before, "r%03d", i - 1);
		snprintf(up, sizeof up,
			 "CREATE TABLE t%03d (x INT PRIMARY KEY);\nINSERT INTO t%03d VALUES (%d);\n  %s\n",
			 i, i, i, more_up);
		snprintf(down, sizeof down, "DROP TABLE t%03d;\n  %s\n", i, more_down);
		ADD(ctx, .id = id, .revises = before, .up = up, .down = down);
	}
}

static mig_ctx *open_chain(const struct place *p, const struct chain *c)
{
	mig_ctx *ctx = open_place(p, NULL);

	add_chain(ctx, c);
	return ctx;
}

static mig_status up(mig_ctx *ctx)
{
	return mig_upgrade_with(ctx, "head", &per_revision);
}

static mig_status down_to(mig_ctx *ctx, int to)
{
	char target[16] = "base";

	if (to)
		snprintf(target, sizeof target, "r%03d", to);
	return mig_downgrade_with(ctx, target, &per_revision);
}

/* The database is at revision `at`: its row, its tables, and a history that comes to the same. */
static void assert_at(const struct place *p, int at)
{
	char want[200];

	snprintf(want, sizeof want, "r%03d", at);
	if (at || strcmp(rows(p->db), "none"))
		assert_string_equal(rows(p->db), at ? want : "");
	snprintf(want, sizeof want, "%d", at);
	assert_answer(p->db,
		      "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 't___'",
		      want);
	if (!strcmp(rows(p->db), "none"))
		return;
	assert_answer(p->db,
		      "SELECT sum(CASE direction WHEN 'upgrade' THEN 1 ELSE -1 END) FROM mig_history", want);
	assert_answer(p->db, "SELECT count(*) FROM mig_history WHERE state <> 'done'", "0");
	if (at) {
		snprintf(want, sizeof want, "r%03d", at);
		assert_answer(p->db,
			      "SELECT CASE direction WHEN 'upgrade' THEN revision ELSE "
			      "format('r%s', lpad((substr(revision, 2)::int - 1)::text, 3, '0')) END "
			      "FROM mig_history ORDER BY id DESC LIMIT 1",
			      want);
	}
}

static void assert_place(const mig_ctx *ctx, int revision, int line, int column)
{
	char id[16], file[20];

	snprintf(id, sizeof id, "r%03d", revision);
	snprintf(file, sizeof file, "r%03d.sql", revision);
	assert_string_equal(mig_error_revision(ctx), id);
	assert_string_equal(mig_error_file(ctx), file);
	assert_int_equal(mig_error_line(ctx), line);
	assert_int_equal(mig_error_column(ctx), column);
}

/* -- each revision fails in turn */

static const struct {
	const char *name, *sql;
	mig_status status;
	int line, column;
} failures[] = {
	{ "syntax", "CREATE TABEL x (y INT);", MIG_ESQL, LINE, COLUMN },
	{ "syntax after what is not ASCII", "SELECT '\xc3\xa9\xe2\x82\xac', 1 FRMO x;", MIG_ESQL, LINE,
	  23 },
	{ "no such table", "INSERT INTO nowhere VALUES (1);", MIG_ESQL, LINE, 15 },
	{ "while it runs", "SELECT 1 / (SELECT count(*) - 1 FROM pg_class WHERE relname = 'pg_class');",
	  MIG_ESQL, LINE, 3 },
	{ "open quote", "SELECT 'abc;", MIG_ESYNTAX, LINE, 10 },
};

static void test_upgrade_fails(void **state)
{
	(void)state;
	for (size_t f = 0; f < sizeof failures / sizeof *failures; f++) {
		int step = f ? 13 : 1; /* syntax errors are in each one */
		struct place p;

		place_begin(&p);
		for (int bad = 1; bad <= CHAIN; bad += step) {
			const struct chain broken = { CHAIN, bad, failures[f].sql, NULL };
			mig_ctx *ctx = open_chain(&p, &broken);

			expect(ctx, failures[f].status, up(ctx));
			assert_place(ctx, bad, failures[f].line, failures[f].column);
			mig_close(ctx);
			assert_at(&p, bad - 1);
			if (bad > 3) {
				ctx = open_chain(&p, &broken);
				ok(ctx, down_to(ctx, bad - 4));
				mig_close(ctx);
				assert_at(&p, bad - 4);
			}
		}
		place_end(&p);
	}
}

static void test_downgrade_fails(void **state)
{
	const struct chain whole = { CHAIN, 0, NULL, NULL };
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_chain(&p, &whole);
	ok(ctx, up(ctx));
	mig_close(ctx);
	for (int bad = CHAIN; bad; bad -= 3) {
		const struct chain broken = { CHAIN, bad, NULL, "DROP TABEL x;" };

		ctx = open_chain(&p, &broken);
		expect(ctx, MIG_ESQL, down_to(ctx, 0));
		assert_string_equal(mig_error_sqlstate(ctx), "42601");
		assert_int_equal(mig_error_column(ctx), 8);
		mig_close(ctx);
		assert_at(&p, bad);
		if (bad < 3)
			break;
		ctx = open_chain(&p, &whole);
		ok(ctx, down_to(ctx, bad - 2));
		mig_close(ctx);
		assert_at(&p, bad - 2);
	}
	place_end(&p);
}

/* -- what is told */

struct told {
	char text[4000];
};

static int tell(void *user, const mig_progress *now)
{
	struct told *t = user;
	const char *what = now->event == MIG_EVENT_STEP_BEGIN ? "(" :
			   now->event == MIG_EVENT_STEP_END   ? ")" :
								NULL;
	size_t n = strlen(t->text);

	if (what)
		snprintf(t->text + n, sizeof t->text - n, "%s%d/%d:%s ", what, (int)now->step,
			 (int)now->steps, now->revision);
	return 0;
}

/* A revision that is run a second time, since the next one cannot be read, is told of once. */
static void test_told_once(void **state)
{
	const struct chain broken = { 5, 4, "CREATE TABEL x (y INT);", NULL };
	struct told told = { "" };
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_chain(&p, &broken);
	ok(ctx, mig_set_progress(ctx, tell, &told));
	expect(ctx, MIG_ESQL, up(ctx));
	assert_string_equal(told.text, "(1/5:r001 )1/5:r001 (2/5:r002 )2/5:r002 (3/5:r003 )3/5:r003 "
				       "(4/5:r004 ");
	mig_close(ctx);
	assert_at(&p, 3);
	place_end(&p);
}

static int stop_at(void *user, const mig_progress *now)
{
	return now->event == *(const int *)user && now->revision && !strcmp(now->revision, "r004");
}

/* Who stops a run before a revision has all those before it. */
static void test_stopped(void **state)
{
	static const int events[] = { MIG_EVENT_STEP_BEGIN, MIG_EVENT_STATEMENT, MIG_EVENT_STEP_END };
	const struct chain whole = { 6, 0, NULL, NULL };

	(void)state;
	for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		ctx = open_chain(&p, &whole);
		ok(ctx, mig_set_progress(ctx, stop_at, (void *)&events[i]));
		expect(ctx, MIG_ECANCELLED, up(ctx));
		assert_at(&p, 3);
		ok(ctx, mig_set_progress(ctx, NULL, NULL));
		ok(ctx, up(ctx));
		mig_close(ctx);
		assert_at(&p, 6);
		place_end(&p);
	}
}

static int cancel_at(void *user, const mig_progress *now)
{
	if (now->event == MIG_EVENT_STEP_BEGIN && !strcmp(now->revision, "r004"))
		mig_cancel(user);
	return 0;
}

static void test_cancelled(void **state)
{
	const struct chain whole = { 6, 0, NULL, NULL };
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_chain(&p, &whole);
	ok(ctx, mig_set_progress(ctx, cancel_at, ctx));
	expect(ctx, MIG_ECANCELLED, up(ctx));
	assert_at(&p, 3);
	mig_close(ctx);
	place_end(&p);
}

/* -- COMMIT fails */

/* In each revision in turn: that one is undone, and no other. */
static void test_commit_fails(void **state)
{
	struct place p;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE parent (x INT PRIMARY KEY); CREATE TABLE late (x INT REFERENCES "
		      "parent DEFERRABLE INITIALLY DEFERRED)");
	for (int bad = 1; bad <= 10; bad++) {
		const struct chain broken = { 10, bad, "INSERT INTO late VALUES (7);", NULL };
		mig_ctx *ctx = open_chain(&p, &broken);

		expect(ctx, MIG_EFOREIGN_KEY, up(ctx));
		assert_string_equal(mig_error_sqlstate(ctx), "23503");
		assert_int_equal(mig_error_line(ctx), 0);
		assert_null(mig_error_file(ctx));
		mig_close(ctx);
		assert_at(&p, bad - 1);
		if (bad > 3) {
			ctx = open_chain(&p, &broken);
			ok(ctx, down_to(ctx, bad - 4));
			mig_close(ctx);
		}
	}
	place_end(&p);
}

/* -- others */

/* A COMMIT that changes the version rows by a deferred trigger: the next revision, whose transaction has
 * begun by then, does not run. */
static void test_stale_rows(void **state)
{
	const struct chain c = { 6, 3,
				 "INSERT INTO late VALUES (7);", NULL };
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE late (x INT);"
		      "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
		      "UPDATE mig_version SET revision = 'r001'; RETURN NULL; END $$;"
		      "CREATE CONSTRAINT TRIGGER spoil AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED "
		      "FOR EACH ROW EXECUTE FUNCTION spoil()");
	ctx = open_chain(&p, &c);
	/* r002 is run again from the row that it was given, and its table is there */
	assert_int_not_equal(up(ctx), MIG_OK);
	mig_close(ctx);
	assert_string_equal(rows(p.db), "r001");
	assert_answer(p.db, "SELECT count(*) FROM pg_tables WHERE tablename LIKE 't___'", "3");
	place_end(&p);
}

struct rival {
	char url[URL_SIZE];
	sem_t waiting;
	pthread_t thread;
	char lock[32];
	const char *sql;
};

static void *take_turn(void *user)
{
	struct rival *r = user;
	PGconn *db = pg_connect(r->url);
	char sql[200];

	snprintf(sql, sizeof sql, "BEGIN; SELECT pg_advisory_xact_lock(%s)", r->lock);
	sem_post(&r->waiting);
	pg_exec(db, sql); /* until the other one commits */
	pg_exec(db, r->sql);
	sleep_ms(100);
	pg_exec(db, "COMMIT");
	PQfinish(db);
	return NULL;
}

/* Starts the rival before r004: it waits for the lock, and gets it at the next COMMIT. */
static int start_rival(void *user, const mig_progress *now)
{
	struct rival *r = user;
	PGconn *db;

	if (now->event != MIG_EVENT_STEP_BEGIN || strcmp(now->revision, "r004") || r->thread)
		return 0;
	db = pg_connect(r->url);
	snprintf(r->lock, sizeof r->lock, "%s",
		 ask(db, "SELECT (classid::int8 << 32) | objid::int8 FROM pg_locks WHERE locktype = "
			 "'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = "
			 "current_database())"));
	sem_init(&r->waiting, 0, 0);
	assert_int_equal(pthread_create(&r->thread, NULL, take_turn, r), 0);
	sem_wait(&r->waiting);
	wait_until(db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
	PQfinish(db);
	return 0;
}

static void test_rival(void **state)
{
	const struct chain c = { 6, 0, NULL, NULL };
	static const char *const deeds[] = {
		"SELECT 1",
		/* it applies the next revision */
		"DO $$ DECLARE id TEXT; BEGIN SELECT 'r' || lpad((substr(revision, 2)::int + 1)::text, 3, "
		"'0') INTO id FROM mig_version; EXECUTE format('CREATE TABLE t%s (x INT PRIMARY KEY)', "
		"substr(id, 2)); UPDATE mig_version SET revision = id, digest = ''; INSERT INTO mig_history "
		"(revision, direction, state, digest, statements, done_digest, started_at, duration_us, "
		"actor, library) VALUES (id, 'upgrade', 'done', '', 0, '', '', 0, '', ''); END $$",
	};

	(void)state;
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		struct rival r = { .sql = deeds[i] };
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		snprintf(r.url, sizeof r.url, "%s", p.url);
		ctx = open_chain(&p, &c);
		ok(ctx, mig_set_progress(ctx, start_rival, &r));
		ok(ctx, up(ctx));
		mig_close(ctx);
		pthread_join(r.thread, NULL);
		assert_at(&p, 6);
		place_end(&p);
	}
}

/* -- the session */

static const char prepared[] = "SELECT name FROM pg_prepared_statements ORDER BY 1";

/* A lent session has no statements of ours afterwards, whatever happened, and keeps its own. */
static void test_lent(void **state)
{
	static const struct {
		const char *sql;
		mig_status status;
	} ends[] = {
		{ "SELECT 1;", MIG_OK },
		{ "CREATE TABEL x;", MIG_ESQL },
		{ "SELECT 1 / 0;", MIG_ESQL },
		{ "INSERT INTO late VALUES (7);", MIG_EFOREIGN_KEY },
		{ "UPDATE mig_version SET revision = 'other';", MIG_EREVISION },
	};

	struct place p;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE parent (x INT PRIMARY KEY);"
		      "CREATE TABLE late (x INT REFERENCES parent DEFERRABLE INITIALLY DEFERRED)");
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		for (int bad = 2; bad <= 8; bad++) {
			const struct chain c = { 8, bad, ends[i].sql, NULL };
			PGconn *db = pg_connect(p.url);
			mig_ctx *ctx;

			pg_exec(db, "PREPARE theirs AS SELECT 7");
			ctx = lend(db);
			add_chain(ctx, &c);
			expect(ctx, ends[i].status, up(ctx));
			assert_int_equal(PQtransactionStatus(db), PQTRANS_IDLE);
			assert_answer(db, prepared, "theirs");
			assert_at(&p, ends[i].status ? bad - 1 : 8);
			ok(ctx, down_to(ctx, 0));
			assert_answer(db, prepared, "theirs");
			mig_close(ctx);
			PQfinish(db);
		}
	place_end(&p);
}

/* Scripts that take the session's prepared statements away, openly or not. */
static void test_deallocated(void **state)
{
	static const char *const deeds[] = {
		"DEALLOCATE ALL;",
		"DEALLOCATE PREPARE ALL;",
		"DISCARD PLANS;",
		"DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$;",
	};
	static const int modes[] = { MIG_TRANSACTION_REVISION, MIG_TRANSACTION_RUN };
	struct place p;

	(void)state;
	place_begin(&p);
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
		for (size_t m = 0; m < 2; m++)
			for (int bad = 1; bad <= 8; bad++) {
				const struct chain c = { 8, bad, deeds[i], deeds[i] };
				mig_run_options o = per_revision;
				mig_ctx *ctx;

				o.transaction_mode = modes[m];
				ctx = open_chain(&p, &c);
				ok(ctx, mig_upgrade_with(ctx, "head", &o));
				assert_at(&p, 8);
				ok(ctx, mig_downgrade_with(ctx, "base", &o));
				assert_at(&p, 0);
				mig_close(ctx);
			}
	place_end(&p);
}

/* A time-out that a revision's header sets is not the next one's. */
static void test_timeouts(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE seen (id TEXT, a TEXT, b TEXT, path TEXT)");
	ctx = open_place(&p, &(mig_open_options){ .search_path = "public, pg_catalog" });
	for (int i = 1; i <= 6; i++) {
		char id[8], before[8] = "", sql[300];

		snprintf(id, sizeof id, "r%d", i);
		if (i > 1)
			snprintf(before, sizeof before, "r%d", i - 1);
		snprintf(sql, sizeof sql,
			 "INSERT INTO seen VALUES ('%s', current_setting('statement_timeout'), "
			 "current_setting('lock_timeout'), current_setting('search_path'));%s",
			 id, i == 5 ? "SET search_path = pg_catalog;" : "");
		ADD(ctx, .id = id, .revises = before,
		    .keys = i == 3 ? "-- statement_timeout: 3s\n-- lock_timeout: 2s\n" : NULL, .up = sql);
	}
	ok(ctx, up(ctx));
	mig_close(ctx);
	assert_answer(p.db, "SELECT concat_ws(' ', id, a, b, path) FROM seen ORDER BY id",
		      "r1 0 0 public, pg_catalog|r2 0 0 public, pg_catalog|r3 3s 2s public, pg_catalog|"
		      "r4 0 0 public, pg_catalog|r5 0 0 public, pg_catalog|r6 0 0 public, pg_catalog");
	place_end(&p);
}

/* Sections that send nothing, COPY data, many parts: the end that was put off goes out all the same. */
static void test_odd_sections(void **state)
{
	static const char *const odd[] = {
		"", "-- nothing", "COPY t002 FROM STDIN;\n17\n18\n\\.\n",
		"SET standard_conforming_strings = off; SELECT 'it\\'s'; SELECT 2;",
		"-- mig:check message=\"none\"\nSELECT 1 WHERE false;\nSELECT 2;",
	};
	struct place p;
	mig_ctx *ctx;
	char before[16] = "";

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	for (int i = 1; i <= 15; i++) {
		char id[16], sql[100];

		snprintf(id, sizeof id, "r%03d", i);
		snprintf(sql, sizeof sql, "CREATE TABLE t%03d (x INT);", i);
		ADD(ctx, .id = id, .revises = before,
		    .up = i % 3 ? sql : odd[(size_t)(i / 3 - 1)], .down = "");
		strcpy(before, id);
	}
	ok(ctx, up(ctx));
	assert_string_equal(rows(p.db), "r015");
	assert_answer(p.db, "SELECT count(*) FROM mig_history", "15");
	assert_answer(p.db, "SELECT count(*) FROM t002", "2");
	ok(ctx, down_to(ctx, 0));
	assert_string_equal(rows(p.db), "");
	mig_close(ctx);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upgrade_fails), cmocka_unit_test(test_downgrade_fails),
		cmocka_unit_test(test_told_once),     cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_cancelled),     cmocka_unit_test(test_commit_fails),
		cmocka_unit_test(test_stale_rows),    cmocka_unit_test(test_rival),
		cmocka_unit_test(test_lent),          cmocka_unit_test(test_deallocated),
		cmocka_unit_test(test_timeouts),      cmocka_unit_test(test_odd_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
