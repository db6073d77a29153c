/* A schema as constant tables means what the builder's calls mean; mistakes in it are named. */
#include "both.h"

#include "../../examples/model/magazine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- the same schema by the builder, read from the rows by hand */

static void build_default(mig_column *c, const mig_column_def *row)
{
	if (row->default_value == MIG_DEFAULT_NOW)
		mig_column_default_now(c);
	else if (row->default_value)
		mig_column_default_bool(c, row->default_value == MIG_DEFAULT_TRUE);
	if (row->default_text)
		mig_column_default_text(c, row->default_text);
	if (row->default_sql)
		mig_column_default(c, row->default_sql);
	if (row->generated_stored)
		mig_column_generated(c, row->generated_stored, 1);
	if (row->generated_virtual)
		mig_column_generated(c, row->generated_virtual, 0);
	if (row->identity)
		mig_column_identity(c, row->identity == MIG_COLUMN_IDENTITY_ALWAYS);
}

static void build_references(mig_table *t, const mig_column_def *row)
{
	char table[64];
	const char *dot = strchr(row->references, '.'), *columns[2] = { row->name, NULL },
		   *referred[2] = { dot + 1, NULL };
	mig_foreign_key k = { .struct_size = sizeof k,
			      .columns = columns,
			      .referred_table = table,
			      .referred_columns = referred,
			      .on_delete = row->on_delete,
			      .on_update = row->on_update,
			      .deferrable = row->deferrable };

	snprintf(table, sizeof table, "%.*s", (int)(dot - row->references), row->references);
	mig_table_foreign_key(t, &k);
}

static void build_column(mig_table *t, const mig_column_def *row)
{
	mig_column *c = mig_table_column(t, row->name, row->type);

	if (row->primary_key)
		mig_column_primary_key(c);
	if (row->not_null)
		mig_column_not_null(c);
	if (row->unique)
		mig_column_unique(c);
	if (row->index)
		mig_column_indexed(c);
	build_default(c, row);
	if (row->collation)
		mig_column_collation(c, row->collation);
	if (row->comment)
		mig_column_comment(c, row->comment);
	if (row->renamed_from)
		mig_column_renamed_from(c, row->renamed_from);
	for (size_t i = 0; i < row->option_count; i++) {
		const mig_option_def *o = &row->options[i];

		if (!strcmp(o->key, "type"))
			mig_column_type_for(c, o->dialect, o->value);
		else
			mig_column_default_for(c, o->dialect, o->value);
	}
	if (row->references)
		build_references(t, row);
}

static void build_constraint(mig_table *t, const mig_constraint_def *row)
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
	mig_index i = { .struct_size = sizeof i,
			.name = row->name,
			.columns = row->columns,
			.where = row->where,
			.method = row->method,
			.include = row->include,
			.unique = row->unique };

	switch (row->kind) {
	case MIG_KIND_PRIMARY_KEY:
		mig_table_primary_key(t, row->name, row->columns);
		break;
	case MIG_KIND_UNIQUE:
		mig_table_unique(t, row->name, row->columns);
		break;
	case MIG_KIND_CHECK:
		mig_table_check(t, row->name, row->expression);
		break;
	case MIG_KIND_FOREIGN_KEY:
		mig_table_foreign_key(t, &k);
		break;
	default:
		mig_table_index(t, &i);
	}
}

static void build(mig_model *m, const mig_schema_def *s)
{
	for (size_t i = 0; i < s->enum_count; i++)
		mig_model_enum(m, s->enums[i].schema, s->enums[i].name, s->enums[i].values);
	for (size_t i = 0; i < s->view_count; i++)
		mig_model_view(m, s->views[i].schema, s->views[i].name, s->views[i].query);
	for (size_t i = 0; i < s->table_count; i++) {
		const mig_table_def *row = &s->tables[i];
		mig_table *t = mig_model_table(m, row->schema, row->name);

		for (size_t j = 0; j < row->column_count; j++)
			build_column(t, &row->columns[j]);
		for (size_t j = 0; j < row->constraint_count; j++)
			build_constraint(t, &row->constraints[j]);
		for (size_t j = 0; j < row->option_count; j++)
			mig_table_option(t, row->options[j].dialect, row->options[j].key,
					 row->options[j].value);
		if (row->comment)
			mig_table_comment(t, row->comment);
		if (row->renamed_from)
			mig_table_renamed_from(t, row->renamed_from);
	}
}

