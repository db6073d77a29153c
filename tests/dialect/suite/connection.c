/* connection: opening, lending, transactions. */
#include "suite.h"

static void opens_and_reads_a_missing_table(const mig_conformance *row)
{
	mig_cursor *cursor = NULL;
	struct session b;

	RULE("open: opens the URL");
	suite_open(&b, row, row->fresh(), 1000);
	RULE("prepare: a table that is not there is MIG_ESQL");
	FAILS(b, b.d->conn->prepare(b.conn, "SELECT revision FROM mig_version", 32, MIG_PREPARE_OWN,
				    &cursor), MIG_ESQL);
	RULE("native: the engine's own handle");
	CHECK(b.d->conn->native(b.conn));
	suite_close(&b);
}

static void hands_a_lent_connection_back(const mig_conformance *row)
{
	int can_lock = suite_can_lock(row);
	void *native = row->native_open(row->fresh());
	const mig_dialect *d;
	struct session b;

	RULE("open: adopts options->native");
	suite_lend(&b, row, native);
	d = b.d;
	CHECK(d->conn->native(b.conn) == native);
	RULE("detach: NULL for a lent connection, which is its owner's already");
	CHECK(!d->conn->detach(b.conn));
	RULE("a run: run_begin, then begin … commit, lock … unlock, run_end");
	OK(b, d->conn->run_begin(b.conn));
	if (can_lock)
		OK(b, suite_lock(&b));
	OK(b, suite_begin(&b, 1));
	OK(b, suite_script(&b, "CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (1);"));
	OK(b, d->conn->commit(b.conn, 1));
	RULE("run_begin: may be called again in the same run; what was saved first is kept");
	OK(b, d->conn->run_begin(b.conn));
	RULE("run_end: puts the settings back that run_begin changed, and ends what is still "
	     "there");
	OK(b, d->conn->run_end(b.conn));
	CHECK(row->native_unchanged(native));
	OK(b, d->conn->run_begin(b.conn));
	if (can_lock)
		OK(b, suite_lock(&b));
	OK(b, suite_begin(&b, 1));
	OK(b, suite_script(&b, "INSERT INTO t VALUES (2);"));
	RULE("close: releases whatever is held, hands a lent connection back as it was");
	suite_close(&b);
	CHECK(row->native_unchanged(native));
	RULE("close: a transaction of begin() that is still open is undone, and blocks nobody");
	row->native_exec(native, "INSERT INTO t VALUES (4)");
	suite_lend(&b, row, native);
	EQUAL(suite_number(&b, "SELECT sum(x) FROM t"), 5);
	suite_close(&b);
	row->native_close(native);
}

static void refuses_a_connection_inside_a_transaction(const mig_conformance *row)
{
	int can_lock = suite_can_lock(row);
	void *native = row->native_open(row->fresh());
	struct session b;

	suite_lend(&b, row, native);
	row->native_exec(native, "BEGIN");
	row->native_exec(native, "CREATE TABLE theirs (x INTEGER)");
	RULE("run_begin, begin, lock: MIG_EMISUSE inside a transaction of the host's");
	FAILS(b, b.d->conn->run_begin(b.conn), MIG_EMISUSE);
	FAILS(b, suite_begin(&b, 0), MIG_EMISUSE);
	if (can_lock)
		FAILS(b, suite_lock(&b), MIG_EMISUSE);
	RULE("close: a transaction of the host's goes on");
	suite_close(&b);
	row->native_exec(native, "COMMIT");
	row->native_exec(native, "INSERT INTO theirs VALUES (1)");
	row->native_close(native);
}

static void gives_its_connection_away(const mig_conformance *row)
{
	const char *url = row->fresh();
	struct session b;
	void *native;

	suite_open(&b, row, url, 1000);
	OK(b, suite_script(&b, "CREATE TABLE t (x INTEGER);"));
	RULE("detach: makes the caller the owner of the engine's own handle: close() leaves it "
	     "open");
	native = b.d->conn->native(b.conn);
	CHECK(b.d->conn->detach(b.conn) == native);
	suite_close(&b);
	row->native_exec(native, "INSERT INTO t VALUES (1)");
	row->native_close(native);
}

