/* read_object: the objects of a script, found by name, and how they are reported in the end. Not what
 * is said of them. */
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/read/expression.h"
#include "dialect/postgresql/schema/ddl.h"
#include "dialect/postgresql/sql/quote.h"

#include <stdlib.h>
#include <string.h>

/* -- names */

static void add_key(struct mig__buf *out, const char *schema, const char *name)
{
	mig__buf_clear(out);
	mig__buf_adds(out, schema);
	mig__buf_add(out, "", 1); /* no name has a NUL */
	mig__buf_adds(out, name);
}

static uint32_t find(const struct mig__reader *r, const struct mig__map *map, const char *schema,
		     const char *name)
{
	char key[2 * MIG__READ_NAME_MOST + 2];
	size_t a = strlen(schema), b = strlen(name);

	(void)r;
	if (a > MIG__READ_NAME_MOST || b > MIG__READ_NAME_MOST)
		return MIG__NONE;
	memcpy(key, schema, a + 1);
	memcpy(key + a + 1, name, b);
	return mig__map_get(map, key, a + 1 + b);
}

struct mig__read_object *mig__read_find(const struct mig__reader *r, const struct mig__map *map,
					const char *schema, const char *name)
{
	uint32_t place = find(r, map, schema, name);

	return place == MIG__NONE ? NULL : r->at[place];
}

int mig__read_is_taken(const struct mig__reader *r, const struct mig__map *map, const char *schema,
		       const char *name)
{
	return find(r, map, schema, name) != MIG__NONE;
}

void mig__read_enter(struct mig__reader *r, struct mig__map *map, const char *schema,
		     const char *name, struct mig__read_object *object)
{
	struct mig__buf *key = mig__read_text(r);
	const char *copy;

	if (mig__read_is_taken(r, map, schema, name)) {
		mig__read_unread(r);
		return;
	}
	add_key(key, schema, name);
	copy = key->failed ? NULL : mig__arena_strndup(&r->arena, key->data, key->len);
	if (copy)
		memcpy((char *)(uintptr_t)copy, key->data, key->len);
	if (!copy ||
	    !mig__grow(&r->conn->alloc, (void **)&r->at, &r->cap, r->count + 1,
		       sizeof(struct mig__read_object *)) ||
	    !mig__map_add(map, copy, key->len, (uint32_t)r->count, NULL)) {
		r->rc = mig__pg_nomem(r->conn);
		return;
	}
	r->at[r->count++] = object;
}

/* The system's schemas are not for models, and those that the script did not create are not there. */
static int is_schema(const struct mig__reader *r, const char *schema)
{
	return mig__map_get(&r->schemas, schema, strlen(schema)) != MIG__NONE;
}

int mig__read_qualified(struct mig__reader *r, const char **schema, const char **name)
{
	*schema = r->schema;
	*name = mig__read_name(r);
	if (mig__read_symbol(r, '.')) {
		*schema = *name;
		*name = mig__read_name(r);
	}
	if (!*schema || !is_schema(r, *schema))
		mig__read_unread(r);
	return !r->unread;
}

const char *mig__read_qualify(struct mig__reader *r, const char *schema, const char *name)
{
	struct mig__buf *out = mig__read_text(r);

	mig__ddl_name(out, schema);
	mig__buf_adds(out, ".");
	mig__ddl_name(out, name);
	return mig__read_kept(r, out);
}

struct mig__read_object *mig__read_table_here(struct mig__reader *r)
{
	struct mig__read_object *table = NULL;
	const char *schema, *name;

	if (mig__read_qualified(r, &schema, &name))
		table = mig__read_find(r, &r->relations, schema, name);
	if (!table || table->kind != MIG_KIND_TABLE) {
		mig__read_unread(r);
		return NULL;
	}
	return table;
}

/* -- objects */

struct mig__read_object *mig__read_new(struct mig__reader *r, int32_t kind,
				       struct mig__read_object *parent, const char *schema,
				       const char *name)
{
	struct mig__read_object *o = r->rc ? NULL : mig__arena_zalloc(&r->arena, 1, sizeof *o);
	struct mig__read_object **first = parent ? &parent->child : &r->first;
	struct mig__read_object **last = parent ? &parent->last_child : &r->last;

	if (!o) {
		if (!r->rc)
			r->rc = mig__pg_nomem(r->conn);
		r->unread = 1;
		return &r->nobody;
	}
	o->kind = kind;
	o->schema = schema;
	o->name = name;
	o->parent = parent;
	if (*last)
		(*last)->next = o;
	else
		*first = o;
	*last = o;
	return o;
}

