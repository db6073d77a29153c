/* snapshot: the database as a script: the texts that SQLite keeps, word for word, and the rows as
 * INSERTs; whether a database is empty; and scratches with another clock. */
#include "dialect/sqlite/schema/objects.h"
#include "dialect/sqlite/sql/quote.h"

#include "base/ascii.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

/* -- where one is taken */

mig_status mig__sqlite_is_empty(mig_conn *conn, int32_t *empty)
{
	int64_t version = 0, application = 0;
	sqlite3_stmt *stmt;
	int row = 1, own = 1;
	mig_status rc = mig__sqlite_query(conn, "SELECT tbl_name FROM main.sqlite_schema", &stmt);

	if (rc)
		return rc;
	while (!(rc = mig__sqlite_row(conn, stmt, &row)) && row && own) {
		const char *table = (const char *)sqlite3_column_text(stmt, 0);

		own = table && (!mig__ascii_compare(table, conn->version_table) ||
				!mig__ascii_compare(table, conn->history_table));
	}
	sqlite3_finalize(stmt);
	if (!rc)
		rc = mig__sqlite_number(conn, "PRAGMA main.user_version", &version);
	if (!rc)
		rc = mig__sqlite_number(conn, "PRAGMA main.application_id", &application);
	*empty = own && !version && !application;
	return rc;
}

mig_status mig__sqlite_snapshot_key(mig_conn *conn, char *key)
{
	sqlite3_snprintf(MIG_SNAPSHOT_KEY_SIZE, key, "%s", conn->keys ? "foreign_keys" : "");
	return MIG_OK;
}

/* -- objects */

struct dumping {
	mig_conn *conn;
	const mig_sql_sink *sink;
	struct mig__arena arena;
	struct mig__map shadows;
	struct mig__buf sql;
	int virtual; /* there is a virtual table */
};

static mig_status end(struct dumping *d, mig_status rc)
{
	mig__buf_finish(&d->sql);
	mig__map_finish(&d->shadows);
	mig__arena_finish(&d->arena);
	return rc;
}

/* Shadow tables come and go with their virtual ones. */
static mig_status begin(mig_conn *conn, const mig_sql_sink *sink, struct dumping *d)
{
	sqlite3_stmt *stmt;
	int row = 1, listed;
	mig_status rc;

	*d = (struct dumping){ .conn = conn, .sink = sink };
	mig__arena_init(&d->arena, &conn->alloc);
	mig__map_init(&d->shadows, &conn->alloc);
	mig__buf_init(&d->sql, &conn->alloc);
	rc = mig__sqlite_read_shadows(conn, &d->arena, &d->shadows, &listed);
	if (rc || listed)
		return rc;
	rc = mig__sqlite_query(conn, "SELECT name, sql FROM main.sqlite_schema WHERE type = 'table'", &stmt);
	while (!rc && !(rc = mig__sqlite_row(conn, stmt, &row)) && row) {
		struct mig__sqlite_create create;
		const char *sql = (const char *)sqlite3_column_text(stmt, 1);

		if (sql && mig__sqlite_read_create(sql, &create) && create.virtual)
			rc = mig__sqlite_guess_shadows(conn, (const char *)sqlite3_column_text(stmt, 0), create.rest,
						       &d->arena, &d->shadows);
	}
	if (stmt)
		sqlite3_finalize(stmt);
	return rc;
}

static mig_status emit(struct dumping *d)
{
	mig_status rc;

	if (d->sql.failed)
		return mig__sqlite_nomem(d->conn);
	rc = d->sink->statement(d->sink->user, mig__buf_text(&d->sql), d->sql.len, NULL, 0, NULL);
	mig__buf_clear(&d->sql);
	return rc;
}

static int is_shadow(const struct dumping *d, const char *table)
{
	return mig__map_get(&d->shadows, table, strlen(table)) != MIG__NONE;
}

/* Calls fn for each row of sqlite_schema with a text: name, table, text. */
static mig_status each(struct dumping *d, const char *where,
		       mig_status (*fn)(struct dumping *d, const char *name, const char *sql))
{
	sqlite3_stmt *stmt;
	char query[160];
	int row = 1;
	mig_status rc;

	sqlite3_snprintf(sizeof query, query,
			 "SELECT name, tbl_name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL AND %s ORDER BY rowid",
			 where);
	rc = mig__sqlite_query(d->conn, query, &stmt);
	if (rc)
		return rc;
	while (!rc && !(rc = mig__sqlite_row(d->conn, stmt, &row)) && row) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		const char *table = (const char *)sqlite3_column_text(stmt, 1);
		const char *sql = (const char *)sqlite3_column_text(stmt, 2);

		if (!name || !table || !sql)
			rc = mig__sqlite_nomem(d->conn);
		else if (!mig__sqlite_is_internal(d->conn, table) && !is_shadow(d, table))
			rc = fn(d, name, sql);
	}
	sqlite3_finalize(stmt);
	return rc;
}

