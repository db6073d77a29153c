/* model: what a program declares with mig/model.h. */
#include "schema/model.h"
#include "api/ctx.h"

#include "base/buf.h"

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
		mig__model_init(ctx->model, &ctx->alloc);
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

/* Notes a name that may be there once: what, then up to three words. */
static mig_status unique_name(mig_model *m, const char *a, const char *b, const char *c)
{
	size_t na = strlen(a) + 1, nb = strlen(b) + 1, nc = strlen(c) + 1;
	char *key = mig__arena_alloc(&m->arena, na + nb + nc);
	uint32_t old;

	if (!key)
		return nomem(m);
	memcpy(key, a, na);
	memcpy(key + na, b, nb);
	memcpy(key + na + nb, c, nc);
	if (!mig__map_add(&m->names, key, na + nb + nc, 1, &old))
		return nomem(m);
	return old == MIG__NONE ? MIG_OK : MIG_EEXISTS;
}

static mig_status set(mig_column *c, const char **where, const char *text)
{
	int failed = 0;

	if (!c)
		return MIG_EINVAL;
	if (!text)
		return mig__model_mistake(c->table->model, MIG_EINVAL,
					  "column %s.%s: a text is missing", c->table->name,
					  c->name);
	*where = copy(c->table->model, text, &failed);
	return failed ? nomem(c->table->model) : MIG_OK;
}

