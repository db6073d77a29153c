/* Sections outside a transaction: what needs them, what is left when they fail or their process
 * dies, and how the next run goes on. */
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONE .attributes = " transaction=no"

/* Upgrades the place to a single revision outside a transaction. */
static mig_status upgrade_lone(const struct place *p, const char *up, struct log *log)
{
	mig_ctx *ctx = open_place(p, NULL);
	mig_status rc;

	if (log)
		log_to(ctx, log);
	ADD(ctx, .id = "a", LONE, .up = up);
	rc = mig_upgrade(ctx, "head");
	if (rc)
		print_message("%s\n", mig_error_message(ctx));
	mig_close(ctx);
	return rc;
}

/* -- statements that cannot be in a transaction */

#define TABLE                                                                    \
	"CREATE TABLE t (x INTEGER, y INTEGER); INSERT INTO t SELECT g, g FROM " \
	"generate_series(1, 100) g; "
#define PARTITIONS                                                                               \
	"CREATE TABLE parts (x INTEGER) PARTITION BY LIST (x); CREATE TABLE part1 PARTITION OF " \
	"parts FOR VALUES IN (1); "
#define VALID(name) \
	"SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid = to_regclass('" name "')"
#define THERE(name) "SELECT count(to_regclass('" name "'))"

static const struct statement {
	const char *name, *before, *sql;
	const char *question, *answer; /* once it has run */
	const char *answer_before;
} statements[] = {
	{ "create index", TABLE, "CREATE INDEX CONCURRENTLY t_x ON t (x)", VALID("t_x"), "1", "0" },
	{ "unique, if not exists", TABLE,
	  "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"T x\" ON ONLY public.\"t\" (x)",
	  VALID("\"T x\""), "1", "0" },
	{ "drop index", TABLE "CREATE INDEX t_x ON t (x)", "DROP INDEX CONCURRENTLY t_x",
	  THERE("t_x"), "0", "1" },
	{ "drop index if exists", TABLE "CREATE INDEX t_x ON t (x)",
	  "DROP INDEX CONCURRENTLY IF EXISTS public.t_x", THERE("t_x"), "0", "1" },
	{ "reindex", TABLE "CREATE INDEX t_x ON t (x)", "REINDEX INDEX CONCURRENTLY t_x",
	  VALID("t_x"), "1", "1" },
	{ "reindex table", TABLE "CREATE INDEX t_x ON t (x)",
	  "REINDEX (VERBOSE) TABLE CONCURRENTLY t", VALID("t_x"), "1", "1" },
	{ "vacuum", TABLE, "VACUUM (ANALYZE) t",
	  "SELECT reltuples > 0 FROM pg_class WHERE oid = 't'::regclass", "t", "f" },
	{ "detach partition", PARTITIONS, "ALTER TABLE parts DETACH PARTITION part1 CONCURRENTLY",
	  "SELECT count(*) FROM pg_inherits", "0", "1" },
	{ "create database", "SELECT 1", "CREATE DATABASE mig_test_made TEMPLATE template0",
	  "SELECT count(*) FROM pg_database WHERE datname = 'mig_test_made'", "1", "0" },
	{ "drop database", "CREATE DATABASE mig_test_made TEMPLATE template0",
	  "DROP DATABASE mig_test_made",
	  "SELECT count(*) FROM pg_database WHERE datname = 'mig_test_made'", "0", "1" },
	{ "alter system", "SELECT 1", "ALTER SYSTEM SET log_temp_files = '1MB'",
	  "SELECT count(*) FROM pg_file_settings WHERE name = 'log_temp_files'", "1", "0" },
};

enum { STATEMENTS = sizeof statements / sizeof *statements };

/* 0: the server does not know the statement, and the place has gone. */
static int begin_statement(struct place *p, const struct statement *s)
{
	place_begin(p);
	if (strstr(s->sql, "DETACH") && is_older(p->db, 14)) {
		place_end(p);
		return 0;
	}
	pg_exec(p->db, "DROP DATABASE IF EXISTS mig_test_made");
	pg_exec(p->db, "ALTER SYSTEM RESET log_temp_files");
	pg_exec(p->db, s->before);
	assert_answer(p->db, s->question, s->answer_before);
	return 1;
}

