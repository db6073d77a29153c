/* snapshot: whether a database is empty, what a snapshot depends on, and scratches in two time zones.
 * The rows of one: inspect_rows.c; its objects are rendered. */
#include "dialect/postgresql/schema/snapshot.h"

#include "dialect/postgresql/conn/error.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/schema/scratch.h"
#include "dialect/postgresql/sql/quote.h"
#include "dialect/postgresql/store/place.h"

#include <stdio.h>
#include <string.h>

/* -- empty */

/* The catalogues of what somebody may have made in a database; objects of the server's own have lower
 * numbers. What comes with another object (a type of a row, an index) is not looked for. */
static const struct {
	const char *catalog, *but;
} made[] = {
	/* first: libmig's own tables are left out of it */
	{ "pg_class", "o.relkind::pg_catalog.text OPERATOR(pg_catalog.<>) ALL "
		      "(ARRAY['i', 'I', 't']::pg_catalog.text[])" },
	{ "pg_type", "(o.typtype::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY['d', 'e', 'r']::pg_catalog.text[]) "
		     "OR (o.typtype OPERATOR(pg_catalog.=) 'b'::pg_catalog.\"char\" AND o.typcategory "
		     "OPERATOR(pg_catalog.<>) 'A'::pg_catalog.\"char\"))" },
	{ "pg_proc", NULL },
	{ "pg_operator", NULL },
	{ "pg_opclass", NULL },
	{ "pg_opfamily", NULL },
	{ "pg_collation", NULL },
	{ "pg_conversion", NULL },
	{ "pg_cast", NULL },
	{ "pg_language", NULL },
	{ "pg_ts_config", NULL },
	{ "pg_ts_dict", NULL },
	{ "pg_ts_parser", NULL },
	{ "pg_ts_template", NULL },
	{ "pg_am", NULL },
	{ "pg_transform", NULL },
	{ "pg_foreign_data_wrapper", NULL },
	{ "pg_foreign_server", NULL },
	{ "pg_event_trigger", NULL },
	{ "pg_publication", NULL },
	{ "pg_default_acl", NULL },
	{ "pg_statistic_ext", NULL },
	{ "pg_largeobject_metadata", NULL },
};

/* Not libmig's two tables, nor the sequence of one. */
static void add_but_own(const mig_conn *conn, struct mig__buf *sql)
{
	const char *const tables[] = { conn->store->version_table, conn->store->history_table };

	for (int i = 0; i < 2; i++) {
		mig__buf_adds(sql, " AND NOT COALESCE(o.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(");
		mig__pg_add_table_text(conn, sql, tables[i]);
		mig__buf_adds(sql, "), false)");
	}
	mig__buf_adds(sql, " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend s WHERE s.classid "
			   "OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND s.objid "
			   "OPERATOR(pg_catalog.=) o.oid AND o.relkind OPERATOR(pg_catalog.=) 'S'::pg_catalog.\"char\" "
			   "AND s.refobjid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(");
	mig__pg_add_table_text(conn, sql, conn->store->history_table);
	mig__buf_adds(sql, "))");
}

static void add_any(const mig_conn *conn, struct mig__buf *sql, size_t i)
{
	mig__buf_addf(sql,
		      "EXISTS (SELECT FROM pg_catalog.%s o WHERE o.oid OPERATOR(pg_catalog.>=) "
		      "16384::pg_catalog.oid AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid "
		      "OPERATOR(pg_catalog.=) 'pg_catalog.%s'::pg_catalog.regclass AND d.objid "
		      "OPERATOR(pg_catalog.=) o.oid AND d.deptype OPERATOR(pg_catalog.=) "
		      "'e'::pg_catalog.\"char\")",
		      made[i].catalog, made[i].catalog);
	if (made[i].but)
		mig__buf_addf(sql, " AND %s", made[i].but);
	if (!i)
		add_but_own(conn, sql);
	mig__buf_adds(sql, ")");
}

mig_status mig__pg_is_empty(mig_conn *conn, int32_t *empty)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "SELECT NOT (");
	for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
		mig__buf_adds(&sql, i ? " OR " : "");
		add_any(conn, &sql, i);
	}
	mig__buf_adds(&sql, ")");
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, &reply);
	if (!rc)
		*empty = reply.count && mig__pg_is_true(reply.at[reply.count - 1], 0);
	mig__pg_reply_clear(&reply);
	mig__buf_finish(&sql);
	return rc;
}

/* -- what it depends on */

/* Of the settings those that say where objects are made, and how their rows are kept. A setting that a
 * server does not have is NULL, and left out. */
mig_status mig__pg_snapshot_key(mig_conn *conn, char *key)
{
	struct mig__pg_reply reply = { .count = 0 };
	const char *schema = NULL;
	struct mig__buf sql;
	mig_status rc = mig__pg_current_schema(conn, &schema);
	int size;

	if (rc)
		return rc;
	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "SELECT pg_catalog.getdatabaseencoding(), ");
	if (conn->session->search_path)
		mig__pg_add_safe_text(conn, &sql, conn->session->search_path);
	else
		mig__buf_adds(&sql, "pg_catalog.current_setting('search_path')");
	mig__buf_adds(&sql, ", pg_catalog.concat_ws(' ', pg_catalog.current_setting('default_tablespace', true), "
			    "pg_catalog.current_setting('default_table_access_method', true), "
			    "pg_catalog.current_setting('default_toast_compression', true))");
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, &reply);
	if (!rc) {
		const PGresult *row = reply.at[reply.count - 1];

		size = snprintf(key, MIG_SNAPSHOT_KEY_SIZE, "PostgreSQL %d %s, schema %s of %s, %s",
				PQserverVersion(conn->db) / 10000, PQgetvalue(row, 0, 0), schema ? schema : "",
				PQgetvalue(row, 0, 1), PQgetvalue(row, 0, 2));
		if (size >= MIG_SNAPSHOT_KEY_SIZE)
			rc = mig__pg_report(conn, MIG_EUNSUPPORTED, NULL, NULL,
					    "the search_path is too long for a snapshot");
	}
	for (char *p = key; !rc && *p; p++)
		*p = (unsigned char)*p < ' ' ? ' ' : *p;
	mig__pg_reply_clear(&reply);
	mig__buf_finish(&sql);
	return rc;
}

/* -- time zones */

/* 26 hours apart: it is never the same day. */
mig_status mig__pg_scratch_apart(mig_conn *conn, int32_t side, mig_conn **out)
{
	static const char *const settings[] = {
		"SELECT pg_catalog.set_config('TimeZone', 'Etc/GMT+12', false), "
		"pg_catalog.set_config('DateStyle', 'ISO, MDY', false)",
		"SELECT pg_catalog.set_config('TimeZone', 'Etc/GMT-14', false), "
		"pg_catalog.set_config('DateStyle', 'ISO, DMY', false)",
	};
	mig_conn *scratch = NULL;
	mig_status rc = mig__pg_scratch(conn, &scratch);

	if (rc)
		return rc;
	rc = mig__pg_exec(scratch, settings[side != 0], NULL);
	if (rc)
		mig__pg_close(scratch);
	else
		*out = scratch;
	return rc;
}