/* -- the comparison */

static void by_table(mig_model *m, const mig_schema_def *s)
{
	mig_model_declare(m, s);
}

/* All that the model gives on an empty database: its status, message and SQL. To be freed. */
static char *outcome(const struct base *base, const mig_schema_def *s,
		     void (*declare)(mig_model *, const mig_schema_def *), mig_status *status)
{
	mig_op_list *list = NULL;
	mig_ctx *ctx = open_base(base);
	mig_model *m;
	size_t size;
	char *text;

	ok(ctx, mig_model_of(ctx, &m));
	declare(m, s);
	*status = mig_diff(
		ctx, &(mig_diff_options){ .struct_size = sizeof(mig_diff_options), .unproved = 1 },
		&list);
	if (*status) {
		size = strlen(mig_error_message(ctx)) + 1;
		text = malloc(size);
		assert_non_null(text);
		memcpy(text, mig_error_message(ctx), size);
	} else {
		const char *up = mig_op_list_sql(list, MIG_UPGRADE, NULL);
		const char *down = mig_op_list_sql(list, MIG_DOWNGRADE, NULL);

		size = strlen(up) + strlen(down) + 5;
		text = malloc(size);
		assert_non_null(text);
		snprintf(text, size, "%s\n--\n%s", up, down);
	}
	mig_op_list_free(list);
	mig_close(ctx);
	return text;
}

/* MIG_OK if both forms gave SQL. */
static mig_status assert_same(const struct base *base, const mig_schema_def *s)
{
	mig_status table, calls;
	char *of_table = outcome(base, s, by_table, &table),
	     *of_calls = outcome(base, s, build, &calls);

	if (table != calls || strcmp(of_table, of_calls) != 0)
		fail_msg("%s: by table:\n%s\nby calls:\n%s", base->dialect, of_table, of_calls);
	free(of_table);
	free(of_calls);
	return table;
}

static void real(const struct base *base)
{
	assert_int_equal(assert_same(base, &magazine), MIG_OK);
}

static void test_real(void **user)
{
	(void)user;
	on_all(real);
}

/* -- schemas made of chance */

enum { TABLES = 4, COLUMNS = 6, CONSTRAINTS = 4 };

struct chance {
	uint64_t state;
	mig_schema_def schema;
	mig_table_def tables[TABLES];
	mig_column_def columns[TABLES][COLUMNS + 1];
	mig_constraint_def constraints[TABLES][CONSTRAINTS];
	const char *two[TABLES][CONSTRAINTS][3];
};

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static unsigned below(struct chance *c, unsigned n)
{
	return (unsigned)(splitmix(&c->state) % n);
}

static const char *const table_names[TABLES] = { "apple", "birch", "Cedar", "oak tree" };
static const char *const column_names[COLUMNS] = { "a", "b", "Cc", "d d", "order", "f" };
static const char *const keys[TABLES] = { "apple.id", "birch.id", "Cedar.id", "oak tree.id" };
static const char *const values[] = { "low", "it's high", NULL };
static const mig_enum_def levels[] = { { .name = "level", .values = values } };
static const mig_view_def seen[] = { { .name = "seen", .query = "SELECT id FROM apple" } };
static const mig_option_def without_rowid[] = { { "sqlite", "without_rowid", "yes" },
						{ "postgresql", "options", "fillfactor=70" } };
static const mig_option_def own_types[] = { { "sqlite", "type", "BLOB" },
					    { "postgresql", "type", "bytea" },
					    { "sqlite", "default", "x'00'" } };