static mig_status emit_object(struct dumping *d, const char *name, const char *sql)
{
	(void)name;
	mig__buf_adds(&d->sql, sql);
	return emit(d);
}

static mig_status exists(mig_conn *conn, const char *query, int *is)
{
	sqlite3_stmt *stmt;
	mig_status rc = mig__sqlite_query(conn, query, &stmt);

	*is = 0;
	if (!rc)
		rc = mig__sqlite_row(conn, stmt, is);
	sqlite3_finalize(stmt);
	return rc;
}

/* SQLite's table of sequences stays when the last table that has one is dropped. Made again, it is
 * made in the same way. */
static mig_status emit_sequences(struct dumping *d)
{
	int is = 0, used = 0;
	mig_status rc = exists(d->conn, "SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_sequence'", &is);

	if (!rc && is)
		rc = exists(d->conn, "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND sql LIKE "
				     "'%AUTOINCREMENT%'", &used);
	if (rc || !is || used)
		return rc;
	mig__buf_adds(&d->sql, "CREATE TABLE main.mig_sequence (id INTEGER PRIMARY KEY AUTOINCREMENT)");
	rc = emit(d);
	mig__buf_adds(&d->sql, "DROP TABLE main.mig_sequence");
	return rc ? rc : emit(d);
}

static mig_status emit_pragma(struct dumping *d, const char *name)
{
	char query[64];
	int64_t number;
	mig_status rc;

	sqlite3_snprintf(sizeof query, query, "PRAGMA main.%s", name);
	rc = mig__sqlite_number(d->conn, query, &number);
	if (rc || !number)
		return rc;
	mig__buf_addf(&d->sql, "PRAGMA main.%s = %lld", name, (long long)number);
	return emit(d);
}

mig_status mig__sqlite_dump_objects(mig_conn *conn, int32_t after_rows, const mig_sql_sink *sink)
{
	struct dumping d;
	mig_status rc = begin(conn, sink, &d);

	if (!rc)
		rc = each(&d, after_rows ? "type <> 'table'" : "type = 'table'", emit_object);
	if (!rc && !after_rows)
		rc = emit_sequences(&d);
	if (!rc && after_rows)
		rc = emit_pragma(&d, "user_version");
	if (!rc && after_rows)
		rc = emit_pragma(&d, "application_id");
	return end(&d, rc);
}

/* -- rows */

enum { STATEMENT = 64 * 1024, MOST_ROWS = 250 }; /* of one INSERT: bytes, rows */

static void add_real(struct mig__buf *buf, double value)
{
	char text[40];

	if (isinf(value)) {
		mig__buf_adds(buf, value < 0 ? "-9e999" : "9e999");
		return;
	}
	sqlite3_snprintf(sizeof text, text, "%!.17g", value);
	mig__buf_adds(buf, text);
}

static void add_hex(struct mig__buf *buf, const unsigned char *at, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	mig__buf_adds(buf, "x'");
	for (size_t i = 0; i < size; i++) {
		const char two[2] = { digits[at[i] >> 4], digits[at[i] & 15] };

		mig__buf_add(buf, two, 2);
	}
	mig__buf_adds(buf, "'");
}

/* In quotes, unless a script could not have it so. */
static void add_text(struct mig__buf *buf, const char *text, size_t size)
{
	if (memchr(text, 0, size) || mig__text_utf8(text, size) < size) {
		mig__buf_adds(buf, "CAST(");
		add_hex(buf, (const unsigned char *)text, size);
		mig__buf_adds(buf, " AS TEXT)");
	} else {
		mig__sqlite_add_string(buf, text);
	}
}

static void add_value(struct mig__buf *buf, sqlite3_stmt *stmt, int i)
{
	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_INTEGER:
		/* the smallest has no literal of its own: its digits alone are a real */
		if (sqlite3_column_int64(stmt, i) == INT64_MIN)
			mig__buf_adds(buf, "(-9223372036854775807 - 1)");
		else
			mig__buf_addf(buf, "%lld", (long long)sqlite3_column_int64(stmt, i));
		break;
	case SQLITE_FLOAT:
		add_real(buf, sqlite3_column_double(stmt, i));
		break;
	case SQLITE_TEXT: {
		const char *text = (const char *)sqlite3_column_text(stmt, i);

		if (text)
			add_text(buf, text, (size_t)sqlite3_column_bytes(stmt, i));
		else
			buf->failed = 1;
		break;
	}
	case SQLITE_BLOB: {
		const unsigned char *at = sqlite3_column_blob(stmt, i);

		add_hex(buf, at, (size_t)sqlite3_column_bytes(stmt, i));
		break;
	}
	default:
		mig__buf_adds(buf, "NULL");
	}
}

