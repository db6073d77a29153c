/* declare: what a program declares as objects in the dialect's own words, as far as they can be had
 * without running anything. Not how it declares: api/model.c; nor a whole model, which may have to be
 * run: model.c. */
#include "migrate/declare.h"

#include "base/ascii.h"
#include "base/file.h"
#include "base/quote.h"

#include <mig/attribute.h>
#include <stdio.h>
#include <string.h>

enum { ATTRIBUTES = 16 };

struct declaring {
	struct mig__db *db;
	const mig_model *model;
	struct mig__schema *into;
	mig_schema_sink sink;
	struct mig__arena arena;
	struct mig__map tables; /* schema NUL name: number */
	struct mig__map schemas;
	int nomem;       /* a text could not be made */
	mig_status failed; /* a piece of SQL is wrong: the error is set */
	uint32_t parent; /* the table that is being made */
	int whole;       /* a whole model: schemas are objects, too */
};

/* The attributes of one object, as they gather; those without a value are left out. */
struct bag {
	mig_attribute at[ATTRIBUTES];
	size_t count;
};

static void put(struct bag *bag, const char *key, const char *value)
{
	if (value)
		bag->at[bag->count++] = (mig_attribute){ key, value };
}

static mig_object object_of(int32_t kind, const char *schema, const char *name,
			    const struct bag *bag)
{
	return (mig_object){ .struct_size = sizeof(mig_object),
			     .kind = kind,
			     .schema = schema,
			     .name = name,
			     .attributes = bag->at,
			     .attribute_count = bag->count };
}

/* -- texts */

static const char *kept(struct declaring *d, struct mig__buf *buf)
{
	const char *text = buf->failed ? NULL : mig__arena_strdup(&d->arena, mig__buf_text(buf));

	d->nomem |= !text;
	mig__buf_finish(buf);
	return text;
}

/* Of a table whose columns are not declared here, a plain word is a column. */
static int is_column(const mig_table *t, const char *name)
{
	for (const mig_column *c = t->columns; c; c = c->next)
		if (!strcmp(c->name, name))
			return 1;
	return !t->columns && !name[strspn(name, MIG__LETTERS MIG__DIGITS "_")];
}

/* The schema that was given, or the dialect's default one. */
static const char *schema_of(const struct declaring *d, const char *schema)
{
	return schema && schema[0] ? schema : mig__db_default_schema(d->db);
}

static const char *qualified(struct declaring *d, const char *given, const char *name)
{
	const char *schema = schema_of(d, given), *marks = mig__db_name_quotes(d->db);
	struct mig__buf buf;

	mig__buf_init(&buf, d->db->err->alloc);
	if (schema[0]) {
		mig__add_quoted(&buf, schema, marks);
		mig__buf_adds(&buf, ".");
	}
	mig__add_quoted(&buf, name, marks);
	return kept(d, &buf);
}

static mig_status nomem(struct declaring *d)
{
	return mig__fail_nomem(d->db->err);
}

static mig_status refuse_sql(struct declaring *d, const char *what, const char *of, const char *why)
{
	struct mig__error *err = d->db->err;

	if (why)
		mig__fail(err, MIG_EINVAL, "%s", why);
	if (err->status != MIG_ENOMEM)
		mig__error_prefix(err, "%s of %s: ", what, of);
	return err->status;
}

/* A piece of SQL as it can stand within a statement: without blanks and comments around it, which would
 * swallow what comes after it, and without a semicolon. E.g. "SELECT 1 -- one" is "SELECT 1". what, of:
 * "the query", "view v", for messages. text NULL: NULL. */
static const char *piece(struct declaring *d, const char *what, const char *of, const char *text)
{
	mig_statement st = { .struct_size = sizeof st }, more = { .struct_size = sizeof more };
	const mig_dialect_conn *conn = d->db->dialect->conn;
	size_t size = text ? strlen(text) : 0;
	const char *kept;
	mig_status rc;

	if (!text || d->failed)
		return text;
	rc = conn->next_statement(d->db->conn, text, size, 0, &st);
	if (!rc && st.size)
		rc = conn->next_statement(d->db->conn, text, size, st.next, &more);
	if (rc)
		d->failed = refuse_sql(d, what, of, NULL);
	else if (!st.size)
		d->failed = refuse_sql(d, what, of, "it is empty");
	else if (more.size || text[st.offset + st.size - 1] == ';')
		d->failed = refuse_sql(d, what, of, "it has a semicolon: it must be one piece of SQL");
	if (d->failed)
		return text;
	kept = mig__arena_strndup(&d->arena, text + st.offset, st.size);
	d->nomem |= !kept;
	return kept;
}