void mig__read_set(struct mig__reader *r, struct mig__read_object *o, const char *key,
		   const char *value)
{
	struct mig__read_attribute *a = o->attributes;

	if (!value || !*value || r->rc)
		return;
	while (a && strcmp(a->key, key) != 0)
		a = a->next;
	if (!a) {
		a = mig__arena_zalloc(&r->arena, 1, sizeof *a);
		if (!a) {
			r->rc = mig__pg_nomem(r->conn);
			return;
		}
		a->key = key;
		a->next = o->attributes;
		o->attributes = a;
	}
	a->value = value;
	/* it may call functions of the script's own */
	if (r->kept && r->kept != o && strcmp(key, MIG_ATTR_COMMENT) != 0 &&
	    value[strspn(value, "(")] == ' ')
		mig__read_need(r, o, r->kept, MIG_NEED);
}

void mig__read_unset(struct mig__read_object *o, const char *key)
{
	for (struct mig__read_attribute **a = &o->attributes; *a; a = &(*a)->next)
		if (!strcmp((*a)->key, key)) {
			*a = (*a)->next;
			return;
		}
}

const char *mig__read_get(const struct mig__read_object *o, const char *key)
{
	for (const struct mig__read_attribute *a = o->attributes; a; a = a->next)
		if (!strcmp(a->key, key))
			return a->value;
	return NULL;
}

void mig__read_need(struct mig__reader *r, struct mig__read_object *from,
		    struct mig__read_object *to, int32_t need)
{
	struct mig__read_need *n;

	if (!to || from == to || r->rc)
		return;
	for (n = from->needs; n; n = n->next)
		if (n->to == to)
			return;
	n = mig__arena_zalloc(&r->arena, 1, sizeof *n);
	if (!n) {
		r->rc = mig__pg_nomem(r->conn);
		return;
	}
	*n = (struct mig__read_need){ to, need, from->needs };
	from->needs = n;
}

struct mig__read_object *mig__read_child(const struct mig__read_object *o, int32_t kind,
					 const char *name)
{
	struct mig__read_object *c = o->child;

	while (c && (c->kind != kind || (name && strcmp(c->name, name) != 0)))
		c = c->next;
	return c;
}

/* Its name counts from 18 on, where it is an object of its own. */
void mig__read_not_null(struct mig__reader *r, struct mig__read_object *column)
{
	const struct mig__read_object *table = column->parent;
	const char *name;

	if (mig__read_get(column, MIG_ATTR_NOT_NULL))
		return;
	mig__read_set(r, column, MIG_ATTR_NOT_NULL, MIG_YES);
	if (r->version < 180000)
		return;
	name = mig__read_made(r, "%s_%s_not_null", table->name, column->name);
	if (strlen(name) > MIG__READ_NAME_MOST)
		mig__read_unread(r);
	else
		mig__read_enter(r, &r->constraints, table->schema, name, NULL);
}

void mig__read_add_schema(struct mig__reader *r, const char *name)
{
	struct mig__read_object *o = mig__read_new(r, MIG_KIND_SCHEMA, NULL, "", name);

	if (r->rc ||
	    !mig__grow(&r->conn->alloc, (void **)&r->at, &r->cap, r->count + 1,
		       sizeof(struct mig__read_object *)) ||
	    !mig__map_add(&r->schemas, name, strlen(name), (uint32_t)r->count, NULL)) {
		r->rc = r->rc ? r->rc : mig__pg_nomem(r->conn);
		return;
	}
	r->at[r->count++] = o;
}

void mig__read_need_schema(struct mig__reader *r, struct mig__read_object *o)
{
	uint32_t place = mig__map_get(&r->schemas, o->schema, strlen(o->schema));

	if (place != MIG__NONE)
		mig__read_need(r, o, r->at[place], MIG_NEED);
}

struct mig__read_object *mig__read_relation(struct mig__reader *r, int32_t kind)
{
	int if_new = mig__read_take(r, "IF NOT EXISTS");
	struct mig__read_object *o;
	const char *schema, *name;

	if (!mig__read_qualified(r, &schema, &name))
		return NULL;
	if (if_new && mig__read_is_taken(r, &r->relations, schema, name)) {
		r->place = r->token_count - 1;
		return NULL;
	}
	o = mig__read_new(r, kind, NULL, schema, name);
	mig__read_enter(r, &r->relations, schema, name, o);
	mig__read_need_schema(r, o);
	return o;
}

const struct mig__read_type *mig__read_keep_type(struct mig__reader *r,
						 const struct mig__read_type *type)
{
	size_t size = strlen(type->words);
	uint32_t place = mig__map_get(&r->kept_types, type->words, size);
	struct mig__read_type *kept;

	if (place != MIG__NONE)
		return r->type_at[place];
	kept = mig__arena_alloc(&r->arena, sizeof *kept);
	if (!kept ||
	    !mig__grow(&r->conn->alloc, (void **)&r->type_at, &r->type_cap, r->type_count + 1,
		       sizeof(struct mig__read_type *)) ||
	    !mig__map_add(&r->kept_types, type->words, size, (uint32_t)r->type_count, NULL)) {
		r->rc = mig__pg_nomem(r->conn);
		return NULL;
	}
	*kept = *type;
	r->type_at[r->type_count++] = kept;
	return kept;
}

