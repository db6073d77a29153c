/* inspect_column: columns and their defaults. Not their types' own objects: inspect_top.c. */
#include "base/buf.h"
#include "dialect/postgresql/conn/error.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/schema/ddl.h"
#include "dialect/postgresql/schema/inspect.h"

#include <mig/attribute.h>
#include <stdlib.h>
#include <string.h>

/* Fields, as inspect_sql.c has them. */
enum {
	TABLE,
	NUMBER,
	NAME,
	TYPE,
	MODIFIER,
	COLLATION,
	FLAGS,
	COMPRESSION,
	STATISTICS,
	OPTIONS,
	PRIVILEGES /* 't': not the usual ones */
};
enum { TYPE_NUMBER, TYPE_WORDS, COLLATION_WORDS, TYPE_STORAGE, TYPE_KIND };
enum { NN_OID = 2, NN_NO_INHERIT, NN_VALID, NN_GIVEN, NN_NAME };
enum { DEFAULT_OID = 2, DEFAULT_WORDS };

/* A row of columns. */
struct place {
	uint32_t table, number;
	int row;
	uint32_t type; /* which of columns.types */
};

struct columns {
	struct mig__catalog *c;
	struct mig__catalog_rest *rest;
	struct place *places; /* by table and number */
	size_t count;
	struct mig__map types; /* type, modifier, collation: 0, 1, ... */
	int *type_rows;        /* of c->types, by these; -1: it has gone meanwhile */
	int next_default;      /* row of defaults: they are in the same order */
	int next_not_null;     /* row of not_nulls, likewise */
	int privileges;        /* of any column, other than the usual ones */

	/* the current one */
	int row;
	uint32_t table, number;
	int type_row;
	int not_null, local;
	char identity, storage, generated; /* letters as pg_attribute has them */
};

static const char *field(const struct columns *s, int column)
{
	return mig__field(s->c->columns, s->row, column);
}

static uint32_t field_oid(const struct columns *s, int column)
{
	return mig__field_oid(s->c->columns, s->row, column);
}

static void read_row(struct columns *s, const struct place *place)
{
	uint32_t flags;

	s->row = place->row;
	s->table = place->table;
	s->number = place->number;
	s->type_row = s->type_rows[place->type];
	flags = field_oid(s, FLAGS);
	s->not_null = flags & 1;
	s->local = flags & 2;
	s->identity = (char)(flags >> 8 & 0xff);
	s->storage = (char)(flags >> 16 & 0xff);
	s->generated = (char)(flags >> 24);
}

/* -- types */

/* The lists of the types' query. */
struct lists {
	struct mig__buf types, modifiers, collations;
};

static void add_number(struct mig__buf *list, const char *number)
{
	mig__buf_adds(list, list->len ? "," : "");
	mig__buf_adds(list, number);
}

/* Which of the types the row has; a new one is added to the lists. */
static uint32_t type_of(struct columns *s, struct lists *l, int row)
{
	const PGresult *rows = s->c->columns;
	uint32_t type = mig__field_oid(rows, row, TYPE);
	uint32_t modifier = mig__field_oid(rows, row, MODIFIER);
	uint32_t collation = mig__field_oid(rows, row, COLLATION);
	uint32_t number = mig__catalog_find(&s->types, type, modifier, collation);

	if (number != MIG__NONE)
		return number;
	number = (uint32_t)s->types.count;
	mig__catalog_learn(s->c, &s->types, type, modifier, collation, number);
	add_number(&l->types, PQgetvalue(rows, row, TYPE));
	add_number(&l->modifiers, PQgetvalue(rows, row, MODIFIER));
	add_number(&l->collations, PQgetvalue(rows, row, COLLATION));
	return number;
}

static void add_types(struct mig__buf *sql, const struct lists *l, int privileges)
{
	mig__catalog_sql_types(sql, mig__buf_text(&l->types), mig__buf_text(&l->modifiers),
			       mig__buf_text(&l->collations));
	sql->failed |= l->types.failed | l->modifiers.failed | l->collations.failed;
	if (privileges)
		mig__catalog_sql_privileges(sql);
}

