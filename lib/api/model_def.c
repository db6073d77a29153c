/* model_def: mig_model_declare(), a whole schema as constants. Not a second model: every row
 * becomes the calls of the builder (api/model.c), so both forms mean the same, and the builder's
 * mistakes are these mistakes. Only what the builder cannot see, since it sees one piece at a time,
 * is checked here: what refers to a name that is nowhere, two defaults, members that do not fit
 * together.
 *
 * Two passes: all enums, tables and columns, and then what may refer to them. Rows are copied
 * before they are read, since those of an older program are shorter and those of a newer one
 * longer. */
#include "schema/model.h"

#include "base/buf.h"
#include "base/options.h"
#include "base/text.h"

#include <string.h>

/* An array of a schema, as it is given. */
struct rows {
	const void *at;
	size_t count, size;
};

/* What rows there are; least: the size of the first version. */
struct row_kind {
	const char *name, *macro;
	size_t known, least;
};

static const struct row_kind table_rows = { "table", "MIG_TABLES", sizeof(mig_table_def),
					    MIG__SIZE_TO(mig_table_def, renamed_from) };
static const struct row_kind column_rows = { "column", "MIG_COLUMNS", sizeof(mig_column_def),
					     MIG__SIZE_TO(mig_column_def, option_size) };
static const struct row_kind constraint_rows = { "constraint", "MIG_CONSTRAINTS",
						 sizeof(mig_constraint_def),
						 MIG__SIZE_TO(mig_constraint_def, include) };
static const struct row_kind option_rows = { "option", "MIG_OPTIONS", sizeof(mig_option_def),
					     MIG__SIZE_TO(mig_option_def, value) };
static const struct row_kind enum_rows = { "enum", "MIG_ENUMS", sizeof(mig_enum_def),
					   MIG__SIZE_TO(mig_enum_def, values) };
static const struct row_kind view_rows = { "view", "MIG_VIEWS", sizeof(mig_view_def),
					   MIG__SIZE_TO(mig_view_def, query) };

struct def {
	mig_model *m;
	mig_schema_def given;
	const mig_table **tables; /* all of the model, also those of before */
	struct mig__map numbers;  /* "SCHEMA NUL NAME" to a place in tables */
};

/* -- rows */

/* of: what has the array, e.g. "table users". */
static mig_status check_rows(mig_model *m, const char *of, const struct row_kind *kind,
			     struct rows rows)
{
	if (!rows.at && !rows.count)
		return MIG_OK;
	if (!rows.at || !rows.count)
		return mig__model_mistake(m, MIG_EINVAL,
					  "%s: %zu rows at %s: give the array itself to %s()", of,
					  rows.count, rows.at ? "an address" : "NULL", kind->macro);
	if (rows.size < kind->least || rows.size > 65536)
		return mig__model_mistake(m, MIG_EINVAL,
					  "%s: rows of %zu bytes: give the array itself to %s()",
					  of, rows.size, kind->macro);
	return MIG_OK;
}

static mig_status take_row(mig_model *m, const char *of, const struct row_kind *kind,
			   struct rows rows, size_t i, void *out)
{
	struct mig__error err;
	mig_status rc;

	mig__error_init(&err, m->alloc);
	rc = mig__options_element(out, kind->known, (const char *)rows.at + i * rows.size,
				  rows.size, kind->name, &err);
	mig__error_clear(&err);
	return rc ? mig__model_mistake(m, rc, "%s: %s %zu sets a member that libmig does not know",
				       of, kind->name, i + 1)
		  : MIG_OK;
}

static struct rows tables_of(const struct def *d)
{
	return (struct rows){ d->given.tables, d->given.table_count, d->given.table_size };
}

static struct rows columns_of(const mig_table_def *t)
{
	return (struct rows){ t->columns, t->column_count, t->column_size };
}

/* -- what is meant instead */

struct meant {
	char text[80];
};

/* " (did you mean "users"?)" or nothing. */
static struct meant did_you_mean(const char *word, const char *const *candidates)
{
	const char *near = candidates ? mig__text_suggest(word, strlen(word), candidates) : NULL;
	struct meant meant = { "" };

	if (!near || strlen(near) > 50)
		return meant;
	strcpy(meant.text, " (did you mean \"");
	strcat(meant.text, near);
	strcat(meant.text, "\"?)");
	return meant;
}

