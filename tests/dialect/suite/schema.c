/* schema: the slots for schemas, alone and under libmig, which proves what they make. */
#include "suite.h"

#include <mig/attribute.h>
#include <mig/model.h>

/* -- what inspect() reports */

struct found {
	uint32_t count; /* objects so far: the next one's number */
	int32_t kinds[100];
	uint32_t parents[100];
	char tables[400];  /* " a b " */
	char columns[400]; /* of table t, likewise */
	uint32_t table;    /* the number of t */
};

static mig_status on_object(void *user, const mig_object *object, uint32_t parent, uint32_t *number)
{
	struct found *f = user;

	RULE("inspect: parents come before their children, and are named by their number");
	CHECK(parent == MIG_NO_OBJECT || parent < f->count);
	RULE("inspect: objects have a kind, a name, a schema (\"\" for none), and values that are "
	     "not NULL");
	CHECK(object->kind > 0 && object->name && object->schema);
	for (size_t i = 0; i < object->attribute_count; i++)
		CHECK(object->attributes[i].key && object->attributes[i].value);
	CHECK(f->count < sizeof f->kinds / sizeof *f->kinds);
	f->kinds[f->count] = object->kind;
	f->parents[f->count] = parent;
	if (object->kind == MIG_KIND_TABLE) {
		strcat(strcat(f->tables, object->name), " ");
		if (strcmp(object->name, "t") == 0)
			f->table = f->count;
	}
	if (object->kind == MIG_KIND_COLUMN && parent == f->table)
		strcat(strcat(f->columns, object->name), " ");
	*number = f->count++;
	return MIG_OK;
}

static mig_status on_need(void *user, uint32_t from, uint32_t to, int32_t need)
{
	const struct found *f = user;

	RULE("inspect: a need is between objects that were reported");
	CHECK(from < f->count && to < f->count && from != to);
	CHECK(need == MIG_NEED || need == MIG_NEED_OWNER);
	return MIG_OK;
}

static mig_status on_uncovered(void *user, const char *what)
{
	(void)user;
	printf("#   not covered: %s\n", what);
	return MIG_OK;
}

static void inspect(struct session *s, mig_conn *conn, struct found *f)
{
	const mig_schema_sink sink = {
		.struct_size = sizeof sink,
		.user = f,
		.object = on_object,
		.need = on_need,
		.uncovered = on_uncovered,
	};

	*f = (struct found){ .tables = " ", .columns = " ", .table = MIG_NO_OBJECT };
	OK(*s, s->d->schema->inspect(conn, &sink));
}

static mig_status stop(void *user, const mig_object *object, uint32_t parent, uint32_t *number)
{
	(void)user, (void)object, (void)parent, (void)number;
	return MIG_EREVISION;
}

static void inspects_a_schema(const mig_conformance *row)
{
	mig_schema_sink sink = { .struct_size = sizeof sink, .object = stop };
	struct session b;
	struct found f;
	mig_conn *scratch;
	char url[1000];

	snprintf(url, sizeof url, "%s", row->fresh());
	suite_make_tables(row, url);
	suite_open(&b, row, url, 1000);
	if (!b.d->schema) {
		suite_close(&b);
		SKIP("no inspect");
	}
	OK(b, suite_script(&b, "CREATE TABLE other (y INTEGER);"
			       "CREATE TABLE t (z INTEGER NOT NULL, x INTEGER, a INTEGER);"));
	inspect(&b, b.conn, &f);
	RULE("inspect: every object but the system's own and libmig's tables");
	CHECK(strcmp(f.tables, " other t ") == 0 || strcmp(f.tables, " t other ") == 0);
	RULE("inspect: columns in their order");
	SAME(f.columns, " z x a ");
	RULE("inspect: a status of the sink's is returned at once");
	EQUAL(b.d->schema->inspect(b.conn, &sink), MIG_EREVISION);
	RULE("scratch: an empty database of the same make, which close() removes");
	OK(b, b.d->schema->scratch(b.conn, &scratch));
	inspect(&b, scratch, &f);
	SAME(f.tables, " ");
	OK(b, b.d->conn->run_script(scratch, "CREATE TABLE s (x INTEGER);", 27, NULL, NULL));
	inspect(&b, scratch, &f);
	SAME(f.tables, " s ");
	b.d->conn->close(scratch);
	inspect(&b, b.conn, &f);
	CHECK(!strstr(f.tables, " s "));
	suite_close(&b);
}

