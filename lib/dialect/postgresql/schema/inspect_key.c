/* inspect_key: constraints and indexes, from their raw columns; the server's own text is taken for
 * expressions alone. Not what depends on what: inspect.c. */
#include "base/buf.h"
#include "dialect/postgresql/schema/ddl.h"
#include "dialect/postgresql/schema/inspect.h"

#include <string.h>

/* Fields, as inspect_sql.c has them. */
enum {
	OID,
	NAME,
	TYPE,
	TABLE,
	DOMAIN,
	INDEX,
	COLUMNS,
	REFERRED,
	REFERRED_COLUMNS,
	ON_UPDATE,
	ON_DELETE,
	MATCH,
	DEFERRABLE,
	DEFERRED,
	VALIDATED,
	NO_INHERIT,
	LOCAL,
	PARENT,
	SET_COLUMNS,
	ENFORCED,
	PERIOD,
	WORDS
};
enum { DEFAULT_COLLATION = 100, TEXT = 25, VARCHAR = 1043 };

/* Adds a name of inspect_top.c's rows, e.g. a tablespace. */
static void add_name(struct mig__catalog *c, const char *key, uint32_t class, uint32_t oid,
		     const char *usual)
{
	uint32_t row = mig__catalog_find(&c->known, class, oid, 0);
	const char *name =
		row == MIG__NONE ? NULL : PQgetvalue(c->small, (int)row, MIG__SMALL_NAME);

	if (name && (!usual || strcmp(name, usual) != 0))
		mig__catalog_add(c, key, name);
}

/* -- what indexes and the constraints that have them share */

static int index_is(const struct mig__catalog *c, int row, int column, char value)
{
	return mig__field_is(c->indexes, row, column, value);
}

/* The list behind its first `count` numbers, or NULL. */
static const char *behind(const char *list, uint32_t count)
{
	uint32_t n;

	while (list && count--)
		list = mig__catalog_next(list, &n);
	return list;
}

static void add_storage(struct mig__catalog *c, const struct mig__rel *rel, int row)
{
	struct mig__buf *include = mig__catalog_text(c), *options = mig__catalog_text(c);

	mig__catalog_add_columns(include, rel,
				 behind(PQgetvalue(c->indexes, row, MIG__INDEX_KEYS),
					mig__field_oid(c->indexes, row, MIG__INDEX_KEY_COUNT)));
	mig__catalog_add_text(c, "include", include);
	if (index_is(c, row, MIG__INDEX_NULLS_NOT_DISTINCT, 't'))
		mig__catalog_add(c, "nulls_not_distinct", "yes");
	mig__catalog_options(options, mig__field(c->indexes, row, MIG__INDEX_OPTIONS), "", "");
	mig__catalog_add_text(c, "options", options);
	add_name(c, "tablespace", MIG__CLASS_TABLESPACE,
		 mig__field_oid(c->indexes, row, MIG__INDEX_TABLESPACE), NULL);
	if (index_is(c, row, MIG__INDEX_CLUSTERED, 't'))
		mig__catalog_add(c, "clustered", "yes");
}

/* -- constraints */

struct constraint {
	struct mig__catalog *c;
	int row;
	const struct mig__rel *rel; /* NULL: of a domain */
};

static const char *field(const struct constraint *k, int column)
{
	return mig__field(k->c->constraints, k->row, column);
}

static int field_is(const struct constraint *k, int column, char value)
{
	return mig__field_is(k->c->constraints, k->row, column, value);
}

static uint32_t field_oid(const struct constraint *k, int column)
{
	return mig__field_oid(k->c->constraints, k->row, column);
}

static void add_columns(const struct constraint *k, const char *key, const struct mig__rel *rel,
			const char *list)
{
	struct mig__buf *text = mig__catalog_text(k->c);

	mig__catalog_add_columns(text, rel, list);
	mig__catalog_add_text(k->c, key, text);
}

static void add_deferrable(const struct constraint *k)
{
	if (field_is(k, DEFERRABLE, 't'))
		mig__catalog_add(k->c, "deferrable",
				 field_is(k, DEFERRED, 't') ? "DEFERRABLE INITIALLY DEFERRED"
							    : "DEFERRABLE");
}