static struct meant meant_column(mig_model *m, const mig_table *t, const char *word)
{
	const char **names;
	size_t count = 0;

	for (const mig_column *c = t->columns; c; c = c->next)
		count++;
	names = mig__arena_zalloc(&m->arena, count + 1, sizeof *names);
	count = 0;
	for (const mig_column *c = t->columns; names && c; c = c->next)
		names[count++] = c->name;
	return did_you_mean(word, names);
}

static struct meant meant_table(const struct def *d, const char *word)
{
	const char **names;
	size_t count = 0;

	while (d->tables[count])
		count++;
	names = mig__arena_zalloc(&d->m->arena, count + 1, sizeof *names);
	for (size_t i = 0; names && i < count; i++)
		names[i] = d->tables[i]->name;
	return did_you_mean(word, names);
}

static struct meant meant_enum(mig_model *m, const char *word)
{
	const char **names;
	size_t count = 0;

	for (const struct mig__enum *e = m->enums; e; e = e->next)
		count++;
	names = mig__arena_zalloc(&m->arena, count + 1, sizeof *names);
	count = 0;
	for (const struct mig__enum *e = m->enums; names && e; e = e->next)
		names[count++] = e->name;
	return did_you_mean(word, names);
}

/* -- what is referred to */

/* The text lives in buf. */
static const char *key_of(struct mig__buf *buf, const char *schema, const char *name)
{
	mig__buf_clear(buf);
	mig__buf_adds(buf, schema);
	mig__buf_add(buf, "", 1);
	mig__buf_adds(buf, name);
	return mig__buf_text(buf);
}

static mig_status number_tables(struct def *d)
{
	size_t count = 0;

	for (const mig_table *t = d->m->tables; t; t = t->next)
		count++;
	d->tables = mig__arena_zalloc(&d->m->arena, count + 1, sizeof *d->tables);
	if (!d->tables || !mig__map_reserve(&d->numbers, count))
		return mig__model_mistake(d->m, MIG_ENOMEM, "out of memory");
	count = 0;
	for (const mig_table *t = d->m->tables; t; t = t->next) {
		size_t size = strlen(t->schema) + strlen(t->name) + 1;
		char *key = mig__arena_alloc(&d->m->arena, size + 1);

		d->tables[count] = t;
		if (!key)
			return mig__model_mistake(d->m, MIG_ENOMEM, "out of memory");
		memcpy(key, t->schema, strlen(t->schema) + 1);
		memcpy(key + strlen(t->schema) + 1, t->name, strlen(t->name) + 1);
		if (!mig__map_add(&d->numbers, key, size, (uint32_t)count++, NULL))
			return mig__model_mistake(d->m, MIG_ENOMEM, "out of memory");
	}
	return MIG_OK;
}

/* The declared table; NULL: there is none. One whose schema is given on one side alone may be
 * meant: the default schema has a name on some engines. Without memory, *failed. */
static const mig_table *find_table(struct def *d, const char *schema, const char *name, int *failed)
{
	struct mig__buf buf;
	uint32_t number = MIG__NONE;

	mig__buf_init(&buf, d->m->alloc);
	key_of(&buf, schema, name);
	*failed = buf.failed;
	if (!buf.failed)
		number = mig__map_get(&d->numbers, buf.data, buf.len);
	mig__buf_finish(&buf);
	if (number != MIG__NONE || *failed)
		return *failed ? NULL : d->tables[number];
	for (size_t i = 0; d->tables[i]; i++)
		if (!strcmp(d->tables[i]->name, name) && (!schema[0] || !d->tables[i]->schema[0]))
			return d->tables[i];
	return NULL;
}

/* Whether what is not declared may be there all the same. */
static int is_open(const mig_model *m)
{
	return m->partial || m->sources;
}

static int is_view(const mig_model *m, const char *name)
{
	for (const struct mig__view *v = m->views; v; v = v->next)
		if (!strcmp(v->name, name))
			return 1;
	return 0;
}

