/* inspect_rows: the rows of a scratch database as INSERTs, in the order in which the server keeps them,
 * and the positions of its sequences. The session gets settings in which every value has one text that
 * every session reads in the same way; the path is empty, so names of objects in values are whole. */
#include "dialect/postgresql/schema/snapshot.h"

#include "dialect/postgresql/conn/error.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/sql/quote.h"
#include "dialect/postgresql/store/place.h"

#include <string.h>

enum { STATEMENT = 64 * 1024, MOST_ROWS = 500 }; /* of one INSERT: bytes, rows */

static const char settings[] =
	"SELECT set_config('search_path', '', false), set_config('TimeZone', 'UTC', false), "
	"set_config('DateStyle', 'ISO, YMD', false), set_config('IntervalStyle', 'iso_8601', false), "
	"set_config('extra_float_digits', '1', false), set_config('bytea_output', 'hex', false), "
	"set_config('xmlbinary', 'base64', false), set_config('row_security', 'off', false), "
	"set_config('standard_conforming_strings', 'on', false);";

/* What users have made: not the server's own, an extension's, libmig's. */
#define NOT_EXTENSION                                                                                  \
	" AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid " \
	"AND d.deptype = 'e') "

/* What a script of the database cannot have in it. */
static const char refused[] =
	"SELECT 'large objects' WHERE EXISTS (SELECT FROM pg_largeobject_metadata) "
	"UNION ALL SELECT 'settings of the database (ALTER DATABASE or ALTER ROLE ... SET)' WHERE EXISTS (SELECT FROM "
	"pg_db_role_setting s, pg_database b WHERE s.setdatabase = b.oid AND b.datname = current_database()) "
	"UNION ALL (SELECT 'objects of another owner: ' || c.oid::regclass FROM pg_class c WHERE c.oid >= 16384 AND "
	"c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relowner <> current_user::regrole" NOT_EXTENSION "LIMIT 1) "
	"UNION ALL (SELECT 'objects of another owner: ' || p.oid::regprocedure FROM pg_proc p WHERE p.oid >= 16384 AND "
	"p.proowner <> current_user::regrole AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = "
	"'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') LIMIT 1) "
	"UNION ALL (SELECT 'objects of another owner: schema ' || n.nspname FROM pg_namespace n WHERE n.oid >= 16384 AND "
	"n.nspname !~ '^pg_' AND n.nspowner <> current_user::regrole LIMIT 1) LIMIT 1;";

/* Each table with its name, the beginning of its INSERTs, an expression for a row, and whether an
 * extension owns it. A column computed from others has no value of its own. */
static const char tables[] =
	"SELECT c.oid::regclass, 'INSERT INTO ' || n || CASE WHEN count(a.attnum) = 0 THEN ' DEFAULT VALUES' ELSE "
	"' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')' || CASE WHEN "
	"bool_or(a.attidentity <> '') THEN ' OVERRIDING SYSTEM VALUE' ELSE '' END || E' VALUES\\n' END, "
	"coalesce(string_agg('format(''%%L'', t.' || quote_ident(a.attname) || ')', ' || '', '' || ' ORDER BY a.attnum), "
	"''''''), c.owned, coalesce(bool_or(a.atttypid = 'money'::regtype), false) "
	"FROM (SELECT c.oid, c.oid::regclass::text AS n, EXISTS (SELECT FROM pg_depend d WHERE d.classid = "
	"'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') AS owned FROM pg_class c WHERE c.oid >= 16384 AND "
	"c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid IS DISTINCT FROM to_regclass(%s) AND "
	"c.oid IS DISTINCT FROM to_regclass(%s)) c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
	"AND NOT a.attisdropped AND a.attgenerated = '' GROUP BY c.oid, c.n, c.owned ORDER BY c.n COLLATE \"C\";";

static const char sequences[] =
	"SELECT c.oid::regclass, s.seqstart FROM pg_sequence s, pg_class c WHERE c.oid = s.seqrelid AND c.relpersistence "
	"<> 't' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND "
	"d.refobjid = to_regclass(%s))" NOT_EXTENSION "ORDER BY (c.oid::regclass::text) COLLATE \"C\"";

struct dumping {
	mig_conn *conn;
	const mig_sql_sink *sink;
	struct mig__buf sql; /* the statement that is being made */
	struct mig__buf query;
};

static mig_status emit(struct dumping *d)
{
	mig_status rc;

	if (d->sql.failed)
		return mig__pg_nomem(d->conn);
	rc = d->sink->statement(d->sink->user, mig__buf_text(&d->sql), d->sql.len, NULL, 0, NULL);
	mig__buf_clear(&d->sql);
	return rc;
}

/* Runs the query that is made, and gives its last result. */
static mig_status ask(struct dumping *d, struct mig__pg_reply *reply, const PGresult **out)
{
	mig_status rc = d->query.failed ? mig__pg_nomem(d->conn)
					: mig__pg_exec(d->conn, mig__buf_text(&d->query), reply);

	mig__buf_clear(&d->query);
	if (!rc && !reply->count)
		rc = mig__pg_fail(d->conn, NULL, NULL);
	if (!rc)
		*out = reply->at[reply->count - 1];
	return rc;
}

static mig_status refuse(struct dumping *d, const char *what)
{
	return mig__pg_report(d->conn, MIG_EUNSUPPORTED, NULL, NULL, "a snapshot cannot hold %s", what);
}