/* All rows of a query, as INSERTs that begin with head. */
static mig_status emit_rows(struct dumping *d, const char *query, const char *head)
{
	sqlite3_stmt *stmt;
	int row = 1, rows = 0;
	mig_status rc = mig__sqlite_query(d->conn, query, &stmt);

	if (rc)
		return rc;
	while (!rc && !(rc = mig__sqlite_row(d->conn, stmt, &row)) && row) {
		mig__buf_adds(&d->sql, rows ? ",\n" : head);
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			mig__buf_adds(&d->sql, i ? "," : "(");
			add_value(&d->sql, stmt, i);
		}
		mig__buf_adds(&d->sql, ")");
		if (++rows == MOST_ROWS || d->sql.len > STATEMENT) {
			rc = emit(d);
			rows = 0;
		}
	}
	sqlite3_finalize(stmt);
	return rc || !rows ? rc : emit(d);
}

/* A table's columns. */
struct columns {
	struct mig__buf list; /* those that have values of their own */
	struct mig__buf key;  /* the primary key's */
	const char *names[3]; /* of the rowid that no column has */
	int keys, integer;    /* columns of the primary key; the last one's type is INTEGER */
};

static mig_status read_columns(struct dumping *d, const char *table, struct columns *c)
{
	sqlite3_stmt *stmt = NULL;
	struct mig__buf query;
	int row = 1;
	mig_status rc;

	mig__buf_init(&query, &d->conn->alloc);
	mig__buf_adds(&query, "SELECT name, hidden, pk, type FROM pragma_table_xinfo(");
	mig__sqlite_add_string(&query, table);
	mig__buf_adds(&query, ", 'main') ORDER BY cid");
	rc = query.failed ? mig__sqlite_nomem(d->conn) : mig__sqlite_query(d->conn, query.data, &stmt);
	while (!rc && !(rc = mig__sqlite_row(d->conn, stmt, &row)) && row) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		const char *type = (const char *)sqlite3_column_text(stmt, 3);

		if (!name)
			rc = mig__sqlite_nomem(d->conn);
		for (size_t i = 0; !rc && i < 3; i++)
			if (c->names[i] && !mig__ascii_compare(c->names[i], name))
				c->names[i] = NULL;
		if (!rc && sqlite3_column_int(stmt, 1) == 0) { /* neither hidden nor generated */
			mig__buf_adds(&c->list, c->list.len ? "," : "");
			mig__sqlite_add_name(&c->list, name);
		}
		if (!rc && sqlite3_column_int(stmt, 2)) {
			c->integer = type && !mig__ascii_compare(type, "INTEGER");
			mig__buf_adds(&c->key, c->keys++ ? "," : "");
			mig__sqlite_add_name(&c->key, name);
		}
	}
	sqlite3_finalize(stmt);
	mig__buf_finish(&query);
	if (!rc && (c->list.failed || c->key.failed))
		rc = mig__sqlite_nomem(d->conn);
	return rc;
}

/* The name by which rows have their number, unless the primary key is that number; NULL: the rows have
 * none, or it cannot be named. */
static mig_status find_rowid(struct dumping *d, const char *table, const struct columns *c, const char **out,
			     int *without)
{
	const char *name = c->names[0] ? c->names[0] : c->names[1] ? c->names[1] : c->names[2];
	sqlite3_stmt *stmt = NULL;
	struct mig__buf query;
	int code, other = 1;
	mig_status rc;

	*out = NULL;
	*without = 0;
	if (!name)
		return MIG_OK;
	mig__buf_init(&query, &d->conn->alloc);
	mig__buf_addf(&query, "SELECT %s FROM main.", name);
	mig__sqlite_add_name(&query, table);
	if (c->keys == 1 && c->integer)
		mig__buf_addf(&query, " WHERE %s IS NOT %s LIMIT 1", name, mig__buf_text(&c->key));
	rc = query.failed ? mig__sqlite_nomem(d->conn)
			  : mig__sqlite_prepare(d->conn, query.data, -1, 0, &stmt, NULL, &code);
	*without = !rc && code == SQLITE_ERROR;
	if (!rc && code != SQLITE_OK && !*without)
		rc = mig__sqlite_fail(d->conn, NULL);
	if (!rc && !*without && c->keys == 1 && c->integer)
		rc = mig__sqlite_row(d->conn, stmt, &other);
	if (!rc && !*without && other)
		*out = name;
	sqlite3_finalize(stmt);
	mig__buf_finish(&query);
	return rc;
}

static mig_status refuse(struct dumping *d, const char *table, const char *why)
{
	return mig__sqlite_report(d->conn, MIG_EUNSUPPORTED, NULL, NULL, "a snapshot cannot hold table %s: %s", table,
				  why);
}

