/* inspect_relation: tables, sequences, views, composite types: what pg_class says of them. Not their
 * columns: inspect_column.c; nor libmig's own tables, which are left out here. */
#include "base/buf.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/schema/inspect.h"
#include "dialect/postgresql/store/store.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fields, as inspect_sql.c has them. */
enum {
	OID,
	NAMESPACE,
	NAME,
	KIND,
	PERSISTENCE,
	OPTIONS,
	METHOD,
	TABLESPACE,
	TYPE,
	TOAST,
	REPLICA,
	ROW_SECURITY,
	FORCED,
	POPULATED,
	PARTITION_KEY,
	BOUND,
	QUERY,
	SEQUENCE,
	OWNER,
	OF_TYPE,
	PRIVILEGES, /* 't': not the usual ones */
	COLUMNS
};

static const char *field(const struct mig__catalog *c, const struct mig__rel *rel, int column)
{
	return mig__field(c->relations, rel->row, column);
}

static uint32_t field_oid(const struct mig__catalog *c, const struct mig__rel *rel, int column)
{
	return mig__field_oid(c->relations, rel->row, column);
}

static int field_is(const struct mig__catalog *c, const struct mig__rel *rel, int column,
		    char value)
{
	return mig__field_is(c->relations, rel->row, column, value);
}

/* -- which there are */

/* A field that is needed when the rows are gone, or NULL. */
static const char *keep(struct mig__catalog *c, int row, int column)
{
	const char *value = mig__field(c->relations, row, column);

	return value ? mig__catalog_copy(c, value) : NULL;
}

static int is_own(const struct mig__catalog *c, uint32_t oid, const char *schema, const char *name)
{
	if (!c->conn->store->schema)
		return oid == c->own[0] || oid == c->own[1];
	return !strcmp(schema, c->conn->store->schema) &&
	       (!strcmp(name, c->conn->store->version_table) ||
		!strcmp(name, c->conn->store->history_table));
}

/* "i 16390 1": the sequence of an identity column. */
static int learn_identity(struct mig__catalog *c, const char *owner, size_t place)
{
	uint32_t table = 0, column = 0;
	const char *p = owner;

	if (!owner || *owner != 'i')
		return 0;
	p = mig__catalog_next(p, &table);
	if (p)
		mig__catalog_next(p, &column);
	mig__catalog_learn(c, &c->known, MIG__CLASS_IDENTITY, table, column, (uint32_t)place);
	return 1;
}

static void report_uncovered(struct mig__catalog *c, const struct mig__rel *rel, const char *what)
{
	struct mig__buf *text = mig__catalog_spare(c);

	mig__buf_addf(text, "%s %s", what, rel->qualified);
	mig__catalog_made(c, text);
	if (!c->rc)
		c->rc = c->sink->uncovered(c->sink->user, mig__buf_text(text));
}

static void find_relation(struct mig__catalog *c, int row)
{
	const char *name = PQgetvalue(c->relations, row, NAME), *schema;
	uint32_t oid = mig__field_oid(c->relations, row, OID);
	struct mig__rel *rel;

	if (mig__field_is(c->relations, row, KIND, 't')) {
		mig__catalog_learn(c, &c->known, MIG__CLASS_TOAST, oid, 0, (uint32_t)row);
		return;
	}
	schema = mig__catalog_schema(c, mig__field_oid(c->relations, row, NAMESPACE));
	if (!schema || is_own(c, oid, schema, name) ||
	    mig__catalog_find(&c->numbers, MIG__CLASS_CLASS, oid, 0) != MIG__NONE)
		return;
	if (!mig__catalog_knows_kind(c, "relation", schema, name, PQgetvalue(c->relations, row, KIND),
				     "rpvmScf"))
		return;
	rel = &c->rels[c->rel_count];
	*rel = (struct mig__rel){ .oid = oid,
				  .number = MIG_NO_OBJECT,
				  .kind = PQgetvalue(c->relations, row, KIND)[0],
				  .row = row,
				  .schema = schema,
				  .name = mig__catalog_copy(c, name),
				  .qualified = mig__catalog_qualify(c, schema, name),
				  .bound = keep(c, row, BOUND),
				  .owner = keep(c, row, OWNER),
				  .sequence = keep(c, row, SEQUENCE) };
	if (rel->kind == 'f') /* not compared: inspect_top.c */
		return;
	if (field_oid(c, rel, OF_TYPE))
		report_uncovered(c, rel, "typed table");
	if (learn_identity(c, rel->owner, c->rel_count))
		rel->kind = 'i';
	else
		mig__catalog_learn(c, &c->known, MIG__CLASS_CLASS, oid, 0, (uint32_t)c->rel_count);
	c->rel_count++;
}

