/* broken: SQLite's dialect with one rule broken, to see that the suite finds it. */
#include "support.h"

#include <sqlite3.h>

static mig_dialect broken;
static mig_dialect_conn broken_conn;
static mig_dialect_store broken_store;
static mig_dialect_schema broken_schema;

static const mig_dialect *table(void)
{
	return &broken;
}

static mig_status does_nothing(mig_conn *conn)
{
	(void)conn;
	return MIG_OK;
}

static mig_status locks_nothing(mig_conn *conn, int32_t *freed)
{
	(void)conn;
	(void)freed;
	return MIG_OK;
}

static mig_status cannot_lock(mig_conn *conn, int32_t *freed)
{
	(void)conn;
	(void)freed;
	return MIG_EUNSUPPORTED;
}

static mig_status begins_without_lock(mig_conn *conn, int32_t check, int32_t *freed)
{
	(void)check;
	(void)freed;
	return sqlite3_exec(mig_dialect_sqlite()->conn->native(conn), "BEGIN", NULL, NULL, NULL)
		       ? MIG_ESQL
		       : MIG_OK;
}

static mig_status knows_no_kinds(mig_conn *conn, const char *text, size_t size, size_t offset,
				 mig_statement *out)
{
	mig_status rc = mig_dialect_sqlite()->conn->next_statement(conn, text, size, offset, out);

	out->kind = 0;
	return rc;
}

static const mig_dialect_host *host_of_last;

static mig_status opens(const mig_dialect_host *host, const mig_conn_options *options,
			mig_conn **out)
{
	host_of_last = host;
	return mig_dialect_sqlite()->conn->open(host, options, out);
}

static mig_status reports_twice(mig_conn *conn, const char *text, size_t size,
				mig_statement_fn hook, void *user)
{
	mig_status rc = mig_dialect_sqlite()->conn->run_script(conn, text, size, hook, user);
	const mig_dialect_error e = { .struct_size = sizeof e, .status = rc, .message = "again" };

	return rc ? host_of_last->error(host_of_last->user, &e) : rc;
}

static mig_status tells_always(mig_conn *conn, const char *text, size_t size, mig_statement_fn hook,
			       void *user)
{
	host_of_last->working(host_of_last->user, "steps", 1, 0);
	return mig_dialect_sqlite()->conn->run_script(conn, text, size, hook, user);
}

static mig_status crashes(mig_conn *conn, int32_t *out)
{
	(void)conn;
	(void)out;
	abort();
}

/* What crashes leaves no files behind. */
static const char *in_memory(void)
{
	return "sqlite::memory:";
}

static mig_status sees_nothing(mig_conn *conn, const mig_schema_sink *sink)
{
	(void)conn;
	(void)sink;
	return MIG_OK;
}

static void leaks(mig_cursor *cursor)
{
	(void)cursor;
}

/* A store's rule, through the default store: deletes find no row. */
static mig_status deletes_nothing(mig_conn *conn, const char *text, size_t size, uint32_t flags,
				  mig_cursor **out)
{
	static const char none[] = "SELECT 1 WHERE $1 IS NULL";

	if (flags & MIG_PREPARE_OWN && !strncmp(text, "DELETE", 6))
		text = none, size = sizeof none - 1;
	return mig_dialect_sqlite()->conn->prepare(conn, text, size, flags, out);
}

int main(int argc, char **argv)
{
	mig_conformance row = row_sqlite;
	const char *what = argc > 1 ? argv[1] : "";

	broken = *mig_dialect_sqlite();
	broken_conn = *broken.conn;
	broken_store = *broken.store;
	broken_schema = *broken.schema;
	broken.conn = &broken_conn;
	broken.store = &broken_store;
	broken.schema = &broken_schema;
	row.dialect = table;
	if (!strcmp(what, "rollback"))
		broken_conn.rollback = does_nothing;
	else if (!strcmp(what, "lock"))
		broken_conn.lock = locks_nothing;
	else if (!strcmp(what, "inspect"))
		broken_schema.inspect = sees_nothing;
	else if (!strcmp(what, "crash"))
		broken_conn.in_transaction = crashes, row.fresh = in_memory;
	else if (!strcmp(what, "no_lock")) /* which is allowed */
		broken_conn.lock = cannot_lock;
	else if (!strcmp(what, "begin"))
		broken_conn.begin = begins_without_lock;
	else if (!strcmp(what, "run_end"))
		broken_conn.run_end = does_nothing;
	else if (!strcmp(what, "kinds"))
		broken_conn.next_statement = knows_no_kinds;
	else if (!strcmp(what, "report"))
		broken_conn.open = opens, broken_conn.run_script = reports_twice;
	else if (!strcmp(what, "working"))
		broken_conn.open = opens, broken_conn.run_script = tells_always;
	else if (!strcmp(what, "finish"))
		broken_conn.finish = leaks;
	else if (!strcmp(what, "clear"))
		broken_conn.prepare = deletes_nothing;
	else
		return 2;
	return mig_conformance_main(argc - 1, argv + 1, &row);
}