/* "table t", for messages. */
static const char *titled(struct declaring *d, const char *kind, const char *name, const char *part)
{
	struct mig__buf buf;

	mig__buf_init(&buf, d->db->err->alloc);
	mig__buf_addf(&buf, "%s %s%s%s", kind, name, part ? "." : "", part ? part : "");
	return kept(d, &buf);
}

/* Each between the marks, with ", " between them; of an index, what is not a column of the table is
 * an expression, and stays as it is. */
static const char *list_of(struct declaring *d, mig__names names, const mig_table *expressions,
			   const char *marks)
{
	struct mig__buf buf;

	mig__buf_init(&buf, d->db->err->alloc);
	for (size_t i = 0; names && names[i]; i++) {
		mig__buf_adds(&buf, i ? ", " : "");
		if (expressions && !is_column(expressions, names[i]))
			mig__buf_adds(&buf, piece(d, "an index", titled(d, "table", expressions->name, NULL),
						  names[i]));
		else
			mig__add_quoted(&buf, names[i], marks);
	}
	return kept(d, &buf);
}

static mig_status trouble(struct declaring *d)
{
	return d->failed ? d->failed : d->nomem ? nomem(d) : MIG_OK;
}

static const char *in_parentheses(struct declaring *d, const char *text)
{
	struct mig__buf buf;

	mig__buf_init(&buf, d->db->err->alloc);
	mig__buf_addf(&buf, "(%s)", text);
	return kept(d, &buf);
}

/* What was said for the dialect, or for every one; NULL: nothing. */
static const struct mig__said *said(const struct declaring *d, const struct mig__said *list)
{
	const struct mig__said *general = NULL;

	for (; list; list = list->next) {
		if (list->dialect && !strcmp(list->dialect, d->db->dialect->name))
			return list;
		if (!list->dialect && !general)
			general = list;
	}
	return general;
}

/* A default in the engine's SQL; NULL: none was said. */
static const char *default_of(struct declaring *d, const char *of, const struct mig__said *said)
{
	struct mig__buf buf;

	if (!said || !said->is_text)
		return said ? piece(d, "the default", of, said->value) : NULL;
	mig__buf_init(&buf, d->db->err->alloc);
	mig__add_quoted(&buf, said->value, mig__db_text_quotes(d->db));
	return kept(d, &buf);
}

/* -- columns */

static const char *portable_type(struct declaring *d, const mig_column *c)
{
	struct mig__buf buf;

	mig__buf_init(&buf, d->db->err->alloc);
	mig__buf_addf(&buf, "%s%s", c->is_enum ? MIG_TYPE_ENUM : c->type, c->array ? "[]" : "");
	return kept(d, &buf);
}

/* A single integer key, which gets its values by itself if nothing else gives them. */
static int fills_itself(const mig_column *c)
{
	const mig_table *t = c->table;

	for (const mig_column *k = t->columns; k; k = k->next)
		if (k != c && k->primary_key)
			return 0;
	for (const struct mig__item *i = t->items; i; i = i->next)
		if (i->kind == MIG_KIND_FOREIGN_KEY && !strcmp(i->columns[0], c->name))
			return 0;
	return c->primary_key && !c->defaults && !c->default_portable && !c->generated &&
	       !c->array && !c->types &&
	       (!strcmp(c->type, MIG_TYPE_INTEGER) || !strcmp(c->type, MIG_TYPE_BIGINT) ||
		!strcmp(c->type, MIG_TYPE_SMALLINT));
}