static void clean(const struct place *p)
{
	pg_exec(p->db, "DROP DATABASE IF EXISTS mig_test_made");
	pg_exec(p->db, "ALTER SYSTEM RESET log_temp_files");
}

static void test_statements(void **state)
{
	char up[1000];

	(void)state;
	for (size_t i = 0; i < STATEMENTS; i++) {
		const struct statement *s = &statements[i];
		struct place p;

		if (!begin_statement(&p, s))
			continue;
		snprintf(up, sizeof up,
			 "CREATE TABLE one (x INTEGER);\n%s;\nCREATE TABLE two (x "
			 "INTEGER);",
			 s->sql);
		if (upgrade_lone(&p, up, NULL))
			fail_msg("%s", s->name);
		assert_answer(p.db, s->question, s->answer);
		assert_answer(p.db, "SELECT count(*) FROM one, two", "0");
		assert_string_equal(rows(p.db), "a");
		assert_answer(p.db, "SELECT state || statements FROM mig_history", "done3");
		clean(&p);
		place_end(&p);
	}
}

/* Without the mark the error says what to do, and nothing has happened. */
static void test_unmarked(void **state)
{
	char up[1000];

	(void)state;
	for (size_t i = 0; i < STATEMENTS; i++) {
		const struct statement *s = &statements[i];
		struct place p;
		mig_ctx *ctx;

		if (!begin_statement(&p, s))
			continue;
		ctx = open_place(&p, NULL);
		snprintf(up, sizeof up, "CREATE TABLE one (x INTEGER);\n%s;", s->sql);
		ADD(ctx, .id = "a", .up = up);
		expect(ctx, MIG_ETRANSACTION, mig_upgrade(ctx, "head"));
		assert_has(mig_error_hint(ctx), "transaction=no");
		assert_has(mig_error_message(ctx), "a.sql:8:1: revision a: ");
		assert_string_equal(mig_error_sqlstate(ctx), "25001");
		assert_answer(p.db, s->question, s->answer_before);
		assert_string_equal(rows(p.db), "none");
		assert_answer(p.db, THERE("one"), "0");
		mig_close(ctx);
		clean(&p);
		place_end(&p);
	}
}

/* A script of one statement, which the server would run outside a transaction. */
static void test_unmarked_alone(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, TABLE);
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", .up = "VACUUM t;");
	expect(ctx, MIG_ETRANSACTION, mig_upgrade(ctx, "head"));
	assert_has(mig_error_hint(ctx), "transaction=no");
	mig_close(ctx);
	place_end(&p);
}

static void test_enum_values(void **state)
{
	struct place p;
	mig_ctx *ctx;
	struct log log = { .size = 0 };

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE felt (m mood)");
	ctx = open_place(&p, NULL);
	log_to(ctx, &log);
	ADD(ctx, .id = "a", .up = "ALTER TYPE mood ADD VALUE 'glad';");
	ADD(ctx, .id = "b", .revises = "a", LONE,
	    .up = "ALTER TYPE mood ADD VALUE 'merry'; INSERT INTO felt VALUES ('merry');");
	ADD(ctx, .id = "c", .revises = "b", .up = "ALTER TYPE mood ADD VALUE 'wild';");
	ADD(ctx, .id = "d", .revises = "c", .up = "INSERT INTO felt VALUES ('wild'), ('glad');");
	ADD(ctx, .id = "e", .revises = "d", .up = "ALTER TYPE mood ADD VALUE 'calm';");
	ADD(ctx, .id = "f", .revises = "e", .up = "CREATE TABLE t (m mood);");
	ADD(ctx, .id = "g", .revises = "f", .up = "ALTER TABLE t ALTER m SET DEFAULT 'calm';");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(rows(p.db), "g");
	assert_answer(p.db, "SELECT m FROM felt ORDER BY m", "glad|merry|wild");
	assert_has(log.text, "beginning again, with a commit after revision c");
	assert_has(log.text, "beginning again, with a commit after revision f");
	assert_answer(p.db, "SELECT count(*) FROM mig_history", "7");
	/* one revision cannot do both, and leaves nothing */
	ADD(ctx, .id = "h", .revises = "g", .up = "CREATE TABLE u (m mood);");
	ADD(ctx, .id = "i", .revises = "h",
	    .up = "ALTER TYPE mood ADD VALUE 'odd'; INSERT INTO felt VALUES ('odd');");
	expect(ctx, MIG_ETRANSACTION, mig_upgrade(ctx, "head"));
	assert_string_equal(rows(p.db), "g");
	mig_close(ctx);
	place_end(&p);
}