/* A type, and a default that fits it. */
static void random_type(struct chance *c, mig_column_def *row)
{
	static const struct {
		const char *type, *sql, *text;
		int32_t value;
	} types[] = { { "integer", "7", NULL, 0 },
		      { "Numeric (10, 2)", "1.5", NULL, 0 },
		      { "varchar(20)", NULL, "it's", 0 },
		      { "text", "lower('A')", NULL, 0 },
		      { "boolean", NULL, NULL, MIG_DEFAULT_TRUE },
		      { "boolean", NULL, NULL, MIG_DEFAULT_FALSE },
		      { "timestamptz", NULL, NULL, MIG_DEFAULT_NOW },
		      { "date", NULL, NULL, MIG_DEFAULT_NOW },
		      { "enum level", NULL, "it's high", 0 } };
	size_t i = below(c, sizeof types / sizeof *types);

	row->type = types[i].type;
	if (!below(c, 2))
		return;
	row->default_sql = types[i].sql;
	row->default_text = types[i].text;
	row->default_value = types[i].value;
}

static void random_column(struct chance *c, size_t table, mig_column_def *row)
{
	random_type(c, row);
	row->not_null = (int32_t)below(c, 2);
	row->unique = !below(c, 5);
	row->index = !below(c, 4);
	row->comment = below(c, 4) ? NULL : "it's a \"comment\"";
	row->renamed_from = below(c, 6) ? NULL : "before";
	if (table && !below(c, 3)) {
		static const char *const actions[] = { NULL, "cascade", "SET NULL", "restrict" };

		*row = (mig_column_def){ .name = row->name, .type = "integer" };
		row->references = keys[below(c, (unsigned)table)];
		row->on_delete = actions[below(c, 4)];
		row->on_update = actions[below(c, 2)];
		row->deferrable = below(c, 3) ? NULL : "DEFERRABLE INITIALLY DEFERRED";
	} else if (!below(c, 6)) {
		*row = (mig_column_def){ .name = row->name, .type = "integer" };
		row->generated_stored = "id + 1";
	} else if (!below(c, 6)) {
		*row = (mig_column_def){ .name = row->name, .type = "bytes" };
		row->options = own_types;
		row->option_count = 1 + below(c, 3);
		row->option_size = sizeof *own_types;
	}
}

static void random_constraint(struct chance *c, const mig_table_def *t, const char **two,
			      mig_constraint_def *row)
{
	static const int32_t kinds[] = { MIG_KIND_UNIQUE, MIG_KIND_CHECK, MIG_KIND_INDEX };

	row->kind = kinds[below(c, 3)];
	two[0] = t->columns[below(c, (unsigned)t->column_count)].name;
	two[1] = strcmp(two[0], "id") != 0 ? "id" : NULL;
	if (row->kind == MIG_KIND_CHECK) {
		row->expression = "id > 0";
		return;
	}
	row->columns = two;
	if (row->kind == MIG_KIND_INDEX) {
		row->where = below(c, 2) ? NULL : "id > 5";
		row->unique = (int32_t)below(c, 2);
	}
}

/* Names are said where the convention would make one twice. */
static void random_table(struct chance *c, size_t i)
{
	static const char *const names[CONSTRAINTS] = { "one", "two", "three", "four" };
	mig_table_def *t = &c->tables[i];
	unsigned columns = below(c, COLUMNS + 1), constraints = below(c, CONSTRAINTS + 1);

	t->name = table_names[i];
	c->columns[i][0] = (mig_column_def){ .name = "id", .type = "integer", .primary_key = 1 };
	for (unsigned k = 0; k < columns; k++) {
		c->columns[i][k + 1].name = column_names[k];
		random_column(c, i, &c->columns[i][k + 1]);
	}
	t->columns = c->columns[i];
	t->column_count = columns + 1;
	t->column_size = sizeof **c->columns;
	for (unsigned k = 0; k < constraints; k++) {
		random_constraint(c, t, c->two[i][k], &c->constraints[i][k]);
		if (c->constraints[i][k].kind != MIG_KIND_CHECK) {
			char *name = malloc(32);

			assert_non_null(name);
			snprintf(name, 32, "%s_%zu", names[k], i);
			c->constraints[i][k].name = name;
		}
	}
	t->constraints = constraints ? c->constraints[i] : NULL;
	t->constraint_count = constraints;
	t->constraint_size = sizeof **c->constraints;
	t->comment = below(c, 3) ? NULL : "trees";
	t->renamed_from = below(c, 5) ? NULL : "tree";
	if (!below(c, 3)) {
		t->options = without_rowid;
		t->option_count = 1 + below(c, 2);
		t->option_size = sizeof *without_rowid;
	}
}