static void add_key(const struct constraint *k)
{
	int row = mig__catalog_index_row(k->c, field_oid(k, INDEX));
	struct mig__buf *name;

	add_columns(k, "columns", k->rel, field(k, COLUMNS));
	if (field_is(k, PERIOD, 't'))
		mig__catalog_add(k->c, "without_overlaps", "yes");
	add_deferrable(k);
	if (row < 0)
		return;
	add_storage(k->c, k->rel, row);
	if (index_is(k->c, row, MIG__INDEX_KIND, 'I') && index_is(k->c, row, MIG__INDEX_VALID, 'f'))
		mig__catalog_add(k->c, "only", "yes");
	name = mig__catalog_text(k->c);
	mig__ddl_name(name, k->rel->schema);
	mig__buf_adds(name, ".");
	mig__ddl_name(name, PQgetvalue(k->c->indexes, row, MIG__INDEX_NAME));
	mig__catalog_add_text(k->c, ".index", name);
}

static void add_action(const struct constraint *k, const char *key, int column, const char *columns)
{
	static const struct {
		char letter;
		const char *words;
	} actions[] = {
		{ 'r', "RESTRICT" }, { 'c', "CASCADE" }, { 'n', "SET NULL" }, { 'd', "SET DEFAULT" }
	};
	struct mig__buf *text, *names;

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		if (!field_is(k, column, actions[i].letter))
			continue;
		text = mig__catalog_text(k->c);
		names = mig__catalog_text(k->c);
		mig__buf_adds(text, actions[i].words);
		mig__catalog_add_columns(names, k->rel, columns);
		if (names->len)
			mig__buf_addf(text, " (%s)", mig__catalog_made(k->c, names));
		mig__catalog_add_text(k->c, key, text);
	}
}

static void add_foreign_key(const struct constraint *k)
{
	const struct mig__rel *referred = mig__catalog_rel(k->c, field_oid(k, REFERRED));

	add_columns(k, "columns", k->rel, field(k, COLUMNS));
	if (referred) {
		mig__catalog_add(k->c, "referred", referred->qualified);
		add_columns(k, "referred_columns", referred, field(k, REFERRED_COLUMNS));
	}
	mig__catalog_knows(k->c, k->rel, "on update", field(k, ON_UPDATE), "arcnd");
	mig__catalog_knows(k->c, k->rel, "on delete", field(k, ON_DELETE), "arcnd");
	mig__catalog_knows(k->c, k->rel, "match", field(k, MATCH), "fs");
	add_action(k, "on_update", ON_UPDATE, NULL);
	add_action(k, "on_delete", ON_DELETE, field(k, SET_COLUMNS));
	if (field_is(k, MATCH, 'f'))
		mig__catalog_add(k->c, "match", "FULL");
	if (field_is(k, PERIOD, 't'))
		mig__catalog_add(k->c, "period", "yes");
	add_deferrable(k);
}

static void add_check(const struct constraint *k)
{
	const char *words = field(k, WORDS);
	struct mig__buf *text = mig__catalog_text(k->c);

	if (words)
		mig__buf_addf(text, mig__pg_in_parentheses(words) ? "%s" : "(%s)", words);
	mig__catalog_add_text(k->c, "expression", text);
	if (field_is(k, NO_INHERIT, 't'))
		mig__catalog_add(k->c, "no_inherit", "yes");
}

static int32_t kind_of(const struct constraint *k)
{
	switch (*PQgetvalue(k->c->constraints, k->row, TYPE)) {
	case 'p':
		return MIG_KIND_PRIMARY_KEY;
	case 'u':
		return MIG_KIND_UNIQUE;
	case 'f':
		return MIG_KIND_FOREIGN_KEY;
	case 'x':
		return MIG_KIND_EXCLUSION;
	default:
		return MIG_KIND_CHECK;
	}
}

static void add_attributes(const struct constraint *k, int32_t kind)
{
	switch (kind) {
	case MIG_KIND_PRIMARY_KEY:
	case MIG_KIND_UNIQUE:
		add_key(k);
		break;
	case MIG_KIND_FOREIGN_KEY:
		add_foreign_key(k);
		break;
	case MIG_KIND_EXCLUSION:
		mig__catalog_add(k->c, "definition", field(k, WORDS));
		break;
	default:
		add_check(k);
	}
	if (kind != MIG_KIND_FOREIGN_KEY && kind != MIG_KIND_CHECK)
		return;
	if (field_is(k, ENFORCED, 'f'))
		mig__catalog_add(k->c, "not_enforced", "yes");
	else if (field_is(k, VALIDATED, 'f'))
		mig__catalog_add(k->c, "not_valid", "yes");
}