/* -- native_column(), from the words of mig/attribute.h alone */

static mig_status on_any_need(void *user, uint32_t from, uint32_t to, int32_t need)
{
	(void)user, (void)from, (void)to, (void)need;
	return MIG_OK;
}

/* What it reports of one column. */
struct native {
	int columns, defaults, others, left; /* left: words of declared columns alone */
	int not_null, named;
	char type[100], expression[200];
};

static const char *value_of(const mig_object *object, const char *key)
{
	for (size_t i = 0; i < object->attribute_count; i++)
		if (strcmp(object->attributes[i].key, key) == 0)
			return object->attributes[i].value;
	return NULL;
}

enum { TABLE_NUMBER = 7, COLUMN_NUMBER = 8 };

static mig_status on_native(void *user, const mig_object *object, uint32_t parent, uint32_t *number)
{
	static const char *const declared[] = { MIG_ATTR_PORTABLE_TYPE, MIG_ATTR_PORTABLE,
						MIG_ATTR_ENUM_NAME,     MIG_ATTR_ENUM_SCHEMA,
						MIG_ATTR_ENUM_VALUES,   MIG_ATTR_ENUM_CHECK,
						MIG_ATTR_PRIMARY_KEY };
	struct native *n = user;
	const char *type = value_of(object, MIG_ATTR_TYPE);
	const char *expression = value_of(object, MIG_ATTR_EXPRESSION);

	for (size_t i = 0; i < sizeof declared / sizeof *declared; i++)
		n->left += value_of(object, declared[i]) != NULL;
	*number = COLUMN_NUMBER + 1;
	if (object->kind == MIG_KIND_COLUMN) {
		CHECK(parent == TABLE_NUMBER);
		n->columns++;
		n->named += strcmp(object->name, "c") == 0;
		n->not_null += value_of(object, MIG_ATTR_NOT_NULL) != NULL;
		snprintf(n->type, sizeof n->type, "%s", type ? type : "");
		*number = COLUMN_NUMBER;
	} else if (object->kind == MIG_KIND_DEFAULT) {
		CHECK(parent == COLUMN_NUMBER);
		n->defaults++;
		snprintf(n->expression, sizeof n->expression, "%s", expression ? expression : "");
	} else {
		n->others++;
	}
	return MIG_OK;
}

/* Declares column c with these attributes, and a default of one attribute if its key is not NULL. */
static mig_status declare(struct session *s, const mig_attribute *attributes, size_t count,
			  mig_attribute fallback, struct native *out)
{
	const mig_schema_sink sink = { .struct_size = sizeof sink,
				       .user = out,
				       .object = on_native,
				       .need = on_any_need,
				       .uncovered = on_uncovered };
	const mig_object value = { .struct_size = sizeof value,
				   .kind = MIG_KIND_DEFAULT,
				   .schema = "",
				   .name = "c",
				   .attributes = &fallback,
				   .attribute_count = 1 };
	const mig_object column = { .struct_size = sizeof column,
				    .kind = MIG_KIND_COLUMN,
				    .schema = "",
				    .name = "c",
				    .attributes = attributes,
				    .attribute_count = count,
				    .child = fallback.key ? &value : NULL };

	*out = (struct native){ 0 };
	return s->d->schema->native_column(s->conn, &column, TABLE_NUMBER, &sink);
}

