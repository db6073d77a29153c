/* place: where libmig's own tables are: in which schema, whether they are there, and the number of
 * the lock that is made from that. Not what is in them: render.c.
 *
 * The schema is looked for once, as the one of the search path that has the version table, or
 * otherwise the first; then it is pinned, and the tables are written with it, so that a script that
 * changes the path does not hide them. */
#include "dialect/postgresql/store/place.h"
#include "dialect/columns.h"
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/sql/quote.h"
#include "dialect/postgresql/store/store.h"

#include <string.h>

void mig__pg_add_table(const mig_conn *conn, struct mig__buf *buf, const char *name)
{
	if (conn->store->schema) {
		mig__pg_add_safe_name(conn, buf, conn->store->schema);
		mig__buf_add(buf, ".", 1);
	}
	mig__pg_add_safe_name(conn, buf, name);
}

void mig__pg_add_table_text(const mig_conn *conn, struct mig__buf *buf, const char *name)
{
	struct mig__buf quoted;

	mig__buf_init(&quoted, &conn->alloc);
	if (conn->store->schema) {
		mig__pg_add_name(&quoted, conn->store->schema);
		mig__buf_add(&quoted, ".", 1);
	}
	mig__pg_add_name(&quoted, name);
	mig__pg_add_safe_text(conn, buf, mig__buf_text(&quoted));
	buf->failed |= quoted.failed;
	mig__buf_finish(&quoted);
}

/* The one of the path's schemas that has the version table, otherwise the first one. Never that of
 * temporary tables, which would take the place of the real ones. */
void mig__pg_add_schema(const mig_conn *conn, struct mig__buf *sql)
{
	if (conn->store->schema) {
		mig__pg_add_safe_text(conn, sql, conn->store->schema);
		return;
	}
	mig__buf_adds(sql, "(SELECT n.nspname FROM pg_catalog.unnest(pg_catalog.current_schemas("
			   "false)) WITH ORDINALITY AS p (name, at) JOIN pg_catalog.pg_namespace n "
			   "ON n.nspname OPERATOR(pg_catalog.=) p.name WHERE n.oid "
			   "OPERATOR(pg_catalog.<>) pg_catalog.pg_my_temp_schema() ORDER BY EXISTS "
			   "(SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace "
			   "OPERATOR(pg_catalog.=) n.oid AND c.relname OPERATOR(pg_catalog.=) ");
	mig__pg_add_safe_text(conn, sql, conn->store->version_table);
	mig__buf_adds(sql, ") DESC, p.at LIMIT 1)");
}

void mig__pg_add_key(const mig_conn *conn, struct mig__buf *sql)
{
	if (conn->store->schema && conn->lock->number[0]) { /* the server has told it */
		mig__buf_adds(sql, " FROM (SELECT ");
		mig__pg_add_safe_text(conn, sql, conn->store->schema);
		mig__buf_addf(sql, "::pg_catalog.text AS s, (%s)::pg_catalog.int8 AS k) AS b",
			      conn->lock->number);
		return;
	}
	mig__buf_adds(sql, " FROM (SELECT s, pg_catalog.hashtextextended(pg_catalog.concat("
			   "'libmig migration lock ', pg_catalog.length(s), ' ', s, '.', ");
	mig__pg_add_safe_text(conn, sql, conn->store->version_table);
	mig__buf_adds(sql, "), 0) AS k FROM (SELECT coalesce(");
	mig__pg_add_schema(conn, sql);
	mig__buf_adds(sql, ", '')::pg_catalog.text AS s) AS a) AS b");
}

enum mig__pg_there *mig__pg_there(mig_conn *conn, enum mig__pg_table which)
{
	return which == MIG__PG_VERSION ? &conn->store->version : &conn->store->history;
}

void mig__pg_add_whole(struct mig__buf *sql)
{
	size_t first = mig__column_count(MIG__TABLES_FIRST);

	mig__buf_adds(sql, "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a WHERE "
			   "a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attname "
			   "OPERATOR(pg_catalog.=) ANY (ARRAY[");
	for (size_t i = first; i < MIG__COLUMN_COUNT; i++)
		mig__buf_addf(sql, "%s'%s'", i > first ? ", " : "", mig__columns[i].name);
	mig__buf_addf(sql, "]::pg_catalog.name[])) OPERATOR(pg_catalog.=) %d",
		      (int)(MIG__COLUMN_COUNT - first));
}

