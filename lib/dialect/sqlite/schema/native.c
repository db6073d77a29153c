/* native: columns declared in portable terms. Types are chosen for their affinity
 * (https://www.sqlite.org/datatype3.html): what looks like a number must stay text where it is one,
 * so UUID, JSON and INTERVAL are text. */
#include "dialect/sqlite/schema/objects.h"
#include "dialect/sqlite/sql/quote.h"

#include <string.h>

static const struct {
	const char *portable, *native; /* what stands in parentheses is kept */
} types[] = {
	{ "smallint", "SMALLINT" }, { "integer", "INTEGER" },     { "bigint", "BIGINT" },
	{ "boolean", "BOOLEAN" },   { "float", "FLOAT" },         { "double", "DOUBLE" },
	{ "numeric", "NUMERIC" },   { "text", "TEXT" },           { "varchar", "VARCHAR" },
	{ "char", "CHAR" },         { "bytes", "BLOB" },          { "date", "DATE" },
	{ "time", "TIME" },         { "timestamp", "TIMESTAMP" }, { "timestamptz", "TIMESTAMP" },
	{ "interval", "TEXT" },     { "uuid", "CHAR(36)" },       { "json", "TEXT" },
	{ "jsonb", "TEXT" },        { "enum", "TEXT" },
};

/* A column that is not such a key gets no value by itself, whatever its type is. */
static int fills_itself(const mig_object *column, const char *type)
{
	return mig__attribute(column, "primary_key") &&
	       (!strcmp(type, "integer") || !strcmp(type, "bigint") || !strcmp(type, "smallint"));
}

static mig_status add_type(mig_conn *conn, const mig_object *column, struct mig__buf *out)
{
	const char *type = mig__attribute(column, "portable_type");
	size_t word;

	if (!type) {
		mig__buf_adds(out, mig__attribute(column, "type"));
		return MIG_OK;
	}
	if (strstr(type, "[]"))
		return mig__sqlite_report(conn, MIG_EUNSUPPORTED, NULL,
					  "declare another type for sqlite",
					  "column %s: SQLite has no arrays", column->name);
	if (mig__attribute(column, "identity") && !fills_itself(column, type))
		return mig__sqlite_report(conn, MIG_EUNSUPPORTED, NULL,
					  "leave identity out, or make it the primary key",
					  "column %s: identity on SQLite is for a primary key of type "
					  "integer, bigint or smallint",
					  column->name);
	if (mig__attribute(column, "identity")) { /* only this very type is filled by itself */
		mig__buf_adds(out, "INTEGER");
		return MIG_OK;
	}
	word = strcspn(type, "(");
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strlen(types[i].portable) == word && !strncmp(types[i].portable, type, word)) {
			mig__buf_addf(out, "%s%s", types[i].native, type + word);
			return MIG_OK;
		}
	return mig__sqlite_report(conn, MIG_EUNSUPPORTED, NULL, NULL,
				  "column %s: SQLite has no type \"%s\"", column->name, type);
}

/* Literals stand alone, other expressions need parentheses. */
static int is_literal(const char *text)
{
	struct mig__sqlite_token t = mig__sqlite_token(text);

	if (mig__sqlite_is_sign(t, '-') || mig__sqlite_is_sign(t, '+'))
		t = mig__sqlite_token(mig__sqlite_behind(t));
	if (t.kind != MIG__TOKEN_NUMBER && t.kind != MIG__TOKEN_STRING &&
	    !mig__sqlite_is(t, "NULL") && !mig__sqlite_is(t, "TRUE") &&
	    !mig__sqlite_is(t, "FALSE") && !mig__sqlite_is(t, "CURRENT_TIMESTAMP") &&
	    !mig__sqlite_is(t, "CURRENT_DATE") && !mig__sqlite_is(t, "CURRENT_TIME") &&
	    !(mig__sqlite_is_sign(t, '(') && mig__sqlite_closing(t.at) &&
	      !mig__sqlite_token(mig__sqlite_closing(t.at)).kind))
		return 0;
	return mig__sqlite_is_sign(t, '(') || !mig__sqlite_token(mig__sqlite_behind(t)).kind;
}

