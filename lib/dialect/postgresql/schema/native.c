/* native: columns that a program declares in portable words, in PostgreSQL's. Not a model
 * in SQL. */
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/schema/ddl.h"
#include "dialect/postgresql/sql/quote.h"

#include <mig/attribute.h>
#include <string.h>

/* What is not here is called the same. now: the default "now" where it is not now(). */
static const struct {
	const char *portable, *native, *now;
} types[] = {
	{ "smallint", "smallint", NULL },
	{ "integer", "integer", NULL },
	{ "bigint", "bigint", NULL },
	{ "boolean", "boolean", NULL },
	{ "float", "real", NULL },
	{ "double", "double precision", NULL },
	{ "numeric", "numeric", NULL },
	{ "text", "text", NULL },
	{ "varchar", "character varying", NULL },
	{ "char", "character", NULL },
	{ "bytes", "bytea", NULL },
	{ "date", "date", "CURRENT_DATE" },
	{ "time", "time without time zone", "LOCALTIME" },
	{ "timestamp", "timestamp without time zone", NULL },
	{ "timestamptz", "timestamp with time zone", NULL },
	{ "interval", "interval", NULL },
	{ "uuid", "uuid", NULL },
	{ "json", "json", NULL },
	{ "jsonb", "jsonb", NULL },
};

enum { TYPES = sizeof types / sizeof *types };

static const struct {
	const char *portable, *native;
} defaults[] = {
	{ "now", "now()" },   { "today", "CURRENT_DATE" },     { "true", "true" },
	{ "false", "false" }, { "uuid", "gen_random_uuid()" },
};

enum { DEFAULTS = sizeof defaults / sizeof *defaults };
enum { VIRTUAL = 180000 }; /* the server's version that has virtual columns */

/* The portable type's row, its word ending at the first of "([". */
static size_t find_type(const char *portable)
{
	size_t size = strcspn(portable, "(["), i = 0;

	while (i < TYPES && (strlen(types[i].portable) != size ||
			     strncmp(types[i].portable, portable, size) != 0))
		i++;
	return i;
}

static mig_status add_type(mig_conn *conn, const mig_object *column, struct mig__buf *b)
{
	const char *portable = mig__attribute(column, "portable_type");
	const char *enum_name = mig__attribute(column, "enum_name");
	const char *enum_schema = mig__attribute(column, "enum_schema");
	size_t size = portable ? strcspn(portable, "([") : 0, i = TYPES;

	if (enum_name) {
		const mig_object named = { .schema = enum_schema ? enum_schema : "",
					   .name = enum_name };

		mig__ddl_put(b, &named, "@q");
	} else if (portable && (i = find_type(portable)) < TYPES) {
		mig__buf_adds(b, types[i].native);
	} else {
		return mig__pg_report(conn, MIG_EUNSUPPORTED, NULL, NULL,
				      "column \"%s\": there is no type \"%s\"", column->name,
				      portable ? portable : "");
	}
	mig__buf_adds(b, portable ? portable + size : "");
	return MIG_OK;
}

/* A bare name; what has quotes in it is left as it is. */
static void add_collation(struct mig__buf *b, const char *collation)
{
	if (strchr(collation, '"'))
		mig__buf_adds(b, collation);
	else
		mig__pg_add_name(b, collation);
}

static const char *native_default(const mig_object *column, const mig_object *value)
{
	const char *expression = mig__attribute(value, "expression");
	const char *portable = mig__attribute(value, "portable");
	const char *type = mig__attribute(column, "portable_type");
	size_t i = type ? find_type(type) : TYPES;

	if (expression || !portable)
		return expression;
	if (!strcmp(portable, "now") && i < TYPES && types[i].now)
		return types[i].now;
	for (i = 0; i < DEFAULTS; i++)
		if (!strcmp(defaults[i].portable, portable))
			return defaults[i].native;
	return NULL;
}

static mig_status report_default(mig_conn *conn, const mig_object *column, uint32_t parent,
				 const mig_schema_sink *sink)
{
	const mig_object *value = mig__child(column, MIG_KIND_DEFAULT, NULL);
	mig_attribute expression = { "expression", NULL };
	mig_object native = { .struct_size = sizeof native,
			      .kind = MIG_KIND_DEFAULT,
			      .schema = column->schema,
			      .name = column->name,
			      .attributes = &expression,
			      .attribute_count = 1 };
	uint32_t number;

	if (!value)
		return MIG_OK;
	expression.value = native_default(column, value);
	if (!expression.value)
		return mig__pg_report(conn, MIG_EUNSUPPORTED, NULL, NULL,
				      "column \"%s\": its default cannot be had here",
				      column->name);
	return sink->object(sink->user, &native, parent, &number);
}

static mig_status report_column(mig_conn *conn, const mig_object *column, const char *type,
				const char *collation, uint32_t parent, const mig_schema_sink *sink)
{
	static const char *const same[] = { "not_null", "generated", "identity", "comment" };
	mig_attribute attributes[3 + sizeof same / sizeof *same] = { { "type", type } };
	mig_object native = { .struct_size = sizeof native,
			      .kind = MIG_KIND_COLUMN,
			      .schema = column->schema,
			      .name = column->name,
			      .attributes = attributes };
	size_t count = 1;
	uint32_t number;
	mig_status rc;

	/* servers that have no virtual columns keep what is computed */
	if (mig__pg_is_virtual(column) && PQserverVersion(conn->db) >= VIRTUAL)
		attributes[count++] =
			(mig_attribute){ MIG_ATTR_GENERATED_KIND, MIG_GENERATED_VIRTUAL };
	if (collation)
		attributes[count++] = (mig_attribute){ "collation", collation };
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		const char *value = mig__attribute(column, same[i]);

		if (value)
			attributes[count++] = (mig_attribute){ same[i], value };
	}
	native.attribute_count = count;
	rc = sink->object(sink->user, &native, parent, &number);
	return rc ? rc : report_default(conn, column, number, sink);
}

mig_status mig__pg_native_column(mig_conn *conn, const mig_object *column, uint32_t parent,
				 const mig_schema_sink *sink)
{
	const char *type = mig__attribute(column, "type");
	const char *given = mig__attribute(column, "collation");
	struct mig__buf made, collation;
	mig_status rc = MIG_OK;

	mig__buf_init(&made, &conn->alloc);
	mig__buf_init(&collation, &conn->alloc);
	if (!type)
		rc = add_type(conn, column, &made);
	if (given)
		add_collation(&collation, given);
	if (!rc && (made.failed || collation.failed))
		rc = mig__pg_nomem(conn);
	if (!rc)
		rc = report_column(conn, column, type ? type : mig__buf_text(&made),
				   given ? mig__buf_text(&collation) : NULL, parent, sink);
	mig__buf_finish(&made);
	mig__buf_finish(&collation);
	return rc;
}
