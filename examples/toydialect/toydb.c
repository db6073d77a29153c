/* toydb: the smallest dialect with autogenerate, for who writes one.
 * Its engine is SQLite in disguise: the connection is that of libmig-sqlite, whose slots are borrowed, but
 * for those that differ. Names are in backticks, the default schema is "dbo", the types are NUMBER, FLAG
 * and CHARS, a URL is "file=PATH;", and DDL commits by itself. libmig's tables are kept by the default
 * store; *schema* has tables, columns with NOT NULL and defaults, and primary keys. ../dialect is a
 * connection of one's own. */
#include <mig/attribute.h>
#include <mig/dialect.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static const mig_dialect_conn *lite; /* the connection of libmig-sqlite */
static mig_dialect_conn conn_slots;  /* the same with what follows */

static const mig_dialect_host *host_of_last; /* of the connection opened last; one's own keeps its own */

static mig_status cannot(const char *what)
{
	return host_of_last->error(host_of_last->user, &(mig_dialect_error){ .struct_size = sizeof(mig_dialect_error),
		.status = MIG_EUNSUPPORTED, .message = what, .offset = MIG_NO_OFFSET });
}

/* -- connections */

static int32_t owns(const char *url)
{
	return !strncmp(url, "file=", 5);
}

static mig_status open_conn(const mig_dialect_host *host, const mig_conn_options *options, mig_conn **out)
{
	mig_conn_options o = *options;
	char url[1000];

	if (options->url)
		snprintf(url, sizeof url, "sqlite:%.*s", (int)strcspn(o.url + 5, ";"), o.url + 5), o.url = url;
	host_of_last = host;
	return lite->open(host, &o, out);
}

/* -- DDL commits by itself: what is open, and its own work */

static int is_ddl(const char *text, size_t size)
{
	return size > 6 && (!sqlite3_strnicmp(text, "CREATE", 6) || !sqlite3_strnicmp(text, "ALTER", 5) ||
			    !sqlite3_strnicmp(text, "DROP", 4) || !sqlite3_strnicmp(text, "RENAME", 6));
}

static mig_status next_statement(mig_conn *conn, const char *text, size_t size, size_t offset, mig_statement *out)
{
	mig_status rc = lite->next_statement(conn, text, size, offset, out);

	if (!rc && out->size && is_ddl(text + out->offset, out->size))
		out->kind |= MIG_STATEMENT_COMMITS;
	return rc;
}

static mig_status run_statement(mig_conn *conn, const char *text, size_t size)
{
	int32_t inside = 0;
	mig_status rc = is_ddl(text, size) ? lite->in_transaction(conn, &inside) : MIG_OK;

	if (!rc && inside)
		rc = lite->run_statement(conn, "COMMIT", 6);
	return rc ? rc : lite->run_statement(conn, text, size);
}

/* -- a process that died between a statement and its mark: if it ran, the schema has another number */

static mig_status observe(mig_conn *conn, const char *text, size_t size, char *seen)
{
	mig_value v = { .integer = 0 };
	mig_cursor *row = NULL;
	int32_t more;
	mig_status rc = lite->prepare(conn, "PRAGMA schema_version", 21, MIG_PREPARE_OWN, &row);

	if (!rc && !(rc = lite->step(row, &more)))
		rc = lite->column(row, 0, MIG_INTEGER, &v);
	lite->finish(row);
	snprintf(seen, MIG_OBSERVED_SIZE, is_ddl(text, size) ? "%lld" : "", (long long)v.integer);
	return rc;
}

static mig_status recover(mig_conn *conn, const char *text, size_t size, const char *seen, int32_t *done)
{
	char now[MIG_OBSERVED_SIZE];
	mig_status rc = observe(conn, text, size, now);

	*done = !rc && seen[0] && strcmp(seen, "?") && strcmp(seen, now);
	return rc;
}

/* -- what is in a database */

static char *quoted(const char *name) /* for sqlite3_free(), or %z */
{
	char *text = sqlite3_mprintf("`");

	for (; *name; name++)
		text = sqlite3_mprintf("%z%s%c", text, *name == '`' ? "`" : "", *name);
	return sqlite3_mprintf("%z`", text);
}

/* A row for each column: table, column, type, NOT NULL, default, place in the primary key. */
static const char columns_sql[] =
	"SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk FROM sqlite_schema m, pragma_table_info(m.name) c"
	" WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'mig!_%' ESCAPE '!'"
	" ORDER BY m.name, c.cid";

struct reading {
	const mig_schema_sink *sink;
	char table[200], key[500]; /* key: columns of its primary key, as far as they were read */
	uint32_t number;
};

static mig_status report(const mig_schema_sink *sink, int32_t kind, const char *name, uint32_t flags,
			 const mig_attribute *at, size_t count, uint32_t parent, uint32_t *number)
{
	return sink->object(sink->user, &(mig_object){ .struct_size = sizeof(mig_object), .kind = kind, .flags = flags,
		.schema = kind == MIG_KIND_TABLE ? "dbo" : "", .name = name, .attributes = at,
		.attribute_count = count }, parent, number);
}