static void random_schema(struct chance *c, uint64_t seed)
{
	unsigned tables;

	memset(c, 0, sizeof *c);
	c->state = seed;
	tables = 1 + below(c, TABLES);
	for (size_t i = 0; i < tables; i++)
		random_table(c, i);
	c->schema = (mig_schema_def){ .struct_size = sizeof c->schema,
				      .tables = c->tables,
				      .table_count = tables,
				      .table_size = sizeof *c->tables,
				      .enums = levels,
				      .enum_count = 1,
				      .enum_size = sizeof *levels };
	if (!below(c, 2)) {
		c->schema.views = seen;
		c->schema.view_count = 1;
		c->schema.view_size = sizeof *seen;
	}
}

static void free_schema(struct chance *c)
{
	for (size_t i = 0; i < TABLES; i++)
		for (size_t k = 0; k < CONSTRAINTS; k++)
			free((char *)(uintptr_t)c->constraints[i][k].name);
}

static void random_ones(const struct base *base)
{
	static struct chance c;
	unsigned count = strcmp(base->dialect, "sqlite") ? 10 : 200, good = 0;

	for (unsigned i = 0; i < count; i++) {
		random_schema(&c, i);
		good += !assert_same(base, &c.schema);
		free_schema(&c);
	}
	/* nearly all must be schemas that the engine takes */
	if (good < count * 9 / 10)
		fail_msg("%s: only %u of %u schemas are valid", base->dialect, good, count);
}

static void test_random(void **user)
{
	(void)user;
	on_all(random_ones);
}

/* -- rows of other sizes: a program that is older or newer than the library */

struct newer_column {
	mig_column_def known;
	const char *more;
};

static mig_model *empty(mig_ctx **ctx)
{
	mig_model *m;

	assert_int_equal(mig_open(ctx, "sqlite::memory:"), MIG_OK);
	assert_int_equal(mig_model_of(*ctx, &m), MIG_OK);
	return m;
}

static void assert_declares(const mig_schema_def *s, mig_status status, const char *message)
{
	mig_op_list *list = NULL;
	mig_ctx *ctx;
	mig_model *m = empty(&ctx);

	if (mig_model_declare(m, s) != status)
		fail_msg("%s: %s", mig_status_name(mig_model_status(m)), message);
	assert_int_equal(mig_model_status(m), status);
	if (status) {
		assert_string_equal(mig_error_message(ctx), message); /* at once */
		assert_int_equal(mig_diff(ctx, NULL, &list), status);
		assert_string_equal(mig_error_message(ctx), message);
	} else {
		ok(ctx, mig_diff(ctx, NULL, &list));
	}
	mig_op_list_free(list);
	mig_close(ctx);
}

static void test_sizes(void **user)
{
	struct newer_column newer[2] = { { .known = { .name = "a", .type = "text" } },
					 { .known = { .name = "b", .type = "text" } } };
	mig_table_def t = { .name = "t",
			    .columns = &newer[0].known,
			    .column_count = 2,
			    .column_size = sizeof *newer };
	mig_schema_def s = MIG_SCHEMA(.tables = &t, .table_count = 1, .table_size = sizeof t);
	union {
		mig_schema_def known;
		char bytes[sizeof(mig_schema_def) + 8];
	} newer_schema = { .known = s };
	char message[100];

	(void)user;
	assert_declares(&s, MIG_OK, "");
	newer[1].more = "something";
	assert_declares(&s, MIG_EINVAL,
			"table t: column 2 sets a member that libmig does not know");
	newer[1].more = NULL;
	t.column_size = sizeof(mig_column_def) - 1;
	snprintf(message, sizeof message,
		 "table t: rows of %zu bytes: give the array itself to MIG_COLUMNS()",
		 t.column_size);
	assert_declares(&s, MIG_EINVAL, message);
	t.column_size = sizeof *newer;
	t.column_count = 0; /* MIG_COLUMNS(pointer) */
	assert_declares(&s, MIG_EINVAL,
			"table t: 0 rows at an address: give the array itself to MIG_COLUMNS()");
	t.column_count = 2;

	newer_schema.known.struct_size = sizeof newer_schema;
	memset(newer_schema.bytes + sizeof s, 0, 8);
	assert_declares(&newer_schema.known, MIG_OK, "");
	newer_schema.bytes[sizeof s + 3] = 1;
	{
		mig_ctx *ctx;

		assert_int_equal(mig_model_declare(empty(&ctx), &newer_schema.known), MIG_EINVAL);
		mig_close(ctx);
	}
	s.struct_size = offsetof(mig_schema_def, enums); /* without those that came later */
	assert_declares(&s, MIG_OK, "");
}