/* ALTER TABLE ... DISABLE TRIGGER ALL, and its like. What a foreign key has can be made anew; the others
 * are named. */
static void add_triggers(const struct constraint *k, int32_t kind)
{
	uint32_t row = mig__catalog_find(&k->c->known, MIG__CLASS_CONSTRAINT, field_oid(k, OID), 0);
	const char *letters;
	struct mig__buf *text;

	if (row == MIG__NONE)
		return;
	letters = PQgetvalue(k->c->small, (int)row, MIG__SMALL_NAME);
	if (kind == MIG_KIND_FOREIGN_KEY && !k->c->object.flags) {
		mig__catalog_add(k->c, "triggers",
				 strchr(letters, 'D')   ? "disabled"
				 : strchr(letters, 'R') ? "replica"
							: "always");
		return;
	}
	text = mig__catalog_spare(k->c);
	mig__buf_addf(text,
		      "triggers of constraint %s of %s, which are not enabled as usual (ALTER TABLE %s ENABLE "
		      "TRIGGER ALL enables them)",
		      PQgetvalue(k->c->constraints, k->row, NAME), k->rel->qualified, k->rel->qualified);
	mig__catalog_made(k->c, text);
	if (!k->c->rc)
		k->c->rc = k->c->sink->uncovered(k->c->sink->user, mig__buf_text(text));
}

static void need_index_columns(struct mig__catalog *c, const struct mig__rel *rel, int row,
			       uint32_t number)
{
	mig__catalog_need_columns(c, number, rel->oid, PQgetvalue(c->indexes, row, MIG__INDEX_KEYS));
	mig__catalog_need_columns(c, number, rel->oid,
				  mig__field(c->indexes, row, MIG__INDEX_EXPRESSION_COLUMNS));
}

/* Who needs the constraint's index needs the constraint. */
static void take_index(const struct constraint *k, uint32_t number)
{
	uint32_t oid = field_oid(k, INDEX);
	int row = mig__catalog_index_row(k->c, oid);

	mig__catalog_learn(k->c, &k->c->numbers, MIG__CLASS_CLASS, oid, 0, number);
	if (row >= 0)
		need_index_columns(k->c, k->rel, row, number);
}

static int comes_from_above(const struct constraint *k, int32_t kind)
{
	int row = mig__catalog_index_row(k->c, field_oid(k, INDEX));

	if (kind == MIG_KIND_CHECK)
		return !field_is(k, PARENT, '0') || field_is(k, LOCAL, 'f');
	if (field_is(k, PARENT, '0') || kind == MIG_KIND_FOREIGN_KEY || row < 0)
		return !field_is(k, PARENT, '0');
	return mig__catalog_is_implied(k->c, k->rel, row, field(k, NAME),
				       kind == MIG_KIND_PRIMARY_KEY  ? "pkey"
				      : kind == MIG_KIND_EXCLUSION ? "excl"
								   : "key",
				       mig__catalog_find(&k->c->comments, MIG__CLASS_CONSTRAINT,
							 field_oid(k, OID), 0) != MIG__NONE);
}

static void report_constraint(const struct constraint *k)
{
	int32_t kind = kind_of(k);
	uint32_t domain = field_oid(k, DOMAIN), oid = field_oid(k, OID), number, parent;

	parent = k->rel ? k->rel->number
			: mig__catalog_find(&k->c->numbers, MIG__CLASS_TYPE, domain, 0);
	if ((!k->rel && (!domain || parent == MIG__NONE)) ||
	    mig__catalog_find(&k->c->numbers, MIG__CLASS_CONSTRAINT, oid, 0) != MIG__NONE)
		return;
	if (!mig__catalog_knows_kind(k->c, "constraint", k->rel ? k->rel->qualified : "",
				     PQgetvalue(k->c->constraints, k->row, NAME), field(k, TYPE), "pufcx"))
		return;
	mig__catalog_begin(k->c, kind, "", PQgetvalue(k->c->constraints, k->row, NAME));
	if (comes_from_above(k, kind))
		k->c->object.flags = MIG_OBJECT_INHERITED;
	add_attributes(k, kind);
	add_triggers(k, kind);
	number = mig__catalog_report(k->c, parent, MIG__CLASS_CONSTRAINT, oid, 0);
	if (k->rel)
		mig__catalog_need_columns(k->c, number, k->rel->oid, field(k, COLUMNS));
	if (kind != MIG_KIND_FOREIGN_KEY && kind != MIG_KIND_CHECK)
		take_index(k, number);
}

