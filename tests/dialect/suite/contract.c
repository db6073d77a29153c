/* contract: the table itself, structs of other ages, and the optional slots. */
#include "suite.h"

static void fills_its_table(const mig_conformance *row)
{
	static const char name_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const mig_dialect *d = row->dialect();
	size_t i;

	RULE("table: contract is MIG_DIALECT_CONTRACT, and each struct_size covers what it has");
	CHECK(d);
	EQUAL(d->contract, MIG_DIALECT_CONTRACT);
	CHECK(d->struct_size >= sizeof *d);
	CHECK(d->conn && d->conn->struct_size >= sizeof *d->conn);
	CHECK(!d->store || d->store->struct_size >= sizeof *d->store);
	CHECK(!d->schema || d->schema->struct_size >= sizeof *d->schema);
	RULE("table: the name is [a-z0-9_]+, of less than 32 characters");
	CHECK(d->name && d->name[0] && strlen(d->name) < 32);
	EQUAL(strspn(d->name, name_characters), strlen(d->name));
	RULE("table: schemes, NULL at the end; the name is one of them");
	CHECK(d->schemes);
	for (i = 0; d->schemes[i] && strcmp(d->schemes[i], d->name) != 0; i++)
		;
	CHECK(d->schemes[i]);
	RULE("table: slots without \"optional\" are required");
	CHECK(d->conn->open && d->conn->close && d->conn->native && d->conn->detach);
	CHECK(d->conn->cancel && d->conn->run_begin && d->conn->run_end && d->conn->begin);
	CHECK(d->conn->commit && d->conn->rollback && d->conn->lock && d->conn->unlock);
	CHECK(d->conn->next_statement && d->conn->run_script && d->conn->run_statement);
	CHECK(d->conn->in_transaction && d->conn->prepare && d->conn->bind && d->conn->step);
	CHECK(d->conn->reset && d->conn->column_count && d->conn->column && d->conn->finish);
	CHECK(!d->schema || (d->schema->inspect && d->schema->change && d->schema->holds));
	CHECK(!d->schema || (d->schema->render && d->schema->scratch && d->schema->native_column));
	RULE("table: check_schema and find_object: both or none");
	CHECK(!SLOT(d, schema, check_schema) == !SLOT(d, schema, find_object));
	RULE("table: observe and recover: both or none");
	CHECK(!SLOT(d, conn, observe) == !SLOT(d, conn, recover));
	RULE("table: read_header_digest and write_header_digest: both or none");
	CHECK(!SLOT(d, store, read_header_digest) == !SLOT(d, store, write_header_digest));
	RULE("table: the functions for libmig's own tables: all or none");
	CHECK(!SLOT(d, store, create) == !SLOT(d, store, read_rows));
	CHECK(!SLOT(d, store, create) == !SLOT(d, store, write_rows));
	CHECK(!SLOT(d, store, create) == !SLOT(d, store, clear_rows));
	CHECK(!SLOT(d, store, create) == !SLOT(d, store, read_running));
	CHECK(!SLOT(d, store, create) == !SLOT(d, store, mark_running));
	CHECK(!SLOT(d, store, create) == !SLOT(d, store, read_history));
	RULE("table: enter and leave: both or none");
	CHECK(!SLOT(d, store, enter) == !SLOT(d, store, leave));
}

/* A library that is older or newer than the dialect gives it shorter or longer structs. */
static void heeds_struct_sizes(const mig_conformance *row)
{
	struct {
		mig_conn_options known;
		void *later;
	} longer = { .known = { .struct_size = sizeof longer,
				.url = row->fresh(),
				.version_table = "mig_version",
				.history_table = "mig_history",
				.create = MIG_CREATE_MISSING } };
	mig_conn_options shorter = longer.known;
	union {
		mig_statement st;
		char bytes[sizeof(mig_statement) + 8];
	} out;
	struct session b;

	RULE("open: options->struct_size may be larger than the dialect knows");
	OK(b, suite_open_with(&b, row, NULL, &longer.known));
	suite_close(&b);
	RULE("open: members behind options->struct_size are not there");
	shorter.struct_size = offsetof(mig_conn_options, search_path);
	memset(&shorter.search_path, 0xff, sizeof shorter - shorter.struct_size);
	OK(b, suite_open_with(&b, row, NULL, &shorter));
	RULE("next_statement: writes no more than out->struct_size");
	memset(&out, 0x55, sizeof out);
	out.st.struct_size = offsetof(mig_statement, kind);
	OK(b, b.d->conn->next_statement(b.conn, "SELECT 1", 8, 0, &out.st));
	EQUAL(out.st.next, 8);
	EQUAL(out.st.kind, 0x55555555);
	out.st.struct_size = sizeof out;
	OK(b, b.d->conn->next_statement(b.conn, "SELECT 1", 8, 0, &out.st));
	EQUAL(out.st.size, 8);
	EQUAL(out.bytes[sizeof out.bytes - 1], 0x55);
	suite_close(&b);
}