static mig_status report_column(const mig_schema_sink *sink, uint32_t table, const char *name, const char *type,
				int not_null, const char *value)
{
	uint32_t number, ignored;
	mig_status rc = report(sink, MIG_KIND_COLUMN, name, 0,
			       (mig_attribute[]){ { MIG_ATTR_TYPE, type }, { MIG_ATTR_NOT_NULL, MIG_YES } },
			       1 + (size_t)(not_null != 0), table, &number);

	return rc || !value ? rc : report(sink, MIG_KIND_DEFAULT, name, 0,
					  &(mig_attribute){ MIG_ATTR_EXPRESSION, value }, 1, number, &ignored);
}

static mig_status end_table(struct reading *r)
{
	uint32_t ignored;
	mig_status rc = r->key[0] ? report(r->sink, MIG_KIND_PRIMARY_KEY, "PRIMARY KEY", MIG_OBJECT_UNNAMED,
					   &(mig_attribute){ MIG_ATTR_COLUMNS, r->key }, 1, r->number, &ignored) : MIG_OK;

	r->key[0] = '\0';
	return rc;
}

static mig_status read_row(struct reading *r, mig_cursor *row)
{
	mig_value v[6];
	char *name;
	mig_status rc = MIG_OK;

	for (int32_t i = 0; !rc && i < 6; i++)
		rc = lite->column(row, i, i == 3 || i == 5 ? MIG_INTEGER : MIG_TEXT, &v[i]);
	if (!rc && strcmp(r->table, v[0].data)) {
		rc = end_table(r);
		snprintf(r->table, sizeof r->table, "%s", (const char *)v[0].data);
		if (!rc)
			rc = report(r->sink, MIG_KIND_TABLE, r->table, 0, NULL, 0, MIG_NO_OBJECT, &r->number);
	}
	if (rc)
		return rc;
	if (v[5].integer) { /* in the order of the columns, which is how render() writes it */
		name = quoted(v[1].data);
		snprintf(r->key + strlen(r->key), sizeof r->key - strlen(r->key), "%s%s", r->key[0] ? ", " : "", name);
		sqlite3_free(name);
	}
	return report_column(r->sink, r->number, v[1].data, v[2].data, (int)v[3].integer,
			     v[4].type == MIG_NULL ? NULL : v[4].data);
}

static mig_status inspect(mig_conn *conn, const mig_schema_sink *sink)
{
	struct reading r = { .sink = sink };
	mig_cursor *row;
	int32_t more = 0;
	mig_status rc = lite->prepare(conn, columns_sql, strlen(columns_sql), 0, &row);

	if (rc)
		return rc;
	while (!(rc = lite->step(row, &more)) && more && !(rc = read_row(&r, row)))
		;
	lite->finish(row);
	return rc ? rc : end_table(&r);
}

/* -- models: portable types and defaults in the engine's words */

static mig_status native_column(mig_conn *conn, const mig_object *column, uint32_t parent, const mig_schema_sink *sink)
{
	const char *portable = mig_object_attribute(column, MIG_ATTR_PORTABLE_TYPE), *size = portable ? strchr(portable, '(') : NULL;
	const char *type = mig_object_attribute(column, MIG_ATTR_TYPE), *value = NULL;
	char text[100];

	if (conn && portable && !strncmp(portable, MIG_TYPE_ENUM, 4))
		return cannot("toydb has no enumerated types");
	if (portable && !strcmp(portable, MIG_TYPE_BOOLEAN))
		type = "FLAG";
	else if (portable && (strstr(portable, "int") || !strncmp(portable, MIG_TYPE_NUMERIC, 7)))
		type = "NUMBER";
	else if (portable)
		snprintf(text, sizeof text, "CHARS%s", size ? size : ""), type = text;
	if (column->child && !(value = mig_object_attribute(column->child, MIG_ATTR_EXPRESSION))) {
		value = mig_object_attribute(column->child, MIG_ATTR_PORTABLE);
		value = !strcmp(value, MIG_PORTABLE_TRUE) ? "1" : !strcmp(value, MIG_PORTABLE_FALSE) ? "0" : "CURRENT_TIMESTAMP";
	}
	return report_column(sink, parent, column->name, type, mig_object_attribute(column, MIG_ATTR_NOT_NULL) != NULL, value);
}

/* -- operations as SQL */

static uint32_t change(const mig_object *from, const mig_object *to)
{
	return (void)to, from->kind == MIG_KIND_COLUMN ? MIG_CHANGE_RECREATE | MIG_CHANGE_LOSSY : MIG_CHANGE_RECREATE;
}

static int32_t holds(const mig_object *dependent, const mig_object *changed)
{
	return (void)dependent, (void)changed, 0;
}