/* -- an index that cannot be built */

#define INVALID "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"

static void test_duplicates(void **state)
{
	static const char *const scripts[] = {
		"SELECT 1;\nCREATE UNIQUE INDEX CONCURRENTLY t_y ON t (y);",
		"SELECT 1;\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_y ON public.t (y);",
	};
	struct log log;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		pg_exec(p.db, TABLE "UPDATE t SET y = 7 WHERE x IN (8, 9)");
		ctx = open_place(&p, NULL);
		log_to(ctx, &log);
		ADD(ctx, .id = "a", LONE, .up = scripts[i]);
		for (int again = 0; again < 2; again++) {
			expect(ctx, MIG_ECONSTRAINT, mig_upgrade(ctx, "head"));
			assert_has(mig_error_message(ctx),
				   "a.sql:8:1: revision a: could not create "
				   "unique index \"t_y\"");
			assert_has(mig_error_detail(ctx), "Key (y)=(7) is duplicated");
			assert_string_equal(mig_error_sqlstate(ctx), "23505");
			assert_has(mig_error_hint(ctx), "run again");
			assert_answer(p.db, INVALID, "t_y");
			assert_answer(p.db, ADVISORY_LOCKS, "0");
			assert_answer(p.db, "SELECT state || statements FROM mig_history",
				      "running1");
		}
		assert_string_equal(rows(p.db), "");
		pg_exec(p.db, "DELETE FROM t WHERE x IN (8, 9)");
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_has(log.text, "index t_y was left invalid");
		assert_answer(p.db, VALID("t_y"), "1");
		assert_answer(p.db, INVALID, "");
		assert_string_equal(rows(p.db), "a");
		mig_close(ctx);
		place_end(&p);
	}
}

/* An index of the same name that is all right, or on another table, is not touched. */
static void test_other_indexes(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, TABLE "CREATE SCHEMA other; CREATE TABLE other.t (y INTEGER); INSERT INTO "
			    "other.t VALUES (1), (1); CREATE INDEX t_x ON t (x)");
	PQclear(PQexec(p.db, "CREATE UNIQUE INDEX CONCURRENTLY t_y ON other.t (y)"));
	assert_answer(p.db, INVALID, "other.t_y");
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", LONE, .up = "CREATE INDEX CONCURRENTLY t_y ON t (y);");
	ADD(ctx, .id = "b", .revises = "a", LONE, .up = "CREATE INDEX CONCURRENTLY t_x ON t (x);");
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "revision b: relation \"t_x\" already exists");
	assert_answer(p.db, INVALID, "other.t_y");
	assert_answer(p.db, VALID("t_y"), "1");
	mig_close(ctx);
	place_end(&p);
}

/* -- the process dies */

/* A child that upgrades, and stops before a statement until it is told to go on. */
struct child {
	pid_t pid;
	int said, go; /* the parent's ends */
};

struct stop {
	int say, go;
	uint64_t statement;
};

static int32_t stop_here(void *user, const mig_progress *now)
{
	struct stop *s = user;
	char byte = 0;

	if (now->event == MIG_EVENT_STATEMENT && now->statement == s->statement &&
	    (write(s->say, &byte, 1) != 1 || read(s->go, &byte, 1) != 1))
		_exit(9);
	return 0;
}

