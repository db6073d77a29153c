/* model: the builder of mig/model.h, which makes a model piece by piece. Not what the model means
 * on an engine: that is migrate/declare.c. Texts are copied into the model's arena; the first
 * mistake is kept in the model, so that a program may declare without looking. */
#include "schema/model.h"
#include "api/ctx.h"
#include "schema/type.h"

#include "base/buf.h"
#include "base/text.h"

#include <mig/attribute.h>
#include <string.h>

mig_status mig_model_of(mig_ctx *ctx, mig_model **out)
{
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	if (!out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the output is NULL");
	if (!ctx->model) {
		ctx->model = mig__calloc(&ctx->alloc, 1, sizeof *ctx->model);
		if (!ctx->model)
			return mig__fail_nomem(&ctx->err);
		mig__model_init(ctx->model, &ctx->alloc, ctx->db.dialect);
		ctx->model->err = &ctx->err;
	}
	*out = ctx->model;
	return MIG_OK;
}

mig_status mig_model_status(const mig_model *model)
{
	return model ? model->status : MIG_EINVAL;
}

/* -- helpers */

static mig_status nomem(mig_model *m)
{
	return mig__model_mistake(m, MIG_ENOMEM, "out of memory");
}

/* A copy; NULL stays NULL, and sets *failed where there was no memory. */
static const char *copy(mig_model *m, const char *text, int *failed)
{
	const char *kept = text ? mig__arena_strdup(&m->arena, text) : NULL;

	*failed |= text && !kept;
	return kept;
}

static mig__names copy_names(mig_model *m, mig__names names, int *failed)
{
	size_t count = 0;
	const char **list;

	while (names && names[count])
		count++;
	list = mig__arena_zalloc(&m->arena, count + 1, sizeof *list);
	if (!list) {
		*failed = 1;
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		list[i] = copy(m, names[i], failed);
	return list;
}

static int is_utf8(const char *text)
{
	return mig__text_utf8(text, strlen(text)) == strlen(text);
}

/* Declares a name that may be there once; what it is called by in the message. */
static mig_status take_name(mig_model *m, const char *kind, const char *schema, const char *name,
			    const char *what)
{
	mig_status rc = mig__model_note(m, kind, schema, name);

	if (rc == MIG_ENOMEM)
		return nomem(m);
	if (!is_utf8(name) || (schema && !is_utf8(schema)))
		return mig__model_mistake(m, MIG_EINVAL, "the name of a %s is not UTF-8", what);
	return rc ? mig__model_mistake(m, rc, "%s %s is declared twice", what, name) : MIG_OK;
}

/* What a caller left out of a column. */
static mig_status left_out(mig_column *c, const char *what)
{
	return c ? mig__model_mistake(c->table->model, MIG_EINVAL, "column %s.%s: %s is missing",
				      c->table->name, c->name, what)
		 : MIG_EINVAL;
}

static mig_status set(mig_column *c, const char **where, const char *what, const char *text)
{
	int failed = 0;

	if (!c || !text)
		return left_out(c, what);
	*where = copy(c->table->model, text, &failed);
	return failed ? nomem(c->table->model) : MIG_OK;
}

static mig_status say(mig_model *m, struct mig__said **list, const char *dialect, const char *key,
		      const char *value)
{
	struct mig__said *said = mig__arena_zalloc(&m->arena, 1, sizeof *said);
	int failed = !said;

	if (!failed) {
		said->dialect = copy(m, dialect, &failed);
		said->key = copy(m, key, &failed);
		said->value = copy(m, value, &failed);
		said->next = *list;
	}
	if (failed)
		return nomem(m);
	*list = said;
	return MIG_OK;
}

/* -- models */

mig_table *mig_model_table(mig_model *m, const char *schema, const char *name)
{
	mig_table *t;
	int failed = 0;

	if (!m)
		return NULL;
	if (!name || !name[0]) {
		mig__model_mistake(m, MIG_EINVAL, "a table has no name");
		return NULL;
	}
	if (take_name(m, "table", schema, name, "table"))
		return NULL;
	t = mig__arena_zalloc(&m->arena, 1, sizeof *t);
	if (!t) {
		nomem(m);
		return NULL;
	}
	*t = (mig_table){ .model = m,
			  .schema = copy(m, schema ? schema : "", &failed),
			  .name = copy(m, name, &failed) };
	t->columns_end = &t->columns;
	t->items_end = &t->items;
	if (failed) {
		nomem(m);
		return NULL;
	}
	*m->tables_end = t;
	m->tables_end = &t->next;
	return t;
}

mig_status mig_model_enum(mig_model *m, const char *schema, const char *name,
			  const char *const *values)
{
	struct mig__enum *e;
	mig_status rc;
	int failed = 0;

	if (!m)
		return MIG_EINVAL;
	if (!name || !name[0] || !values || !values[0])
		return mig__model_mistake(m, MIG_EINVAL, "an enum has no name or no values");
	rc = take_name(m, "enum", NULL, name, "enum");
	if (rc)
		return rc;
	e = mig__arena_zalloc(&m->arena, 1, sizeof *e);
	if (!e)
		return nomem(m);
	e->schema = copy(m, schema ? schema : "", &failed);
	e->name = copy(m, name, &failed);
	e->values = copy_names(m, values, &failed);
	if (failed)
		return nomem(m);
	*m->enums_end = e;
	m->enums_end = &e->next;
	return MIG_OK;
}

mig_status mig_model_enum_renamed_from(mig_model *m, const char *name, const char *const *before)
{
	struct mig__enum *e = m ? m->enums : NULL;
	size_t count = 0;
	int failed = 0;

	if (!m)
		return MIG_EINVAL;
	while (e && name && strcmp(e->name, name) != 0)
		e = e->next;
	if (!e || !name || !before)
		return mig__model_mistake(m, MIG_EINVAL, "what values were called before: there is no enum \"%s\"",
					  name ? name : "");
	while (before[count] && e->values[count])
		count++;
	if (before[count])
		return mig__model_mistake(m, MIG_EINVAL, "enum \"%s\" has fewer values than names from before",
					  name);
	e->renamed_from = copy_names(m, before, &failed);
	return failed ? nomem(m) : MIG_OK;
}

mig_status mig_model_view(mig_model *m, const char *schema, const char *name, const char *query)
{
	struct mig__view *v;
	mig_status rc;
	int failed = 0;

	if (!m)
		return MIG_EINVAL;
	if (!name || !name[0] || !query || !query[0])
		return mig__model_mistake(m, MIG_EINVAL, "a view has no name or no query");
	rc = take_name(m, "table", schema, name, "view");
	if (rc)
		return rc;
	v = mig__arena_zalloc(&m->arena, 1, sizeof *v);
	if (!v)
		return nomem(m);
	v->schema = copy(m, schema ? schema : "", &failed);
	v->name = copy(m, name, &failed);
	v->query = copy(m, query, &failed);
	if (failed)
		return nomem(m);
	*m->views_end = v;
	m->views_end = &v->next;
	return MIG_OK;
}

static mig_status add_source(mig_model *m, const struct mig__source_sql *given)
{
	struct mig__source_sql *s;
	int failed = 0;

	s = mig__arena_zalloc(&m->arena, 1, sizeof *s);
	if (!s)
		return nomem(m);
	*s = *given;
	s->dialect = copy(m, given->dialect, &failed);
	s->name = copy(m, given->name, &failed);
	if (given->text) {
		s->text = mig__arena_strndup(&m->arena, given->text, given->size);
		failed |= !s->text;
	}
	if (failed)
		return nomem(m);
	*m->sources_end = s;
	m->sources_end = &s->next;
	return MIG_OK;
}

mig_status mig_model_sql(mig_model *m, const char *dialect, const char *name, const char *text,
			 size_t size)
{
	if (!m)
		return MIG_EINVAL;
	if (!text)
		return mig__model_mistake(m, MIG_EINVAL, "the SQL of the model is missing");
	return add_source(m, &(struct mig__source_sql){ .dialect = dialect,
							.name = name ? name : "model",
							.text = text,
							.size = size });
}

mig_status mig_model_file(mig_model *m, const char *dialect, const char *path)
{
	if (!m)
		return MIG_EINVAL;
	if (!path || !path[0])
		return mig__model_mistake(m, MIG_EINVAL, "the model's file has no name");
	return add_source(
		m, &(struct mig__source_sql){ .dialect = dialect, .name = path, .is_file = 1 });
}

mig_status mig_model_database(mig_model *m, const char *url)
{
	if (!m)
		return MIG_EINVAL;
	if (!url || !url[0])
		return mig__model_mistake(m, MIG_EINVAL,
					  "the URL of the model's database is missing");
	return add_source(m, &(struct mig__source_sql){ .name = url, .is_url = 1 });
}

mig_status mig_model_naming(mig_model *m, int32_t kind, const char *pattern)
{
	int failed = 0;

	if (!m)
		return MIG_EINVAL;
	if (kind < 0 || kind > MIG_KIND_REPLICA_IDENTITY || !m->naming[kind] || !pattern)
		return mig__model_mistake(m, MIG_EINVAL,
					  "there is no naming convention for kind %d", (int)kind);
	m->naming[kind] = copy(m, pattern, &failed);
	return failed ? nomem(m) : MIG_OK;
}

/* -- tables */

/* Notes a name that the table may have once, of a column or of one kind of item. */
static mig_status note_in(mig_table *t, const char *kind, const char *name)
{
	mig_status rc = mig__model_note_in(t, kind, name);

	if (rc == MIG_ENOMEM)
		return nomem(t->model);
	if (!is_utf8(name))
		return mig__model_mistake(t->model, MIG_EINVAL,
					  "table %s: the name of a %s is not UTF-8", t->name, kind);
	return rc ? mig__model_mistake(t->model, rc, "%s %s.%s is declared twice", kind, t->name,
				       name)
		  : MIG_OK;
}

/* The type as it was given, into the column. */
static mig_status take_type(mig_column *c, const char *given)
{
	mig_model *m = c->table->model;
	struct mig__type type;
	mig_status rc = mig__type_read(&m->arena, given, &type);
	const char *meant;

	c->type = type.text;
	c->is_enum = type.is_enum;
	c->array = type.array;
	if (rc == MIG_ENOMEM)
		return nomem(m);
	if (!rc)
		return MIG_OK;
	meant = mig__type_suggest(given);
	return mig__model_mistake(m, rc, "column %s.%s: there is no type \"%s\"%s%s%s",
				  c->table->name, c->name, given, meant ? " (did you mean \"" : "",
				  meant ? meant : "", meant ? "\"?)" : "");
}

mig_column *mig_table_column(mig_table *t, const char *name, const char *type)
{
	mig_column *c;
	mig_model *m;
	int failed = 0;

	if (!t)
		return NULL;
	m = t->model;
	if (!name || !name[0] || !type) {
		mig__model_mistake(m, MIG_EINVAL, "a column of table %s has no name or no type",
				   t->name);
		return NULL;
	}
	c = mig__arena_zalloc(&m->arena, 1, sizeof *c);
	if (!c) {
		nomem(m);
		return NULL;
	}
	*c = (mig_column){ .table = t, .name = copy(m, name, &failed) };
	if (failed) {
		nomem(m);
		return NULL;
	}
	if (note_in(t, "column", name) || take_type(c, type))
		return NULL;
	*t->columns_end = c;
	t->columns_end = &c->next;
	return c;
}

/* Adds an item of the table; its texts are copied. */
static mig_status add_item(mig_table *t, const struct mig__item *given)
{
	struct mig__item *item;
	mig_model *m = t->model;
	int failed = 0;

	if (given->kind != MIG_KIND_CHECK && (!given->columns || !given->columns[0]))
		return mig__model_mistake(m, MIG_EINVAL, "table %s: %s %s has no columns", t->name,
					  given->kind == MIG_KIND_INDEX ? "an" : "a",
					  mig_kind_name(given->kind));
	if (given->name) {
		mig_status rc = note_in(t, mig_kind_name(given->kind), given->name);

		if (rc)
			return rc;
	}
	item = mig__arena_zalloc(&m->arena, 1, sizeof *item);
	if (!item)
		return nomem(m);
	*item = *given;
	item->name = copy(m, given->name, &failed);
	item->columns = copy_names(m, given->columns, &failed);
	item->referred_columns = copy_names(m, given->referred_columns, &failed);
	item->include = copy_names(m, given->include, &failed);
	item->expression = copy(m, given->expression, &failed);
	item->referred_schema = copy(m, given->referred_schema, &failed);
	item->referred_table = copy(m, given->referred_table, &failed);
	item->on_delete = copy(m, given->on_delete, &failed);
	item->on_update = copy(m, given->on_update, &failed);
	item->deferrable = copy(m, given->deferrable, &failed);
	item->method = copy(m, given->method, &failed);
	if (failed)
		return nomem(m);
	if (item->kind == MIG_KIND_CHECK && !item->name)
		item->number = ++t->unnamed_checks;
	*t->items_end = item;
	t->items_end = &item->next;
	return MIG_OK;
}

mig_status mig_table_primary_key(mig_table *t, const char *name, const char *const *columns)
{
	return t ? add_item(t, &(struct mig__item){ .kind = MIG_KIND_PRIMARY_KEY,
						    .name = name,
						    .columns = columns })
		 : MIG_EINVAL;
}

mig_status mig_table_unique(mig_table *t, const char *name, const char *const *columns)
{
	return t ? add_item(t, &(struct mig__item){ .kind = MIG_KIND_UNIQUE,
						    .name = name,
						    .columns = columns })
		 : MIG_EINVAL;
}

mig_status mig_table_check(mig_table *t, const char *name, const char *expression)
{
	if (!t)
		return MIG_EINVAL;
	if (!expression || !expression[0])
		return mig__model_mistake(t->model, MIG_EINVAL,
					  "table %s: a check has no expression", t->name);
	return add_item(t, &(struct mig__item){ .kind = MIG_KIND_CHECK,
						.name = name,
						.expression = expression });
}

static mig_status take_action(mig_table *t, const char **action)
{
	const char *known = *action ? mig__model_action(*action) : NULL;

	if (*action && !known)
		return mig__model_mistake(t->model, MIG_EINVAL,
					  "table %s: a foreign key cannot \"%s\" (" MIG__ACTIONS
					  ")",
					  t->name, *action);
	*action = known;
	return MIG_OK;
}

/* As many columns as are referred to, and words that are known. */
static mig_status check_key(mig_table *t, mig_foreign_key *k)
{
	const char *deferrable = k->deferrable ? mig__model_deferrable(k->deferrable) : NULL;
	size_t columns = 0, referred = 0;
	mig_status rc = take_action(t, &k->on_delete);

	if (!rc)
		rc = take_action(t, &k->on_update);
	if (rc)
		return rc;
	if (k->deferrable && !deferrable)
		return mig__model_mistake(t->model, MIG_EINVAL,
					  "table %s: a foreign key cannot be \"%s\" "
					  "(" MIG__DEFERRABLES ")",
					  t->name, k->deferrable);
	k->deferrable = deferrable;
	while (k->columns && k->columns[columns])
		columns++;
	while (k->referred_columns && k->referred_columns[referred])
		referred++;
	if (columns && columns != referred)
		return mig__model_mistake(
			t->model, MIG_EINVAL,
			"table %s: the number of columns of a foreign key is %zu, "
			"of those it refers to in table %s %zu",
			t->name, columns, k->referred_table, referred);
	return MIG_OK;
}

mig_status mig_table_foreign_key(mig_table *t, const mig_foreign_key *given)
{
	mig_foreign_key k;
	struct mig__error err;
	mig_status rc;

	if (!t)
		return MIG_EINVAL;
	mig__error_init(&err, t->model->alloc);
	rc = given ? mig__options_read(&k, sizeof k, given, &err) : MIG_EINVAL;
	mig__error_clear(&err);
	if (rc || !k.referred_table)
		return mig__model_mistake(t->model, MIG_EINVAL,
					  "table %s: a foreign key refers to no table", t->name);
	rc = check_key(t, &k);
	return rc ? rc
		  : add_item(t, &(struct mig__item){ .kind = MIG_KIND_FOREIGN_KEY,
						     .name = k.name,
						     .columns = k.columns,
						     .referred_schema = k.referred_schema,
						     .referred_table = k.referred_table,
						     .referred_columns = k.referred_columns,
						     .on_delete = k.on_delete,
						     .on_update = k.on_update,
						     .deferrable = k.deferrable });
}

mig_status mig_table_index(mig_table *t, const mig_index *given)
{
	struct mig__error err;
	mig_index i;
	mig_status rc;

	if (!t)
		return MIG_EINVAL;
	mig__error_init(&err, t->model->alloc);
	rc = given ? mig__options_read(&i, sizeof i, given, &err) : MIG_EINVAL;
	mig__error_clear(&err);
	if (rc)
		return mig__model_mistake(t->model, MIG_EINVAL,
					  "table %s: an index is declared wrongly", t->name);
	return add_item(t, &(struct mig__item){ .kind = MIG_KIND_INDEX,
						.name = i.name,
						.columns = i.columns,
						.expression = i.where,
						.method = i.method,
						.include = i.include,
						.unique = i.unique });
}

static mig_status set_of_table(mig_table *t, const char **where, const char *what, const char *text)
{
	int failed = 0;

	if (!t)
		return MIG_EINVAL;
	if (!text)
		return mig__model_mistake(t->model, MIG_EINVAL, "table %s: %s is missing", t->name,
					  what);
	*where = copy(t->model, text, &failed);
	return failed ? nomem(t->model) : MIG_OK;
}

mig_status mig_table_comment(mig_table *t, const char *comment)
{
	return set_of_table(t, t ? &t->comment : NULL, "the comment", comment);
}

mig_status mig_table_renamed_from(mig_table *t, const char *name)
{
	return set_of_table(t, t ? &t->renamed_from : NULL, "the name before", name);
}

/* What it means, and whether there is such a thing, is known to the dialect alone: the database's own
 * is asked at once, another one if the model is ever used with it. */
mig_status mig_table_option(mig_table *t, const char *dialect, const char *key, const char *value)
{
	const mig_dialect *own;

	if (!t)
		return MIG_EINVAL;
	if (!key || !value)
		return mig__model_mistake(t->model, MIG_EINVAL,
					  "table %s: an option has no key or no value", t->name);
	own = t->model->dialect;
	if (!dialect || (own && !strcmp(own->name, dialect) && !mig__model_option(own, key)))
		return mig__model_mistake(t->model, MIG_EINVAL,
					  "table %s: there is no option \"%s\" for %s", t->name,
					  key, dialect ? dialect : "every dialect");
	if (own && !strcmp(own->name, dialect) && !mig__model_option_takes(own, key, value))
		return mig__model_mistake(t->model, MIG_EINVAL,
					  "table %s: option %s is \"%s\", but can only be \"%s\"",
					  t->name, key, value, MIG_YES);
	return say(t->model, &t->options, dialect, key, value);
}

/* -- columns */

#define MARK(function, member)             \
	mig_status function(mig_column *c) \
	{                                  \
		if (!c)                    \
			return MIG_EINVAL; \
		c->member = 1;             \
		return MIG_OK;             \
	}

MARK(mig_column_not_null, not_null)
MARK(mig_column_primary_key, primary_key)
MARK(mig_column_unique, unique)
MARK(mig_column_indexed, indexed)

mig_status mig_column_default(mig_column *c, const char *expression)
{
	return mig_column_default_for(c, NULL, expression);
}

mig_status mig_column_default_for(mig_column *c, const char *dialect, const char *expression)
{
	if (!c || !expression)
		return left_out(c, "the default");
	return say(c->table->model, &c->defaults, dialect, NULL, expression);
}

mig_status mig_column_default_text(mig_column *c, const char *text)
{
	mig_status rc;

	if (!c || !text)
		return left_out(c, "the default");
	rc = mig_column_default(c, text);
	if (!rc)
		c->defaults->is_text = 1;
	return rc;
}

mig_status mig_column_default_int64(mig_column *c, int64_t value)
{
	struct mig__buf buf;
	mig_status rc;

	if (!c)
		return MIG_EINVAL;
	mig__buf_init(&buf, c->table->model->alloc);
	mig__buf_addf(&buf, "%lld", (long long)value);
	rc = buf.failed ? nomem(c->table->model) : mig_column_default(c, buf.data);
	mig__buf_finish(&buf);
	return rc;
}

mig_status mig_column_default_bool(mig_column *c, int32_t value)
{
	if (!c)
		return MIG_EINVAL;
	c->default_portable = value ? MIG_PORTABLE_TRUE : MIG_PORTABLE_FALSE;
	return MIG_OK;
}

mig_status mig_column_default_now(mig_column *c)
{
	if (!c)
		return MIG_EINVAL;
	c->default_portable =
		!strcmp(c->type, MIG_TYPE_DATE) ? MIG_PORTABLE_TODAY : MIG_PORTABLE_NOW;
	return MIG_OK;
}

mig_status mig_column_generated(mig_column *c, const char *expression, int32_t stored)
{
	if (c)
		c->stored = stored != 0;
	return set(c, c ? &c->generated : NULL, "the expression", expression);
}

mig_status mig_column_identity(mig_column *c, int32_t always)
{
	if (!c)
		return MIG_EINVAL;
	c->identity = always ? 2 : 1;
	return MIG_OK;
}

mig_status mig_column_references(mig_column *c, const char *table, const char *referred_column,
				 const char *on_delete)
{
	const char *columns[2] = { NULL, NULL }, *referred[2] = { referred_column, NULL };

	if (!c)
		return MIG_EINVAL;
	columns[0] = c->name;
	return mig_table_foreign_key(c->table,
				     &(mig_foreign_key){ .struct_size = sizeof(mig_foreign_key),
							 .columns = columns,
							 .referred_table = table,
							 .referred_columns = referred,
							 .on_delete = on_delete });
}

mig_status mig_column_collation(mig_column *c, const char *collation)
{
	return set(c, c ? &c->collation : NULL, "the collation", collation);
}

mig_status mig_column_comment(mig_column *c, const char *comment)
{
	return set(c, c ? &c->comment : NULL, "the comment", comment);
}

mig_status mig_column_renamed_from(mig_column *c, const char *name)
{
	return set(c, c ? &c->renamed_from : NULL, "the name before", name);
}

mig_status mig_column_type_for(mig_column *c, const char *dialect, const char *type)
{
	if (!c)
		return MIG_EINVAL;
	if (!dialect)
		return mig__model_mistake(c->table->model, MIG_EINVAL,
					  "column %s.%s: a type for which dialect?", c->table->name,
					  c->name);
	if (!type)
		return left_out(c, "the type");
	return say(c->table->model, &c->types, dialect, NULL, type);
}

/* -- what is declared */

mig_table *mig_model_find_table(const mig_model *m, const char *schema, const char *name)
{
	if (!m || !name)
		return NULL;
	for (mig_table *t = m->tables; t; t = t->next)
		if (!strcmp(t->name, name) && !strcmp(t->schema, schema ? schema : ""))
			return t;
	return NULL;
}

mig_column *mig_table_find_column(const mig_table *t, const char *name)
{
	if (!t || !name)
		return NULL;
	for (mig_column *c = t->columns; c; c = c->next)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}
