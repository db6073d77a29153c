#include "support.h"

#include "cluster.h"

/* The database before is dropped, so that a test with
 * hundreds of them does not fill the disk. */
static const char *fresh(void)
{
	static const char *last;

	if (!pg_available() && getenv("CI"))
		mig_conformance_fail("no PostgreSQL server is installed");
	if (last)
		pg_drop_database(last);
	last = pg_fresh_database();
	return last;
}

static void native_exec(void *native, const char *sql)
{
	pg_exec(native, sql);
}

/* -- a connection as a host may have it */

static int notices;

static void on_notice(void *user, const PGresult *result)
{
	(void)result;
	++*(int *)user;
}

static const struct {
	const char *setting, *value;
} settings[] = {
	{ "search_path", "mine, public" }, { "statement_timeout", "123456ms" },
	{ "lock_timeout", "54321ms" },     { "client_min_messages", "warning" },
	{ "application_name", "host" },    { "client_encoding", "LATIN1" },
};

static void *native_open(const char *url)
{
	PGconn *db = pg_connect(url);
	char sql[100];
	size_t i;

	pg_exec(db, "CREATE SCHEMA mine");
	for (i = 0; i < sizeof settings / sizeof *settings; i++) {
		snprintf(sql, sizeof sql, "SELECT set_config('%s', '%s', false)",
			 settings[i].setting, settings[i].value);
		pg_exec(db, sql);
	}
	pg_exec(db, "CREATE TEMP TABLE kept (x INTEGER); INSERT INTO kept VALUES (1), (2), (3)");
	pg_exec(db, "PREPARE theirs AS SELECT 7");
	pg_exec(db, "SELECT pg_advisory_lock(1, 2)");
	PQsetNoticeReceiver(db, on_notice, &notices);
	return db;
}

static int still_set(PGconn *db)
{
	char sql[100], value[100];
	size_t i;

	for (i = 0; i < sizeof settings / sizeof *settings; i++) {
		snprintf(sql, sizeof sql, "SHOW %s", settings[i].setting);
		pg_text(db, sql, value, sizeof value);
		/* 123456ms stays so, since it is no whole number of seconds */
		if (strcmp(value, settings[i].value) != 0)
			return 0;
	}
	return 1;
}

static int still_heard(PGconn *db)
{
	int before = notices;

	pg_exec(db, "DO 'BEGIN RAISE NOTICE $$too quiet$$; RAISE WARNING $$heard$$; END'");
	return notices == before + 1;
}

static int native_unchanged(void *native)
{
	return PQtransactionStatus(native) == PQTRANS_IDLE && !PQisnonblocking(native) &&
	       PQpipelineStatus(native) == PQ_PIPELINE_OFF && still_set(native) &&
	       pg_int(native, "SELECT sum(x) FROM kept") == 6 &&
	       pg_int(native, "EXECUTE theirs") == 7 &&
	       pg_int(native, "SELECT count(*) FROM pg_prepared_statements") == 1 &&
	       pg_int(native, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
			      "AND pid = pg_backend_pid()") == 1 &&
	       still_heard(native);
}

static void native_close(void *native)
{
	PQfinish(native);
}

/* A role that may read what is there by now, and can write nothing, not even to what others have
 * left open. Roles belong to the cluster, so another process may just make it, too. */
static const char *read_only_url(const char *url)
{
	static const char *const statements[] = {
		"DO 'BEGIN CREATE ROLE mig_test_reader LOGIN;"
		" EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END'",
		"GRANT SELECT ON ALL TABLES IN SCHEMA public TO mig_test_reader",
		"DO 'BEGIN EXECUTE format($$ALTER DATABASE %I SET default_transaction_read_only = "
		"on$$,"
		" current_database()); END'",
	};
	static char read_only[300];
	const char *user = strstr(url, "user=postgres");
	PGconn *db = pg_connect(url);
	size_t i;

	if (!user)
		mig_conformance_fail("%s has no user", url);
	for (i = 0; i < sizeof statements / sizeof *statements; i++)
		pg_exec(db, statements[i]);
	PQfinish(db);
	snprintf(read_only, sizeof read_only, "%.*suser=mig_test_reader%s", (int)(user - url), url,
		 user + strlen("user=postgres"));
	return read_only;
}

static const char *const refused[] = {
	"BEGIN",
	"begin work isolation level serializable;",
	"START TRANSACTION;",
	"COMMIT",
	"COMMIT AND CHAIN;",
	"END TRANSACTION;",
	"ROLLBACK",
	"rollback work and no chain;",
	"ABORT;",
	"PREPARE TRANSACTION 'x';",
	"  -- a comment\n /* another /* inside */ */ ; ; COMMIT;",
	"\xef\xbb\xbf"
	"COMMIT;",
	"SELECT 1; SELECT $$a;$$;\nEnd;",
	NULL,
};

static const char *const allowed[] = {
	"SAVEPOINT a; ROLLBACK TO a; RELEASE a;",
	"SAVEPOINT a; ROLLBACK TRANSACTION TO SAVEPOINT a; RELEASE SAVEPOINT a;",
	"EXPLAIN SELECT 1;",
	"SELECT 'COMMIT;' AS \"END;\" -- COMMIT;\n; /* ROLLBACK; /* COMMIT; */ END; */",
	"SELECT E'\\'; COMMIT; --', $x$'; COMMIT; $$ END; $x$, U&'!0041; COMMIT;' UESCAPE '!';",
	"DO $$BEGIN PERFORM 1; BEGIN PERFORM 2; END; END$$;",
	"CREATE TABLE begun (\"commit\" TEXT DEFAULT ';');"
	"CREATE FUNCTION begin_(a INTEGER) RETURNS INTEGER LANGUAGE sql BEGIN ATOMIC"
	" SELECT CASE a WHEN 1 THEN 2 ELSE 3 END; SELECT a; END; SELECT begin_(1);",
	"CREATE RULE r AS ON INSERT TO begun DO ALSO (SELECT 1; SELECT 2);",
	"PREPARE commit AS SELECT 1; EXECUTE commit; DEALLOCATE commit;",
	"SET LOCAL application_name = 'begin;';",
	NULL,
};

const mig_conformance row_postgresql = {
	.dialect = mig_dialect_postgresql,
	.fresh = fresh,
	.native_open = native_open,
	.native_unchanged = native_unchanged,
	.native_exec = native_exec,
	.native_close = native_close,
	.read_only_url = read_only_url,
	.exact_places = 1,
	.lone = "VACUUM",
	.slow = "SELECT pg_sleep(600)",
	.values = "SELECT $1::bigint, $2::float8, $3::text, $4::bytea, $5::text",
	.refused = refused,
	.allowed = allowed,
	.split = "\xef\xbb\xbf -- first;\n;create /* ; /* ; */ ; */ function \"f;\"(a text default "
		 "$d$;'$d$) "
		 "returns text\n"
		 "language sql begin atomic\n"
		 "select case when a = e'\\';' then u&\"x;\" end from t; -- end;\nend ;\n"
		 "create rule \"r;\"\"y\" as on insert to t do also (select 'it''s;'; select $1) "
		 "-- no end",
	.split_first =
		"create /* ; /* ; */ ; */ function \"f;\"(a text default $d$;'$d$) returns text\n"
		"language sql begin atomic\n"
		"select case when a = e'\\';' then u&\"x;\" end from t; -- end;\nend ;",
	.split_second =
		"create rule \"r;\"\"y\" as on insert to t do also (select 'it''s;'; select $1)",
	.unclosed = "SELECT 1; SELECT $a$open; $$ ; $A$\n",
	.unclosed_at = 17,
};