static void check_types(struct session *b)
{
	static const char *const types[] = {
		MIG_TYPE_INTEGER,     MIG_TYPE_TEXT,     MIG_TYPE_SMALLINT, MIG_TYPE_BIGINT,
		MIG_TYPE_BOOLEAN,     MIG_TYPE_FLOAT,    MIG_TYPE_DOUBLE,   MIG_TYPE_NUMERIC,
		MIG_TYPE_VARCHAR,     MIG_TYPE_CHAR,     MIG_TYPE_BYTES,    MIG_TYPE_DATE,
		MIG_TYPE_TIME,        MIG_TYPE_TIMESTAMP, MIG_TYPE_TIMESTAMPTZ, MIG_TYPE_INTERVAL,
		MIG_TYPE_UUID,        MIG_TYPE_JSON,     MIG_TYPE_JSONB,    "varchar(80)",
		"char(2)",            "numeric(10)",     "numeric(10,2)",   "integer[]",
	};
	struct native n;

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		const mig_attribute at[] = { { MIG_ATTR_PORTABLE_TYPE, types[i] },
					     { MIG_ATTR_NOT_NULL, MIG_YES } };
		mig_status rc = declare(b, at, 2, (mig_attribute){ NULL, NULL }, &n);

		RULE("native_column: a type that the engine has not is MIG_EUNSUPPORTED; integer and text "
		     "every one has");
		CHECK(rc == MIG_OK || (rc == MIG_EUNSUPPORTED && i > 1));
		if (rc)
			continue;
		RULE("native_column: one COLUMN of that name, with its type in the engine's words");
		CHECK(n.columns == 1 && n.named == 1 && n.type[0]);
		RULE("native_column: what both sides know is handed on, what is for declared columns alone "
		     "is not");
		CHECK(n.not_null == 1 && n.left == 0);
	}
}

static void check_defaults(struct session *b)
{
	static const struct {
		const char *type;
		mig_attribute fallback;
	} cases[] = {
		{ MIG_TYPE_INTEGER, { MIG_ATTR_EXPRESSION, "5" } },
		{ MIG_TYPE_BOOLEAN, { MIG_ATTR_PORTABLE, MIG_PORTABLE_TRUE } },
		{ MIG_TYPE_BOOLEAN, { MIG_ATTR_PORTABLE, MIG_PORTABLE_FALSE } },
		{ MIG_TYPE_TIMESTAMP, { MIG_ATTR_PORTABLE, MIG_PORTABLE_NOW } },
		{ MIG_TYPE_DATE, { MIG_ATTR_PORTABLE, MIG_PORTABLE_TODAY } },
	};
	struct native n;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const mig_attribute at[] = { { MIG_ATTR_PORTABLE_TYPE, cases[i].type } };
		mig_status rc = declare(b, at, 1, cases[i].fallback, &n);

		CHECK(rc == MIG_OK || (rc == MIG_EUNSUPPORTED && i > 0));
		if (rc)
			continue;
		RULE("native_column: the column's DEFAULT comes after it, as its child, in the engine's "
		     "words");
		CHECK(n.columns == 1 && n.defaults == 1 && n.expression[0] && n.left == 0);
	}
}

static void makes_native_columns(const mig_conformance *row)
{
	const mig_attribute own[] = { { MIG_ATTR_TYPE, "whatever" } };
	const mig_attribute listed[] = { { MIG_ATTR_PORTABLE_TYPE, MIG_TYPE_ENUM },
					 { MIG_ATTR_ENUM_SCHEMA, "" },
					 { MIG_ATTR_ENUM_NAME, "mood" },
					 { MIG_ATTR_ENUM_VALUES, "'sad', 'glad'" },
					 { MIG_ATTR_ENUM_CHECK, "ck_t_c" } };
	struct session b;
	struct native n;
	mig_status rc;

	if (!SLOT(row->dialect(), schema, inspect))
		SKIP("no schema");
	suite_open(&b, row, row->fresh(), 1000);
	check_types(&b);
	check_defaults(&b);
	RULE("native_column: a type in the engine's own words is left to the engine");
	OK(b, declare(&b, own, 1, (mig_attribute){ NULL, NULL }, &n));
	CHECK(strstr(n.type, "whatever") && n.columns == 1);
	RULE("native_column: without MIG_CAN_ENUMS an enumerated type is a column with a CHECK, or "
	     "MIG_EUNSUPPORTED");
	rc = declare(&b, listed, 5, (mig_attribute){ NULL, NULL }, &n);
	if (b.d->capabilities & MIG_CAN_ENUMS)
		CHECK(rc == MIG_OK && n.columns == 1 && n.others == 0);
	else
		CHECK(rc == MIG_EUNSUPPORTED || (rc == MIG_OK && n.columns == 1 && n.others == 1));
	suite_close(&b);
}