/* -- mistakes */

#define ROWS(...) MIG_COLUMNS((const mig_column_def[]){ __VA_ARGS__ })
#define ITEMS(...) MIG_CONSTRAINTS((const mig_constraint_def[]){ __VA_ARGS__ })
#define ID                                        \
	{                                         \
		"id", "integer", .primary_key = 1 \
	}

static const struct {
	mig_table_def table;
	mig_status status;
	const char *message;
} mistakes[] = {
	{ { NULL, ROWS(ID) }, MIG_EINVAL, "table 2 has no name" },
	{ { "u", .columns = NULL }, MIG_EINVAL, "table u has no columns" },
	{ { "t", ROWS(ID) }, MIG_EEXISTS, "table t is declared twice" },
	{ { "u", ROWS(ID, { .type = "text" }) }, MIG_EINVAL, "table u: column 2 has no name" },
	{ { "u", ROWS(ID, { .name = "a" }) }, MIG_EINVAL, "column u.a has no type" },
	{ { "u", ROWS(ID, { "a", "int", .not_null = 1 }) },
	  MIG_EINVAL,
	  "column u.a: there is no type \"int\" (did you mean \"integer\"?)" },
	{ { "u", ROWS(ID, { "id", "text", .not_null = 1 }) },
	  MIG_EEXISTS,
	  "column u.id is declared twice" },
	{ { "u", ROWS({ "a", "text", .default_sql = "'x'", .default_text = "x" }) },
	  MIG_EINVAL,
	  "column u.a: default_text and default_sql: only one can be" },
	{ { "u", ROWS({ "a", "date", .default_value = MIG_DEFAULT_NOW, .default_sql = "'x'" }) },
	  MIG_EINVAL,
	  "column u.a: default_value and default_sql: only one can be" },
	{ { "u", ROWS({ "a", "integer", .generated_stored = "1", .default_sql = "1" }) },
	  MIG_EINVAL,
	  "column u.a: default_sql and generated_stored: only one can be" },
	{ { "u", ROWS({ "a", "text", .default_value = 9 }) },
	  MIG_EINVAL,
	  "column u.a: default_value is 9 (enum mig_default)" },
	{ { "u", ROWS({ "a", "integer", .identity = 3 }) },
	  MIG_EINVAL,
	  "column u.a: identity is 3 (enum mig_column_identity)" },
	{ { "u", ROWS({ "a", "enum colour", .not_null = 1 }) },
	  MIG_ENOTFOUND,
	  "column u.a: there is no enum \"colour\" (did you mean \"color\"?)" },
	{ { "u", ROWS({ "a", "integer", .references = "teams" }) },
	  MIG_EINVAL,
	  "column u.a: references is \"teams\": write \"table.column\" or "
	  "\"schema.table.column\"" },
	{ { "u", ROWS({ "a", "integer", .references = ".id" }) },
	  MIG_EINVAL,
	  "column u.a: references is \".id\": write \"table.column\" or "
	  "\"schema.table.column\"" },
	{ { "u", ROWS({ "a", "integer", .references = "team.id" }) },
	  MIG_ENOTFOUND,
	  "column u.a: there is no table \"team\"" },
	{ { "users", ROWS({ "a", "integer", .references = "user.id" }) },
	  MIG_ENOTFOUND,
	  "column users.a: there is no table \"user\" (did you mean \"users\"?)" },
	{ { "u", ROWS({ "a", "integer", .references = "t.idd" }) },
	  MIG_ENOTFOUND,
	  "column u.a: table t has no column \"idd\" (did you mean \"id\"?)" },
	{ { "u", ROWS({ "a", "integer", .references = "t.id", .on_delete = "destroy" }) },
	  MIG_EINVAL,
	  "column u.a: on_delete is \"destroy\" (CASCADE, SET NULL, SET DEFAULT, RESTRICT, NO "
	  "ACTION)" },
	{ { "u", ROWS({ "a", "integer", .on_delete = "cascade" }) },
	  MIG_EINVAL,
	  "column u.a: on_delete, on_update and deferrable need references" },
	{ { "u", ROWS({ "a", "text",
			MIG_OPTIONS((const mig_option_def[]){ { "sqlite", "typ", "BLOB" } }) }) },
	  MIG_EINVAL,
	  "column u.a: there is no option \"typ\" (type, default) (did you mean \"type\"?)" },
	{ { "u", ROWS({ "a", "text",
			MIG_OPTIONS((const mig_option_def[]){ { NULL, "type", "BLOB" } }) }) },
	  MIG_EINVAL,
	  "column u.a: an option has no dialect, key or value" },
	{ { "u", ROWS(ID), ITEMS({ MIG_KIND_VIEW, .name = "v" }) },
	  MIG_EINVAL,
	  "table u: constraint 1 has kind 18 (MIG_KIND_PRIMARY_KEY, _UNIQUE, _CHECK, "
	  "_FOREIGN_KEY, _INDEX)" },
	{ { "u", ROWS(ID), ITEMS({ MIG_KIND_UNIQUE, .name = "v" }) },
	  MIG_EINVAL,
	  "table u: a unique constraint has no columns" },
	{ { "u", ROWS(ID), ITEMS({ MIG_KIND_UNIQUE, MIG_ON("id"), .where = "id > 0" }) },
	  MIG_EINVAL,
	  "table u: constraint 1 (unique constraint): where does not go with it" },
	{ { "u", ROWS(ID), ITEMS({ MIG_KIND_CHECK, MIG_ON("id"), .expression = "id > 0" }) },
	  MIG_EINVAL,
	  "table u: constraint 1 (check): columns does not go with it" },
	{ { "u", ROWS(ID), ITEMS({ MIG_KIND_CHECK, .name = "c" }) },
	  MIG_EINVAL,
	  "table u: a check has no expression" },
	{ { "u", ROWS(ID), ITEMS({ MIG_KIND_UNIQUE, MIG_ON("id", "ide") }) },
	  MIG_ENOTFOUND,
	  "table u: constraint 1 (unique constraint): there is no column \"ide\" (did you mean "
	  "\"id\"?)" },
	{ { "u", ROWS(ID), ITEMS({ MIG_KIND_FOREIGN_KEY, MIG_ON("id"), .referred_table = "t" }) },
	  MIG_EINVAL,
	  "table u: the number of columns of a foreign key is 1, of those it refers to in table t "
	  "0" },
	{ { "u", ROWS(ID), ITEMS({ MIG_KIND_FOREIGN_KEY, MIG_ON("id") }) },
	  MIG_EINVAL,
	  "table u: a foreign key refers to no table" },
	{ { "u", ROWS(ID),
	    ITEMS({ MIG_KIND_FOREIGN_KEY, MIG_ON("id"), .referred_table = "t",
		    .referred_columns = MIG_NAMES("id"), .deferrable = "later" }) },
	  MIG_EINVAL,
	  "table u: constraint 1 (foreign key): deferrable is \"later\" (DEFERRABLE, DEFERRABLE "
	  "INITIALLY DEFERRED)" },
};