/* True if there is a table with this name in our schema, for a query with mig__pg_add_key(); whole: and
 * it has all columns of the history. Not to_regclass(): it looks into the session's cache, which does not know yet what another
 * session committed while this one waited for the lock. */
static void add_exists(const mig_conn *conn, struct mig__buf *sql, const char *table, int whole)
{
	mig__buf_adds(sql,
		      "EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
		      "ON n.oid OPERATOR(pg_catalog.=) c.relnamespace WHERE n.nspname "
		      "OPERATOR(pg_catalog.=) s AND c.relname OPERATOR(pg_catalog.=) ");
	mig__pg_add_safe_text(conn, sql, table);
	if (whole) {
		mig__buf_adds(sql, " AND ");
		mig__pg_add_whole(sql);
	}
	mig__buf_adds(sql, ")");
}

mig_status mig__pg_table_exists(mig_conn *conn, enum mig__pg_table which, int32_t *out)
{
	enum mig__pg_there known = *mig__pg_there(conn, which);
	struct mig__pg_reply reply = { .count = 0 };
	const char *table = which == MIG__PG_VERSION ? conn->store->version_table
						     : conn->store->history_table;
	struct mig__buf sql;
	int settings, there, whole;
	mig_status rc;

	if (known != MIG__PG_UNKNOWN) {
		*out = known == MIG__PG_MISSING ? MIG_TABLE_MISSING
		       : known == MIG__PG_OLDER ? MIG_TABLE_OLDER
						: MIG_TABLE_THERE;
		return MIG_OK;
	}
	mig__buf_init(&sql, &conn->alloc);
	settings = conn->store->schema ? 0 : mig__pg_add_settings(conn, &sql, 1);
	mig__buf_adds(&sql, "SELECT ");
	add_exists(conn, &sql, table, 0);
	mig__buf_adds(&sql, ", ");
	add_exists(conn, &sql, table, which == MIG__PG_HISTORY);
	mig__pg_add_key(conn, &sql);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc) {
		there = reply.count > settings && PQgetvalue(reply.at[settings], 0, 0)[0] == 't';
		whole = there && PQgetvalue(reply.at[settings], 0, 1)[0] == 't';
		*out = whole ? MIG_TABLE_THERE : there ? MIG_TABLE_OLDER : MIG_TABLE_MISSING;
	}
	mig__pg_reply_clear(&reply);
	return rc;
}

mig_status mig__pg_pin_schema(mig_conn *conn, const char *schema)
{
	if (conn->store->schema || !*schema)
		return MIG_OK;
	conn->store->schema = mig__strdup(&conn->alloc, schema);
	return conn->store->schema ? MIG_OK : mig__pg_nomem(conn);
}

/* In the host's own transaction a setting of ours would stay. */
mig_status mig__pg_find_schema(mig_conn *conn)
{
	int inside = PQtransactionStatus(conn->db) != PQTRANS_IDLE, at;
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, inside ? "SAVEPOINT mig_schema;" : "");
	at = inside + mig__pg_add_settings(conn, &sql, 1);
	mig__buf_adds(&sql, "SELECT ");
	mig__pg_add_schema(conn, &sql);
	mig__buf_adds(&sql, inside ? ";ROLLBACK TO SAVEPOINT mig_schema;"
				     "RELEASE SAVEPOINT mig_schema"
				   : "");
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc && reply.count > at)
		rc = mig__pg_pin_schema(conn, PQgetvalue(reply.at[at], 0, 0));
	mig__pg_reply_clear(&reply);
	return rc;
}

/* Outside our own transactions the path of the options is not set yet; in the host's it would stay.
 */
mig_status mig__pg_current_schema(mig_conn *conn, const char **out)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	int at = 0;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	if (PQtransactionStatus(conn->db) == PQTRANS_IDLE && !conn->lock->held)
		at = mig__pg_add_settings(conn, &sql, 1);
	mig__buf_adds(&sql, "SELECT pg_catalog.current_schema()");
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc && reply.count > at) {
		mig__free(&conn->alloc, conn->store->current_schema);
		conn->store->current_schema =
			mig__strdup(&conn->alloc, PQgetvalue(reply.at[at], 0, 0));
		*out = conn->store->current_schema;
		rc = conn->store->current_schema ? MIG_OK : mig__pg_nomem(conn);
	}
	mig__pg_reply_clear(&reply);
	return rc;
}