void mig__catalog_constraints(struct mig__catalog *c)
{
	for (int i = 0; !c->rc && i < PQntuples(c->constraints); i++) {
		struct constraint k = { .c = c, .row = i };
		uint32_t table = field_oid(&k, TABLE);

		k.rel = table ? mig__catalog_rel(c, table) : NULL;
		if (!table || k.rel)
			report_constraint(&k);
	}
}

void mig__catalog_references(struct mig__catalog *c)
{
	for (int i = 0; !c->rc && i < PQntuples(c->constraints); i++) {
		struct constraint k = { .c = c, .row = i };
		uint32_t number;

		if (!field_is(&k, TYPE, 'f') || !mig__catalog_rel(c, field_oid(&k, TABLE)))
			continue;
		number = mig__catalog_find(&c->numbers, MIG__CLASS_CONSTRAINT, field_oid(&k, OID),
					   0);
		mig__catalog_need_columns(c, number, field_oid(&k, REFERRED),
					  field(&k, REFERRED_COLUMNS));
		mig__catalog_need(
			c, number,
			mig__catalog_number(c, MIG__CLASS_CLASS, field_oid(&k, INDEX), 0));
	}
}

/* -- indexes */

/* The class is what the server would take for the column. */
static int is_usual_class(const struct mig__catalog *c, int row, uint32_t type)
{
	/* anyarray, anyenum, record, anyrange, anymultirange: for all types of that sort */
	static const uint32_t all[] = { 2277, 3500, 2249, 3831, 4537 };
	uint32_t of = mig__field_oid(c->small, row, MIG__SMALL_OF);

	if (!mig__field(c->small, row, MIG__SMALL_FIELD))
		return 0;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (of == all[i])
			return 1;
	return of == type || (of == TEXT && type == VARCHAR);
}

/* ASC, DESC and where nulls go, by pg_index.indoption's bits. */
static const char *order_words(uint32_t order)
{
	static const char *const words[] = { "", " DESC NULLS LAST", " NULLS FIRST", " DESC" };

	return words[order & 3];
}

static void add_key_column(struct mig__catalog *c, struct mig__buf *out,
			   const struct mig__rel_column *column, uint32_t collation, uint32_t class,
			   uint32_t order)
{
	uint32_t row = mig__catalog_find(&c->known, MIG__CLASS_OPCLASS, class, 0);

	mig__buf_adds(out, out->len ? ", " : "");
	mig__buf_adds(out, column->name ? column->name : "");
	if (collation == DEFAULT_COLLATION && column->collation != collation)
		mig__buf_adds(out, " COLLATE \"default\"");
	if (row != MIG__NONE && !is_usual_class(c, (int)row, column->type))
		mig__buf_addf(out, " %s", PQgetvalue(c->small, (int)row, MIG__SMALL_NAME));
	mig__buf_adds(out, order_words(order));
}

/* A B-tree of columns. */
static void add_plain_keys(struct mig__catalog *c, struct mig__buf *out, const struct mig__rel *rel,
			   int row)
{
	const char *keys = PQgetvalue(c->indexes, row, MIG__INDEX_KEYS);
	const char *orders = PQgetvalue(c->indexes, row, MIG__INDEX_ORDERS);
	const char *classes = PQgetvalue(c->indexes, row, MIG__INDEX_CLASSES);
	const char *collations = PQgetvalue(c->indexes, row, MIG__INDEX_COLLATIONS);
	uint32_t count = mig__field_oid(c->indexes, row, MIG__INDEX_KEY_COUNT);
	uint32_t key = 0, order = 0, class = 0, collation = 0;

	while (count-- && keys && orders && classes && collations) {
		keys = mig__catalog_next(keys, &key);
		orders = mig__catalog_next(orders, &order);
		classes = mig__catalog_next(classes, &class);
		collations = mig__catalog_next(collations, &collation);
		if (key && key <= rel->column_count)
			add_key_column(c, out, &rel->columns[key - 1], collation, class, order);
	}
}