static void add_default(const mig_object *given, struct mig__buf *out)
{
	static const struct {
		const char *portable, *native;
	} values[] = { { "now", "CURRENT_TIMESTAMP" },
		       { "today", "CURRENT_DATE" },
		       { "true", "1" },
		       { "false", "0" } };
	const char *expression = mig__attribute(given, "expression");
	const char *portable = mig__attribute(given, "portable");

	for (size_t i = 0; !expression && portable && i < sizeof values / sizeof *values; i++)
		if (!strcmp(values[i].portable, portable))
			expression = values[i].native;
	expression = expression ? expression : "NULL";
	mig__buf_addf(out, is_literal(expression) ? "%s" : "(%s)", expression);
}

struct native {
	mig_conn *conn;
	const mig_schema_sink *sink;
	uint32_t table;
	struct mig__buf type, normal_type, generated, fallback, normal_default, check;
};

static void add_normal(struct mig__buf *out, const char *text)
{
	mig__sqlite_add_normal(out, text, text + strlen(text));
}

static mig_status report(struct native *n, int32_t kind, const char *name, const mig_attribute *at,
			 size_t count, uint32_t parent, uint32_t *number)
{
	mig_attribute kept[8];
	mig_object o = { .struct_size = sizeof o,
			 .kind = kind,
			 .schema = "",
			 .name = name,
			 .attributes = kept };

	for (size_t i = 0; i < count; i++)
		if (at[i].value && at[i].value[0])
			kept[o.attribute_count++] = at[i];
	return n->sink->object(n->sink->user, &o, parent, number);
}

static mig_status report_enum(struct native *n, const mig_object *column, uint32_t *number)
{
	const char *name = mig__attribute(column, "enum_check");

	mig__buf_adds(&n->check, "(");
	mig__sqlite_add_word(&n->check, column->name);
	mig__buf_addf(&n->check, " in(%s))", mig__attribute(column, "enum_values"));
	return report(n, MIG_KIND_CHECK, name ? name : "check",
		      (mig_attribute[]){ { "expression", mig__buf_text(&n->check) } }, 1, n->table,
		      number);
}

static mig_status report_column(struct native *n, const mig_object *column)
{
	const char *generated = mig__attribute(column, "generated");
	const char *kind = mig__attribute(column, "generated_kind");
	const char *identity = mig__attribute(column, "identity");
	uint32_t number, ignored;
	mig_status rc = add_type(n->conn, column, &n->type);
	mig_attribute at[] = {
		{ "type", NULL },
		{ ".type", mig__buf_text(&n->type) },
		{ "collation", mig__attribute(column, "collation") },
		{ "not_null", mig__attribute(column, "not_null") },
		{ "generated", NULL },
		{ "generated_kind", kind && !strcmp(kind, "stored") ? kind : NULL },
		{ "autoincrement", identity && !strcmp(identity, "ALWAYS") ? "yes" : NULL },
	};

	if (rc)
		return rc;
	add_normal(&n->normal_type, mig__buf_text(&n->type));
	at[0].value = mig__buf_text(&n->normal_type);
	at[1].value = mig__buf_text(&n->type);
	if (generated) {
		mig__buf_addf(&n->generated, "(%s)", generated);
		at[4].value = mig__buf_text(&n->generated);
	}
	rc = report(n, MIG_KIND_COLUMN, column->name, at, sizeof at / sizeof *at, n->table,
		    &number);
	if (!rc && column->child) {
		add_default(column->child, &n->fallback);
		add_normal(&n->normal_default, mig__buf_text(&n->fallback));
		rc = report(n, MIG_KIND_DEFAULT, column->name,
			    (mig_attribute[]){ { "expression", mig__buf_text(&n->normal_default) },
					       { ".sql", mig__buf_text(&n->fallback) } },
			    2, number, &ignored);
	}
	if (!rc && mig__attribute(column, "enum_values"))
		rc = report_enum(n, column, &ignored);
	return rc;
}

mig_status mig__sqlite_native_column(mig_conn *conn, const mig_object *column, uint32_t parent,
				     const mig_schema_sink *sink)
{
	struct native n = { .conn = conn, .sink = sink, .table = parent };
	struct mig__buf *bufs[] = { &n.type,     &n.normal_type,    &n.generated,
				    &n.fallback, &n.normal_default, &n.check };
	int failed = 0;
	mig_status rc;

	for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
		mig__buf_init(bufs[i], &conn->alloc);
	rc = report_column(&n, column);
	for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) {
		failed |= bufs[i]->failed;
		mig__buf_finish(bufs[i]);
	}
	return rc ? rc : failed ? mig__sqlite_nomem(conn) : MIG_OK;
}