static mig_status enum_attributes(struct declaring *d, const mig_column *c, struct bag *bag)
{
	const struct mig__enum *e = mig__model_find_enum(d->model, c->type);
	const char *columns[2] = { c->name, NULL };
	struct mig__item check = { .kind = MIG_KIND_CHECK, .columns = columns };
	const char *name;

	if (!e)
		return mig__fail(d->db->err, MIG_ENOTFOUND, "column %s.%s: there is no enum \"%s\"",
				 c->table->name, c->name, c->type);
	put(bag, MIG_ATTR_ENUM_SCHEMA, schema_of(d, e->schema));
	put(bag, MIG_ATTR_ENUM_NAME, e->name);
	put(bag, MIG_ATTR_ENUM_VALUES, list_of(d, e->values, NULL, mig__db_text_quotes(d->db)));
	name = mig__model_name(d->model, &d->arena, c->table, &check);
	put(bag, MIG_ATTR_ENUM_CHECK, name);
	return name ? MIG_OK : nomem(d);
}

static mig_status declare_column(struct declaring *d, const mig_column *c)
{
	const struct mig__said *type = said(d, c->types);
	const char *of = titled(d, "column", c->table->name, c->name);
	const char *expression = default_of(d, of, said(d, c->defaults));
	const char *generated = piece(d, "the generated value", of, c->generated);
	const char *native = piece(d, "the type", of, type ? type->value : NULL);
	struct bag bag = { .count = 0 }, of_default = { .count = 0 };
	mig_object column, fallback;
	mig_status rc = MIG_OK;

	put(&bag, type ? MIG_ATTR_TYPE : MIG_ATTR_PORTABLE_TYPE, type ? native : portable_type(d, c));
	if (c->is_enum)
		rc = enum_attributes(d, c, &bag);
	put(&bag, MIG_ATTR_NOT_NULL, c->not_null || c->primary_key ? MIG_YES : NULL);
	put(&bag, MIG_ATTR_COLLATION, c->collation);
	put(&bag, MIG_ATTR_GENERATED, generated);
	put(&bag, MIG_ATTR_GENERATED_KIND, c->generated ? (c->stored ? MIG_GENERATED_STORED : MIG_GENERATED_VIRTUAL) : NULL);
	put(&bag, MIG_ATTR_IDENTITY,
	    c->identity == 2                 ? MIG_IDENTITY_ALWAYS
	    : c->identity || fills_itself(c) ? MIG_IDENTITY_BY_DEFAULT
					     : NULL);
	put(&bag, MIG_ATTR_PRIMARY_KEY, c->primary_key ? MIG_YES : NULL);
	put(&bag, MIG_ATTR_COMMENT, c->comment);
	column = object_of(MIG_KIND_COLUMN, "", c->name, &bag);
	put(&of_default, MIG_ATTR_EXPRESSION, expression);
	put(&of_default, MIG_ATTR_PORTABLE, expression ? NULL : c->default_portable);
	if (of_default.count) {
		fallback = object_of(MIG_KIND_DEFAULT, "", c->name, &of_default);
		column.child = &fallback;
	}
	if (!rc)
		rc = trouble(d);
	return rc ? rc : d->db->dialect->schema->native_column(d->db->conn, &column, d->parent, &d->sink);
}

/* -- tables */

/* Tells that the foreign key needs the table that it refers to, if that one is declared. */
static mig_status need_referred(struct declaring *d, const struct mig__item *i, uint32_t number)
{
	struct mig__buf key;
	uint32_t referred;

	mig__buf_init(&key, d->db->err->alloc);
	mig__buf_addf(&key, "%s.%s", schema_of(d, i->referred_schema), i->referred_table);
	if (key.failed) {
		mig__buf_finish(&key);
		return nomem(d);
	}
	referred = mig__map_get(&d->tables, mig__buf_text(&key), key.len);
	mig__buf_finish(&key);
	return referred == MIG__NONE ? MIG_OK
				     : d->sink.need(d->sink.user, number, referred, MIG_NEED);
}