void mig__catalog_find_relations(struct mig__catalog *c)
{
	int count = PQntuples(c->relations);

	c->rels = mig__arena_zalloc(&c->arena, (size_t)count + 1, sizeof *c->rels);
	if (!c->rels)
		c->rc = mig__pg_nomem(c->conn);
	for (int i = 0; !c->rc && i < count; i++)
		find_relation(c, i);
}

/* More than a quarter of all is read as fast as all. */
static int is_few(const struct mig__catalog *c)
{
	return c->sink->struct_size >= offsetof(mig_schema_sink, only_count) + sizeof c->sink->only_count &&
	       c->sink->only && c->sink->only_count < (size_t)PQntuples(c->relations) / 4;
}

void mig__catalog_find_only(struct mig__catalog *c)
{
	struct mig__map names;

	if (!is_few(c))
		return;
	mig__map_init(&names, &c->conn->alloc);
	for (size_t i = 0; !c->rc && i < c->sink->only_count; i++)
		if (!mig__map_add(&names, c->sink->only[i]->name, strlen(c->sink->only[i]->name), 1, NULL))
			c->rc = mig__pg_nomem(c->conn);
	mig__buf_adds(&c->only, "{");
	for (int i = 0; i < PQntuples(c->relations); i++) {
		const char *name = PQgetvalue(c->relations, i, NAME);

		if (mig__map_get(&names, name, strlen(name)) != MIG__NONE)
			mig__buf_addf(&c->only, "%s%s", c->only.len > 1 ? "," : "",
				      PQgetvalue(c->relations, i, OID));
	}
	mig__buf_adds(&c->only, "}");
	mig__catalog_made(c, &c->only);
	mig__map_finish(&names);
}

static int any(const struct mig__catalog *c, int column, char value)
{
	for (int i = 0; i < PQntuples(c->relations); i++)
		if (mig__field_is(c->relations, i, column, value))
			return 1;
	return 0;
}

int mig__catalog_any_materialized(const struct mig__catalog *c)
{
	return any(c, KIND, 'm');
}

int mig__catalog_any_privileges(const struct mig__catalog *c)
{
	return any(c, PRIVILEGES, 't');
}

/* -- sequences */

/* pg_sequence's row. */
struct sequence {
	unsigned long type;
	long long start, increment, max, min, cache;
	char cycle;
};

static const struct {
	unsigned long type;
	const char *name; /* as an attribute */
	long long min, max;
} integers[] = {
	{ 20, NULL, INT64_MIN, INT64_MAX },
	{ 23, "integer", INT32_MIN, INT32_MAX },
	{ 21, "smallint", INT16_MIN, INT16_MAX },
};

/* Its options, in the order in which they are said. */
enum { START, INCREMENT, MIN, MAX, CACHE, OPTION_COUNT };

static const struct {
	const char *key, *words;
} options[OPTION_COUNT] = {
	[START] = { "start", "START WITH" }, [INCREMENT] = { "increment", "INCREMENT BY" },
	[MIN] = { "min", "MINVALUE" },       [MAX] = { "max", "MAXVALUE" },
	[CACHE] = { "cache", "CACHE" },
};

/* Values that differ from the usual ones; "" for these. */
struct sequence_text {
	const char *type; /* NULL: bigint */
	char values[OPTION_COUNT][24];
	int cycle;
};

static void put(struct sequence_text *out, int option, long long value, long long usual)
{
	if (value == usual)
		out->values[option][0] = '\0';
	else
		snprintf(out->values[option], sizeof out->values[option], "%lld", value);
}

/* "(oid,type,start,increment,max,min,cache,cycle)" */
static void read_sequence(const char *row, struct sequence_text *out)
{
	struct sequence s = { 0 };
	long long min = 1, max = -1;
	size_t type = 0;
	char *p = strchr(row, ',');

	s.type = strtoul(p + 1, &p, 10);
	s.start = strtoll(p + 1, &p, 10);
	s.increment = strtoll(p + 1, &p, 10);
	s.max = strtoll(p + 1, &p, 10);
	s.min = strtoll(p + 1, &p, 10);
	s.cache = strtoll(p + 1, &p, 10);
	s.cycle = p[1];
	for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
		if (integers[i].type == s.type)
			type = i;
	if (s.increment > 0)
		max = integers[type].max;
	else
		min = integers[type].min;
	out->type = integers[type].name;
	put(out, START, s.start, s.increment > 0 ? s.min : s.max);
	put(out, INCREMENT, s.increment, 1);
	put(out, MIN, s.min, min);
	put(out, MAX, s.max, max);
	put(out, CACHE, s.cache, 1);
	out->cycle = s.cycle == 't';
}