/* of: what refers, e.g. "column users.team_id". */
static mig_status check_referred(struct def *d, const char *of, const mig_foreign_key *k)
{
	const char *schema = k->referred_schema ? k->referred_schema : "";
	const mig_table *t;
	int failed;

	if (is_open(d->m) || !k->referred_table)
		return MIG_OK;
	t = find_table(d, schema, k->referred_table, &failed);
	if (failed)
		return mig__model_mistake(d->m, MIG_ENOMEM, "out of memory");
	if (!t && is_view(d->m, k->referred_table))
		return MIG_OK; /* the engine knows better why not */
	if (!t)
		return mig__model_mistake(d->m, MIG_ENOTFOUND, "%s: there is no table \"%s%s%s\"%s",
					  of, schema, schema[0] ? "." : "", k->referred_table,
					  meant_table(d, k->referred_table).text);
	for (const char *const *c = k->referred_columns; c && *c; c++)
		if (!mig_table_find_column(t, *c))
			return mig__model_mistake(d->m, MIG_ENOTFOUND,
						  "%s: table %s has no column \"%s\"%s", of,
						  t->name, *c, meant_column(d->m, t, *c).text);
	return MIG_OK;
}

/* -- columns */

static mig_status check_default(const mig_column *c, const mig_column_def *row)
{
	const struct {
		const char *name;
		int given;
	} ways[] = { { "default_value", row->default_value != 0 },
		     { "default_text", row->default_text != NULL },
		     { "default_sql", row->default_sql != NULL },
		     { "generated_stored", row->generated_stored != NULL },
		     { "generated_virtual", row->generated_virtual != NULL },
		     { "identity", row->identity != 0 } };
	const char *first = NULL;

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		if (ways[i].given && first)
			return mig__model_mistake(c->table->model, MIG_EINVAL,
						  "column %s.%s: %s and %s: only one can be",
						  c->table->name, c->name, first, ways[i].name);
		first = ways[i].given ? ways[i].name : first;
	}
	return MIG_OK;
}

static mig_status def_default_value(mig_column *c, int32_t value)
{
	switch (value) {
	case 0:
		return MIG_OK;
	case MIG_DEFAULT_NOW:
		return mig_column_default_now(c);
	case MIG_DEFAULT_TRUE:
	case MIG_DEFAULT_FALSE:
		return mig_column_default_bool(c, value == MIG_DEFAULT_TRUE);
	default:
		return mig__model_mistake(c->table->model, MIG_EINVAL,
					  "column %s.%s: default_value is %d (enum mig_default)",
					  c->table->name, c->name, (int)value);
	}
}

static mig_status def_identity(mig_column *c, int32_t identity)
{
	if (identity == 0)
		return MIG_OK;
	if (identity == MIG_COLUMN_IDENTITY || identity == MIG_COLUMN_IDENTITY_ALWAYS)
		return mig_column_identity(c, identity == MIG_COLUMN_IDENTITY_ALWAYS);
	return mig__model_mistake(c->table->model, MIG_EINVAL,
				  "column %s.%s: identity is %d (enum mig_column_identity)",
				  c->table->name, c->name, (int)identity);
}

static mig_status def_marks(mig_column *c, const mig_column_def *row)
{
	const struct {
		int32_t given;
		mig_status (*mark)(mig_column *);
	} marks[] = { { row->primary_key, mig_column_primary_key },
		      { row->not_null, mig_column_not_null },
		      { row->unique, mig_column_unique },
		      { row->index, mig_column_indexed } };
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < sizeof marks / sizeof *marks; i++)
		if (marks[i].given)
			rc = marks[i].mark(c);
	return rc;
}

static mig_status generated_stored(mig_column *c, const char *expression)
{
	return mig_column_generated(c, expression, 1);
}

static mig_status generated_virtual(mig_column *c, const char *expression)
{
	return mig_column_generated(c, expression, 0);
}

static mig_status def_texts(mig_column *c, const mig_column_def *row)
{
	const struct {
		const char *given;
		mig_status (*set)(mig_column *, const char *);
	} texts[] = { { row->default_text, mig_column_default_text },
		      { row->default_sql, mig_column_default },
		      { row->generated_stored, generated_stored },
		      { row->generated_virtual, generated_virtual },
		      { row->collation, mig_column_collation },
		      { row->comment, mig_column_comment },
		      { row->renamed_from, mig_column_renamed_from } };
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < sizeof texts / sizeof *texts; i++)
		if (texts[i].given)
			rc = texts[i].set(c, texts[i].given);
	return rc;
}

