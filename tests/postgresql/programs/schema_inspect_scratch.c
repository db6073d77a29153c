/* Temporary databases: what they are like, and that they go. */
#include "schema_inspect_catalog.h"

#define SCRATCHES                                                                               \
	"SELECT count(*) FROM pg_database WHERE datname LIKE 'mig\\_scratch\\_%' AND datdba = " \
	"(SELECT oid FROM pg_roles WHERE rolname = current_user)"

static const mig_dialect *dialect(void)
{
	return mig_dialect_postgresql();
}

static mig_conn *scratch_of(struct host *h)
{
	mig_conn *scratch = NULL;

	if (dialect()->schema->scratch(h->conn, &scratch))
		fail_msg("scratch: %s", h->message);
	return scratch;
}

static void script(struct host *h, mig_conn *conn, const char *sql)
{
	if (dialect()->conn->run_script(conn, sql, strlen(sql), NULL, NULL))
		fail_msg("%s: %s", sql, h->message);
}

static PGconn *session_of(mig_conn *conn)
{
	return dialect()->conn->native(conn);
}

/* -- what it is like */

#define MAKE                                                                                 \
	"SELECT pg_encoding_to_char(encoding) || ' ' || datcollate || ' ' || datctype FROM " \
	"pg_database WHERE datname = current_database()"

static void test_like_the_live_one(void **state)
{
	char make[256], *text;
	mig_conn *scratch;
	struct host h;
	struct place p;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE t (a integer)");
	pg_text(p.db, MAKE, make, sizeof make);
	host_open_url(&h, p.url);
	scratch = scratch_of(&h);
	assert_answer(session_of(scratch), MAKE, make);
	assert_string_not_equal(PQdb(session_of(scratch)), PQdb(p.db));
	assert_answer(session_of(scratch), "SHOW synchronous_commit", "off");
	text = catalog_read(&h, scratch);
	assert_string_equal(text, "");
	free(text);

	/* it works as others do, with those */
	assert_int_equal(dialect()->conn->run_begin(scratch), MIG_OK);
	script(&h, scratch, "CREATE TABLE u (b integer); INSERT INTO u VALUES (1);");
	text = catalog_read(&h, scratch);
	assert_string_equal(text, "table public.u\ncolumn public.u/b { type=integer }\n");
	free(text);
	assert_int_equal(dialect()->conn->run_end(scratch), MIG_OK);
	assert_answer(p.db, "SELECT to_regclass('u')", "NULL");
	assert_answer(p.db, SCRATCHES, "1");
	dialect()->conn->close(scratch);
	assert_answer(p.db, SCRATCHES, "0");
	text = catalog_of(&h);
	assert_has(text, "table public.t");
	free(text);
	host_close(&h);
	place_end(&p);
}

/* DDL is read there as it would be in the live database. */
static void test_settings_of_the_database(void **state)
{
	mig_conn *scratch;
	struct host h;
	struct place p;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "DO 'BEGIN EXECUTE format($$ALTER DATABASE %I SET search_path = \"App\", "
		      "public$$, current_database()); EXECUTE format($$ALTER DATABASE %I SET "
		      "TimeZone = \"Asia/Tokyo\"$$, current_database()); END'");
	host_open_url(&h, p.url);
	scratch = scratch_of(&h);
	assert_answer(session_of(scratch), "SHOW search_path", "\"App\", public");
	assert_answer(session_of(scratch), "SHOW TimeZone", "Asia/Tokyo");
	dialect()->conn->close(scratch);
	host_close(&h);
	place_end(&p);
}