/* -- lists */

struct mig__read_object **mig__read_columns(struct mig__reader *r,
					    const struct mig__read_object *table, uint32_t *count)
{
	enum { MOST = 32 };
	struct mig__read_object *list[MOST], **out;

	*count = 0;
	mig__read_want_symbol(r, '(');
	do {
		const char *name = mig__read_name(r);

		if (*count == MOST)
			mig__read_unread(r);
		if (r->unread)
			return NULL;
		list[*count] = mig__read_child(table, MIG_KIND_COLUMN, name);
		if (!list[*count])
			mig__read_unread(r);
		for (uint32_t i = 0; i < *count; i++)
			if (list[i] == list[*count])
				mig__read_unread(r);
		++*count;
	} while (mig__read_symbol(r, ','));
	mig__read_want_symbol(r, ')');
	out = r->unread ? NULL : mig__arena_zalloc(&r->arena, *count, sizeof *out);
	if (out)
		memcpy(out, list, *count * sizeof *out);
	else if (!r->unread && !r->rc)
		r->rc = mig__pg_nomem(r->conn);
	return out;
}

const char *mig__read_column_list(struct mig__reader *r, struct mig__read_object *const *columns,
				  uint32_t count)
{
	struct mig__buf *out = mig__read_text(r);

	for (uint32_t i = 0; columns && i < count; i++) {
		mig__buf_adds(out, i ? ", " : "");
		mig__ddl_name(out, columns[i]->name);
	}
	return mig__read_kept(r, out);
}

/* One option: a number, a word or a string, as the server keeps it. */
void mig__read_options(struct mig__reader *r, struct mig__read_object *o)
{
	struct mig__buf *out;
	const char *key, *value = "true";

	mig__read_want_symbol(r, '(');
	key = mig__read_name(r);
	if (mig__read_symbol(r, '='))
		value = mig__read_peek(r, 0)->sort == MIG__READ_STRING ? mig__read_string(r)
									: mig__read_integer(r);
	/* several come in the order of their names, and some are not the table's */
	mig__read_want_symbol(r, ')');
	if (r->unread || mig__read_get(o, "options"))
		mig__read_unread(r);
	out = mig__read_text(r);
	mig__ddl_name(out, key);
	mig__buf_adds(out, "=");
	mig__pg_add_text(out, value, strlen(value));
	mig__read_set(r, o, "options", mig__read_kept(r, out));
}

/* -- reporting */

static mig_status report_one(struct mig__reader *r, struct mig__read_object *o,
			     const mig_schema_sink *sink)
{
	enum { MOST = 24 };
	mig_attribute attributes[MOST];
	mig_object object = { .struct_size = sizeof object,
			      .kind = o->kind,
			      .schema = o->schema,
			      .name = o->name,
			      .attributes = attributes };

	(void)r;
	for (const struct mig__read_attribute *a = o->attributes; a; a = a->next)
		if (object.attribute_count < MOST)
			attributes[object.attribute_count++] = (mig_attribute){ a->key, a->value };
	return sink->object(sink->user, &object, o->parent ? o->parent->number : MIG_NO_OBJECT,
			    &o->number);
}

/* Columns first, which are in their order. At most three deep. */
static mig_status report_all(struct mig__reader *r, struct mig__read_object *o,
			     const mig_schema_sink *sink)
{
	mig_status rc = report_one(r, o, sink);

	for (int columns = 1; columns >= 0; columns--)
		for (struct mig__read_object *c = o->child; !rc && c; c = c->next)
			if ((c->kind == MIG_KIND_COLUMN) == columns)
				rc = report_all(r, c, sink);
	return rc;
}

static mig_status report_needs(const struct mig__read_object *o, const mig_schema_sink *sink)
{
	mig_status rc = MIG_OK;

	for (const struct mig__read_need *n = o->needs; !rc && n; n = n->next)
		rc = sink->need(sink->user, o->number, n->to->number, n->need);
	for (const struct mig__read_object *c = o->child; !rc && c; c = c->next)
		rc = report_needs(c, sink);
	return rc;
}

mig_status mig__read_report(struct mig__reader *r, const mig_schema_sink *sink)
{
	mig_status rc = MIG_OK;

	for (struct mig__read_object *o = r->first; !rc && o; o = o->next)
		rc = report_all(r, o, sink);
	for (const struct mig__read_object *o = r->first; !rc && o; o = o->next)
		rc = report_needs(o, sink);
	return rc;
}