void mig__catalog_identity(const struct mig__rel *sequence, struct mig__buf *out)
{
	struct sequence_text s;

	if (!sequence->sequence)
		return;
	read_sequence(sequence->sequence, &s);
	for (int i = 0; i < OPTION_COUNT; i++)
		if (*s.values[i])
			mig__buf_addf(out, "%s%s %s", out->len ? " " : "", options[i].words,
				      s.values[i]);
	if (s.cycle)
		mig__buf_adds(out, out->len ? " CYCLE" : "CYCLE");
}

static void add_sequence(struct mig__catalog *c, const struct mig__rel *rel)
{
	struct sequence_text s;

	if (!rel->sequence)
		return;
	read_sequence(rel->sequence, &s);
	mig__catalog_add(c, "type", s.type);
	for (int i = 0; i < OPTION_COUNT; i++) {
		struct mig__buf *text = mig__catalog_text(c);

		mig__buf_adds(text, s.values[i]);
		mig__catalog_add_text(c, options[i].key, text);
	}
	mig__catalog_add(c, "cycle", s.cycle ? "yes" : NULL);
}

void mig__catalog_ownership(struct mig__catalog *c)
{
	for (size_t i = 0; !c->rc && i < c->rel_count; i++) {
		const struct mig__rel *rel = &c->rels[i], *table;
		const char *p = rel->kind == 'S' ? rel->owner : NULL;
		uint32_t oid = 0, column = 0, number;
		struct mig__buf *text;

		if (!p || !(p = mig__catalog_next(p, &oid)) || !mig__catalog_next(p, &column))
			continue;
		table = mig__catalog_rel(c, oid);
		if (!table || column > table->column_count || !table->columns[column - 1].name)
			continue;
		mig__catalog_begin(c, MIG_KIND_OWNERSHIP, "", "");
		text = mig__catalog_text(c);
		mig__buf_addf(text, "%s.%s", table->qualified, table->columns[column - 1].name);
		mig__catalog_add_text(c, "column", text);
		mig__catalog_add(c, ".table_schema", table->schema);
		mig__catalog_add(c, ".table", table->name);
		mig__catalog_add(c, ".column", table->columns[column - 1].plain);
		number = mig__catalog_report_part(c, rel->number);
		mig__catalog_need(c, number, table->columns[column - 1].number);
		if (!c->rc && rel->number < MIG_LEFT_OUT &&
		    table->columns[column - 1].number < MIG_LEFT_OUT)
			c->rc = c->sink->need(c->sink->user, rel->number,
					      table->columns[column - 1].number, MIG_NEED_OWNER);
	}
}

/* -- tables and views */

/* Options of the table and of its TOAST table. */
static void add_options(struct mig__catalog *c, const struct mig__rel *rel)
{
	struct mig__buf *text = mig__catalog_text(c);
	uint32_t toast =
		mig__catalog_find(&c->known, MIG__CLASS_TOAST, field_oid(c, rel, TOAST), 0);

	mig__catalog_options(text, field(c, rel, OPTIONS), "", "");
	if (toast != MIG__NONE)
		mig__catalog_options(text, mig__field(c->relations, (int)toast, OPTIONS), "toast.",
				     "");
	mig__catalog_add_text(c, "options", text);
}

static const char *name_of(const struct mig__catalog *c, uint32_t class, uint32_t oid)
{
	uint32_t row = mig__catalog_find(&c->known, class, oid, 0);

	return row == MIG__NONE ? NULL : PQgetvalue(c->small, (int)row, MIG__SMALL_NAME);
}

static void add_storage(struct mig__catalog *c, const struct mig__rel *rel)
{
	const char *method = name_of(c, MIG__CLASS_METHOD, field_oid(c, rel, METHOD));

	/* of a partitioned table, it is what its new partitions have */
	if (method && (rel->kind == 'p' || strcmp(method, "heap") != 0))
		mig__catalog_add(c, "method", method);
	mig__catalog_add(c, "tablespace",
			 name_of(c, MIG__CLASS_TABLESPACE, field_oid(c, rel, TABLESPACE)));
}

static void add_persistence(struct mig__catalog *c, const struct mig__rel *rel)
{
	mig__catalog_knows(c, NULL, "persistence", field(c, rel, PERSISTENCE), "pu");
	if (field_is(c, rel, PERSISTENCE, 'u'))
		mig__catalog_add(c, "persistence", "unlogged");
}

