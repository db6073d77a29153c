/* dump on PostgreSQL: the schema public of a database. */
#include "dump.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

static int failed(struct bare *db, const char *sql)
{
	snprintf(db->error, sizeof(db->error), "%.100s: %.200s", sql, PQerrorMessage(db->handle));
	db->error[strcspn(db->error, "\n")] = '\0';
	return -1;
}

static void drop_notice(void *user, const char *message)
{
	(void)user;
	(void)message;
}

static int pq_open(struct bare *db, const char *url)
{
	PGconn *conn = PQconnectdb(url);

	db->handle = conn;
	if (PQstatus(conn) != CONNECTION_OK)
		return failed(db, url);
	PQsetNoticeProcessor(conn, drop_notice, NULL);
	return 0;
}

static void pq_close(struct bare *db)
{
	PQfinish(db->handle);
}

static int pq_exec(struct bare *db, const char *sql)
{
	PGresult *result = PQexec(db->handle, sql);
	ExecStatusType status = PQresultStatus(result);

	PQclear(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0 : failed(db, sql);
}

static int pq_rows(struct bare *db, const char *sql, struct text *out)
{
	PGresult *result = PQexec(db->handle, sql);
	int rc = PQresultStatus(result) == PGRES_TUPLES_OK ? 0 : failed(db, sql);

	for (int i = 0; !rc && i < PQntuples(result); i++) {
		for (int k = 0; k < PQnfields(result); k++)
			text_addf(out, "%s%s", k ? "|" : "",
				  PQgetisnull(result, i, k) ? "NULL" : PQgetvalue(result, i, k));
		text_add(out, "\n", 1);
	}
	PQclear(result);
	return rc;
}

/* The server itself keeps keys and pages; what it can be asked is whether it has given up on some.
 */
static int pq_sound(struct bare *db, struct text *out)
{
	text_clear(out);
	return pq_rows(db,
		       "SELECT 'not validated', conname FROM pg_constraint WHERE NOT convalidated",
		       out);
}

#define OURS                                                                      \
	"('mig_version', 'mig_history', 'mig_version_pkey', 'mig_history_pkey', " \
	"'mig_history_id_seq')"
#define IN_PUBLIC "c.relnamespace = 'public'::regnamespace AND c.relname NOT IN " OURS

/* One query each for everything; columns by name, since a dropped and added one takes another
 * place. */
static const char *const schema_queries[] = {
	"SELECT c.relkind, c.relname, CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END "
	"FROM "
	"pg_class c WHERE c.relkind IN ('r', 'v', 'm', 'S', 'p', 'f') AND " IN_PUBLIC
	" ORDER BY 1, 2",
	"SELECT 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), "
	"a.attnotnull, "
	"pg_get_expr(d.adbin, d.adrelid) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
	"LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE a.attnum > 0 AND "
	"NOT a.attisdropped AND c.relkind IN ('r', 'p') AND " IN_PUBLIC " ORDER BY 2, 3",
	"SELECT 'index', c.relname, pg_get_indexdef(c.oid) FROM pg_class c JOIN pg_index i ON "
	"i.indexrelid = c.oid WHERE i.indisvalid AND " IN_PUBLIC " ORDER BY 2",
	"SELECT 'constraint', c.relname, k.conname, pg_get_constraintdef(k.oid), k.convalidated "
	"FROM "
	"pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype <> 'n' "
	"AND " IN_PUBLIC " ORDER BY 2, 3",
	"SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = "
	"'public'::regnamespace "
	"ORDER BY 2, 3",
	"SELECT 'enum', t.typname, e.enumlabel FROM pg_type t JOIN pg_enum e ON e.enumtypid = "
	"t.oid "
	"ORDER BY 2, e.enumsortorder",
};

static int dump_table(struct bare *db, const char *name, struct text *out)
{
	char sql[300];

	text_addf(out, "rows of %s\n", name);
	/* a count of none is as good as no row: see TALLY in subject_postgresql.c */
	snprintf(sql, sizeof(sql),
		 "SELECT pg_catalog.to_jsonb(t)::text FROM public.\"%s\" t%s ORDER BY 1", name,
		 strcmp(name, "tally") ? "" : " WHERE n <> 0");
	return pq_rows(db, sql, out);
}

static int count_unfinished(struct bare *db, int *out)
{
	struct text text = { 0 };
	int rc;

	text_clear(&text);
	rc = pq_rows(
		db,
		"SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT "
		"i.indisvalid AND c.relnamespace = 'public'::regnamespace",
		&text);
	if (!rc)
		sscanf(text.data, "%d", out);
	text_free(&text);
	return rc;
}

static int pq_dump(struct bare *db, struct text *out, int *unfinished)
{
	struct text names = { 0 };
	int rc = count_unfinished(db, unfinished);

	text_clear(out);
	for (size_t i = 0; !rc && i < sizeof(schema_queries) / sizeof(schema_queries[0]); i++)
		rc = pq_rows(db, schema_queries[i], out);
	text_clear(&names);
	if (!rc)
		rc = pq_rows(db,
			     "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') "
			     "AND " IN_PUBLIC " ORDER BY 1",
			     &names);
	for (char *at = names.data, *end; !rc && (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		rc = dump_table(db, at, out);
	}
	text_free(&names);
	return rc;
}

static int pq_in_transaction(struct bare *db)
{
	return PQtransactionStatus(db->handle) != PQTRANS_IDLE;
}

static int pq_settings(struct bare *db, struct text *out)
{
	return pq_rows(db,
		       "SELECT name, setting FROM pg_settings WHERE context IN ('user', "
		       "'superuser') AND name NOT LIKE '%.%' "
		       "ORDER BY 1",
		       out);
}

static int pq_has_tables(struct bare *db)
{
	struct text out = { 0 };
	int found;

	text_clear(&out);
	found = !pq_rows(db,
			 "SELECT 1 FROM pg_class WHERE relname = 'mig_version' AND relnamespace = "
			 "'public'::regnamespace",
			 &out) &&
		out.size > 0;
	text_free(&out);
	return found;
}

const struct bare_engine bare_postgresql = {
	.dialect = "postgresql",
	.open = pq_open,
	.close = pq_close,
	.exec = pq_exec,
	.rows = pq_rows,
	.sound = pq_sound,
	.dump = pq_dump,
	.in_transaction = pq_in_transaction,
	.settings = pq_settings,
	.has_tables = pq_has_tables,
};