static mig_status say(mig_model *m, struct mig__said **list, const char *dialect, const char *key,
		      const char *value)
{
	struct mig__said *said = mig__arena_zalloc(&m->arena, 1, sizeof *said);
	int failed = !said;

	if (!value)
		return mig__model_mistake(m, MIG_EINVAL, "a text of the model is missing");
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
	if (unique_name(m, "table", schema ? schema : "", name)) {
		mig__model_mistake(m, MIG_EEXISTS, "table %s is declared twice", name);
		return NULL;
	}
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
	int failed = 0;

	if (!m)
		return MIG_EINVAL;
	if (!name || !name[0] || !values || !values[0])
		return mig__model_mistake(m, MIG_EINVAL, "an enum has no name or no values");
	if (unique_name(m, "enum", "", name))
		return mig__model_mistake(m, MIG_EEXISTS, "enum %s is declared twice", name);
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

mig_status mig_model_view(mig_model *m, const char *schema, const char *name, const char *query)
{
	struct mig__view *v;
	int failed = 0;

	if (!m)
		return MIG_EINVAL;
	if (!name || !name[0] || !query || !query[0])
		return mig__model_mistake(m, MIG_EINVAL, "a view has no name or no query");
	if (unique_name(m, "table", schema ? schema : "", name))
		return mig__model_mistake(m, MIG_EEXISTS, "view %s is declared twice", name);
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

/* -- types */

static const struct {
	const char *name;
	int arguments; /* at most; 1 more: required */
} types[] = {
	{ MIG_TYPE_SMALLINT, 0 },
	{ MIG_TYPE_INTEGER, 0 },
	{ MIG_TYPE_BIGINT, 0 },
	{ MIG_TYPE_BOOLEAN, 0 },
	{ MIG_TYPE_FLOAT, 0 },
	{ MIG_TYPE_DOUBLE, 0 },
	{ MIG_TYPE_NUMERIC, 2 },
	{ MIG_TYPE_TEXT, 0 },
	{ MIG_TYPE_VARCHAR, 1 },
	{ MIG_TYPE_CHAR, 1 },
	{ MIG_TYPE_BYTES, 0 },
	{ MIG_TYPE_DATE, 0 },
	{ MIG_TYPE_TIME, 0 },
	{ MIG_TYPE_TIMESTAMP, 0 },
	{ MIG_TYPE_TIMESTAMPTZ, 0 },
	{ MIG_TYPE_INTERVAL, 0 },
	{ MIG_TYPE_UUID, 0 },
	{ MIG_TYPE_JSON, 0 },
	{ MIG_TYPE_JSONB, 0 },
};

/* "(10,2)" or nothing: the arguments of a type, at most `most` numbers. */
static int arguments_fit(const char *p, int most)
{
	int count = 0;

	if (!*p)
		return 1;
	if (*p != '(')
		return 0;
	do {
		p++;
		if (*p < '1' || *p > '9')
			if (!(count && *p == '0'))
				return 0;
		while (*p >= '0' && *p <= '9')
			p++;
		count++;
	} while (*p == ',');
	return *p == ')' && !p[1] && count <= most;
}

/* The type without blanks and []; NULL if there is none such. */
static int read_type(mig_column *c, const char *given)
{
	size_t n = 0, word;
	char text[64];

	if (!strncmp(given, "enum ", 5)) {
		size_t size = strlen(given + 5);

		c->is_enum = 1;
		c->array = size > 2 && !strcmp(given + 3 + size, "[]");
		c->type = mig__arena_strndup(&c->table->model->arena, given + 5,
					     size - (c->array ? 2 : 0));
		return c->type != NULL;
	}
	for (; *given; given++)
		if (*given != ' ' && n < sizeof text - 1)
			text[n++] = *given >= 'A' && *given <= 'Z' ? (char)(*given + 32) : *given;
	text[n] = '\0';
	if (n > 2 && !strcmp(text + n - 2, "[]")) {
		c->array = 1;
		text[n - 2] = '\0';
	}
	word = strcspn(text, "(");
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strlen(types[i].name) == word && !strncmp(types[i].name, text, word) &&
		    arguments_fit(text + word, types[i].arguments)) {
			c->type = mig__arena_strdup(&c->table->model->arena, text);
			return c->type != NULL;
		}
	return 0;
}

/* -- tables */

mig_column *mig_table_column(mig_table *t, const char *name, const char *type)
{
	mig_column *c;
	mig_model *m;
	char *table;
	int failed = 0;

	if (!t)
		return NULL;
	m = t->model;
	if (!name || !name[0] || !type) {
		mig__model_mistake(m, MIG_EINVAL, "a column of table %s has no name or no type",
				   t->name);
		return NULL;
	}
	table = mig__arena_alloc(&m->arena, strlen(t->schema) + strlen(t->name) + 2);
	c = mig__arena_zalloc(&m->arena, 1, sizeof *c);
	if (!c || !table) {
		nomem(m);
		return NULL;
	}
	memcpy(table, t->schema, strlen(t->schema) + 1);
	memcpy(table + strlen(t->schema), ".", 1);
	memcpy(table + strlen(t->schema) + 1, t->name, strlen(t->name) + 1);
	if (unique_name(m, "column", table, name)) {
		mig__model_mistake(m, MIG_EEXISTS, "column %s.%s is declared twice", t->name, name);
		return NULL;
	}
	*c = (mig_column){ .table = t, .name = copy(m, name, &failed) };
	if (!read_type(c, type)) {
		mig__model_mistake(m, MIG_EINVAL, "column %s.%s: there is no type \"%s\"", t->name,
				   name, type);
		return NULL;
	}
	if (failed) {
		nomem(m);
		return NULL;
	}
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
		return mig__model_mistake(m, MIG_EINVAL, "table %s: a %s has no columns", t->name,
					  mig_kind_name(given->kind));
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

static mig_status check_action(mig_table *t, const char *action)
{
	static const char *const actions[] = { MIG_ACTION_CASCADE, MIG_ACTION_SET_NULL,
					       MIG_ACTION_SET_DEFAULT, MIG_ACTION_RESTRICT,
					       MIG_ACTION_NO_ACTION };

	for (size_t i = 0; action && i < sizeof actions / sizeof *actions; i++)
		if (!strcmp(action, actions[i]))
			return MIG_OK;
	if (!action)
		return MIG_OK;
	return mig__model_mistake(t->model, MIG_EINVAL,
				  "table %s: a foreign key cannot \"%s\" (" MIG_ACTION_CASCADE
				  ", " MIG_ACTION_SET_NULL ", " MIG_ACTION_SET_DEFAULT
				  ", " MIG_ACTION_RESTRICT ", " MIG_ACTION_NO_ACTION ")",
				  t->name, action);
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
	rc = check_action(t, k.on_delete);
	if (!rc)
		rc = check_action(t, k.on_update);
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

mig_status mig_table_comment(mig_table *t, const char *comment)
{
	int failed = 0;

	if (!t || !comment)
		return MIG_EINVAL;
	t->comment = copy(t->model, comment, &failed);
	return failed ? nomem(t->model) : MIG_OK;
}

mig_status mig_table_renamed_from(mig_table *t, const char *name)
{
	int failed = 0;

	if (!t || !name)
		return MIG_EINVAL;
	t->renamed_from = copy(t->model, name, &failed);
	return failed ? nomem(t->model) : MIG_OK;
}

mig_status mig_table_option(mig_table *t, const char *dialect, const char *key, const char *value)
{
	static const struct {
		const char *dialect, *key;
	} options[] = { { "sqlite", "strict" },
			{ "sqlite", "without_rowid" },
			{ "postgresql", "options" },
			{ "postgresql", "partition_by" },
			{ "postgresql", "persistence" } };
	const char *known = NULL;

	if (!t || !key)
		return MIG_EINVAL;
	/* attributes' keys are static */
	for (size_t i = 0; dialect && i < sizeof options / sizeof *options; i++)
		if (!strcmp(options[i].dialect, dialect) && !strcmp(options[i].key, key))
			known = options[i].key;
	if (!known)
		return mig__model_mistake(t->model, MIG_EINVAL,
					  "table %s: there is no option \"%s\" for %s", t->name,
					  key, dialect ? dialect : "every dialect");
	return say(t->model, &t->options, dialect, known, value);
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
	return c ? say(c->table->model, &c->defaults, dialect, NULL, expression) : MIG_EINVAL;
}

mig_status mig_column_default_text(mig_column *c, const char *text)
{
	struct mig__buf buf;
	mig_status rc;

	if (!c || !text)
		return MIG_EINVAL;
	mig__buf_init(&buf, c->table->model->alloc);
	mig__buf_adds(&buf, "'");
	for (; *text; text++)
		mig__buf_adds(&buf, *text == '\'' ? "''" : (char[]){ *text, '\0' });
	mig__buf_adds(&buf, "'");
	rc = buf.failed ? nomem(c->table->model) : mig_column_default(c, buf.data);
	mig__buf_finish(&buf);
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
	return set(c, c ? &c->generated : NULL, expression);
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
	return set(c, c ? &c->collation : NULL, collation);
}

mig_status mig_column_comment(mig_column *c, const char *comment)
{
	return set(c, c ? &c->comment : NULL, comment);
}

mig_status mig_column_renamed_from(mig_column *c, const char *name)
{
	return set(c, c ? &c->renamed_from : NULL, name);
}

mig_status mig_column_type_for(mig_column *c, const char *dialect, const char *type)
{
	if (!c)
		return MIG_EINVAL;
	if (!dialect)
		return mig__model_mistake(c->table->model, MIG_EINVAL,
					  "column %s.%s: a type for which dialect?", c->table->name,
					  c->name);
	return say(c->table->model, &c->types, dialect, NULL, type);
}