static void commits_and_begins(const mig_conformance *row)
{
	const char *url = row->fresh();
	struct session a, b;
	int32_t inside, freed = 0;

	suite_open(&a, row, url, 1000);
	if (!SLOT(a.d, conn, commit_begin)) {
		suite_close(&a);
		SKIP("no commit_begin");
	}
	OK(a, suite_script(&a, "CREATE TABLE t (x INTEGER);"));
	OK(a, a.d->conn->run_begin(a.conn));
	OK(a, suite_begin(&a, 1));
	OK(a, suite_script(&a, "INSERT INTO t VALUES (1);"));
	RULE("commit_begin: commit() and begin() in one");
	OK(a, a.d->conn->commit_begin(a.conn, 1, &freed));
	OK(a, a.d->conn->in_transaction(a.conn, &inside));
	EQUAL(inside, 1);
	suite_open(&b, row, url, 0);
	EQUAL(suite_number(&b, "SELECT count(*) FROM t"), 1);
	FAILS(b, suite_begin(&b, 1), MIG_ELOCKED);
	OK(a, suite_script(&a, "INSERT INTO t VALUES (2);"));
	OK(a, a.d->conn->rollback(a.conn));
	EQUAL(suite_number(&b, "SELECT count(*) FROM t"), 1);
	OK(a, a.d->conn->run_end(a.conn));
	suite_close(&b);
	suite_close(&a);
}

static void sees_who_has_written(const mig_conformance *row)
{
	const char *url = row->fresh();
	struct session a, b;
	int32_t untouched = 1;

	suite_open(&a, row, url, 1000);
	if (!SLOT(a.d, conn, untouched)) {
		suite_close(&a);
		SKIP("no untouched");
	}
	OK(a, suite_script(&a, "CREATE TABLE t (x INTEGER);"));
	OK(a, a.d->conn->run_begin(a.conn));
	OK(a, suite_begin(&a, 1));
	OK(a, a.d->conn->commit(a.conn, 1));
	suite_open(&b, row, url, 1000);
	OK(b, suite_script(&b, "INSERT INTO t VALUES (1);"));
	RULE("untouched: 0 after another connection has written");
	OK(a, suite_begin(&a, 1));
	OK(a, a.d->conn->untouched(a.conn, &untouched));
	EQUAL(untouched, 0);
	OK(a, suite_script(&a, "INSERT INTO t VALUES (2);"));
	OK(a, a.d->conn->rollback(a.conn));
	RULE("untouched: 0 after a rollback");
	OK(a, suite_begin(&a, 1));
	OK(a, a.d->conn->untouched(a.conn, &untouched));
	EQUAL(untouched, 0);
	OK(a, a.d->conn->commit(a.conn, 1));
	OK(a, a.d->conn->run_end(a.conn));
	suite_close(&b);
	suite_close(&a);
}

static void times_statements_out(const mig_conformance *row)
{
	int64_t began;
	struct session b;

	suite_open(&b, row, row->fresh(), 1000);
	if (!SLOT(b.d, conn, set_timeouts)) {
		suite_close(&b);
		SKIP("no set_timeouts");
	}
	OK(b, b.d->conn->run_begin(b.conn));
	OK(b, suite_begin(&b, 1));
	RULE("set_timeouts: how long a statement may take, until the transaction ends");
	OK(b, b.d->conn->set_timeouts(b.conn, 0, 200));
	began = suite_milliseconds();
	FAILS(b, suite_script(&b, row->slow), MIG_ETIMEOUT);
	CHECK(suite_milliseconds() - began >= 200);
	OK(b, b.d->conn->rollback(b.conn));
	OK(b, b.d->conn->run_end(b.conn));
	suite_close(&b);
}

static uint32_t read_digest(struct session *s)
{
	uint32_t digest = 7;

	OK(*s, s->d->store->read_header_digest(s->conn, &digest));
	return digest;
}

static void keeps_a_header_digest(const mig_conformance *row)
{
	const char *url = row->fresh();
	struct session b;

	suite_open(&b, row, url, 1000);
	if (!SLOT(b.d, store, read_header_digest)) {
		suite_close(&b);
		SKIP("no read_header_digest");
	}
	RULE("read_header_digest: 0 at first");
	EQUAL(read_digest(&b), 0);
	RULE("write_header_digest: is part of transactions");
	OK(b, suite_begin(&b, 1));
	OK(b, b.d->store->write_header_digest(b.conn, 0xfedcba98, NULL));
	OK(b, b.d->conn->rollback(b.conn));
	EQUAL(read_digest(&b), 0);
	OK(b, suite_begin(&b, 1));
	OK(b, b.d->store->write_header_digest(b.conn, 0xfedcba98, NULL));
	OK(b, b.d->conn->commit(b.conn, 1));
	suite_close(&b);
	suite_open(&b, row, url, 1000);
	EQUAL(read_digest(&b), 0xfedcba98);
	suite_close(&b);
}

const struct suite_case suite_contract_cases[] = {
	CASE(fills_its_table),      CASE(heeds_struct_sizes), CASE(commits_and_begins),
	CASE(times_statements_out), CASE(keeps_a_header_digest), CASE(sees_who_has_written), { NULL, NULL },
};
