/* Columns and their defaults. */
#include "dialect/postgresql/inspect.h"

#include "dialect/postgresql/ddl.h"

#include <string.h>

/* Fields, as inspect_sql.c has them. */
enum {
	TABLE,
	NUMBER,
	NAME,
	TYPE,
	MODIFIER,
	COLLATION,
	NOT_NULL,
	IDENTITY,
	GENERATED,
	STORAGE,
	COMPRESSION,
	STATISTICS,
	OPTIONS,
	LOCAL
};
enum { OF_TYPE, OF_MODIFIER, OF_COLLATION, TYPE_WORDS, COLLATION_WORDS, TYPE_STORAGE, TYPE_KIND };
enum { DEFAULT_TABLE, DEFAULT_NUMBER, DEFAULT_OID, DEFAULT_WORDS };

struct columns {
	struct mig__catalog *c;
	struct mig__map types; /* type, modifier, collation: row of types */
	int row;               /* of columns */
	int next_default;      /* row of defaults: both are in the order of tables and columns */
};

static const char *field(const struct columns *s, int column)
{
	return mig__field(s->c->columns, s->row, column);
}

static int field_is(const struct columns *s, int column, char value)
{
	return mig__field_is(s->c->columns, s->row, column, value);
}

static uint32_t field_oid(const struct columns *s, int column)
{
	return mig__field_oid(s->c->columns, s->row, column);
}

static void learn_types(struct columns *s)
{
	struct mig__catalog *c = s->c;

	for (int i = 0; !c->rc && i < PQntuples(c->types); i++)
		mig__catalog_learn(c, &s->types, mig__field_oid(c->types, i, OF_TYPE),
				   mig__field_oid(c->types, i, OF_MODIFIER),
				   mig__field_oid(c->types, i, OF_COLLATION), (uint32_t)i);
}

/* -- attributes */

/* What pg_type says of the type; NULL if it has gone meanwhile. */
static const char *type_field(const struct columns *s, int column)
{
	uint32_t row = mig__catalog_find(&s->types, field_oid(s, TYPE), field_oid(s, MODIFIER),
					 field_oid(s, COLLATION));

	return row == MIG__NONE ? NULL : mig__field(s->c->types, (int)row, column);
}

static void add_type(struct columns *s)
{
	const char *kind = type_field(s, TYPE_KIND);

	mig__catalog_add(s->c, "type", type_field(s, TYPE_WORDS));
	mig__catalog_add(s->c, "collation", type_field(s, COLLATION_WORDS));
	if (kind && *kind != 'b')
		mig__catalog_add(s->c, ".type_kind", kind);
}

static void add_identity(struct columns *s)
{
	struct mig__catalog *c = s->c;
	struct mig__buf *text = mig__catalog_text(c);
	uint32_t place = mig__catalog_find(&c->known, MIG__CLASS_IDENTITY, field_oid(s, TABLE),
					   field_oid(s, NUMBER));

	mig__catalog_add(c, "identity", field_is(s, IDENTITY, 'a') ? "ALWAYS" : "BY DEFAULT");
	if (place == MIG__NONE)
		return;
	mig__catalog_identity(c, &c->rels[place], text);
	mig__catalog_add_text(c, "identity_options", text);
	mig__catalog_add(c, ".sequence", c->rels[place].qualified);
}

static const char *storage_name(const char *letter)
{
	switch (letter ? *letter : 0) {
	case 'p':
		return "PLAIN";
	case 'e':
		return "EXTERNAL";
	case 'm':
		return "MAIN";
	default:
		return "EXTENDED";
	}
}

static const char *compression_name(const char *letter)
{
	switch (letter ? *letter : 0) {
	case 'p':
		return "pglz";
	case 'l':
		return "lz4";
	default:
		return NULL;
	}
}

static void add_rest(struct columns *s)
{
	struct mig__catalog *c = s->c;
	const char *usual = type_field(s, TYPE_STORAGE), *storage = field(s, STORAGE);

	if (field_is(s, NOT_NULL, 't'))
		mig__catalog_add(c, "not_null", "yes");
	if (field_is(s, IDENTITY, 'a') || field_is(s, IDENTITY, 'd'))
		add_identity(s);
	if (usual && storage && *usual != *storage)
		mig__catalog_add(c, "storage", storage_name(storage));
	mig__catalog_add(c, "compression", compression_name(field(s, COMPRESSION)));
	mig__catalog_add(c, "statistics", field(s, STATISTICS));
	if (field(s, OPTIONS)) {
		struct mig__buf *text = mig__catalog_text(c);

		/* those that PostgreSQL documents: some builds keep others of their own there */
		mig__catalog_options(text, field(s, OPTIONS), "", "n_distinct");
		mig__catalog_add_text(c, "options", text);
	}
	if (field_is(s, LOCAL, 'f'))
		mig__catalog_add(c, ".inherited", "yes");
}