static _Noreturn void work(const char *url, const char *up, struct stop *stop)
{
	char text[2000];
	mig_ctx *ctx;
	mig_status rc = mig_open(&ctx, url);
	int n = snprintf(text, sizeof text,
			 "-- a\n--\n-- revision: a\n-- revises:\n\n\n-- mig:upgrade "
			 "transaction=no\n%s\n",
			 up);

	if (!rc)
		rc = mig_set_progress(ctx, stop_here, stop);
	if (!rc)
		rc = mig_add_script(ctx, "a.sql", text, (size_t)n);
	if (!rc)
		rc = mig_upgrade(ctx, "head");
	_exit(rc ? 1 : 0);
}

/* Returns when the child is about to run its statement of that number. */
static void child_start(struct child *c, const char *url, const char *up, uint64_t statement)
{
	int said[2], go[2];
	char byte;

	assert_int_equal(pipe(said), 0);
	assert_int_equal(pipe(go), 0);
	c->pid = fork();
	if (!c->pid) {
		struct stop stop = { said[1], go[0], statement };

		work(url, up, &stop);
	}
	close(said[1]);
	close(go[0]);
	c->said = said[0];
	c->go = go[1];
	assert_int_equal(read(c->said, &byte, 1), 1);
}

static void child_kill(struct child *c)
{
	int status;

	assert_int_equal(kill(c->pid, SIGKILL), 0);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	assert_true(WIFSIGNALED(status));
	close(c->said);
	close(c->go);
}

#define OTHERS                                                                         \
	"pid <> pg_backend_pid() AND datname = current_database() AND backend_type = " \
	"'client backend'"