static mig_status column_option(mig_column *c, const char *of, const mig_option_def *o)
{
	const char *known[] = { "type", "default", NULL };

	if (!o->dialect || !o->key || !o->value)
		return mig__model_mistake(c->table->model, MIG_EINVAL,
					  "%s: an option has no dialect, key or value", of);
	if (!strcmp(o->key, known[0]))
		return mig_column_type_for(c, o->dialect, o->value);
	if (!strcmp(o->key, known[1]))
		return mig_column_default_for(c, o->dialect, o->value);
	return mig__model_mistake(c->table->model, MIG_EINVAL,
				  "%s: there is no option \"%s\" (type, default)%s", of, o->key,
				  did_you_mean(o->key, known).text);
}

static mig_status def_column_options(mig_column *c, const char *of, const mig_column_def *row)
{
	struct rows rows = { row->options, row->option_count, row->option_size };
	mig_model *m = c->table->model;
	mig_status rc = check_rows(m, of, &option_rows, rows);
	mig_option_def o;

	for (size_t i = 0; !rc && i < rows.count; i++) {
		rc = take_row(m, of, &option_rows, rows, i, &o);
		if (!rc)
			rc = column_option(c, of, &o);
	}
	return rc;
}

/* "SCHEMA.TABLE.COLUMN" into three texts of the arena, the first NULL if there are two. */
static mig_status split_references(mig_column *c, const char *of, const char *given,
				   const char **parts)
{
	mig_model *m = c->table->model;
	char *text = mig__arena_strdup(&m->arena, given), *dot;
	size_t count = 0;

	if (!text)
		return mig__model_mistake(m, MIG_ENOMEM, "out of memory");
	parts[0] = NULL;
	for (const char *p = given; *p; p++)
		count += *p == '.';
	for (size_t i = count == 2 ? 0 : 1; i < 3; i++) {
		dot = strchr(text, '.');
		if (count < 1 || count > 2 || !text[0] || dot == text || (dot && i == 2))
			return mig__model_mistake(
				m, MIG_EINVAL,
				"%s: references is \"%s\": write \"table.column\" or "
				"\"schema.table.column\"",
				of, given);
		parts[i] = text;
		if (dot)
			*dot = '\0';
		text = dot ? dot + 1 : text + strlen(text);
	}
	return MIG_OK;
}

/* The words of a row's foreign key, so that a mistake names the column. */
static mig_status check_words(mig_model *m, const char *of, const char *on_delete,
			      const char *on_update, const char *deferrable)
{
	const struct {
		const char *member, *given, *known, *list;
	} words[] = { { "on_delete", on_delete, on_delete ? mig__model_action(on_delete) : NULL,
			MIG__ACTIONS },
		      { "on_update", on_update, on_update ? mig__model_action(on_update) : NULL,
			MIG__ACTIONS },
		      { "deferrable", deferrable,
			deferrable ? mig__model_deferrable(deferrable) : NULL, MIG__DEFERRABLES } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i].given && !words[i].known)
			return mig__model_mistake(m, MIG_EINVAL, "%s: %s is \"%s\" (%s)", of,
						  words[i].member, words[i].given, words[i].list);
	return MIG_OK;
}

static mig_status def_references(struct def *d, mig_column *c, const char *of,
				 const mig_column_def *row)
{
	const char *columns[2] = { c->name, NULL }, *parts[3], *referred[2] = { NULL, NULL };
	mig_foreign_key k = { .struct_size = sizeof k,
			      .columns = columns,
			      .referred_columns = referred,
			      .on_delete = row->on_delete,
			      .on_update = row->on_update,
			      .deferrable = row->deferrable };
	mig_status rc;

	if (!row->references && (row->on_delete || row->on_update || row->deferrable))
		return mig__model_mistake(d->m, MIG_EINVAL,
					  "%s: on_delete, on_update and deferrable need references",
					  of);
	if (!row->references)
		return MIG_OK;
	rc = split_references(c, of, row->references, parts);
	if (rc)
		return rc;
	k.referred_schema = parts[0];
	k.referred_table = parts[1];
	referred[0] = parts[2];
	rc = check_words(d->m, of, k.on_delete, k.on_update, k.deferrable);
	if (!rc)
		rc = check_referred(d, of, &k);
	return rc ? rc : mig_table_foreign_key(c->table, &k);
}

static mig_status check_enum(const mig_column *c, const char *of)
{
	mig_model *m = c->table->model;

	if (!c->is_enum || mig__model_find_enum(m, c->type))
		return MIG_OK;
	return mig__model_mistake(m, MIG_ENOTFOUND, "%s: there is no enum \"%s\"%s", of, c->type,
				  meant_enum(m, c->type).text);
}