/* By the statement, or by the commit, where the engine looks no earlier. */
static void refuses_violated_keys(const mig_conformance *row)
{
	struct session b;
	int32_t inside;
	mig_status rc;

	suite_open(&b, row, row->fresh(), 1000);
	OK(b, suite_script(&b, "CREATE TABLE p (x INTEGER PRIMARY KEY);"
			       "CREATE TABLE c (x INTEGER REFERENCES p (x));"));
	OK(b, b.d->conn->run_begin(b.conn));
	OK(b, suite_begin(&b, 1));
	RULE("commit: check: verifies foreign keys that the engine has not verified while the run "
	     "went on: MIG_EFOREIGN_KEY");
	rc = suite_script(&b, "INSERT INTO c VALUES (7)");
	if (rc) {
		CHECK(rc == MIG_EFOREIGN_KEY || rc == MIG_ECONSTRAINT);
	} else {
		FAILS(b, b.d->conn->commit(b.conn, 1), MIG_EFOREIGN_KEY);
		RULE("commit: after an error the transaction is still open");
		OK(b, b.d->conn->in_transaction(b.conn, &inside));
		EQUAL(inside, 1);
	}
	OK(b, b.d->conn->rollback(b.conn));
	OK(b, suite_begin(&b, 1));
	OK(b, suite_script(&b, "INSERT INTO p VALUES (7); INSERT INTO c VALUES (7)"));
	OK(b, b.d->conn->commit(b.conn, 1));
	OK(b, b.d->conn->run_end(b.conn));
	suite_close(&b);
}

static void undoes_ddl(const mig_conformance *row)
{
	const char *url = row->fresh();
	const mig_dialect *d;
	struct session b;
	int32_t inside;

	suite_open(&b, row, url, 1000);
	d = b.d;
	if (!(d->capabilities & MIG_CAN_TRANSACTIONAL_DDL))
		SKIP("no MIG_CAN_TRANSACTIONAL_DDL");
	RULE("begin: begins a transaction");
	OK(b, d->conn->run_begin(b.conn));
	OK(b, suite_begin(&b, 1));
	OK(b, d->conn->in_transaction(b.conn, &inside));
	EQUAL(inside, 1);
	RULE("begin: MIG_EMISUSE inside a transaction");
	FAILS(b, suite_begin(&b, 1), MIG_EMISUSE);
	RULE("rollback: undoes the work, DDL with MIG_CAN_TRANSACTIONAL_DDL; without a transaction "
	     "it does nothing");
	OK(b, suite_script(&b, "CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (7);"));
	OK(b, d->conn->rollback(b.conn));
	OK(b, d->conn->rollback(b.conn));
	OK(b, d->conn->in_transaction(b.conn, &inside));
	EQUAL(inside, 0);
	FAILS(b, suite_script(&b, "SELECT * FROM t;"), MIG_ESQL);
	RULE("commit: ends the transaction, keeping its work");
	OK(b, suite_begin(&b, 1));
	OK(b, suite_script(&b, "CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (7);"));
	OK(b, d->conn->commit(b.conn, 1));
	RULE("commit: MIG_ETRANSACTION if there is no transaction any more");
	FAILS(b, d->conn->commit(b.conn, 1), MIG_ETRANSACTION);
	RULE("run_end: may be called again");
	OK(b, d->conn->run_end(b.conn));
	OK(b, d->conn->run_end(b.conn));
	RULE("commit: the work is there for other connections");
	suite_close(&b);
	suite_open(&b, row, url, 1000);
	EQUAL(suite_number(&b, "SELECT x FROM t"), 7);
	suite_close(&b);
}

const struct suite_case suite_connection_cases[] = {
	CASE(opens_and_reads_a_missing_table),
	CASE(hands_a_lent_connection_back),
	CASE(refuses_a_connection_inside_a_transaction),
	CASE(gives_its_connection_away),
	CASE(refuses_violated_keys),
	CASE(undoes_ddl),
	{ NULL, NULL },
};