/* Until the server has noticed that the child is gone. */
static void wait_until_alone(PGconn *db)
{
	pg_exec(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE " OTHERS);
	wait_until(db, "SELECT count(*) = 0 FROM pg_stat_activity WHERE " OTHERS);
}

#define BLOCKED                                                                                \
	" FROM pg_locks JOIN pg_database d ON d.oid = database WHERE NOT granted AND datname " \
	"= current_database() AND relation = 'mig_history'::regclass"

/* Runs a, S, b and dies when S is done but not yet marked in the history: that waits for a lock
 * which we hold. */
static void die_after(const struct place *p, const char *sql)
{
	PGconn *blocker = pg_connect(p->url);
	struct child child;
	char up[1000];

	snprintf(up, sizeof up, "CREATE TABLE one (x INTEGER);\n%s;\nCREATE TABLE two (x INTEGER);",
		 sql);
	child_start(&child, p->url, up, 2);
	pg_exec(blocker, "BEGIN; LOCK TABLE mig_history IN EXCLUSIVE MODE");
	assert_int_equal(write(child.go, "", 1), 1);
	wait_until(p->db, "SELECT count(*)" BLOCKED);
	child_kill(&child);
	pg_exec(p->db, "SELECT pg_terminate_backend(pid)" BLOCKED);
	wait_until(p->db, "SELECT count(*) = 0" BLOCKED);
	PQfinish(blocker);
	wait_until_alone(p->db);
}

static mig_status go_on(const struct place *p, const char *sql, struct log *log)
{
	char up[1000];

	snprintf(up, sizeof up, "CREATE TABLE one (x INTEGER);\n%s;\nCREATE TABLE two (x INTEGER);",
		 sql);
	mig_ctx *ctx = open_place(p, NULL);
	mig_status rc;

	log_to(ctx, log);
	ADD(ctx, .id = "a", .keys = "", LONE, .up = up);
	rc = mig_upgrade(ctx, "head");
	if (rc)
		print_message("%s\n", mig_error_message(ctx));
	mig_close(ctx);
	return rc;
}

static void test_killed_after_a_statement(void **state)
{
	struct log log;

	(void)state;
	for (size_t i = 0; i < STATEMENTS; i++) {
		const struct statement *s = &statements[i];
		struct place p;

		if (!begin_statement(&p, s))
			continue;
		die_after(&p, s->sql);
		assert_answer(p.db, s->question, s->answer);
		assert_answer(p.db, "SELECT state || statements FROM mig_history", "running1");
		assert_string_equal(rows(p.db), "");
		if (go_on(&p, s->sql, &log))
			fail_msg("%s", s->name);
		assert_has(log.text, "finishing the upgrade of revision a");
		assert_answer(p.db, s->question, s->answer);
		assert_answer(p.db, "SELECT count(*) FROM one, two", "0");
		assert_answer(p.db, "SELECT state || statements FROM mig_history", "done3");
		assert_string_equal(rows(p.db), "a");
		clean(&p);
		place_end(&p);
	}
}

/* While an index is being built; what is left of it is built again. */
static void test_killed_in_a_build(void **state)
{
	static const struct {
		const char *before, *sql, *left;
	} builds[] = {
		{ TABLE, "CREATE INDEX CONCURRENTLY t_x ON t (x)", "t_x" },
		{ TABLE, "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_x ON t (x)", "t_x" },
		{ TABLE "CREATE INDEX t_x ON t (x)", "REINDEX INDEX CONCURRENTLY t_x",
		  "t_x_ccnew" },
		{ TABLE "CREATE INDEX t_x ON t (x)", "REINDEX TABLE CONCURRENTLY public.t",
		  "t_x_ccnew" },
	};
	struct log log;

	(void)state;
	for (size_t i = 0; i < sizeof builds / sizeof *builds; i++) {
		char up[300], said[100];
		struct child child;
		struct place p;
		PGconn *writer;

		place_begin(&p);
		pg_exec(p.db, builds[i].before);
		writer = pg_connect(p.url);
		pg_exec(writer, "BEGIN; UPDATE t SET y = 0 WHERE x = 1");
		snprintf(up, sizeof up,
			 "CREATE TABLE one (x INTEGER);\n%s;\nCREATE TABLE two (x INTEGER);",
			 builds[i].sql);
		child_start(&child, p.url, up, 2);
		assert_int_equal(write(child.go, "", 1), 1);
		/* the build has its index, and waits for the writer */
		wait_until(p.db, "SELECT count(*) FROM pg_index WHERE NOT indisvalid");
		child_kill(&child);
		/* nobody tells the server: it notices by itself, in its wait; but not an old one */
		if (is_older(p.db, 14))
			pg_exec(p.db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
				      "WHERE query LIKE '%CONCURRENTLY%' AND " OTHERS);
		wait_until(p.db, "SELECT count(*) = 0 FROM pg_stat_activity WHERE query LIKE "
				 "'%CONCURRENTLY%' AND " OTHERS);
		pg_exec(writer, "COMMIT");
		PQfinish(writer);
		assert_answer(p.db, INVALID, builds[i].left);
		assert_int_equal(go_on(&p, builds[i].sql, &log), MIG_OK);
		snprintf(said, sizeof said, "index %s was left invalid", builds[i].left);
		assert_has(log.text, said);
		assert_answer(p.db, VALID("t_x"), "1");
		assert_answer(p.db, "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass",
			      "1");
		place_end(&p);
	}
}

/* Somebody else builds the very index at this moment: neither dropped nor taken for built. */
static void test_built_by_another(void **state)
{
	struct place p;
	PGconn *writer, *builder;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, TABLE);
	writer = pg_connect(p.url);
	builder = pg_connect(p.url);
	pg_exec(writer, "BEGIN; UPDATE t SET y = 0 WHERE x = 1");
	assert_int_equal(PQsendQuery(builder, "CREATE INDEX CONCURRENTLY t_x ON t (x)"), 1);
	wait_until(p.db, "SELECT count(to_regclass('t_x'))");
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", LONE, .up = "CREATE INDEX CONCURRENTLY t_x ON t (x);");
	expect(ctx, MIG_ELOCKED, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "is being built by pid");
	pg_exec(writer, "COMMIT");
	PQclear(PQgetResult(builder));
	assert_null(PQgetResult(builder));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_answer(p.db, VALID("t_x"), "1");
	mig_close(ctx);
	PQfinish(writer);
	PQfinish(builder);
	place_end(&p);
}