/* "column users.email" in buf; "" without memory. */
static const char *column_name(struct mig__buf *buf, const mig_column *c)
{
	mig__buf_clear(buf);
	mig__buf_addf(buf, "column %s.%s", c->table->name, c->name);
	return mig__buf_text(buf);
}

static mig_status def_column_rest(struct def *d, mig_column *c, const char *of,
				  const mig_column_def *row)
{
	mig_status rc = check_enum(c, of);

	if (!rc)
		rc = check_default(c, row);
	if (!rc)
		rc = def_marks(c, row);
	if (!rc)
		rc = def_default_value(c, row->default_value);
	if (!rc)
		rc = def_identity(c, row->identity);
	if (!rc)
		rc = def_texts(c, row);
	if (!rc)
		rc = def_column_options(c, of, row);
	return rc ? rc : def_references(d, c, of, row);
}

/* The columns of a table are there, from `first` on in the order of the rows. */
static mig_status def_columns_rest(struct def *d, mig_column *first, const char *of,
				   const mig_table_def *row)
{
	struct rows rows = columns_of(row);
	mig_column *c = first;
	struct mig__buf buf;
	mig_column_def column;
	mig_status rc = MIG_OK;

	mig__buf_init(&buf, d->m->alloc);
	for (size_t i = 0; !rc && i < rows.count; i++, c = c->next) {
		rc = take_row(d->m, of, &column_rows, rows, i, &column);
		if (!rc)
			rc = def_column_rest(d, c, column_name(&buf, c), &column);
	}
	mig__buf_finish(&buf);
	return rc;
}

/* -- constraints */

/* Members that only one kind has. */
static mig_status check_members(mig_model *m, const char *of, const mig_constraint_def *row)
{
	const int check = row->kind == MIG_KIND_CHECK, key = row->kind == MIG_KIND_FOREIGN_KEY,
		  index = row->kind == MIG_KIND_INDEX;
	const struct {
		const char *name;
		int given, may;
	} members[] = { { "columns", row->columns != NULL, !check },
			{ "expression", row->expression != NULL, check },
			{ "referred_schema", row->referred_schema != NULL, key },
			{ "referred_table", row->referred_table != NULL, key },
			{ "referred_columns", row->referred_columns != NULL, key },
			{ "on_delete", row->on_delete != NULL, key },
			{ "on_update", row->on_update != NULL, key },
			{ "deferrable", row->deferrable != NULL, key },
			{ "where", row->where != NULL, index },
			{ "method", row->method != NULL, index },
			{ "include", row->include != NULL, index },
			{ "unique", row->unique != 0, index } };

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (members[i].given && !members[i].may)
			return mig__model_mistake(m, MIG_EINVAL, "%s: %s does not go with it", of,
						  members[i].name);
	return MIG_OK;
}

/* Columns by name must be there, unless a revision declares only what it adds. */
static mig_status check_columns(const mig_table *t, const char *of, const mig_constraint_def *row)
{
	if (t->model->partial || row->kind == MIG_KIND_INDEX)
		return MIG_OK;
	for (mig__names c = row->columns; c && *c; c++)
		if (!mig_table_find_column(t, *c))
			return mig__model_mistake(t->model, MIG_ENOTFOUND,
						  "%s: there is no column \"%s\"%s", of, *c,
						  meant_column(t->model, t, *c).text);
	return MIG_OK;
}

static mig_status def_key(struct def *d, mig_table *t, const char *of,
			  const mig_constraint_def *row)
{
	mig_foreign_key k = { .struct_size = sizeof k,
			      .name = row->name,
			      .columns = row->columns,
			      .referred_schema = row->referred_schema,
			      .referred_table = row->referred_table,
			      .referred_columns = row->referred_columns,
			      .on_delete = row->on_delete,
			      .on_update = row->on_update,
			      .deferrable = row->deferrable };
	mig_status rc = check_words(d->m, of, k.on_delete, k.on_update, k.deferrable);

	if (!rc)
		rc = check_referred(d, of, &k);
	return rc ? rc : mig_table_foreign_key(t, &k);
}