static mig_status check_refused(struct dumping *d)
{
	struct mig__pg_reply reply = { .count = 0 };
	const PGresult *result = NULL;
	mig_status rc;

	mig__buf_adds(&d->query, settings);
	mig__buf_adds(&d->query, refused);
	rc = ask(d, &reply, &result);
	if (!rc && PQntuples(result))
		rc = refuse(d, PQgetvalue(result, 0, 0));
	mig__pg_reply_clear(&reply);
	return rc;
}

enum { NAME, HEAD, ROW, OWNED, MONEY };

static mig_status refuse_rows(struct dumping *d, const char *table, const char *why)
{
	return mig__pg_report(d->conn, MIG_EUNSUPPORTED, NULL, NULL, "a snapshot cannot hold the rows of %s: %s",
			      table, why);
}

static mig_status emit_rows(struct dumping *d, const PGresult *rows, const char *head)
{
	int count = PQntuples(rows), in_statement = 0;
	int has_values = head[strlen(head) - 1] == '\n';
	mig_status rc = MIG_OK;

	for (int i = 0; !rc && i < count; i++) {
		mig__buf_adds(&d->sql, in_statement ? ",\n" : head);
		if (has_values)
			mig__buf_addf(&d->sql, "(%s)", PQgetvalue(rows, i, 0));
		in_statement++;
		if (!has_values || i + 1 == count || in_statement == MOST_ROWS || d->sql.len > STATEMENT) {
			rc = emit(d);
			in_statement = 0;
		}
	}
	return rc;
}

static mig_status dump_table(struct dumping *d, const PGresult *tables_result, int i)
{
	struct mig__pg_reply reply = { .count = 0 };
	const char *name = PQgetvalue(tables_result, i, NAME);
	const PGresult *rows = NULL;
	mig_status rc;

	mig__buf_addf(&d->query, "SELECT %s FROM ONLY %s t ORDER BY t.ctid", PQgetvalue(tables_result, i, ROW), name);
	rc = ask(d, &reply, &rows);
	if (!rc && PQntuples(rows) && *PQgetvalue(tables_result, i, OWNED) == 't')
		rc = refuse_rows(d, name, "an extension owns the table");
	else if (!rc && PQntuples(rows) && *PQgetvalue(tables_result, i, MONEY) == 't')
		rc = refuse_rows(d, name, "how money is written depends on the server");
	if (!rc)
		rc = emit_rows(d, rows, PQgetvalue(tables_result, i, HEAD));
	mig__pg_reply_clear(&reply);
	return rc;
}

/* libmig's own table as a constant. */
static void add_own(struct dumping *d, struct mig__buf *out, const char *name)
{
	mig__buf_init(out, &d->conn->alloc);
	mig__pg_add_table_text(d->conn, out, name);
	d->query.failed |= out->failed;
}

static mig_status dump_tables(struct dumping *d)
{
	struct mig__pg_reply reply = { .count = 0 };
	const PGresult *list = NULL;
	struct mig__buf version, history;
	mig_status rc;

	add_own(d, &version, d->conn->store->version_table);
	add_own(d, &history, d->conn->store->history_table);
	mig__buf_addf(&d->query, tables, mig__buf_text(&version), mig__buf_text(&history));
	mig__buf_finish(&version);
	mig__buf_finish(&history);
	rc = ask(d, &reply, &list);
	for (int i = 0; !rc && i < PQntuples(list); i++)
		rc = dump_table(d, list, i);
	mig__pg_reply_clear(&reply);
	return rc;
}

/* One that is where it began says nothing. */
static mig_status dump_sequence(struct dumping *d, const char *name, const char *start)
{
	struct mig__pg_reply reply = { .count = 0 };
	const PGresult *at = NULL;
	mig_status rc;

	mig__buf_addf(&d->query, "SELECT last_value, is_called FROM %s", name);
	rc = ask(d, &reply, &at);
	if (!rc && PQntuples(at) == 1 &&
	    (*PQgetvalue(at, 0, 1) == 't' || strcmp(PQgetvalue(at, 0, 0), start) != 0)) {
		mig__buf_adds(&d->sql, "SELECT pg_catalog.setval(");
		mig__pg_add_text(&d->sql, name, strlen(name));
		mig__buf_addf(&d->sql, ", %s, %s)", PQgetvalue(at, 0, 0),
			      *PQgetvalue(at, 0, 1) == 't' ? "true" : "false");
		rc = emit(d);
	}
	mig__pg_reply_clear(&reply);
	return rc;
}

static mig_status dump_sequences(struct dumping *d)
{
	struct mig__pg_reply reply = { .count = 0 };
	const PGresult *list = NULL;
	struct mig__buf history;
	mig_status rc;

	add_own(d, &history, d->conn->store->history_table);
	mig__buf_addf(&d->query, sequences, mig__buf_text(&history));
	mig__buf_finish(&history);
	rc = ask(d, &reply, &list);
	for (int i = 0; !rc && i < PQntuples(list); i++)
		rc = dump_sequence(d, PQgetvalue(list, i, 0), PQgetvalue(list, i, 1));
	mig__pg_reply_clear(&reply);
	return rc;
}

mig_status mig__pg_dump_rows(mig_conn *conn, const mig_sql_sink *sink)
{
	struct dumping d = { .conn = conn, .sink = sink };
	mig_status rc = mig__pg_find_schema(conn);

	if (rc)
		return rc;
	mig__buf_init(&d.sql, &conn->alloc);
	mig__buf_init(&d.query, &conn->alloc);
	rc = check_refused(&d);
	if (!rc)
		rc = dump_tables(&d);
	if (!rc)
		rc = dump_sequences(&d);
	mig__buf_finish(&d.sql);
	mig__buf_finish(&d.query);
	return rc;
}
