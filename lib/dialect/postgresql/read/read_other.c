/* read_other: types, schemas, comments, and what a script says of its session. */
#include "dialect/postgresql/read/expression.h"
#include "dialect/postgresql/sql/quote.h"

#include <string.h>

/* CREATE TYPE name AS ENUM (...) */
void mig__read_create_type(struct mig__reader *r)
{
	struct mig__read_object *o;
	const char *schema, *name;
	struct mig__buf values;

	if (!mig__read_qualified(r, &schema, &name))
		return;
	mig__read_want(r, "AS ENUM");
	mig__read_want_symbol(r, '(');
	mig__buf_init(&values, &r->conn->alloc);
	do {
		const char *label = r->unread ? "" : mig__read_string(r);

		if (!*label || strlen(label) > MIG__READ_NAME_MOST)
			mig__read_unread(r);
		mig__buf_adds(&values, values.len ? ", " : "");
		mig__pg_add_text(&values, label, strlen(label));
	} while (!r->unread && mig__read_symbol(r, ','));
	mig__read_want_symbol(r, ')');
	/* a table's row is a type, too */
	if (mig__read_is_taken(r, &r->relations, schema, name))
		mig__read_unread(r);
	if (!r->unread) {
		o = mig__read_new(r, MIG_KIND_ENUM, NULL, schema, name);
		mig__read_enter(r, &r->types, schema, name, o);
		mig__read_set(r, o, MIG_ATTR_VALUES, mig__read_kept(r, &values));
		mig__read_need_schema(r, o);
	}
	mig__buf_finish(&values);
}

void mig__read_create_schema(struct mig__reader *r)
{
	int if_new = mig__read_take(r, "IF NOT EXISTS");
	const char *name = mig__read_name(r);

	if (r->unread || (if_new && mig__map_get(&r->schemas, name, strlen(name)) != MIG__NONE))
		return;
	/* the system's; and what is called as the user may be where names are looked up */
	if (!strncmp(name, "pg_", 3) || !strcmp(name, "information_schema") ||
	    !strcmp(name, r->user)) {
		mig__read_unread(r);
		return;
	}
	mig__read_add_schema(r, name);
}

/* -- comments */

static struct mig__read_object *find_part(struct mig__reader *r, struct mig__read_object *table,
					  const char *name)
{
	for (struct mig__read_object *c = table ? table->child : NULL; c; c = c->next)
		if (c->kind != MIG_KIND_COLUMN && c->kind != MIG_KIND_INDEX && c->name &&
		    !strcmp(c->name, name))
			return c;
	mig__read_unread(r);
	return NULL;
}

/* column: schema.table.name or table.name */
static struct mig__read_object *find_column(struct mig__reader *r)
{
	const char *first = mig__read_name(r), *second, *schema = r->schema;
	struct mig__read_object *table, *column = NULL;

	mig__read_want_symbol(r, '.');
	second = mig__read_name(r);
	if (mig__read_symbol(r, '.')) {
		schema = first;
		first = second;
		second = mig__read_name(r);
	}
	table = schema && !r->unread ? mig__read_find(r, &r->relations, schema, first) : NULL;
	if (table && table->kind == MIG_KIND_TABLE)
		column = mig__read_child(table, MIG_KIND_COLUMN, second);
	if (!column)
		mig__read_unread(r);
	return column;
}

static struct mig__read_object *find_relation(struct mig__reader *r, const struct mig__map *map,
					      int32_t kind)
{
	struct mig__read_object *o = NULL;
	const char *schema, *name;

	if (mig__read_qualified(r, &schema, &name))
		o = mig__read_find(r, map, schema, name);
	if (!o || o->kind != kind) {
		mig__read_unread(r);
		return NULL;
	}
	return o;
}

static struct mig__read_object *find_commented(struct mig__reader *r)
{
	const char *name;

