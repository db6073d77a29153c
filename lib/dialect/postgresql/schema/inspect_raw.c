/* The catalogue's own rows of what was reported, for the second comparison: every column of the tables
 * below, also those that came with a later version of the server, but for a listed few. Not what any
 * of them means.
 *
 * Which columns there are is asked in message 1; message 3 has one query a table. Rows that differ in
 * nothing but whose they are come as one, with a list of the oids: most columns of most tables are
 * like many others. A reference to another object says only whether it is to one of the server's
 * own, to another, or to none, since oids differ between databases; the names are compared as
 * objects. */
#include "dialect/postgresql/schema/inspect.h"
#include "dialect/postgresql/schema/inspect_sql.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct table {
	const char *name;
	enum mig__class class;
	const char *id;     /* whose row it is: its oid, or for a column that of the table, "." and its number */
	const char *filter; /* which rows */
	const char *skip;   /* columns that say nothing about the schema, or only a name */
	const char *places; /* columns that hold numbers of columns */
	const char *only;   /* which rows are of a few relations: those of the list $; NULL: all may be */
};

/* Skipped are, besides names and oids: owners and privileges, which objects have in a form of their
 * own; what VACUUM and ANALYZE write; whether a key is inherited, which depends on how it came (of a
 * check it is an attribute); flags that are cleared some time later; texts that the server
 * keeps as they were typed. Both lists with blanks around each. */
/* clang-format off */
static const struct table tables[] = {
	{ "pg_class", MIG__CLASS_CLASS, "oid",
	  "oid" USERS " AND relpersistence <> 't' AND relkind IN ('r', 'p', 'v', 'm', 'S', 'i', 'I')",
	  " oid relname relowner relacl reloptions reltoastrelid relfilenode relpages reltuples relallvisible relallfrozen relhasindex relhasrules "
	  "relhastriggers relhassubclass relnatts relrewrite relfrozenxid relminmxid relhasoids ", "",
	  "(relkind = 'S' OR oid = ANY ($) OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = ANY ($)))" },
	{ "pg_attribute", MIG__CLASS_CLASS, "attrelid || '.' || attnum",
	  "attnum > 0 AND NOT attisdropped AND attrelid" USERS
	  " AND attrelid IN (SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND relpersistence <> 't')",
	  " attrelid attname attnum attcacheoff attndims atthasmissing attmissingval attacl attislocal attinhcount "
	  "attisdropped attoptions ", "", "attrelid = ANY ($)" },
	{ "pg_constraint", MIG__CLASS_CONSTRAINT, "oid", "oid" USERS " AND contype IN ('p', 'u', 'f', 'c', 'x')",
	  " oid conname conislocal coninhcount connoinherit consrc ", " conkey confkey confdelsetcols ",
	  "(conrelid = 0 OR conrelid = ANY ($))" },
	{ "pg_index", MIG__CLASS_CLASS, "indexrelid", "indexrelid" USERS,
	  " indexrelid indrelid indcheckxmin indisready indislive ", " indkey ",
	  "indrelid = ANY ($)" },
	{ "pg_type", MIG__CLASS_TYPE, "oid", "oid" USERS " AND typtype IN ('d', 'e', 'r')",
	  " oid typname typowner typacl typdefault typndims typrelid ", "", NULL },
	{ "pg_range", MIG__CLASS_TYPE, "rngtypid", "rngtypid" USERS, " rngtypid ", "", NULL },
	{ "pg_proc", MIG__CLASS_PROC, "oid", "oid" USERS, " oid proname proowner proacl prosrc ", "", NULL },
	{ "pg_trigger", MIG__CLASS_TRIGGER, "oid", "oid" USERS " AND NOT tgisinternal", " oid tgname ", " tgattr ", NULL },
	{ "pg_rewrite", MIG__CLASS_REWRITE, "oid", "oid" USERS, " oid rulename ", "", NULL },
	{ "pg_policy", MIG__CLASS_POLICY, "oid", "oid" USERS, " oid polname polroles ", "", NULL },
	{ "pg_sequence", MIG__CLASS_CLASS, "seqrelid", "seqrelid" USERS, " seqrelid ", "", NULL },
	{ "pg_partitioned_table", MIG__CLASS_CLASS, "partrelid", "partrelid" USERS, " partrelid ", " partattrs ", NULL },
	{ "pg_statistic_ext", MIG__CLASS_STATISTICS, "oid", "oid" USERS, " oid stxname stxowner ", " stxkeys ", NULL },
	{ "pg_collation", MIG__CLASS_COLLATION, "oid", "oid" USERS, " oid collname collowner collversion ", "", NULL },
	{ "pg_event_trigger", MIG__CLASS_EVENT_TRIGGER, "oid", "oid" USERS, " oid evtname evtowner ", "", NULL },
	{ "pg_namespace", MIG__CLASS_NAMESPACE, "oid", "oid" USERS, " oid nspname nspowner nspacl ", "", NULL },
};
/* clang-format on */