static const mig_enum_def colors[] = { { .name = "color", .values = MIG_NAMES("red") } };

static void test_mistakes(void **user)
{
	static const mig_column_def first[] = { ID };

	(void)user;
	for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
		const mig_table_def tables[] = { { "t", MIG_COLUMNS(first) }, mistakes[i].table };
		const mig_schema_def s = MIG_SCHEMA(MIG_TABLES(tables), MIG_ENUMS(colors));
		/* found when the model is used, since a table may get its columns later */
		int later = strstr(mistakes[i].message, "has no columns") && !tables[1].columns;

		if (!later)
			assert_declares(&s, mistakes[i].status, mistakes[i].message);
	}
	assert_declares(NULL, MIG_EINVAL, "the schema to declare is NULL");
	assert_int_equal(mig_model_declare(NULL, &magazine), MIG_EINVAL);
}

/* What is not in the table may be there by other means. */
static void test_elsewhere(void **user)
{
	static const char sql[] = "CREATE TABLE team (id integer PRIMARY KEY);";
	const mig_column_def columns[] = { { "a", "integer", .references = "team.id" } };
	const mig_table_def tables[] = { { "u", MIG_COLUMNS(columns) } };
	const mig_schema_def s = MIG_SCHEMA(MIG_TABLES(tables));
	mig_op_list *list;
	mig_ctx *ctx;
	mig_model *m;

	(void)user;
	m = empty(&ctx);
	ok(ctx, mig_model_sql(m, NULL, "sql", sql, strlen(sql)));
	ok(ctx, mig_model_declare(m, &s));
	ok(ctx, mig_diff(ctx, NULL, &list));
	mig_op_list_free(list);
	mig_close(ctx);

	m = empty(&ctx);
	mig_column_primary_key(mig_table_column(mig_model_table(m, NULL, "team"), "id", "integer"));
	ok(ctx, mig_model_declare(m, &s));
	assert_int_equal(mig_model_declare(m, &s), MIG_EEXISTS);
	mig_close(ctx);
}