static mig_status def_index(mig_table *t, const mig_constraint_def *row)
{
	return mig_table_index(t, &(mig_index){ .struct_size = sizeof(mig_index),
						.name = row->name,
						.columns = row->columns,
						.where = row->where,
						.method = row->method,
						.include = row->include,
						.unique = row->unique != 0 });
}

static mig_status def_constraint(struct def *d, mig_table *t, const char *of,
				 const mig_constraint_def *row)
{
	mig_status rc = check_members(d->m, of, row);

	if (!rc)
		rc = check_columns(t, of, row);
	if (rc)
		return rc;
	switch (row->kind) {
	case MIG_KIND_PRIMARY_KEY:
		return mig_table_primary_key(t, row->name, row->columns);
	case MIG_KIND_UNIQUE:
		return mig_table_unique(t, row->name, row->columns);
	case MIG_KIND_CHECK:
		return mig_table_check(t, row->name, row->expression);
	case MIG_KIND_FOREIGN_KEY:
		return def_key(d, t, of, row);
	default:
		return def_index(t, row);
	}
}

static int is_constraint(int32_t kind)
{
	return kind == MIG_KIND_PRIMARY_KEY || kind == MIG_KIND_UNIQUE || kind == MIG_KIND_CHECK ||
	       kind == MIG_KIND_FOREIGN_KEY || kind == MIG_KIND_INDEX;
}

/* "table users: unique 2" in buf: the second constraint, which is a unique one. */
static const char *constraint_name(struct mig__buf *buf, const char *of,
				   const mig_constraint_def *row, size_t i)
{
	mig__buf_clear(buf);
	mig__buf_addf(buf, "%s: constraint %zu (%s)", of, i + 1, mig_kind_name(row->kind));
	return mig__buf_text(buf);
}

static mig_status def_constraints(struct def *d, mig_table *t, const char *of,
				  const mig_table_def *row)
{
	struct rows rows = { row->constraints, row->constraint_count, row->constraint_size };
	mig_status rc = check_rows(d->m, of, &constraint_rows, rows);
	mig_constraint_def constraint;
	struct mig__buf buf;

	mig__buf_init(&buf, d->m->alloc);
	for (size_t i = 0; !rc && i < rows.count; i++) {
		rc = take_row(d->m, of, &constraint_rows, rows, i, &constraint);
		if (!rc && !is_constraint(constraint.kind))
			rc = mig__model_mistake(d->m, MIG_EINVAL,
						"%s: constraint %zu has kind %d "
						"(MIG_KIND_PRIMARY_KEY, _UNIQUE, _CHECK, "
						"_FOREIGN_KEY, _INDEX)",
						of, i + 1, (int)constraint.kind);
		if (!rc)
			rc = def_constraint(d, t, constraint_name(&buf, of, &constraint, i),
					    &constraint);
	}
	mig__buf_finish(&buf);
	return rc;
}

/* -- tables */

static mig_status def_table_options(mig_table *t, const char *of, const mig_table_def *row)
{
	struct rows rows = { row->options, row->option_count, row->option_size };
	mig_status rc = check_rows(t->model, of, &option_rows, rows);
	mig_option_def o;

	for (size_t i = 0; !rc && i < rows.count; i++) {
		rc = take_row(t->model, of, &option_rows, rows, i, &o);
		if (!rc)
			rc = mig_table_option(t, o.dialect, o.key, o.value);
	}
	if (!rc && row->comment)
		rc = mig_table_comment(t, row->comment);
	if (!rc && row->renamed_from)
		rc = mig_table_renamed_from(t, row->renamed_from);
	return rc;
}

static mig_status def_column(mig_table *t, const mig_column_def *row, size_t i)
{
	if (!row->name || !row->name[0])
		return mig__model_mistake(t->model, MIG_EINVAL, "table %s: column %zu has no name",
					  t->name, i + 1);
	if (!row->type)
		return mig__model_mistake(t->model, MIG_EINVAL, "column %s.%s has no type", t->name,
					  row->name);
	return mig_table_column(t, row->name, row->type) ? MIG_OK : t->model->status;
}

static mig_status def_table(struct def *d, const mig_table_def *row, const char *of)
{
	struct rows rows = columns_of(row);
	mig_table *t = mig_model_table(d->m, row->schema, row->name);
	mig_status rc = t ? check_rows(d->m, of, &column_rows, rows) : d->m->status;
	mig_column_def column;

	for (size_t i = 0; !rc && i < rows.count; i++) {
		rc = take_row(d->m, of, &column_rows, rows, i, &column);
		if (!rc)
			rc = def_column(t, &column, i);
	}
	return rc;
}