static mig_status declare_item(struct declaring *d, const mig_table *t, const struct mig__item *i)
{
	const char *name = mig__model_name(d->model, &d->arena, t, i);
	const char *marks = mig__db_name_quotes(d->db);
	uint32_t number;
	struct bag bag = { .count = 0 };
	const char *of = titled(d, "table", t->name, NULL);
	mig_object object;
	mig_status rc;

	if (!name)
		return nomem(d);
	if (i->kind == MIG_KIND_CHECK) {
		put(&bag, MIG_ATTR_EXPRESSION,
		    in_parentheses(d, piece(d, name, of, i->expression)));
	} else {
		put(&bag, MIG_ATTR_COLUMNS,
		    list_of(d, i->columns, i->kind == MIG_KIND_INDEX ? t : NULL, marks));
		put(&bag, MIG_ATTR_UNIQUE, i->kind == MIG_KIND_INDEX && i->unique ? MIG_YES : NULL);
		put(&bag, MIG_ATTR_METHOD, i->method);
		put(&bag, MIG_ATTR_INCLUDE,
		    i->include && i->include[0] ? list_of(d, i->include, NULL, marks) : NULL);
		put(&bag, MIG_ATTR_WHERE, piece(d, name, of, i->expression));
	}
	if (i->referred_table) {
		put(&bag, MIG_ATTR_REFERRED, qualified(d, i->referred_schema, i->referred_table));
		put(&bag, MIG_ATTR_REFERRED_COLUMNS, list_of(d, i->referred_columns, NULL, marks));
		put(&bag, MIG_ATTR_ON_DELETE, i->on_delete);
		put(&bag, MIG_ATTR_ON_UPDATE, i->on_update);
		put(&bag, MIG_ATTR_DEFERRABLE, i->deferrable);
	}
	rc = trouble(d);
	if (rc)
		return rc;
	object = object_of(i->kind, "", name, &bag);
	rc = d->sink.object(d->sink.user, &object, d->parent, &number);
	return rc || !i->referred_table ? rc : need_referred(d, i, number);
}

/* The schema as an object, reported once; number MIG_NO_OBJECT: there are none. */
static mig_status declare_schema(struct declaring *d, const char *given, uint32_t *number)
{
	const char *schema = schema_of(d, given);
	struct bag bag = { .count = 0 };
	mig_object object = object_of(MIG_KIND_SCHEMA, "", schema, &bag);
	mig_status rc;

	*number = MIG_NO_OBJECT;
	if (!schema[0])
		return MIG_OK;
	*number = mig__map_get(&d->schemas, schema, strlen(schema));
	if (*number != MIG__NONE)
		return MIG_OK;
	rc = d->sink.object(d->sink.user, &object, MIG_NO_OBJECT, number);
	if (!rc && !mig__map_add(&d->schemas, schema, strlen(schema), *number, NULL))
		rc = nomem(d);
	return rc;
}

/* Reports an object at the top, which needs its schema. */
static mig_status declare_top(struct declaring *d, mig_object *object, const char *schema,
			      uint32_t *number)
{
	uint32_t in = MIG_NO_OBJECT;
	mig_status rc = d->whole ? declare_schema(d, schema, &in) : MIG_OK;

	if (!rc)
		rc = d->sink.object(d->sink.user, object, MIG_NO_OBJECT, number);
	return rc ? rc : d->sink.need(d->sink.user, *number, in, MIG_NEED);
}

/* What was said for this dialect. The keys must live as long as the schema. */
static mig_status add_options(struct declaring *d, const mig_table *t, struct bag *bag)
{
	for (const struct mig__said *o = t->options; o && bag->count < ATTRIBUTES - 1; o = o->next) {
		const char *key;

		if (strcmp(o->dialect, d->db->dialect->name) != 0)
			continue;
		key = mig__model_option(d->db->dialect, o->key);
		if (!key)
			return mig__fail(d->db->err, MIG_EINVAL,
					 "table %s: there is no option \"%s\" for %s", t->name,
					 o->key, o->dialect);
		if (!mig__model_option_takes(d->db->dialect, key, o->value))
			return mig__fail(d->db->err, MIG_EINVAL,
					 "table %s: option %s is \"%s\", but can only be \"%s\"",
					 t->name, key, o->value, MIG_YES);
		if (key == o->key)
			key = mig__arena_strdup(&d->into->arena, key);
		if (!key)
			return nomem(d);
		put(bag, key, o->value);
	}
	return MIG_OK;
}