/* An engine without schemas says so. */
static void test_schema_on_sqlite(void **user)
{
	mig_op_list *list = NULL;
	mig_ctx *ctx;
	mig_model *m = empty(&ctx);

	(void)user;
	mig_table_column(mig_model_table(m, "app", "t"), "id", "integer");
	expect(ctx, MIG_EUNSUPPORTED, mig_diff(ctx, NULL, &list));
	assert_non_null(strstr(mig_error_message(ctx), "\"app\""));
	mig_close(ctx);
}

static void test_find(void **user)
{
	mig_ctx *ctx;
	mig_model *m = empty(&ctx);
	mig_table *t;

	(void)user;
	ok(ctx, mig_model_declare(m, &magazine));
	t = mig_model_find_table(m, NULL, "tags");
	assert_non_null(t);
	assert_non_null(mig_table_find_column(t, "name"));
	assert_null(mig_table_find_column(t, "nam"));
	assert_null(mig_table_find_column(t, NULL));
	assert_null(mig_table_find_column(NULL, "name"));
	assert_null(mig_model_find_table(m, "other", "tags"));
	assert_null(mig_model_find_table(m, NULL, "tag"));
	assert_null(mig_model_find_table(m, NULL, NULL));
	assert_null(mig_model_find_table(NULL, NULL, "tags"));
	mig_close(ctx);
}

/* -- in a revision: a part of the model, whose parent is in the database alone */

static mig_status create_children(void *user, mig_step *step)
{
	static const mig_column_def columns[] = {
		{ "id", "integer", .primary_key = 1 },
		{ "parent_id", "integer", .references = "parents.id", .on_delete = "cascade" },
	};
	static const mig_table_def tables[] = { { "children", MIG_COLUMNS(columns) } };
	static const mig_schema_def schema = MIG_SCHEMA(MIG_TABLES(tables));
	mig_model *m;
	mig_status rc = mig_op_model(step, &m);

	(void)user;
	if (!rc)
		rc = mig_model_declare(m, &schema);
	return rc ? rc : mig_op_create_table(step, mig_model_find_table(m, NULL, "children"));
}