/* What stands between the parentheses behind USING method. */
static void cut_keys(struct mig__buf *out, const char *definition)
{
	const char *start = NULL;
	char quote = 0;
	int depth = 0;

	for (const char *p = definition; *p; p++) {
		if (quote) {
			quote = *p == quote ? 0 : quote;
		} else if (*p == '\'' || *p == '"') {
			quote = *p;
		} else if (*p == '(' && !depth++) {
			start = p + 1;
		} else if (*p == ')' && !--depth) {
			mig__buf_add(out, start, (size_t)(p - start));
			return;
		}
	}
}

static void add_index(struct mig__catalog *c, const struct mig__rel *rel, int row)
{
	const char *definition = mig__field(c->indexes, row, MIG__INDEX_DEFINITION);
	int partitioned = index_is(c, row, MIG__INDEX_KIND, 'I');
	struct mig__buf *columns = mig__catalog_text(c);

	if (index_is(c, row, MIG__INDEX_UNIQUE, 't'))
		mig__catalog_add(c, "unique", "yes");
	add_name(c, "method", MIG__CLASS_METHOD, mig__field_oid(c->indexes, row, MIG__INDEX_METHOD),
		 "btree");
	if (definition)
		cut_keys(columns, definition);
	else
		add_plain_keys(c, columns, rel, row);
	mig__catalog_add_text(c, "columns", columns);
	add_storage(c, rel, row);
	mig__catalog_add(c, "where", mig__field(c->indexes, row, MIG__INDEX_PREDICATE));
	mig__catalog_add(c, "statistics", mig__field(c->indexes, row, MIG__INDEX_STATISTICS));
	if (index_is(c, row, MIG__INDEX_VALID, 'f'))
		mig__catalog_add(c, partitioned ? "only" : "invalid", "yes");
}

static uint32_t report_index(struct mig__catalog *c, const struct mig__rel *rel, int row,
			     uint32_t oid)
{
	int commented = mig__catalog_find(&c->comments, MIG__CLASS_CLASS, oid, 0) != MIG__NONE;
	const char *name = PQgetvalue(c->indexes, row, MIG__INDEX_NAME);
	uint32_t number;

	mig__catalog_begin(c, MIG_KIND_INDEX, "", name);
	if (mig__catalog_is_implied(c, rel, row, name, "idx", commented))
		c->object.flags = MIG_OBJECT_INHERITED;
	add_index(c, rel, row);
	number = mig__catalog_report(c, rel->number, MIG__CLASS_CLASS, oid, 0);
	need_index_columns(c, rel, row, number);
	return number;
}

static void report_replica_identity(struct mig__catalog *c, const struct mig__rel *rel, int row,
				    uint32_t index)
{
	uint32_t number;

	mig__catalog_begin(c, MIG_KIND_REPLICA_IDENTITY, "", "");
	mig__catalog_add(c, "index", PQgetvalue(c->indexes, row, MIG__INDEX_NAME));
	number = mig__catalog_report_part(c, rel->number);
	mig__catalog_need(c, number, index);
	/* they are not null first */
	mig__catalog_need_columns(c, number, rel->oid, PQgetvalue(c->indexes, row, MIG__INDEX_KEYS));
}

void mig__catalog_indexes(struct mig__catalog *c)
{
	for (int i = 0; !c->rc && i < PQntuples(c->indexes); i++) {
		uint32_t oid = mig__field_oid(c->indexes, i, MIG__INDEX_OID), number;
		const struct mig__rel *rel =
			mig__catalog_rel(c, mig__field_oid(c->indexes, i, MIG__INDEX_TABLE));

		if (!rel)
			continue;
		/* a constraint's, or an extension's */
		number = mig__catalog_find(&c->numbers, MIG__CLASS_CLASS, oid, 0);
		if (number == MIG__NONE)
			number = report_index(c, rel, i, oid);
		if (index_is(c, i, MIG__INDEX_REPLICA, 't'))
			report_replica_identity(c, rel, i, number);
	}
}