/* -- under libmig */

/* A context whose model is of the first version or the second, with an index unless the dialect has
 * none. */
static mig_ctx *with_model(const mig_conformance *row, const char *url, int version, int index)
{
	static const char *const titles[] = { "title", NULL };
	const mig_index by_title = { .struct_size = sizeof by_title, .columns = titles };
	const mig_open_options o = { .struct_size = sizeof o,
				     .url = url,
				     .dialect = row->dialect() };
	mig_ctx *ctx = NULL;
	mig_model *model = NULL;
	mig_table *notes;
	mig_column *title;
	mig_status rc = mig_open_with(&ctx, &o);

	suite_fine(ctx, rc);
	suite_fine(ctx, mig_model_of(ctx, &model));
	notes = mig_model_table(model, NULL, "notes");
	mig_column_primary_key(mig_table_column(notes, "id", "integer"));
	title = mig_table_column(notes, "title", version == 1 ? "varchar(20)" : "text");
	if (version == 2) {
		mig_column_not_null(title);
		mig_column_default_text(mig_table_column(notes, "body", "text"), "it's empty");
		if (index)
			mig_table_index(notes, &by_title);
		mig_table_column(mig_model_table(model, NULL, "tags"), "name", "text");
	}
	suite_fine(ctx, mig_model_status(model));
	return ctx;
}

/* Runs what mig_diff() finds; the number of operations. down (may be NULL): the SQL of the way
 * back, to be freed. */
static size_t apply(const mig_conformance *row, const char *url, int version, char **down)
{
	mig_ctx *ctx = with_model(row, url, version, 1);
	mig_op_list *list;
	struct session b;
	size_t count;
	mig_status rc = mig_diff(ctx, NULL, &list);

	if (rc == MIG_EUNSUPPORTED) {
		CHECK(mig_error_message(ctx)[0]);
		mig_close(ctx);
		ctx = with_model(row, url, version, 0);
		rc = mig_diff(ctx, NULL, &list);
	}
	suite_fine(ctx, rc);
	count = mig_op_list_count(list);
	suite_open(&b, row, url, 1000);
	OK(b, b.d->conn->run_begin(b.conn));
	OK(b, suite_script(&b, mig_op_list_sql(list, MIG_UPGRADE, NULL)));
	if (down)
		*down = strdup(mig_op_list_sql(list, MIG_DOWNGRADE, NULL));
	OK(b, b.d->conn->run_end(b.conn));
	suite_close(&b);
	mig_op_list_free(list);
	mig_close(ctx);
	return count;
}

static void follows_a_model(const mig_conformance *row)
{
	const mig_dialect *d = row->dialect();
	char url[1000], *down;
	struct session b;

	if (!d->schema)
		SKIP("no inspect");
	snprintf(url, sizeof url, "%s", row->fresh());
	RULE("native_column, render: what a model declares is created");
	CHECK(apply(row, url, 1, NULL) > 0);
	RULE("inspect: what was created is found again as it was declared");
	EQUAL(apply(row, url, 1, NULL), 0);
	RULE("change, holds, render: what has changed is altered");
	CHECK(apply(row, url, 2, &down) > 0);
	EQUAL(apply(row, url, 2, NULL), 0);
	RULE("render: the way back");
	suite_open(&b, row, url, 1000);
	OK(b, b.d->conn->run_begin(b.conn));
	OK(b, suite_script(&b, down));
	OK(b, b.d->conn->run_end(b.conn));
	suite_close(&b);
	free(down);
	EQUAL(apply(row, url, 1, NULL), 0);
}

/* -- inspect(), in the words of mig/attribute.h */

