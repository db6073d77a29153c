/* inspect: the messages of an inspection, and what they are put together to. Not the queries:
 * inspect_sql*.c; nor what their rows mean: the other inspect_*.c. See inspect.h. */
#include "dialect/postgresql/schema/inspect.h"
#include "dialect/postgresql/conn/error.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/schema/objects.h"
#include "dialect/postgresql/sql/quote.h"
#include "dialect/postgresql/store/store.h"
#include "dialect/postgresql/store/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Inside a transaction, what is set for the inspection is undone by a savepoint. */
static const char begin_own[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;";
static const char begin_inner[] = "SAVEPOINT mig_inspect;";
static const char end_own[] = "COMMIT";
static const char end_inner[] = "ROLLBACK TO SAVEPOINT mig_inspect; RELEASE SAVEPOINT mig_inspect";

/* What the texts of values depend on, and what costs more than it gains. The path last: libmig's
 * tables are looked for in the one before. pg_temp is listed so that a temporary table does not
 * pass for one of the catalogue. */
static const char settings[] =
	"SELECT pg_catalog.set_config('quote_all_identifiers', 'off', true), "
	"pg_catalog.set_config('client_encoding', 'UTF8', true), "
	"pg_catalog.set_config('DateStyle', 'ISO', true), "
	"pg_catalog.set_config('IntervalStyle', 'postgres', true), "
	"pg_catalog.set_config('TimeZone', 'UTC', true), "
	"pg_catalog.set_config('bytea_output', 'hex', true), "
	"pg_catalog.set_config('xmloption', 'content', true), "
	"pg_catalog.set_config('extra_float_digits', '3', true), "
	"pg_catalog.set_config('jit', 'off', true), "
	"pg_catalog.set_config('max_parallel_workers_per_gather', '0', true), "
	"pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);";

static void add_regclass(const mig_conn *conn, struct mig__buf *sql, const char *table)
{
	struct mig__buf quoted;

	mig__buf_init(&quoted, &conn->alloc);
	mig__pg_add_name(&quoted, table);
	mig__buf_adds(sql, "pg_catalog.to_regclass(");
	mig__pg_add_text(sql, mig__buf_text(&quoted), quoted.len);
	mig__buf_adds(sql, ")::pg_catalog.oid");
	sql->failed |= quoted.failed;
	mig__buf_finish(&quoted);
}

/* Where libmig's tables are, if the schema is not known; whether there may be anything that runs code of
 * others when it is copied; and the path, on which the question what that is depends, too. */
enum { OWN_TABLES = 2, OWN_COPYING = OWN_TABLES, OWN_PATH };

static void add_own(const mig_conn *conn, struct mig__buf *sql)
{
	mig__buf_adds(sql, "SELECT ");
	if (conn->store->schema) {
		mig__buf_adds(sql, "0, 0, ");
	} else {
		add_regclass(conn, sql, conn->store->version_table);
		mig__buf_adds(sql, ", ");
		add_regclass(conn, sql, conn->store->history_table);
		mig__buf_adds(sql, ", ");
	}
	mig__pg_add_copying(sql);
	mig__buf_adds(sql, ", pg_catalog.current_setting('search_path');");
}

void mig__catalog_ask(struct mig__catalog *c, struct mig__buf *sql, PGresult **const out[],
		      int count)
{
	struct mig__pg_reply reply = { .count = 0 };

	if (!c->rc)
		c->rc = sql->failed ? mig__pg_nomem(c->conn)
				    : mig__pg_exec(c->conn, sql->data, &reply);
	if (!c->rc && reply.count < count)
		c->rc = mig__pg_fail(c->conn, NULL, NULL);
	for (int i = 0; !c->rc && i < count; i++) {
		int from = reply.count - count + i;

		*out[i] = reply.at[from];
		reply.at[from] = NULL;
	}
	mig__pg_reply_clear(&reply);
}

/* -- the messages */

static void read_top(struct mig__catalog *c, struct mig__buf *sql, int inside)
{
	PGresult *set = NULL;
	PGresult **const out[] = { &c->own_row, &set, &c->found, &c->relations, &c->raw_columns };
	int version = PQserverVersion(c->conn->db);

	mig__buf_adds(sql, inside ? begin_inner : begin_own);
	mig__pg_add_settings(c->conn, sql, 1);
	add_own(c->conn, sql);
	mig__buf_adds(sql, settings);
	mig__catalog_sql_found(sql, version);
	mig__catalog_sql_relations(sql);
	if (mig__catalog_wants_rows(c))
		mig__catalog_sql_raw_columns(sql);
	mig__catalog_ask(c, sql, out, mig__catalog_wants_rows(c) ? 5 : 4);
	for (int i = 0; !c->rc && i < OWN_TABLES; i++)
		c->own[i] = mig__field_oid(c->own_row, 0, i);
	PQclear(set);
}

/* What such a server has beyond what is known here shows in its rows, or not at all. */
static void warn_of_newer(struct mig__catalog *c)
{
	int version = PQserverVersion(c->conn->db) / 10000;
	char text[120];

	if (version <= MIG__PG_NEWEST || c->rc)
		return;
	snprintf(text, sizeof text,
		 "what came after PostgreSQL %d, the newest version that was tested: the server is %d",
		 (int)MIG__PG_NEWEST, version);
	c->rc = c->sink->uncovered(c->sink->user, text);
}

static void report_top(struct mig__catalog *c)
{
	warn_of_newer(c);
	mig__catalog_names(c);
	mig__catalog_find_relations(c);
	mig__catalog_types(c);
	mig__catalog_relations(c, "c");
	mig__catalog_relations(c, "S");
	mig__catalog_relations(c, "rp");
	mig__catalog_relations(c, "vm");
	PQclear(c->relations);
	c->relations = NULL;
	mig__catalog_others(c);
}

static void add_path(struct mig__buf *sql, const char *path)
{
	mig__buf_adds(sql, "SELECT pg_catalog.set_config('search_path', ");
	mig__pg_add_text(sql, path, strlen(path));
	mig__buf_adds(sql, ", true);");
}

/* What must not be copied, of the same snapshot as all the rest; looked for only where there may be any:
 * planning it takes longer than reading a small schema. In a scratch there is none. */
static int add_others(struct mig__catalog *c, struct mig__buf *sql)
{
	PQclear(c->conn->trust->others);
	c->conn->trust->others = NULL;
	if (c->conn->scratch)
		return 0;
	if (!mig__field_is(c->own_row, 0, OWN_COPYING, 't') && !mig__catalog_any_materialized(c)) {
		c->conn->trust->others = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
		return 0; /* without memory, may_copy() asks */
	}
	add_path(sql, PQgetvalue(c->own_row, 0, OWN_PATH));
	mig__pg_add_others(c->conn, sql);
	add_path(sql, "pg_catalog, pg_temp");
	return 1;
}

static void read_columns(struct mig__catalog *c, struct mig__buf *sql)
{
	PGresult *set = NULL, **const out[] = { &c->conn->trust->others, &set, &c->small, &c->columns,
						&c->defaults, &c->not_nulls };
	int version = PQserverVersion(c->conn->db), others;

	mig__buf_clear(sql);
	others = add_others(c, sql);
	mig__catalog_sql_small(sql, version, PQgetvalue(c->found, 0, 0));
	mig__catalog_find_only(c);
	mig__catalog_sql_columns(sql, version, mig__buf_text(&c->only));
	mig__catalog_ask(c, sql, others ? out : out + 2, others ? 6 : 4);
	PQclear(set);
}

/* The end of the transaction comes with its last message; *open: it is still to be ended. */
static void read_rest(struct mig__catalog *c, struct mig__buf *sql, int inside, int *open)
{
	PGresult *end[2] = { NULL, NULL };
	PGresult **out[5 + MIG__RAW_TABLES] = { &c->constraints, &c->indexes, &c->dependencies };
	struct mig__catalog_rest rest = { .sql = sql, .out = out, .report_top = report_top };
	int count = 3;

	mig__buf_clear(sql);
	mig__catalog_sql_rest(sql, PQserverVersion(c->conn->db), mig__buf_text(&c->only));
	if (mig__catalog_wants_rows(c))
		mig__catalog_sql_raw(c, sql);
	for (int i = 0; mig__catalog_wants_rows(c) && i < mig__catalog_raw_count(); i++)
		out[count++] = &c->raw[i];
	for (int i = 0; i < (inside ? 2 : 1); i++)
		out[count++] = &end[i];
	mig__buf_adds(sql, inside ? end_inner : end_own);
	rest.count = count;
	mig__catalog_columns(c, &rest);
	*open = !rest.done;
	PQclear(end[0]);
	PQclear(end[1]);
}

/* -- who needs whom */

enum { CLASS, OID, COLUMN, REF_CLASS, REF_OID, REF_COLUMN };

static void find_needs(struct mig__catalog *c)
{
	const PGresult *rows = c->dependencies;

	for (int i = 0; !c->rc && i < PQntuples(rows); i++) {
		uint32_t class = mig__field_oid(rows, i, CLASS), oid = mig__field_oid(rows, i, OID);
		uint32_t to_class = mig__field_oid(rows, i, REF_CLASS);
		uint32_t to_oid = mig__field_oid(rows, i, REF_OID), from;

		/* a table does not need its columns */
		if (class == to_class && oid == to_oid && mig__field_is(rows, i, COLUMN, '0'))
			continue;
		from = mig__catalog_number(c, class, oid, mig__field_oid(rows, i, COLUMN));
		if (from < MIG_LEFT_OUT)
			mig__catalog_need(c, from,
					  mig__catalog_number(c, to_class, to_oid,
							      mig__field_oid(rows, i, REF_COLUMN)));
	}
}

static int compare_needs(const void *a, const void *b)
{
	const struct mig__need *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

/* Each once, in an order that does not come from where the server keeps its rows. */
static void report_needs(struct mig__catalog *c)
{
	if (c->edge_count)
		qsort(c->edges, c->edge_count, sizeof *c->edges, compare_needs);
	for (size_t i = 0; !c->rc && i < c->edge_count; i++)
		if (!i || compare_needs(&c->edges[i - 1], &c->edges[i]) != 0)
			c->rc = c->sink->need(c->sink->user, c->edges[i].from, c->edges[i].to,
					      MIG_NEED);
}

static void report_rest(struct mig__catalog *c)
{
	mig__catalog_inheritance(c);
	mig__catalog_constraints(c);
	mig__catalog_indexes(c);
	mig__catalog_attached(c);
	mig__catalog_table_parts(c);
	mig__catalog_ownership(c);
	mig__catalog_references(c);
	find_needs(c);
	report_needs(c);
	if (mig__catalog_wants_rows(c))
		mig__catalog_raw(c);
}

/* -- all of it */

static void init(struct mig__catalog *c, mig_conn *conn, const mig_schema_sink *sink)
{
	*c = (struct mig__catalog){ .conn = conn, .sink = sink };
	mig__arena_init(&c->arena, &conn->alloc);
	mig__map_init(&c->numbers, &conn->alloc);
	mig__map_init(&c->known, &conn->alloc);
	mig__map_init(&c->comments, &conn->alloc);
	mig__map_init(&c->names, &conn->alloc);
	mig__buf_init(&c->only, &conn->alloc);
	for (int i = 0; i < MIG__CATALOG_TEXTS; i++)
		mig__buf_init(&c->texts[i], &conn->alloc);
}

static void finish(struct mig__catalog *c)
{
	PQclear(c->own_row);
	PQclear(c->found);
	PQclear(c->small);
	PQclear(c->columns);
	PQclear(c->defaults);
	PQclear(c->not_nulls);
	PQclear(c->relations);
	PQclear(c->constraints);
	PQclear(c->indexes);
	PQclear(c->dependencies);
	PQclear(c->raw_columns);
	for (int i = 0; i < MIG__RAW_TABLES; i++)
		PQclear(c->raw[i]);
	mig__map_finish(&c->numbers);
	mig__map_finish(&c->known);
	mig__map_finish(&c->comments);
	mig__map_finish(&c->names);
	mig__free(&c->conn->alloc, c->name_at);
	mig__free(&c->conn->alloc, c->edges);
	mig__buf_finish(&c->only);
	for (int i = 0; i < MIG__CATALOG_TEXTS; i++)
		mig__buf_finish(&c->texts[i]);
	mig__arena_finish(&c->arena);
}

mig_status mig__pg_inspect(mig_conn *conn, const mig_schema_sink *sink)
{
	PGTransactionStatusType status = PQtransactionStatus(conn->db);
	int inside = status == PQTRANS_INTRANS || status == PQTRANS_INERROR, open;
	struct mig__catalog c;
	struct mig__buf sql;

	init(&c, conn, sink);
	mig__buf_init(&sql, &conn->alloc);
	read_top(&c, &sql, inside);
	open = !c.rc || PQtransactionStatus(conn->db) != status;
	if (!c.rc)
		read_columns(&c, &sql);
	if (!c.rc)
		read_rest(&c, &sql, inside, &open);
	if (!c.rc)
		report_rest(&c);
	if (open)
		mig__pg_quiet(conn, inside ? end_inner : "ROLLBACK");
	mig__buf_finish(&sql);
	finish(&c);
	return c.rc;
}