enum { TABLES = sizeof tables / sizeof *tables };
_Static_assert((int)TABLES <= (int)MIG__RAW_TABLES, "room for the results");

int mig__catalog_wants_rows(const struct mig__catalog *c)
{
	return c->sink->struct_size >= offsetof(mig_schema_sink, row) + sizeof c->sink->row &&
	       c->sink->row;
}

/* -- message 1: which columns there are */

enum { TABLE, COLUMN, TYPE };

void mig__catalog_sql_raw_columns(struct mig__buf *sql)
{
	mig__buf_adds(sql, "SELECT c.relname, a.attname, t.typname FROM pg_attribute a "
			   "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid "
			   "WHERE c.relnamespace = 11 AND a.attnum > 0 AND c.relname IN (");
	for (int i = 0; i < TABLES; i++)
		mig__buf_addf(sql, "%s'%s'", i ? ", " : "", tables[i].name);
	mig__buf_adds(sql, ") ORDER BY c.relname, a.attnum;");
}

/* -- message 3: the rows */

static int is_listed(const char *list, const char *name)
{
	size_t size = strlen(name);

	for (const char *p = strstr(list, name); p; p = strstr(p + 1, name))
		if (p > list && p[-1] == ' ' && p[size] == ' ')
			return 1;
	return 0;
}