/* libmig's own tables are never compared, so declaring one would never end. */
static int is_own(const struct declaring *d, const mig_table *t)
{
	const struct mig__db *db = d->db;
	const char *const names[] = { db->version_table, db->history_table };

	if (db->schema && strcmp(schema_of(d, t->schema), db->schema) != 0)
		return 0;
	if (!db->schema && strcmp(schema_of(d, t->schema), schema_of(d, NULL)) != 0)
		return 0;
	for (size_t i = 0; i < 2; i++)
		if (names[i] && mig__dialect_same_name(db->dialect, names[i], t->name))
			return 1;
	return 0;
}

static mig_status declare_table(struct declaring *d, const mig_table *t)
{
	struct bag bag = { .count = 0 };
	mig_object object;
	mig_status rc;

	if (!t->columns)
		return mig__fail(d->db->err, MIG_EINVAL, "table %s has no columns", t->name);
	if (is_own(d, t))
		return mig__fail(d->db->err, MIG_EINVAL,
				 "table %s is libmig's own: leave it out of the model", t->name);
	rc = add_options(d, t, &bag);
	put(&bag, MIG_ATTR_COMMENT, t->comment);
	object = object_of(MIG_KIND_TABLE, schema_of(d, t->schema), t->name, &bag);
	if (!rc)
		rc = declare_top(d, &object, t->schema, &d->parent);
	for (const mig_column *c = t->columns; !rc && c; c = c->next)
		rc = declare_column(d, c);
	return rc;
}

/* Keys and indexes that stand at the columns, then the table's own. */
static mig_status declare_items(struct declaring *d, const mig_table *t)
{
	const char **columns;
	size_t count = 0;
	mig_status rc = MIG_OK;

	for (const mig_column *c = t->columns; c; c = c->next)
		count++;
	columns = mig__arena_zalloc(&d->arena, count + 1, sizeof *columns);
	if (!columns)
		return nomem(d);
	count = 0;
	for (const mig_column *c = t->columns; c; c = c->next)
		if (c->primary_key)
			columns[count++] = c->name;
	if (count)
		rc = declare_item(
			d, t,
			&(struct mig__item){ .kind = MIG_KIND_PRIMARY_KEY, .columns = columns });
	for (const mig_column *c = t->columns; !rc && c; c = c->next) {
		const char *own[2] = { c->name, NULL };

		if (c->unique)
			rc = declare_item(
				d, t,
				&(struct mig__item){ .kind = MIG_KIND_UNIQUE, .columns = own });
		if (!rc && c->indexed)
			rc = declare_item(
				d, t,
				&(struct mig__item){ .kind = MIG_KIND_INDEX, .columns = own });
	}
	for (const struct mig__item *i = t->items; !rc && i; i = i->next)
		rc = declare_item(d, t, i);
	return rc;
}

/* -- the whole */

static mig_status note_table(struct declaring *d, const mig_table *t, uint32_t number)
{
	const char *schema = schema_of(d, t->schema);
	size_t a = strlen(schema), b = strlen(t->name);
	char *key = mig__arena_alloc(&d->arena, a + b + 2);

	if (!key)
		return nomem(d);
	memcpy(key, schema, a);
	key[a] = '.';
	memcpy(key + a + 1, t->name, b + 1);
	return mig__map_add(&d->tables, key, a + b + 1, number, NULL) ? MIG_OK : nomem(d);
}

static mig_status declare_enum(struct declaring *d, const struct mig__enum *e)
{
	struct bag bag = { .count = 0 };
	mig_object object;
	uint32_t number;

	if (!(d->db->dialect->capabilities & MIG_CAN_ENUMS))
		return MIG_OK;
	put(&bag, MIG_ATTR_VALUES, list_of(d, e->values, NULL, mig__db_text_quotes(d->db)));
	if (d->nomem)
		return nomem(d);
	object = object_of(MIG_KIND_ENUM, schema_of(d, e->schema), e->name, &bag);
	return declare_top(d, &object, e->schema, &number);
}

