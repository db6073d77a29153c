/* schema: the slots for schemas, alone and under libmig, which proves what they make. */
#include "suite.h"

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

	suite_open(&b, row, row->fresh(), 1000);
	if (!b.d->schema) {
		suite_close(&b);
		SKIP("no inspect");
	}
	OK(b, suite_write(&b, MIG_SQL_CREATE_VERSION, NULL, 0));
	OK(b, suite_write(&b, MIG_SQL_CREATE_HISTORY, NULL, 0));
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

/* -- under libmig */

/* A context whose model is of the first version or the second. */
static mig_ctx *with_model(const mig_conformance *row, const char *url, int version)
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
	mig_ctx *ctx = with_model(row, url, version);
	mig_op_list *list;
	struct session b;
	size_t count;

	suite_fine(ctx, mig_diff(ctx, NULL, &list));
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

const struct suite_case suite_schema_cases[] = {
	CASE(inspects_a_schema),
	CASE(follows_a_model),
	{ NULL, NULL },
};