/* A detach is two transactions; dying between them leaves it pending. */
static void test_killed_in_a_detach(void **state)
{
	static const char sql[] = "ALTER TABLE parts DETACH PARTITION part1 CONCURRENTLY";
	struct place p;
	struct log log;
	struct child child;
	PGconn *reader;
	char up[300];

	(void)state;
	place_begin(&p);
	if (is_older(p.db, 14)) {
		place_end(&p);
		print_message("DETACH PARTITION CONCURRENTLY came with PostgreSQL 14\n");
		skip();
	}
	pg_exec(p.db, PARTITIONS);
	reader = pg_connect(p.url);
	pg_exec(reader, "BEGIN; SELECT * FROM parts");
	snprintf(up, sizeof up, "CREATE TABLE one (x INTEGER);\n%s;\nCREATE TABLE two (x INTEGER);",
		 sql);
	child_start(&child, p.url, up, 2);
	assert_int_equal(write(child.go, "", 1), 1);
	wait_until(p.db, "SELECT count(*) FROM pg_inherits WHERE inhdetachpending");
	child_kill(&child);
	pg_exec(p.db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE "
		      "'ALTER TABLE%' AND " OTHERS);
	wait_until(p.db,
		   "SELECT count(*) = 0 FROM pg_stat_activity WHERE query LIKE 'ALTER TABLE%' "
		   "AND " OTHERS);
	pg_exec(reader, "COMMIT");
	PQfinish(reader);
	assert_answer(p.db, "SELECT inhdetachpending FROM pg_inherits", "t");
	assert_int_equal(go_on(&p, sql, &log), MIG_OK);
	assert_answer(p.db, "SELECT count(*) FROM pg_inherits", "0");
	assert_answer(p.db, "SELECT count(*) FROM part1", "0");
	place_end(&p);
}

/* Other statements run in a transaction with their mark: exactly once, whenever one dies. */
static void test_killed_before_each_statement(void **state)
{
	static const char up[] =
		"CREATE TABLE done (n INTEGER);\nINSERT INTO done VALUES (1);\nINSERT INTO done "
		"VALUES (2);\nBEGIN;\nINSERT INTO done VALUES (3);\nINSERT INTO done VALUES "
		"(4);\nCOMMIT;\nINSERT INTO done VALUES (5);";

	(void)state;
	for (uint64_t n = 1; n <= 8; n++) {
		struct child child;
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		child_start(&child, p.url, up, n);
		child_kill(&child);
		wait_until_alone(p.db);
		ctx = open_place(&p, NULL);
		ADD(ctx, .id = "a", LONE, .up = up);
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_answer(p.db, "SELECT n FROM done ORDER BY n", "1|2|3|4|5");
		assert_answer(p.db, "SELECT state || statements FROM mig_history", "done8");
		mig_close(ctx);
		place_end(&p);
	}
}

/* -- a section's own transactions */

static void test_own_transaction(void **state)
{
	static const char up[] = "INSERT INTO t VALUES (200, 1);\nBEGIN;\nINSERT INTO t VALUES "
				 "(201, 1);\nSAVEPOINT s;\nDELETE FROM t;\nROLLBACK TO s;\nINSERT "
				 "INTO t SELECT 202, 1 / divisor FROM d;\nCOMMIT;\nBEGIN;\nDELETE "
				 "FROM t;\nROLLBACK;\nVACUUM t;";
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, TABLE "CREATE TABLE d (divisor INTEGER); INSERT INTO d VALUES (0)");
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", LONE, .up = up);
	for (int again = 0; again < 2; again++) {
		expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
		assert_has(mig_error_message(ctx), "a.sql:13:1: revision a: division by zero");
		assert_answer(p.db, "SELECT x FROM t WHERE x >= 200 ORDER BY x", "200");
		assert_answer(p.db, "SELECT state || statements FROM mig_history", "running1");
		assert_int_equal(PQtransactionStatus(mig_connection(ctx)), PQTRANS_IDLE);
	}
	pg_exec(p.db, "UPDATE d SET divisor = 1");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_answer(p.db, "SELECT x FROM t WHERE x >= 200 ORDER BY x", "200|201|202");
	assert_answer(p.db, "SELECT count(*) FROM t", "103");
	mig_close(ctx);
	place_end(&p);
}