static void in_a_revision(const struct base *base)
{
	mig_ctx *ctx;

	run_sql(base, "CREATE TABLE parents (id integer PRIMARY KEY)");
	ctx = open_base(base);
	ok(ctx, mig_add_revision(ctx, &(mig_revision_def){ .struct_size = sizeof(mig_revision_def),
							   .id = "one",
							   .upgrade = create_children,
							   .derive = 1 }));
	ok(ctx, mig_upgrade(ctx, "head"));
	run_sql(base, "INSERT INTO parents VALUES (1)");
	run_sql(base, "INSERT INTO children VALUES (5, 1)");
	assert_string_equal(ask_sql(base, "SELECT id FROM children"), "5");
	ok(ctx, mig_downgrade(ctx, "base"));
	mig_close(ctx);
}

static void test_revision(void **user)
{
	(void)user;
	on_all(in_a_revision);
}

/* -- two checks without a name, in both forms */

static void two_checks(const struct base *base)
{
	static const mig_column_def columns[] = { { "id", "integer", .primary_key = 1 },
						  { "a", "integer", .not_null = 0 } };
	static const mig_constraint_def checks[] = { { MIG_KIND_CHECK, .expression = "a > 0" },
						     { MIG_KIND_CHECK, .expression = "a < 9" } };
	static const mig_table_def tables[] = { { "p", MIG_COLUMNS(columns),
						  MIG_CONSTRAINTS(checks) } };
	static const mig_schema_def s = MIG_SCHEMA(MIG_TABLES(tables));
	mig_revision_list *list;
	mig_ctx *ctx = open_base(base);
	mig_model *m;

	assert_int_equal(assert_same(base, &s), MIG_OK);
	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_declare(m, &s));
	ok(ctx, mig_autogenerate(ctx, NULL, &list));
	assert_int_equal(mig_revision_list_count(list), 1);
	mig_revision_list_free(list);
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_autogenerate(ctx, NULL, &list));
	assert_int_equal(mig_revision_list_count(list), 0);
	mig_revision_list_free(list);
	mig_close(ctx);
	assert_string_equal(
		ask_sql(base, !strcmp(base->dialect, "sqlite")
				      ? "SELECT count(*) FROM sqlite_schema WHERE sql LIKE "
					"'%ck_p_1%ck_p_2%'"
				      : "SELECT count(*) / 2 FROM pg_constraint WHERE conname IN "
					"('ck_p_1', 'ck_p_2')"),
		"1");
}

static void test_two_checks(void **user)
{
	(void)user;
	on_all(two_checks);
}

/* -- without memory, at each request in turn */

static long requests_left;

static void *scarce(void *user, void *ptr, size_t size)
{
	(void)user;
	if (!size) {
		free(ptr);
		return NULL;
	}
	if (requests_left >= 0 && !requests_left--)
		return NULL;
	return realloc(ptr, size);
}

static void test_memory(void **user)
{
	mig_allocator allocator = { .struct_size = sizeof allocator, .realloc_fn = scarce };
	mig_open_options options = {
		.struct_size = sizeof options, .url = "sqlite::memory:", .allocator = &allocator
	};
	int failed = 0;

	(void)user;
	for (long request = 0; request < 200; request++) {
		mig_status rc;
		mig_ctx *ctx;
		mig_model *m;

		requests_left = -1;
		assert_int_equal(mig_open_with(&ctx, &options), MIG_OK);
		assert_int_equal(mig_model_of(ctx, &m), MIG_OK);
		requests_left = request;
		rc = mig_model_declare(m, &magazine);
		requests_left = -1;
		/* what was only for messages may be missing */
		assert_true(rc == MIG_OK || rc == MIG_ENOMEM);
		assert_int_equal(mig_model_status(m), rc);
		failed += rc != MIG_OK;
		mig_close(ctx);
	}
	assert_true(failed > 1); /* the arena asks for much at once */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real),       cmocka_unit_test(test_random),
		cmocka_unit_test(test_sizes),      cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_elsewhere),  cmocka_unit_test(test_schema_on_sqlite), cmocka_unit_test(test_find),
		cmocka_unit_test(test_memory),     cmocka_unit_test(test_revision),
		cmocka_unit_test(test_two_checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