static mig_status declare_views(struct declaring *d)
{
	mig_status rc = MIG_OK;

	for (const struct mig__view *v = d->model->views; !rc && v; v = v->next) {
		struct bag bag = { .count = 0 };
		mig_object object;
		const char *query;
		uint32_t number;

		query = piece(d, "the query", titled(d, "view", v->name, NULL), v->query);
		put(&bag, MIG_ATTR_QUERY, query);
		object = object_of(MIG_KIND_VIEW, schema_of(d, v->schema), v->name, &bag);
		rc = trouble(d);
		if (!rc)
			rc = declare_top(d, &object, v->schema, &number);
	}
	return rc;
}

static mig_status declare_all(struct declaring *d)
{
	uint32_t *numbers;
	size_t count = 0;
	mig_status rc = MIG_OK;

	d->whole = 1;
	for (const struct mig__enum *e = d->model->enums; !rc && e; e = e->next)
		rc = declare_enum(d, e);
	for (const mig_table *t = d->model->tables; t; t = t->next)
		count++;
	numbers = mig__arena_zalloc(&d->arena, count + 1, sizeof *numbers);
	if (!numbers)
		return nomem(d);
	count = 0;
	for (const mig_table *t = d->model->tables; !rc && t; t = t->next) {
		rc = declare_table(d, t);
		numbers[count++] = d->parent;
		if (!rc)
			rc = note_table(d, t, d->parent);
	}
	count = 0;
	for (const mig_table *t = d->model->tables; !rc && t; t = t->next) {
		d->parent = numbers[count++];
		rc = declare_items(d, t);
	}
	if (!rc)
		rc = declare_views(d);
	return rc;
}

static struct declaring begin(struct mig__db *db, const mig_model *model, struct mig__schema *into)
{
	struct declaring d = { .db = db, .model = model, .into = into };

	mig__arena_init(&d.arena, db->err->alloc);
	mig__map_init(&d.tables, db->err->alloc);
	mig__map_init(&d.schemas, db->err->alloc);
	d.sink = mig__schema_sink(into);
	return d;
}

static mig_status end(struct declaring *d, mig_status rc)
{
	mig__map_finish(&d->tables);
	mig__map_finish(&d->schemas);
	mig__arena_finish(&d->arena);
	return rc;
}

/* -- parts */

mig_status mig__declare_enum(struct mig__db *db, const struct mig__enum *e,
			     struct mig__schema *into)
{
	struct declaring d = begin(db, NULL, into);

	return end(&d, declare_enum(&d, e));
}

mig_status mig__declare_table(struct mig__db *db, const mig_table *table, struct mig__schema *into,
			      uint32_t *number)
{
	struct declaring d = begin(db, table->model, into);
	mig_status rc = declare_table(&d, table);

	*number = d.parent;
	return end(&d, rc);
}

mig_status mig__declare_column(struct mig__db *db, const mig_column *column, uint32_t table,
			       struct mig__schema *into)
{
	struct declaring d = begin(db, column->table->model, into);

	d.parent = table;
	return end(&d, declare_column(&d, column));
}

mig_status mig__declare_items(struct mig__db *db, const mig_table *table, uint32_t number,
			      struct mig__schema *into)
{
	struct declaring d = begin(db, table->model, into);

	d.parent = number;
	return end(&d, declare_items(&d, table));
}

/* -- models */

int mig__declare_is_for(const struct mig__source_sql *s, const struct mig__db *db)
{
	return !s->dialect || !strcmp(s->dialect, db->dialect->name);
}

mig_status mig__declare_text(struct mig__db *db, const struct mig__source_sql *s, char **read,
			     const char **text, size_t *size)
{
	mig_status rc;

	*read = NULL;
	*text = s->text;
	*size = s->size;
	if (!s->is_file)
		return MIG_OK;
	rc = mig__file_read(db->err->alloc, s->name, db->err, read, size);
	*text = *read;
	return rc;
}

mig_status mig__declare_objects(struct mig__db *db, const mig_model *model,
				struct mig__schema *into)
{
	struct declaring d = begin(db, model, into);

	return end(&d, declare_all(&d));
}