static void test_unfinished_transaction(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", LONE, .up = "CREATE TABLE t (x INTEGER); BEGIN; DROP TABLE t;");
	expect(ctx, MIG_ETRANSACTION, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx),
		   "a.sql:7:29: revision a: the section ends inside the transaction that begins");
	assert_answer(p.db, THERE("t"), "0"); /* before anything ran */
	mig_close(ctx);
	place_end(&p);
}

/* A procedure that commits as it goes, wherever it is: nothing of it is kept, until it is said that it
 * may be run twice. */
static void test_procedure_refused(void **state)
{
	static const char *const scripts[] = {
		"SELECT 1;\nCALL fill();",
		"SELECT 1;\nDO $$ BEGIN INSERT INTO t VALUES (4); COMMIT; END $$;",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		pg_exec(p.db, "CREATE TABLE t (x INTEGER); CREATE PROCEDURE fill() LANGUAGE plpgsql "
			      "AS $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO t VALUES (i); COMMIT; END "
			      "LOOP; END $$;");
		ctx = open_place(&p, NULL);
		ADD(ctx, .id = "a", LONE, .up = scripts[i]);
		for (int again = 0; again < 2; again++) {
			expect(ctx, MIG_ETRANSACTION, mig_upgrade(ctx, "head"));
			assert_string_equal(mig_error_sqlstate(ctx), "2D000");
			assert_has(mig_error_message(ctx), "a.sql:8:1: revision a: ");
			assert_has(mig_error_hint(ctx), "\"-- mig:idempotent\" above it");
			assert_answer(p.db, "SELECT count(*) FROM t", "0");
			assert_answer(p.db, "SELECT state || statements FROM mig_history",
				      "running1");
		}
		mig_close(ctx);
		place_end(&p);
	}
}

/* One that does not commit needs no directive, and runs once. */
static void test_procedure(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a",
	    .up = "CREATE TABLE t (x INTEGER); CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ "
		  "BEGIN FOR i IN 1..3 LOOP INSERT INTO t VALUES (i); COMMIT; END LOOP; END $$;");
	ADD(ctx, .id = "b", .revises = "a", LONE,
	    .up = "-- mig:idempotent\nCALL fill();\n-- mig:idempotent\nDO $$ BEGIN INSERT INTO t "
		  "VALUES (4); COMMIT; END $$;\nDO $$ BEGIN INSERT INTO t VALUES (5); END $$;");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_answer(p.db, "SELECT x FROM t ORDER BY x", "1|2|3|4|5");
	mig_close(ctx);
	place_end(&p);
}

/* -- settings */

/* What the section sets holds until its end, also for the process that goes on with it, and no
 * longer. */
static void test_settings_last(void **state)
{
	static const char up[] =
		"SET search_path = mine;\nSET app.tenant = 'eight';\nCREATE TABLE t (x "
		"INTEGER);\nCREATE INDEX CONCURRENTLY t_x ON t (x);\nINSERT INTO t SELECT 1 / "
		"divisor FROM public.d;\nSELECT 1 / (current_setting('app.tenant') = "
		"'eight')::int;";
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE SCHEMA mine; CREATE TABLE d (divisor INTEGER); INSERT INTO d VALUES "
		      "(0)");
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", LONE, .up = up);
	ADD(ctx, .id = "b", .revises = "a", LONE, .up = "CREATE TABLE later (x INTEGER);");
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "division by zero");
	assert_answer(p.db, VALID("mine.t_x"), "1");
	pg_exec(p.db, "UPDATE d SET divisor = 1");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_answer(p.db, "SELECT x FROM mine.t", "1");
	assert_answer(p.db, THERE("public.later"), "1");
	assert_answer(mig_connection(ctx),
		      "SELECT setting = reset_val FROM pg_settings WHERE name = 'search_path'", "t");
	mig_close(ctx);
	place_end(&p);
}