/* An object with its attributes as "\nKEY=VALUE\n". */
struct thing {
	int32_t kind;
	uint32_t parent;
	char name[100], attributes[1000];
};

struct things {
	struct thing at[100];
	uint32_t count;
};

static mig_status on_thing(void *user, const mig_object *object, uint32_t parent, uint32_t *number)
{
	struct things *all = user;
	struct thing *t = &all->at[all->count];
	size_t size = 1;

	CHECK(all->count < sizeof all->at / sizeof *all->at);
	*t = (struct thing){ .kind = object->kind, .parent = parent, .attributes = "\n" };
	snprintf(t->name, sizeof t->name, "%s", object->name);
	for (size_t i = 0; i < object->attribute_count && size < sizeof t->attributes; i++)
		size += (size_t)snprintf(t->attributes + size, sizeof t->attributes - size, "%s=%s\n",
					 object->attributes[i].key, object->attributes[i].value);
	*number = all->count++;
	return MIG_OK;
}

/* The first object of a kind in parent (MIG_NO_OBJECT: anywhere), of that name unless it is NULL. */
static uint32_t find_thing(const struct things *all, int32_t kind, uint32_t parent, const char *name)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (all->at[i].kind == kind &&
		    (parent == MIG_NO_OBJECT || all->at[i].parent == parent) &&
		    (!name || strcmp(all->at[i].name, name) == 0))
			return i;
	return MIG_NO_OBJECT;
}

/* Whether it has the attribute, with that value unless it is NULL. */
static int has(const struct things *all, uint32_t thing, const char *key, const char *value)
{
	char text[200];

	CHECK(thing != MIG_NO_OBJECT);
	snprintf(text, sizeof text, "\n%s=%s%s", key, value ? value : "", value ? "\n" : "");
	return strstr(all->at[thing].attributes, text) != NULL;
}

static void declare_all(mig_ctx *ctx)
{
	static const char *const ids[] = { "id", NULL }, *const parents[] = { "parent", NULL };
	static const char *const both[] = { "a", "b", NULL };
	const mig_foreign_key key = { .struct_size = sizeof key,
				      .columns = parents,
				      .referred_table = "v_parent",
				      .referred_columns = ids,
				      .on_delete = MIG_ACTION_CASCADE };
	const mig_index index = { .struct_size = sizeof index, .columns = both, .unique = 1 };
	mig_model *model = NULL;
	mig_table *t;

	suite_fine(ctx, mig_model_of(ctx, &model));
	t = mig_model_table(model, NULL, "v_parent");
	mig_column_primary_key(mig_table_column(t, "id", MIG_TYPE_INTEGER));
	t = mig_model_table(model, NULL, "v_child");
	mig_column_not_null(mig_table_column(t, "a", MIG_TYPE_INTEGER));
	mig_column_default_text(mig_table_column(t, "b", MIG_TYPE_TEXT), "it's");
	mig_table_column(t, "parent", MIG_TYPE_INTEGER);
	mig_table_foreign_key(t, &key);
	mig_table_index(t, &index);
	mig_table_check(t, "v_positive", "a > 0");
	mig_table_unique(t, "v_once", parents);
	mig_model_view(model, NULL, "v_view", "SELECT a FROM v_child");
	suite_fine(ctx, mig_model_status(model));
}

static void check_columns(const struct things *all, uint32_t child)
{
	uint32_t a = find_thing(all, MIG_KIND_COLUMN, child, "a");
	uint32_t b = find_thing(all, MIG_KIND_COLUMN, child, "b");

	RULE("inspect: COLUMN: type; not_null, left out where NULL is allowed");
	CHECK(has(all, a, MIG_ATTR_TYPE, NULL) && has(all, b, MIG_ATTR_TYPE, NULL));
	CHECK(has(all, a, MIG_ATTR_NOT_NULL, MIG_YES) && !has(all, b, MIG_ATTR_NOT_NULL, NULL));
	RULE("inspect: a default is a child of its column, of its name, with an expression");
	CHECK(has(all, find_thing(all, MIG_KIND_DEFAULT, b, "b"), MIG_ATTR_EXPRESSION, NULL));
	EQUAL(find_thing(all, MIG_KIND_DEFAULT, a, NULL), MIG_NO_OBJECT);
}