	if (mig__read_take(r, "TABLE"))
		return mig__read_table_here(r);
	if (mig__read_take(r, "COLUMN"))
		return find_column(r);
	if (mig__read_take(r, "INDEX"))
		return find_relation(r, &r->relations, MIG_KIND_INDEX);
	if (mig__read_take(r, "SEQUENCE"))
		return find_relation(r, &r->relations, MIG_KIND_SEQUENCE);
	if (mig__read_take(r, "TYPE"))
		return find_relation(r, &r->types, MIG_KIND_ENUM);
	mig__read_want(r, "CONSTRAINT");
	name = mig__read_name(r);
	mig__read_want(r, "ON");
	return r->unread ? NULL : find_part(r, mig__read_table_here(r), name);
}

void mig__read_comment(struct mig__reader *r)
{
	struct mig__read_object *o = find_commented(r);

	mig__read_want(r, "IS");
	if (!o || r->unread)
		return;
	if (mig__read_take(r, "NULL"))
		mig__read_unset(o, MIG_ATTR_COMMENT);
	else {
		const char *text = mig__read_string(r);

		mig__read_unset(o, MIG_ATTR_COMMENT);
		mig__read_set(r, o, MIG_ATTR_COMMENT, text);
	}
}

/* -- owners and settings */

void mig__read_owner(struct mig__reader *r)
{
	mig__read_want(r, "OWNER TO");
	if (mig__read_take(r, "CURRENT_USER") || mig__read_take(r, "SESSION_USER"))
		return;
	if (strcmp(mig__read_name(r), r->user) != 0)
		mig__read_unread(r);
}

/* Settings that change nothing of what is read here, whatever they are set to, and others with the value
 * that makes no difference. */
static const struct {
	const char *name, *value; /* value NULL: any */
} settings[] = {
	{ "statement_timeout", NULL },
	{ "lock_timeout", NULL },
	{ "idle_in_transaction_session_timeout", NULL },
	{ "transaction_timeout", NULL },
	{ "client_min_messages", NULL },
	{ "row_security", NULL },
	{ "check_function_bodies", NULL },
	{ "xmloption", NULL },
	{ "client_encoding", "utf8" },
	{ "standard_conforming_strings", "on" },
	{ "default_tablespace", "" },
	{ "default_table_access_method", "heap" },
	{ "default_with_oids", "false" },
};

static void set(struct mig__reader *r, const char *name, const char *value)
{
	char small[16] = "";

	for (size_t i = 0; value[i] && i < sizeof small - 1; i++)
		small[i] = value[i] >= 'A' && value[i] <= 'Z' ? (char)(value[i] + 32) : value[i];
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		if (!strcmp(name, settings[i].name) &&
		    (!settings[i].value || !strcmp(settings[i].value, small)))
			return;
	mig__read_unread(r);
}

/* SET name = value, and what pg_dump says of the search path. */
void mig__read_setting(struct mig__reader *r)
{
	const char *name, *value;

	if (mig__read_take(r, "SELECT")) {
		(void)(mig__read_take(r, "PG_CATALOG") && mig__read_symbol(r, '.'));
		mig__read_want(r, "SET_CONFIG");
		mig__read_want_symbol(r, '(');
		name = mig__read_string(r);
		mig__read_want_symbol(r, ',');
		value = r->unread ? "" : mig__read_string(r);
		mig__read_want_symbol(r, ',');
		mig__read_want(r, "FALSE");
		mig__read_want_symbol(r, ')');
		if (strcmp(name, "search_path") != 0 || *value)
			mig__read_unread(r);
		r->schema = NULL;
		return;
	}
	name = mig__read_name(r);
	if (!mig__read_symbol(r, '='))
		mig__read_want(r, "TO");
	if (r->unread)
		return;
	switch (mig__read_peek(r, 0)->sort) {
	case MIG__READ_STRING:
		set(r, name, mig__read_string(r));
		break;
	case MIG__READ_NUMBER:
		set(r, name, mig__read_integer(r));
		break;
	default:
		value = mig__read_take(r, "ON")      ? "on"
			: mig__read_take(r, "FALSE") ? "false"
						     : mig__read_name(r);
		set(r, name, value);
	}
}