/* A section that gives the session's lock away would let others in: it is stopped. */
static void test_lock_given_away(void **state)
{
	static const struct {
		const char *sql, *message;
	} cases[] = {
		{ "SELECT pg_advisory_unlock_all();", "the migration lock is not held any more" },
		{ "DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$;",
		  "the migration lock is not held any more" },
		{ "DISCARD ALL;", "a.sql:7:1: revision a: DISCARD ALL" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char up[200];
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		ctx = open_place(&p, NULL);
		snprintf(up, sizeof up, "%s\nCREATE TABLE t (x INTEGER);", cases[i].sql);
		ADD(ctx, .id = "a", LONE, .up = up);
		if (!mig_upgrade(ctx, "head"))
			fail_msg("%s: not noticed", cases[i].sql);
		assert_has(mig_error_message(ctx), cases[i].message);
		assert_answer(p.db, THERE("t"), "0");
		mig_close(ctx);
		place_end(&p);
	}
}

/* -- downgrades, edits */

static void test_downgrade(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, TABLE);
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", LONE, .up = "CREATE INDEX CONCURRENTLY t_x ON t (x);",
	    .down = "DROP INDEX CONCURRENTLY t_x;\nSELECT 1 / (SELECT count(*) FROM t);");
	ok(ctx, mig_upgrade(ctx, "head"));
	pg_exec(p.db, "DELETE FROM t");
	expect(ctx, MIG_ESQL, mig_downgrade(ctx, "base"));
	assert_answer(p.db, THERE("t_x"), "0");
	/* half undone: neither at head nor at base, until it is finished */
	pg_exec(p.db, "INSERT INTO t VALUES (1, 1)");
	ok(ctx, mig_downgrade(ctx, "base"));
	assert_string_equal(rows(p.db), "");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_answer(p.db, VALID("t_x"), "1");
	mig_close(ctx);
	place_end(&p);
}

static void test_mended_script(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	assert_int_equal(upgrade_lone(&p, "CREATE TABLE t (x INTEGER);\nVACUUM nothing;", NULL),
			 MIG_ESQL);
	/* what has run may not change; what has not, may */
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", LONE, .up = "CREATE TABLE t (x BIGINT);\nVACUUM t;");
	expect(ctx, MIG_EEDITED, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "a.sql:7:1");
	mig_close(ctx);
	assert_int_equal(upgrade_lone(&p, "CREATE TABLE t (x INTEGER);\nVACUUM t;", NULL), MIG_OK);
	assert_string_equal(rows(p.db), "a");
	place_end(&p);
}

/* Databases and ALTER SYSTEM are everybody's: a cluster of one's own. */
static int own_cluster(void **state)
{
	static struct pg_cluster cluster;

	(void)state;
	if (pg_cluster_start(&cluster))
		setenv("MIG_TEST_POSTGRESQL", cluster.url, 1);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_unmarked),
		cmocka_unit_test(test_unmarked_alone),
		cmocka_unit_test(test_enum_values),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_other_indexes),
		cmocka_unit_test(test_killed_after_a_statement),
		cmocka_unit_test(test_killed_in_a_build),
		cmocka_unit_test(test_built_by_another),
		cmocka_unit_test(test_killed_in_a_detach),
		cmocka_unit_test(test_killed_before_each_statement),
		cmocka_unit_test(test_own_transaction),
		cmocka_unit_test(test_unfinished_transaction),
		cmocka_unit_test(test_procedure_refused),
		cmocka_unit_test(test_procedure),
		cmocka_unit_test(test_settings_last),
		cmocka_unit_test(test_lock_given_away),
		cmocka_unit_test(test_downgrade),
		cmocka_unit_test(test_mended_script),
	};

	return cmocka_run_group_tests(tests, own_cluster, NULL);
}