static void check_constraints(const struct things *all, uint32_t child)
{
	uint32_t parent = find_thing(all, MIG_KIND_TABLE, MIG_NO_OBJECT, "v_parent");
	uint32_t key = find_thing(all, MIG_KIND_FOREIGN_KEY, child, NULL);
	uint32_t index = find_thing(all, MIG_KIND_INDEX, child, NULL);

	RULE("inspect: PRIMARY_KEY, UNIQUE: columns");
	CHECK(has(all, find_thing(all, MIG_KIND_PRIMARY_KEY, parent, NULL), MIG_ATTR_COLUMNS, NULL));
	CHECK(has(all, find_thing(all, MIG_KIND_UNIQUE, child, NULL), MIG_ATTR_COLUMNS, NULL));
	RULE("inspect: FOREIGN_KEY: columns, referred, referred_columns, on_delete; what is usual is left "
	     "out");
	CHECK(has(all, key, MIG_ATTR_COLUMNS, NULL) && has(all, key, MIG_ATTR_REFERRED, NULL));
	CHECK(has(all, key, MIG_ATTR_REFERRED_COLUMNS, NULL));
	CHECK(has(all, key, MIG_ATTR_ON_DELETE, MIG_ACTION_CASCADE));
	CHECK(!has(all, key, MIG_ATTR_ON_UPDATE, NULL));
	RULE("inspect: CHECK: expression");
	CHECK(has(all, find_thing(all, MIG_KIND_CHECK, child, NULL), MIG_ATTR_EXPRESSION, NULL));
	RULE("inspect: INDEX: columns, unique; not those that a constraint has of its own");
	CHECK(has(all, index, MIG_ATTR_COLUMNS, NULL) && has(all, index, MIG_ATTR_UNIQUE, MIG_YES));
	CHECK(strstr(all->at[index].name, "ix_v_child") != NULL);
	RULE("inspect: VIEW: query");
	CHECK(has(all, find_thing(all, MIG_KIND_VIEW, MIG_NO_OBJECT, "v_view"), MIG_ATTR_QUERY, NULL));
}

static void speaks_the_words(const mig_conformance *row)
{
	static struct things all;
	const mig_schema_sink sink = { .struct_size = sizeof sink,
				       .user = &all,
				       .object = on_thing,
				       .need = on_any_need,
				       .uncovered = on_uncovered };
	mig_open_options o = { .struct_size = sizeof o, .dialect = row->dialect() };
	char url[1000];
	mig_op_list *list = NULL;
	mig_ctx *ctx = NULL;
	struct session b;
	mig_status rc;

	if (!SLOT(row->dialect(), schema, inspect))
		SKIP("no schema");
	snprintf(url, sizeof url, "%s", row->fresh());
	o.url = url;
	suite_fine(ctx, mig_open_with(&ctx, &o));
	declare_all(ctx);
	rc = mig_diff(ctx, NULL, &list);
	if (rc == MIG_EUNSUPPORTED)
		SKIP("render cannot make all that a model can declare");
	suite_fine(ctx, rc);
	suite_open(&b, row, url, 1000);
	OK(b, b.d->conn->run_begin(b.conn));
	OK(b, suite_script(&b, mig_op_list_sql(list, MIG_UPGRADE, NULL)));
	OK(b, b.d->schema->inspect(b.conn, &sink));
	check_columns(&all, find_thing(&all, MIG_KIND_TABLE, MIG_NO_OBJECT, "v_child"));
	check_constraints(&all, find_thing(&all, MIG_KIND_TABLE, MIG_NO_OBJECT, "v_child"));
	OK(b, b.d->conn->run_end(b.conn));
	suite_close(&b);
	mig_op_list_free(list);
	mig_close(ctx);
}

const struct suite_case suite_schema_cases[] = {
	CASE(makes_native_columns),
	CASE(speaks_the_words),
	CASE(inspects_a_schema),
	CASE(follows_a_model),
	{ NULL, NULL },
};
