/* broken: SQLite's dialect with one rule broken, to see that the suite finds it. */
#include "support.h"

#include <sqlite3.h>

static mig_dialect broken;

static const mig_dialect *table(void)
{
	return &broken;
}

static mig_status does_nothing(mig_conn *conn)
{
	(void)conn;
	return MIG_OK;
}

static mig_status cannot_lock(mig_conn *conn)
{
	(void)conn;
	return MIG_EUNSUPPORTED;
}

static mig_status begins_without_lock(mig_conn *conn, int32_t check)
{
	(void)check;
	return sqlite3_exec(mig_dialect_sqlite()->native(conn), "BEGIN", NULL, NULL, NULL)
		       ? MIG_ESQL
		       : MIG_OK;
}

static mig_status knows_no_kinds(mig_conn *conn, const char *text, size_t size, size_t offset,
				 mig_statement *out)
{
	mig_status rc = mig_dialect_sqlite()->next_statement(conn, text, size, offset, out);

	out->kind = 0;
	return rc;
}

static const mig_dialect_host *host_of_last;

static mig_status opens(const mig_dialect_host *host, const mig_conn_options *options,
			mig_conn **out)
{
	host_of_last = host;
	return mig_dialect_sqlite()->open(host, options, out);
}

static mig_status reports_twice(mig_conn *conn, const char *text, size_t size,
				mig_statement_fn hook, void *user)
{
	mig_status rc = mig_dialect_sqlite()->run_script(conn, text, size, hook, user);
	const mig_dialect_error e = { .struct_size = sizeof e, .status = rc, .message = "again" };

	return rc ? host_of_last->error(host_of_last->user, &e) : rc;
}

static mig_status tells_always(mig_conn *conn, const char *text, size_t size, mig_statement_fn hook,
			       void *user)
{
	host_of_last->working(host_of_last->user, "steps", 1, 0);
	return mig_dialect_sqlite()->run_script(conn, text, size, hook, user);
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

static const char *forgets_clear(mig_conn *conn, int32_t which)
{
	return mig_dialect_sqlite()->table_sql(
		conn, which == MIG_SQL_CLEAR_VERSION ? MIG_SQL_READ_VERSION : which);
}

int main(int argc, char **argv)
{
	mig_conformance row = row_sqlite;
	const char *what = argc > 1 ? argv[1] : "";

	broken = *mig_dialect_sqlite();
	row.dialect = table;
	if (!strcmp(what, "rollback"))
		broken.rollback = does_nothing;
	else if (!strcmp(what, "lock"))
		broken.lock = does_nothing;
	else if (!strcmp(what, "inspect"))
		broken.inspect = sees_nothing;
	else if (!strcmp(what, "crash"))
		broken.in_transaction = crashes, row.fresh = in_memory;
	else if (!strcmp(what, "no_lock")) /* which is allowed */
		broken.lock = cannot_lock;
	else if (!strcmp(what, "begin"))
		broken.begin = begins_without_lock;
	else if (!strcmp(what, "run_end"))
		broken.run_end = does_nothing;
	else if (!strcmp(what, "kinds"))
		broken.next_statement = knows_no_kinds;
	else if (!strcmp(what, "report"))
		broken.open = opens, broken.run_script = reports_twice;
	else if (!strcmp(what, "working"))
		broken.open = opens, broken.run_script = tells_always;
	else if (!strcmp(what, "finish"))
		broken.finish = leaks;
	else if (!strcmp(what, "clear"))
		broken.table_sql = forgets_clear;
	else
		return 2;
	return mig_conformance_main(argc - 1, argv + 1, &row);
}