static mig_status refuse_virtual_rows(struct dumping *d, const char *table)
{
	struct mig__buf query;
	int is = 0;
	mig_status rc;

	mig__buf_init(&query, &d->conn->alloc);
	mig__buf_adds(&query, "SELECT 1 FROM main.");
	mig__sqlite_add_name(&query, table);
	mig__buf_adds(&query, " LIMIT 1");
	rc = query.failed ? mig__sqlite_nomem(d->conn) : exists(d->conn, query.data, &is);
	mig__buf_finish(&query);
	return !rc && is ? refuse(d, table, "it is virtual and has rows") : rc;
}

static mig_status emit_table(struct dumping *d, const char *table, struct columns *c)
{
	struct mig__buf query, head;
	const char *rowid;
	int without;
	mig_status rc = read_columns(d, table, c);

	if (!rc)
		rc = find_rowid(d, table, c, &rowid, &without);
	if (rc)
		return rc;
	mig__buf_init(&query, &d->conn->alloc);
	mig__buf_init(&head, &d->conn->alloc);
	mig__buf_adds(&head, "INSERT INTO main.");
	mig__sqlite_add_name(&head, table);
	mig__buf_addf(&head, "(%s%s%s) VALUES\n", rowid ? rowid : "", rowid && c->list.len ? "," : "",
		      mig__buf_text(&c->list));
	mig__buf_addf(&query, "SELECT %s%s%s FROM main.", rowid ? rowid : "", rowid && c->list.len ? "," : "",
		      mig__buf_text(&c->list));
	mig__sqlite_add_name(&query, table);
	if (c->keys && (without || !rowid))
		mig__buf_addf(&query, " ORDER BY %s", mig__buf_text(&c->key));
	else if (rowid)
		mig__buf_addf(&query, " ORDER BY %s", rowid);
	if (query.failed || head.failed)
		rc = mig__sqlite_nomem(d->conn);
	else
		rc = emit_rows(d, query.data, head.data);
	mig__buf_finish(&query);
	mig__buf_finish(&head);
	return rc;
}

static mig_status emit_table_rows(struct dumping *d, const char *name, const char *sql)
{
	struct columns c = { .names = { "rowid", "_rowid_", "oid" } };
	struct mig__sqlite_create create;
	mig_status rc;

	if (mig__sqlite_read_create(sql, &create) && create.virtual)
		return refuse_virtual_rows(d, name);
	mig__buf_init(&c.list, &d->conn->alloc);
	mig__buf_init(&c.key, &d->conn->alloc);
	rc = emit_table(d, name, &c);
	mig__buf_finish(&c.list);
	mig__buf_finish(&c.key);
	return rc;
}

/* The rows above have set the positions that SQLite would find; there may have been others. */
static mig_status emit_positions(struct dumping *d)
{
	int is = 0;
	mig_status rc = exists(d->conn, "SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_sequence'", &is);

	if (!rc && is)
		rc = exists(d->conn, "SELECT 1 FROM main.sqlite_sequence LIMIT 1", &is);
	if (rc || !is)
		return rc;
	mig__buf_adds(&d->sql, "DELETE FROM main.sqlite_sequence");
	rc = emit(d);
	return rc ? rc
		  : emit_rows(d, "SELECT name, seq FROM main.sqlite_sequence ORDER BY rowid",
			      "INSERT INTO main.sqlite_sequence(name,seq) VALUES\n");
}

mig_status mig__sqlite_dump_rows(mig_conn *conn, const mig_sql_sink *sink)
{
	struct dumping d;
	int is = 0;
	mig_status rc = begin(conn, sink, &d);

	if (!rc)
		rc = exists(conn, "SELECT 1 FROM main.sqlite_schema WHERE name GLOB 'sqlite_stat[1-4]'", &is);
	if (!rc && is)
		rc = refuse(&d, "sqlite_stat1", "statistics of ANALYZE");
	if (!rc)
		rc = each(&d, "type = 'table'", emit_table_rows);
	if (!rc)
		rc = emit_positions(&d);
	return end(&d, rc);
}

/* -- another clock */

mig_status mig__sqlite_scratch_apart(mig_conn *conn, int32_t side, mig_conn **out)
{
	struct mig__sqlite_apart *apart;
	char url[96];
	mig_status rc;

	if (!side)
		return mig__sqlite_scratch(conn, out);
	apart = mig__sqlite_apart_new(&conn->alloc);
	if (!apart)
		return mig__sqlite_nomem(conn);
	sqlite3_snprintf(sizeof url, url, "file::memory:?vfs=%s", mig__sqlite_apart_name(apart));
	rc = mig__sqlite_scratch_at(conn, url, out);
	if (rc)
		mig__sqlite_apart_free(&conn->alloc, apart);
	else
		(*out)->apart = apart;
	return rc;
}