static void take_types(struct columns *s, struct mig__pg_reply *reply)
{
	struct mig__catalog *c = s->c;

	c->types = reply->at[0];
	reply->at[0] = NULL;
	if (s->privileges) {
		c->privileges = reply->at[1];
		reply->at[1] = NULL;
	}
	for (int i = 0; !c->rc && i < PQntuples(c->privileges); i++)
		mig__catalog_learn(c, &c->known, MIG__CLASS_PRIVILEGES,
				   mig__field_oid(c->privileges, i, MIG__PRIVILEGES_OID),
				   mig__field_oid(c->privileges, i, MIG__PRIVILEGES_COLUMN), (uint32_t)i);
	s->type_rows = mig__arena_alloc(&c->arena, (s->types.count + 1) * sizeof *s->type_rows);
	if (!s->type_rows && !c->rc)
		c->rc = mig__pg_nomem(c->conn);
	for (size_t i = 0; !c->rc && i < s->types.count; i++)
		s->type_rows[i] = -1;
	for (int i = 0; !c->rc && i < PQntuples(c->types); i++)
		s->type_rows[mig__field_oid(c->types, i, TYPE_NUMBER) - 1] = i;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void find_places(struct columns *s, struct lists *l)
{
	struct mig__catalog *c = s->c;

	s->count = (size_t)PQntuples(c->columns);
	s->places = mig__malloc(&c->conn->alloc, (s->count + 1) * sizeof *s->places);
	if (!s->places) {
		c->rc = mig__pg_nomem(c->conn);
		return;
	}
	s->privileges = mig__catalog_any_privileges(c);
	for (int i = 0; !c->rc && i < (int)s->count; i++) {
		s->places[i] = (struct place){ mig__field_oid(c->columns, i, TABLE),
					       mig__field_oid(c->columns, i, NUMBER), i,
					       type_of(s, l, i) };
		s->privileges |= mig__field_is(c->columns, i, PRIVILEGES, 't');
	}
	if (!c->rc)
		qsort(s->places, s->count, sizeof *s->places, compare_places);
}

/* -- attributes */

/* What pg_type says of the type. */
static const char *type_field(const struct columns *s, int column)
{
	return s->type_row < 0 ? NULL : mig__field(s->c->types, s->type_row, column);
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
	uint32_t place = mig__catalog_find(&c->known, MIG__CLASS_IDENTITY, s->table, s->number);

	mig__catalog_add(c, "identity", s->identity == 'a' ? "ALWAYS" : "BY DEFAULT");
	if (place == MIG__NONE)
		return;
	mig__catalog_identity(&c->rels[place], text);
	mig__catalog_add_text(c, "identity_options", text);
	mig__catalog_add(c, ".sequence", c->rels[place].qualified);
	mig__catalog_add(c, ".sequence_schema", c->rels[place].schema);
	mig__catalog_add(c, ".sequence_name", c->rels[place].name);
}

/* letter 0: there is none. */
static int knows(struct columns *s, const char *key, char letter, const char *known)
{
	const char value[] = { letter, 0 };

	return mig__catalog_knows(s->c, mig__catalog_rel(s->c, s->table), key, letter ? value : NULL,
				  known);
}

/* NULL: not known. */
static const char *storage_name(char letter)
{
	switch (letter) {
	case 'x':
		return "EXTENDED";
	case 'p':
		return "PLAIN";
	case 'e':
		return "EXTERNAL";
	case 'm':
		return "MAIN";
	default:
		return NULL;
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

/* The next row at or after *next of rows by table and number that is the column's, or -1. */
static int find_row(const struct columns *s, const PGresult *rows, int *next)
{
	for (; *next < PQntuples(rows); (*next)++) {
		uint32_t t = mig__field_oid(rows, *next, 0), n = mig__field_oid(rows, *next, 1);

		if (t == s->table && n == s->number)
			return (*next)++;
		if (t > s->table || (t == s->table && n > s->number))
			break;
	}
	return -1;
}

/* What is unusual about NOT NULL. What comes from a parent has its name from there. */
static void add_not_null(struct columns *s)
{
	struct mig__catalog *c = s->c;
	int row = find_row(s, c->not_nulls, &s->next_not_null);
	const char *name = row < 0 ? NULL : mig__field(c->not_nulls, row, NN_NAME);
	struct mig__buf *text;
	uint32_t comment;

	mig__catalog_add(c, MIG_ATTR_NOT_NULL, MIG_YES);
	if (row < 0)
		return;
	if (name) {
		text = mig__catalog_text(c);
		mig__ddl_name(text, name);
		if (mig__field_is(c->not_nulls, row, NN_GIVEN, 't'))
			mig__catalog_add_text(c, "not_null_name", text);
		mig__catalog_add_text(c, ".not_null", text);
	}
	if (mig__field_is(c->not_nulls, row, NN_NO_INHERIT, 't'))
		mig__catalog_add(c, "not_null_no_inherit", MIG_YES);
	if (mig__field_is(c->not_nulls, row, NN_VALID, 'f'))
		mig__catalog_add(c, "not_null_not_valid", MIG_YES);
	comment = mig__catalog_find(&c->comments, MIG__CLASS_CONSTRAINT,
				    mig__field_oid(c->not_nulls, row, NN_OID), 0);
	if (comment != MIG__NONE)
		mig__catalog_add(c, "not_null_comment",
				 PQgetvalue(c->small, (int)comment, MIG__SMALL_NAME));
}

static void add_storage(struct columns *s)
{
	const char *usual = type_field(s, TYPE_STORAGE), *letter = field(s, COMPRESSION);
	const char *storage = storage_name(s->storage), *compression = compression_name(letter);

	if (knows(s, "storage", s->storage, "xpem") && usual && *usual != s->storage)
		mig__catalog_add(s->c, "storage", storage);
	knows(s, "compression", letter ? *letter : 0, "pl");
	mig__catalog_add(s->c, "compression", compression);
}

/* From version 17 on, a partition has the identity of its parent and none of its own. */
static int has_own_identity(const struct columns *s, const struct mig__rel *rel)
{
	return s->identity && !(rel->bound && PQserverVersion(s->c->conn->db) >= 170000);
}

static void add_rest(struct columns *s, const struct mig__rel *rel)
{
	struct mig__catalog *c = s->c;

	if (s->not_null)
		add_not_null(s);
	if (knows(s, "identity", s->identity, "ad") && has_own_identity(s, rel))
		add_identity(s);
	add_storage(s);
	mig__catalog_add(c, "statistics", field(s, STATISTICS));
	if (field(s, OPTIONS)) {
		struct mig__buf *text = mig__catalog_text(c);

		/* those that PostgreSQL documents: some builds keep others of their own there */
		mig__catalog_options(text, field(s, OPTIONS), "", "n_distinct");
		mig__catalog_add_text(c, "options", text);
	}
	if (!s->local)
		mig__catalog_add(c, ".inherited", "yes");
}

/* -- columns */

/* The row of the column's default or generating expression, or -1. */
static int find_default(struct columns *s)
{
	return find_row(s, s->c->defaults, &s->next_default);
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
	if (rel->kind != 'v' && rel->kind != 'm')
		return 1;
	return value >= 0 || mig__field_is(s->c->columns, s->row, PRIVILEGES, 't') ||
	       mig__catalog_find(&s->c->comments, MIG__CLASS_CLASS, rel->oid, s->number) !=
		       MIG__NONE;
}

static uint32_t report_column(struct columns *s, const struct mig__rel *rel)
{
	struct mig__catalog *c = s->c;
	int value = find_default(s), generated = s->generated != 0;
	uint32_t number;

	if (!is_reported(s, rel, value))
		return MIG_NO_OBJECT;
	mig__catalog_begin(c, MIG_KIND_COLUMN, "", PQgetvalue(c->columns, s->row, NAME));
	/* a view's are what its query makes them */
	if (rel->kind != 'v' && rel->kind != 'm')
		add_type(s);
	if (rel->kind == 'r' || rel->kind == 'p')
		add_rest(s, rel);
	if (generated && value >= 0)
		mig__catalog_add(c, MIG_ATTR_GENERATED,
				 mig__field(c->defaults, value, DEFAULT_WORDS));
	if (generated && PQserverVersion(c->conn->db) < 130000)
		mig__catalog_add(c, ".generated_always", MIG_YES);
	if (s->generated == 's' && PQserverVersion(c->conn->db) >= 170000)
		mig__catalog_add(c, ".set_expression", MIG_YES);
	if (s->generated == 'v')
		mig__catalog_add(c, MIG_ATTR_GENERATED_KIND, MIG_GENERATED_VIRTUAL);
	knows(s, "generated", s->generated, "sv");
	if (mig__field_is(c->columns, s->row, PRIVILEGES, 't'))
		mig__catalog_add(c, "privileges", mig__catalog_privileges(c, rel->oid, s->number));
	number = mig__catalog_report(c, rel->number, MIG__CLASS_CLASS, rel->oid, s->number);
	if (generated && value >= 0)
		mig__catalog_learn(c, &c->numbers, MIG__CLASS_ATTRDEF,
				   mig__field_oid(c->defaults, value, DEFAULT_OID), 0, number);
	else if (value >= 0)
		report_default(s, number, value);
	return number;
}

/* -- tables with their columns */

/* A column's name, quoted and not; most tables have some that others have. */
static struct mig__column_name name_of(struct mig__catalog *c, const char *name)
{
	size_t size = strlen(name);
	uint32_t place = mig__map_get(&c->names, name, size);
	struct mig__column_name n = { .plain = "", .quoted = "" };
	struct mig__buf *b;

	if (place != MIG__NONE)
		return c->name_at[place];
	n.plain = n.quoted = mig__catalog_copy(c, name);
	b = mig__catalog_spare(c);
	mig__ddl_name(b, name);
	if (strcmp(mig__catalog_made(c, b), name) != 0)
		n.quoted = mig__catalog_copy(c, mig__buf_text(b));
	if (c->rc)
		return n;
	if (!mig__grow(&c->conn->alloc, (void **)&c->name_at, &c->name_cap, c->name_count + 1, sizeof n) ||
	    !mig__map_add(&c->names, n.plain, size, (uint32_t)c->name_count, NULL))
		c->rc = mig__pg_nomem(c->conn);
	else
		c->name_at[c->name_count++] = n;
	return n;
}

/* The places from..to are the table's. */
static void make_columns(struct columns *s, struct mig__rel *rel, size_t from, size_t to)
{
	struct mig__catalog *c = s->c;
	uint32_t last = s->places[to - 1].number;

	rel->columns = mig__arena_zalloc(&c->arena, last, sizeof *rel->columns);
	if (!rel->columns) {
		c->rc = mig__pg_nomem(c->conn);
		return;
	}
	rel->column_count = last;
	for (uint32_t i = 0; i < last; i++)
		rel->columns[i].number = MIG_NO_OBJECT;
	for (size_t i = from; i < to && !c->rc; i++) {
		struct mig__rel_column *column = &rel->columns[s->places[i].number - 1];
		struct mig__column_name name;

		read_row(s, &s->places[i]);
		name = name_of(c, PQgetvalue(c->columns, s->row, NAME));
		column->plain = name.plain;
		column->name = name.quoted;
		column->type = field_oid(s, TYPE);
		column->collation = field_oid(s, COLLATION);
		column->number = report_column(s, rel);
	}
}

static void report_columns(struct columns *s)
{
	struct mig__catalog *c = s->c;

	for (size_t from = 0, to; !c->rc && from < s->count; from = to) {
		struct mig__rel *rel = mig__catalog_rel(c, s->places[from].table);

		for (to = from + 1; to < s->count; to++)
			if (s->places[to].table != s->places[from].table)
				break;
		if (rel)
			make_columns(s, rel, from, to);
	}
}

/* The types are there; the server goes on. */
static void report_all(void *user, struct mig__pg_reply *reply)
{
	struct columns *s = user;
	struct mig__catalog *c = s->c;

	take_types(s, reply);
	if (!c->rc)
		s->rest->report_top(c);
	report_columns(s);
	PQclear(c->types);
	PQclear(c->privileges);
	PQclear(c->columns);
	PQclear(c->defaults);
	PQclear(c->not_nulls);
	c->types = c->privileges = c->columns = c->defaults = c->not_nulls = NULL;
}

static void ask(struct columns *s, struct mig__buf *sql)
{
	struct mig__catalog *c = s->c;
	struct mig__pg_reply reply = { .count = 0 };
	int first = 1 + s->privileges;
	mig_status rc;

	rc = sql->failed ? mig__pg_nomem(c->conn)
			 : mig__pg_exec_then(c->conn, sql->data, &reply, first, report_all, s);
	if (!rc && reply.count != first + s->rest->count)
		rc = mig__pg_fail(c->conn, NULL, NULL);
	s->rest->done = !rc;
	for (int i = 0; !rc && i < s->rest->count; i++) {
		*s->rest->out[i] = reply.at[first + i];
		reply.at[first + i] = NULL;
	}
	mig__pg_reply_clear(&reply);
	if (!c->rc)
		c->rc = rc;
}

void mig__catalog_columns(struct mig__catalog *c, struct mig__catalog_rest *rest)
{
	struct columns s = { .c = c, .rest = rest };
	const struct mig__alloc *alloc = &c->conn->alloc;
	struct mig__buf sql;
	struct lists l;

	mig__map_init(&s.types, alloc);
	mig__buf_init(&l.types, alloc);
	mig__buf_init(&l.modifiers, alloc);
	mig__buf_init(&l.collations, alloc);
	mig__buf_init(&sql, alloc);
	find_places(&s, &l);
	if (!c->rc) {
		add_types(&sql, &l, s.privileges);
		mig__buf_add(&sql, rest->sql->data, rest->sql->len);
		sql.failed |= rest->sql->failed;
		ask(&s, &sql);
	}
	mig__map_finish(&s.types);
	mig__free(alloc, s.places);
	mig__buf_finish(&l.types);
	mig__buf_finish(&l.modifiers);
	mig__buf_finish(&l.collations);
	mig__buf_finish(&sql);
}