static void test_lent(void **state)
{
	mig_conn *scratch[2];
	struct host h;
	struct place p;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "SET client_encoding = LATIN1");
	host_lend(&h, p.db);
	scratch[0] = scratch_of(&h);
	scratch[1] = scratch_of(&h);
	script(&h, scratch[0], "CREATE TABLE \"größe\" (a integer);");
	script(&h, scratch[1], "CREATE TABLE \"größe\" (b integer);");
	assert_answer(session_of(scratch[0]),
		      "SELECT attname FROM pg_attribute WHERE attrelid = "
		      "'\"größe\"'::regclass AND attnum > 0",
		      "a");
	dialect()->conn->close(scratch[0]);
	assert_answer(p.db, SCRATCHES, "1");
	dialect()->conn->close(scratch[1]);
	assert_answer(p.db, SCRATCHES, "0");
	host_close(&h);
	place_end(&p);
}

/* -- where there can be none */

static void test_in_a_transaction(void **state)
{
	mig_conn *scratch = NULL;
	struct host h;
	struct place p;

	(void)state;
	place_begin(&p);
	host_lend(&h, p.db);
	pg_exec(p.db, "BEGIN");
	assert_int_equal(dialect()->schema->scratch(h.conn, &scratch), MIG_EMISUSE);
	assert_null(scratch);
	assert_has(h.message, "inside a transaction");
	assert_int_equal(PQtransactionStatus(p.db), PQTRANS_INTRANS);
	pg_exec(p.db, "ROLLBACK");
	host_close(&h);
	place_end(&p);
}

static void test_no_right(void **state)
{
	mig_conn *scratch = NULL;
	struct host h;
	struct place p;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "DO 'BEGIN CREATE ROLE mig_test_reader LOGIN; EXCEPTION WHEN "
		      "duplicate_object OR unique_violation THEN NULL; END'");
	host_open_url(&h, url_with(&p, "user=mig_test_reader"));
	assert_int_equal(dialect()->schema->scratch(h.conn, &scratch), MIG_EPERMISSION);
	assert_null(scratch);
	assert_has(h.message, "mig_test_reader may not create databases");
	assert_has(h.hint, "CREATEDB");
	host_close(&h);
	place_end(&p);
}

/* A role with the right, and no other, has its scratches, and leaves those of others alone. */
static void test_creator(void **state)
{
	mig_conn *scratch;
	struct host h;
	struct place p;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "DO 'BEGIN CREATE ROLE mig_test_creator LOGIN CREATEDB; EXCEPTION WHEN "
		      "duplicate_object OR unique_violation THEN NULL; END'");
	pg_exec(p.db, "CREATE DATABASE mig_scratch_999999_1_a0");
	host_open_url(&h, url_with(&p, "user=mig_test_creator"));
	scratch = scratch_of(&h);
	script(&h, scratch, "CREATE SCHEMA s;");
	dialect()->conn->close(scratch);
	assert_answer(p.db, SCRATCHES, "1");
	host_close(&h);
	pg_exec(p.db, "DROP DATABASE mig_scratch_999999_1_a0");
	place_end(&p);
}

/* Whichever allocation fails, no database stays. */
static void test_out_of_memory(void **state)
{
	mig_conn *scratch = NULL;
	struct host h;
	struct place p;
	mig_status rc;
	size_t at = 0;

	(void)state;
	place_begin(&p);
	host_open_url(&h, p.url);
	do {
		h.allocations = ++at;
		rc = dialect()->schema->scratch(h.conn, &scratch);
		h.allocations = 0;
		if (rc)
			assert_int_equal(rc, MIG_ENOMEM);
		else
			dialect()->conn->close(scratch);
		assert_answer(p.db, SCRATCHES, "0");
	} while (rc);
	assert_true(at > 10);
	host_close(&h);
	place_end(&p);
}

/* -- how it goes */