static void add_table(struct mig__catalog *c, const struct mig__rel *rel)
{
	mig__catalog_add(c, "partition_by", field(c, rel, PARTITION_KEY));
	add_options(c, rel);
	add_storage(c, rel);
	mig__catalog_knows(c, NULL, "replica identity", field(c, rel, REPLICA), "dnfi");
	if (field_is(c, rel, REPLICA, 'f'))
		mig__catalog_add(c, "replica_identity", "FULL");
	if (field_is(c, rel, REPLICA, 'n'))
		mig__catalog_add(c, "replica_identity", "NOTHING");
	if (field_is(c, rel, ROW_SECURITY, 't'))
		mig__catalog_add(c, "row_security", "enabled");
	if (field_is(c, rel, FORCED, 't'))
		mig__catalog_add(c, "force_row_security", "forced");
}

static void add_query(struct mig__catalog *c, const struct mig__rel *rel)
{
	const char *query = field(c, rel, QUERY);
	struct mig__buf *text = mig__catalog_text(c);
	size_t size;

	query = query ? query + strspn(query, " ") : "";
	size = strlen(query);
	while (size && strchr("; \n", query[size - 1]))
		size--;
	mig__buf_add(text, query, size);
	mig__catalog_add_text(c, "query", text);
	add_options(c, rel);
}

static int32_t kind_of(const struct mig__rel *rel)
{
	switch (rel->kind) {
	case 'S':
		return MIG_KIND_SEQUENCE;
	case 'v':
		return MIG_KIND_VIEW;
	case 'm':
		return MIG_KIND_MATERIALIZED_VIEW;
	case 'c':
		return MIG_KIND_COMPOSITE;
	default:
		return MIG_KIND_TABLE;
	}
}

static void report(struct mig__catalog *c, struct mig__rel *rel)
{
	uint32_t type = field_oid(c, rel, TYPE);

	mig__catalog_begin(c, kind_of(rel), rel->schema, rel->name);
	switch (rel->kind) {
	case 'S':
		add_sequence(c, rel);
		add_persistence(c, rel);
		break;
	case 'v':
		add_query(c, rel);
		mig__catalog_add(c, ".columns", field(c, rel, COLUMNS));
		break;
	case 'm':
		add_query(c, rel);
		add_storage(c, rel);
		if (field_is(c, rel, POPULATED, 'f'))
			mig__catalog_add(c, "unpopulated", "yes");
		break;
	case 'c':
		mig__catalog_add(c, "attributes", field(c, rel, COLUMNS));
		break;
	case 'r':
	case 'p':
		add_persistence(c, rel);
		add_table(c, rel);
		break;
	}
	if (field_is(c, rel, PRIVILEGES, 't'))
		mig__catalog_add(c, "privileges", mig__catalog_privileges(c, rel->oid, 0));
	/* what is said of a composite type is said of its row in pg_type */
	if (rel->kind == 'c')
		rel->number = mig__catalog_report(c, MIG_NO_OBJECT, MIG__CLASS_TYPE, type, 0);
	else
		rel->number = mig__catalog_report(c, MIG_NO_OBJECT, MIG__CLASS_CLASS, rel->oid, 0);
	if (rel->kind == 'c')
		mig__catalog_learn(c, &c->numbers, MIG__CLASS_CLASS, rel->oid, 0, rel->number);
	else if (type)
		mig__catalog_learn(c, &c->numbers, MIG__CLASS_TYPE, type, 0, rel->number);
	mig__catalog_need(c, rel->number,
			  mig__catalog_find(&c->numbers, MIG__CLASS_NAMESPACE,
					    field_oid(c, rel, NAMESPACE), 0));
}

void mig__catalog_relations(struct mig__catalog *c, const char *kinds)
{
	for (size_t i = 0; !c->rc && i < c->rel_count; i++)
		if (strchr(kinds, c->rels[i].kind))
			report(c, &c->rels[i]);
}

/* -- partitions and children */

void mig__catalog_inheritance(struct mig__catalog *c)
{
	for (int i = c->small_rows['i'].from; !c->rc && i < c->small_rows['i'].to; i++) {
		uint32_t oid = mig__field_oid(c->small, i, MIG__SMALL_OID), number;
		const struct mig__rel *child = mig__catalog_rel(c, oid);
		const struct mig__rel *parent =
			mig__catalog_rel(c, mig__field_oid(c->small, i, MIG__SMALL_OF));

		if (!child || !parent)
			continue;
		mig__catalog_begin(c, MIG_KIND_INHERITANCE, "", parent->qualified);
		mig__catalog_add(c, "bound", child->bound);
		mig__catalog_add(c, "valid_checks", mig__field(c->small, i, MIG__SMALL_FIELD));
		number = mig__catalog_report_part(c, child->number);
		mig__catalog_need(c, number, parent->number);
		/* its indexes are attached after it is */
		mig__catalog_learn(c, &c->numbers, MIG__CLASS_PARENT, oid, 0, number);
	}
}