static int is_one_of(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

/* e.g. relnamespace */
static int is_namespace(const char *name)
{
	static const char end[] = "namespace";
	size_t size = strlen(name);

	return size > sizeof end && !strcmp(name + size - (sizeof end - 1), end);
}

/* A column as it can be compared and grouped. */
static void add_column(struct mig__buf *sql, const struct table *t, const char *name,
		       const char *type)
{
	static const char *const targets[] = { "attstattarget", "stxstattarget", NULL };
	static const char *const plain[] = { "bool", "char", "int2", "int4", "int8", "float4", "name", "text", NULL };
	static const char *const references[] = { "oid",     "regproc",      "regprocedure", "regclass",
						  "regtype", "regnamespace", "regrole",      "regoper",
						  "regoperator", NULL };
	static const char *const lists[] = { "oidvector", "_oid", "_regclass", "_regproc", "_regtype", NULL };

	if (is_namespace(name)) /* the schema public, too, may have been made anew */
		mig__buf_addf(sql, "CASE %s WHEN 2200 THEN 16384 ELSE least(%s::int8, 16384) END",
			      name, name);
	else if (is_listed(t->places, name))
		mig__buf_addf(sql, "cardinality(%s::int2[])", name);
	else if (is_one_of(name, targets)) /* -1 before version 17, NULL after: a scratch may be of another */
		mig__buf_addf(sql, "nullif(%s, -1)", name);
	else if (is_one_of(type, plain))
		mig__buf_adds(sql, name);
	else if (is_one_of(type, references))
		mig__buf_addf(sql, "least(%s::oid::int8, 16384)", name);
	else if (is_one_of(type, lists))
		mig__buf_addf(sql, "CASE WHEN 16384 > ALL (%s::oid[]) THEN %s::text ELSE 'own' END",
			      name, name);
	else if (!strcmp(type, "pg_node_tree"))
		mig__buf_addf(sql, "%s IS NOT NULL", name);
	else
		mig__buf_addf(sql, "%s::text", name);
	mig__buf_addf(sql, " AS %s", name);
}

/* What the table has to say; 0: nothing. */
static size_t add_columns(const struct mig__catalog *c, const struct table *t, struct mig__buf *sql)
{
	size_t count = 0;

	for (int i = 0; i < PQntuples(c->raw_columns); i++) {
		const char *name = PQgetvalue(c->raw_columns, i, COLUMN);

		if (strcmp(PQgetvalue(c->raw_columns, i, TABLE), t->name) != 0 ||
		    is_listed(t->skip, name))
			continue;
		mig__buf_adds(sql, ", ");
		add_column(sql, t, name, PQgetvalue(c->raw_columns, i, TYPE));
		count++;
	}
	return count;
}

/* The condition with the list in place of each $. */
static void add_only(struct mig__buf *sql, const char *condition, const char *list)
{
	mig__buf_adds(sql, " AND ");
	for (; *condition; condition++)
		if (*condition == '$')
			mig__buf_addf(sql, "'%s'::oid[]", list);
		else
			mig__buf_add(sql, condition, 1);
}

void mig__catalog_sql_raw(const struct mig__catalog *c, struct mig__buf *sql)
{
	for (int i = 0; i < TABLES; i++) {
		const struct table *t = &tables[i];
		size_t count;

		mig__buf_addf(sql, "SELECT string_agg((%s)::text, ' ')", t->id);
		count = add_columns(c, t, sql);
		mig__buf_addf(sql, " FROM %s WHERE %s", t->name, t->filter);
		if (c->only.len && t->only)
			add_only(sql, t->only, mig__buf_text(&c->only));
		for (size_t n = 0; n < count; n++)
			mig__buf_addf(sql, "%s%zu", n ? ", " : " GROUP BY ", n + 2);
		mig__buf_adds(sql, ";");
	}
}

int mig__catalog_raw_count(void)
{
	return TABLES;
}

/* -- whose they are */

/* "column=value", one a line; a value's own line ends are blanks. */
static void add_text(struct mig__buf *out, const PGresult *rows, int row)
{
	for (int i = 1; i < PQnfields(rows); i++) {
		const char *value = PQgetvalue(rows, row, i);

		mig__buf_addf(out, "%s%s=", i > 1 ? "\n" : "", PQfname(rows, i));
		if (PQgetisnull(rows, row, i))
			mig__buf_adds(out, "NULL");
		for (; *value; value++)
			mig__buf_add(out, *value == '\n' ? " " : value, 1);
	}
}

static void report_row(struct mig__catalog *c, const struct table *t, const char *ids,
		       const char *text)
{
	while (!c->rc && *ids) {
		char *end;
		uint32_t oid = (uint32_t)strtoul(ids, &end, 10), sub = 0, number;

		if (*end == '.')
			sub = (uint32_t)strtoul(end + 1, &end, 10);
		ids = end + (*end == ' ');
		number = mig__catalog_number(c, (uint32_t)t->class, oid, sub);
		/* members of an extension stand for it */
		if (number < MIG_LEFT_OUT &&
		    (number < c->extensions_from || number >= c->extensions_to))
			c->rc = c->sink->row(c->sink->user, number, t->name, text);
	}
}

void mig__catalog_raw(struct mig__catalog *c)
{
	struct mig__buf text;

	mig__buf_init(&text, &c->conn->alloc);
	for (int i = 0; i < TABLES; i++)
		for (int row = 0; !c->rc && row < PQntuples(c->raw[i]); row++) {
			mig__buf_clear(&text);
			add_text(&text, c->raw[i], row);
			report_row(c, &tables[i], PQgetvalue(c->raw[i], row, 0),
				   mig__catalog_made(c, &text));
		}
	mig__buf_finish(&text);
}