/* Over another connection, if its parent's is lost or in use. */
static void test_parent_in_use(void **state)
{
	mig_conn *scratch;
	struct host h;
	struct place p;
	char sql[100];

	(void)state;
	place_begin(&p);
	host_open_url(&h, p.url);
	scratch = scratch_of(&h);
	pg_exec(session_of(h.conn), "BEGIN");
	dialect()->conn->close(scratch);
	assert_answer(p.db, SCRATCHES, "0");
	pg_exec(session_of(h.conn), "ROLLBACK");

	scratch = scratch_of(&h);
	snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d)",
		 PQbackendPID(session_of(h.conn)));
	pg_exec(p.db, sql);
	dialect()->conn->close(scratch);
	assert_answer(p.db, SCRATCHES, "0");
	host_close(&h);
	place_end(&p);
}

/* Even if somebody is connected to it. */
static void test_somebody_connected(void **state)
{
	mig_conn *scratch;
	struct host h;
	struct place p;
	char parameter[100];
	PGconn *other;

	(void)state;
	place_begin(&p);
	if (PQserverVersion(p.db) < 130000) {
		place_end(&p);
		print_message("needs PostgreSQL 13\n");
		skip();
	}
	host_open_url(&h, p.url);
	scratch = scratch_of(&h);
	snprintf(parameter, sizeof parameter, "dbname=%s", PQdb(session_of(scratch)));
	other = pg_connect(url_with(&p, parameter));
	dialect()->conn->close(scratch);
	assert_answer(p.db, SCRATCHES, "0");
	PQfinish(other);
	host_close(&h);
	place_end(&p);
}

/* A process that died has left one behind: the next scratch takes it away, but not that of a
 * session that is there, nor one that somebody is connected to. */
static void test_left_behind(void **state)
{
	char live[100], sql[200], parameter[150];
	PGconn *connected;
	mig_conn *scratch;
	struct host h;
	struct place p;

	(void)state;
	place_begin(&p);
	pg_text(p.db,
		"SELECT 'mig_scratch_' || pid || '_' || (extract(epoch FROM backend_start) * "
		"1000000)::bigint || '_ab' FROM pg_stat_activity WHERE pid = "
		"pg_backend_pid()",
		live, sizeof live);
	snprintf(sql, sizeof sql, "CREATE DATABASE %s", live);
	pg_exec(p.db, sql);
	/* its number is somebody's again */
	snprintf(sql, sizeof sql, "CREATE DATABASE mig_scratch_%d_5_ab", PQbackendPID(p.db));
	pg_exec(p.db, sql);
	pg_exec(p.db, "CREATE DATABASE mig_scratch_999999_5_ab");
	pg_exec(p.db, "CREATE DATABASE mig_scratch_999999_5_cd");
	pg_exec(p.db, "CREATE DATABASE mig_scratch_of_mine");
	snprintf(parameter, sizeof parameter, "dbname=mig_scratch_999999_5_cd");
	connected = pg_connect(url_with(&p, parameter));

	host_open_url(&h, p.url);
	scratch = scratch_of(&h);
	dialect()->conn->close(scratch);
	host_close(&h);
	assert_answer(p.db, "SELECT count(*) FROM pg_database WHERE datname LIKE 'mig\\_scratch%'",
		      "3");
	PQfinish(connected);
	snprintf(sql, sizeof sql, "DROP DATABASE %s", live);
	pg_exec(p.db, sql);
	pg_exec(p.db, "DROP DATABASE mig_scratch_of_mine");
	wait_until(p.db, "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = "
			 "'mig_scratch_999999_5_cd'");
	pg_exec(p.db, "DROP DATABASE mig_scratch_999999_5_cd");
	assert_answer(p.db, SCRATCHES, "0");
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_like_the_live_one),
		cmocka_unit_test(test_settings_of_the_database),
		cmocka_unit_test(test_lent),
		cmocka_unit_test(test_in_a_transaction),
		cmocka_unit_test(test_no_right),
		cmocka_unit_test(test_creator),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_parent_in_use),
		cmocka_unit_test(test_somebody_connected),
		cmocka_unit_test(test_left_behind),
	};

	/* a cluster of its own: others make scratches, too, and take away what was left behind */
	unsetenv("MIG_TEST_POSTGRESQL");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