/* -- columns */

/* The row of the column's default or generating expression, or -1. */
static int find_default(struct columns *s)
{
	const PGresult *rows = s->c->defaults;
	uint32_t table = field_oid(s, TABLE), number = field_oid(s, NUMBER);

	for (; s->next_default < PQntuples(rows); s->next_default++) {
		uint32_t t = mig__field_oid(rows, s->next_default, DEFAULT_TABLE);
		uint32_t n = mig__field_oid(rows, s->next_default, DEFAULT_NUMBER);

		if (t == table && n == number)
			return s->next_default;
		if (t > table || (t == table && n > number))
			break;
	}
	return -1;
}

static void report_default(struct columns *s, uint32_t column, int value)
{
	struct mig__catalog *c = s->c;

	mig__catalog_begin(c, MIG_KIND_DEFAULT, "", PQgetvalue(c->columns, s->row, NAME));
	mig__catalog_add(c, "expression", mig__field(c->defaults, value, DEFAULT_WORDS));
	mig__catalog_report(c, column, MIG__CLASS_ATTRDEF,
			    mig__field_oid(c->defaults, value, DEFAULT_OID), 0);
}

/* Of views, only what is said about them. */
static int is_reported(const struct columns *s, const struct mig__rel *rel, int value)
{
	uint32_t number = field_oid(s, NUMBER);

	if (rel->kind != 'v' && rel->kind != 'm')
		return 1;
	return value >= 0 ||
	       mig__catalog_find(&s->c->comments, MIG__CLASS_CLASS, rel->oid, number) !=
		       MIG__NONE ||
	       mig__catalog_find(&s->c->acls, MIG__CLASS_CLASS, rel->oid, number) != MIG__NONE;
}

static uint32_t report_column(struct columns *s, const struct mig__rel *rel)
{
	struct mig__catalog *c = s->c;
	int value = find_default(s), generated = field(s, GENERATED) != NULL;
	uint32_t number;

	if (!is_reported(s, rel, value))
		return MIG_NO_OBJECT;
	mig__catalog_begin(c, MIG_KIND_COLUMN, "", PQgetvalue(c->columns, s->row, NAME));
	/* a view's are what its query makes them */
	if (rel->kind != 'v' && rel->kind != 'm')
		add_type(s);
	if (rel->kind == 'r' || rel->kind == 'p')
		add_rest(s);
	if (generated && value >= 0)
		mig__catalog_add(c, "generated", mig__field(c->defaults, value, DEFAULT_WORDS));
	number = mig__catalog_report(c, rel->number, MIG__CLASS_CLASS, rel->oid,
				     field_oid(s, NUMBER));
	if (generated && value >= 0)
		mig__catalog_learn(c, &c->numbers, MIG__CLASS_ATTRDEF,
				   mig__field_oid(c->defaults, value, DEFAULT_OID), 0, number);
	else if (value >= 0)
		report_default(s, number, value);
	return number;
}

/* -- tables with their columns */

static const char *quoted(struct mig__catalog *c, const char *plain)
{
	struct mig__buf *b = mig__catalog_spare(c);

	mig__ddl_name(b, plain);
	return strcmp(mig__buf_text(b), plain) != 0 ? mig__catalog_copy(c, mig__buf_text(b))
						    : plain;
}

static void make_columns(struct columns *s, struct mig__rel *rel, int end)
{
	struct mig__catalog *c = s->c;
	uint32_t last = mig__field_oid(c->columns, end - 1, NUMBER);

	rel->columns = mig__arena_zalloc(&c->arena, last, sizeof *rel->columns);
	if (!rel->columns) {
		c->rc = mig__pg_nomem(c->conn);
		return;
	}
	rel->column_count = last;
	for (uint32_t i = 0; i < last; i++)
		rel->columns[i].number = MIG_NO_OBJECT;
	for (; s->row < end && !c->rc; s->row++) {
		struct mig__rel_column *column = &rel->columns[field_oid(s, NUMBER) - 1];

		column->plain = mig__catalog_copy(c, PQgetvalue(c->columns, s->row, NAME));
		column->name = quoted(c, column->plain);
		column->type = field_oid(s, TYPE);
		column->collation = field_oid(s, COLLATION);
		column->number = report_column(s, rel);
	}
}

void mig__catalog_columns(struct mig__catalog *c)
{
	struct columns s = { .c = c };
	int count = PQntuples(c->columns);

	mig__map_init(&s.types, &c->conn->alloc);
	learn_types(&s);
	for (int end; !c->rc && s.row < count; s.row = end) {
		uint32_t table = field_oid(&s, TABLE);
		struct mig__rel *rel = mig__catalog_rel(c, table);

		for (end = s.row + 1; end < count; end++)
			if (mig__field_oid(c->columns, end, TABLE) != table)
				break;
		if (rel)
			make_columns(&s, rel, end);
	}
	mig__map_finish(&s.types);
}