/* Calls the function with each row and "table NAME". */
static mig_status each_table(struct def *d,
			     mig_status (*fn)(struct def *, const mig_table_def *, const char *of,
					      mig_table **next),
			     mig_table **next)
{
	struct rows rows = tables_of(d);
	struct mig__buf buf;
	mig_table_def row;
	mig_status rc = MIG_OK;

	mig__buf_init(&buf, d->m->alloc);
	for (size_t i = 0; !rc && i < rows.count; i++) {
		rc = take_row(d->m, "the schema", &table_rows, rows, i, &row);
		if (!rc && (!row.name || !row.name[0]))
			rc = mig__model_mistake(d->m, MIG_EINVAL, "table %zu has no name", i + 1);
		if (rc)
			break;
		mig__buf_clear(&buf);
		mig__buf_addf(&buf, "table %s", row.name);
		rc = fn(d, &row, mig__buf_text(&buf), next);
	}
	mig__buf_finish(&buf);
	return rc;
}

/* The first pass. */
static mig_status table_first(struct def *d, const mig_table_def *row, const char *of,
			      mig_table **next)
{
	(void)next;
	return def_table(d, row, of);
}

/* The second; *next: the table that the first made of this row. */
static mig_status table_second(struct def *d, const mig_table_def *row, const char *of,
			       mig_table **next)
{
	mig_table *t = *next;
	mig_status rc = def_columns_rest(d, t->columns, of, row);

	if (!rc)
		rc = def_constraints(d, t, of, row);
	if (!rc)
		rc = def_table_options(t, of, row);
	*next = t->next;
	return rc;
}

static mig_status def_tables(struct def *d)
{
	mig_table **first = d->m->tables_end, *next;
	mig_status rc = check_rows(d->m, "the schema", &table_rows, tables_of(d));

	if (!rc)
		rc = each_table(d, table_first, NULL);
	if (!rc)
		rc = number_tables(d);
	next = *first;
	return rc ? rc : each_table(d, table_second, &next);
}

/* -- the whole */

static mig_status def_enums(struct def *d)
{
	struct rows rows = { d->given.enums, d->given.enum_count, d->given.enum_size };
	mig_status rc = check_rows(d->m, "the schema", &enum_rows, rows);
	mig_enum_def e;

	for (size_t i = 0; !rc && i < rows.count; i++) {
		rc = take_row(d->m, "the schema", &enum_rows, rows, i, &e);
		if (!rc)
			rc = mig_model_enum(d->m, e.schema, e.name, e.values);
		if (!rc && e.renamed_from)
			rc = mig_model_enum_renamed_from(d->m, e.name, e.renamed_from);
	}
	return rc;
}

static mig_status def_views(struct def *d)
{
	struct rows rows = { d->given.views, d->given.view_count, d->given.view_size };
	mig_status rc = check_rows(d->m, "the schema", &view_rows, rows);
	mig_view_def v;

	for (size_t i = 0; !rc && i < rows.count; i++) {
		rc = take_row(d->m, "the schema", &view_rows, rows, i, &v);
		if (!rc)
			rc = mig_model_view(d->m, v.schema, v.name, v.query);
	}
	return rc;
}

static mig_status read_def(mig_model *m, const mig_schema_def *def, mig_schema_def *out)
{
	struct mig__error err;
	mig_status rc;

	if (!def)
		return mig__model_mistake(m, MIG_EINVAL, "the schema to declare is NULL");
	mig__error_init(&err, m->alloc);
	rc = mig__options_read(out, sizeof *out, def, &err);
	if (rc)
		mig__model_mistake(m, rc, "the schema to declare: %s",
				   err.message ? err.message : "out of memory");
	mig__error_clear(&err);
	return rc;
}

mig_status mig_model_declare(mig_model *m, const mig_schema_def *def)
{
	struct def d = { .m = m };
	mig_status rc = m ? read_def(m, def, &d.given) : MIG_EINVAL;

	if (rc)
		return rc;
	mig__map_init(&d.numbers, m->alloc);
	rc = def_enums(&d);
	if (!rc)
		rc = def_views(&d);
	if (!rc)
		rc = def_tables(&d);
	mig__map_finish(&d.numbers);
	return rc;
}