static void add_column(char **sql, const mig_object *c)
{
	char *old = *sql;

	*sql = sqlite3_mprintf("%z%z %s%s%s%s", old, quoted(c->name), mig_object_attribute(c, MIG_ATTR_TYPE),
			       mig_object_attribute(c, MIG_ATTR_NOT_NULL) ? " NOT NULL" : "", c->child ? " DEFAULT " : "",
			       c->child ? mig_object_attribute(c->child, MIG_ATTR_EXPRESSION) : "");
}

static char *sql_of(const mig_op *op)
{
	const mig_object *o = op->to ? op->to : op->from;
	const char *table = o->parent ? o->parent->name : o->name;
	char *sql;
	int n = 0;

	if (op->type == MIG_OP_DROP && o->kind == MIG_KIND_TABLE)
		return sqlite3_mprintf("DROP TABLE %z", quoted(table));
	if (op->type == MIG_OP_DROP && o->kind == MIG_KIND_COLUMN)
		return sqlite3_mprintf("ALTER TABLE %z DROP COLUMN %z", quoted(table), quoted(o->name));
	if (op->type == MIG_OP_RENAME && o->kind == MIG_KIND_TABLE)
		return sqlite3_mprintf("ALTER TABLE %z RENAME TO %z", quoted(op->from->name), quoted(o->name));
	if (op->type == MIG_OP_RENAME && o->kind == MIG_KIND_COLUMN)
		return sqlite3_mprintf("ALTER TABLE %z RENAME COLUMN %z TO %z", quoted(table), quoted(op->from->name), quoted(o->name));
	if (op->type != MIG_OP_CREATE || (o->kind != MIG_KIND_TABLE && o->kind != MIG_KIND_COLUMN))
		return NULL;
	sql = sqlite3_mprintf(o->kind == MIG_KIND_TABLE ? "CREATE TABLE %z (" : "ALTER TABLE %z ADD COLUMN ", quoted(table));
	if (o->kind == MIG_KIND_COLUMN)
		add_column(&sql, o);
	for (const mig_object *c = o->child; o->kind == MIG_KIND_TABLE && c; c = c->next)
		if (c->kind == MIG_KIND_COLUMN) {
			sql = sqlite3_mprintf("%z%s", sql, n++ ? ", " : "");
			add_column(&sql, c);
		}
	for (size_t i = 0; i < op->part_count; i++)
		if (op->parts[i]->kind == MIG_KIND_PRIMARY_KEY)
			sql = sqlite3_mprintf("%z, PRIMARY KEY (%s)", sql,
					      mig_object_attribute(op->parts[i], MIG_ATTR_COLUMNS));
	return o->kind == MIG_KIND_TABLE ? sqlite3_mprintf("%z)", sql) : sql;
}

static mig_status render(mig_conn *conn, const mig_changes *changes, const mig_sql_sink *sink)
{
	mig_status rc = conn ? MIG_OK : MIG_EMISUSE;

	for (size_t i = 0; !rc && i < changes->op_count; i++) {
		char *sql = sql_of(changes->ops[i]);

		rc = sql ? sink->statement(sink->user, sql, strlen(sql), changes->ops[i], MIG_STATEMENT_COMMITS, NULL)
			 : cannot("toydb cannot do this to an existing table: write the revision by hand");
		sqlite3_free(sql);
	}
	return rc;
}

/* -- the tables of the dialect */

static const mig_store_words words = { .struct_size = sizeof words, .key_type = "CHARS(255)",
				       .text_type = "CHARS", .integer_type = "NUMBER", .id_type = "INTEGER PRIMARY KEY" };
static const mig_dialect_store store = { .struct_size = sizeof store, .words = &words };
static mig_dialect_schema schema = { .struct_size = sizeof schema, .inspect = inspect, .change = change, .holds = holds,
				     .render = render, .native_column = native_column, .default_schema = "dbo" };
static const char *const schemes[] = { "toydb", NULL };
static const mig_dialect toydb = { .struct_size = sizeof toydb, .contract = MIG_DIALECT_CONTRACT, .name = "toydb",
				   .schemes = schemes, .owns = owns, .capabilities = MIG_NAMES_FOLD, .conn = &conn_slots,
				   .store = &store, .schema = &schema };

MIG_EXPORT const mig_dialect *mig_dialect_toydb(void);
const mig_dialect *mig_dialect_toydb(void)
{
	conn_slots = *(lite = mig_dialect_sqlite()->conn);
	schema.scratch = mig_dialect_sqlite()->schema->scratch;
	conn_slots.name_quotes = "``";
	conn_slots.open = open_conn, conn_slots.next_statement = next_statement;
	conn_slots.run_statement = run_statement; /* run_script() is for scratches, where it does not matter */
	conn_slots.commit_begin = NULL, conn_slots.verify = NULL;
	conn_slots.observe = observe, conn_slots.recover = recover;
	return &toydb;
}
