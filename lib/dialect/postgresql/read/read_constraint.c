/* read_constraint: keys and checks, of columns and of tables. They get their names, and what they refer
 * to is looked up, when the statement has been read: in the order in which the server does that. Not
 * the rules of names: read_name.c. */
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/read/read.h"
#include "dialect/postgresql/schema/objects.h"

#include <string.h>

/* -- their clauses */

int mig__read_is_constraint(const struct mig__reader *r)
{
	static const char *const words[] = { "CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN",
					     "EXCLUDE",    "LIKE" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (mig__read_is(r, words[i]))
			return 1;
	return 0;
}

static void read_timing(struct mig__reader *r, struct mig__read_object *o)
{
	int can = 0, deferred = 0;

	for (;;) {
		if (mig__read_take(r, "DEFERRABLE"))
			can = 1;
		else if (mig__read_take(r, "INITIALLY DEFERRED"))
			can = deferred = 1;
		else if (!mig__read_take(r, "INITIALLY IMMEDIATE") &&
			 !mig__read_take(r, "NOT DEFERRABLE"))
			break;
		if (o->kind == MIG_KIND_CHECK)
			mig__read_unread(r);
	}
	if (mig__read_take(r, "NOT VALID")) {
		if (!r->altering || (o->kind != MIG_KIND_CHECK && o->kind != MIG_KIND_FOREIGN_KEY))
			mig__read_unread(r);
		mig__read_set(r, o, "not_valid", MIG_YES);
	}
	if (can)
		mig__read_set(r, o, MIG_ATTR_DEFERRABLE,
			      deferred ? "DEFERRABLE INITIALLY DEFERRED" : "DEFERRABLE");
}

static const char *read_action(struct mig__reader *r)
{
	if (mig__read_take(r, "NO ACTION"))
		return NULL;
	if (mig__read_take(r, "CASCADE"))
		return MIG_ACTION_CASCADE;
	if (mig__read_take(r, "RESTRICT"))
		return MIG_ACTION_RESTRICT;
	if (mig__read_take(r, "SET NULL"))
		return MIG_ACTION_SET_NULL;
	mig__read_want(r, "SET DEFAULT");
	return MIG_ACTION_SET_DEFAULT;
}

/* REFERENCES table [(columns)] ... */
static void read_references(struct mig__reader *r, struct mig__read_object *o)
{
	struct mig__read_object *referred, **columns = NULL;
	uint32_t count = 0;

	mig__read_want(r, "REFERENCES");
	referred = r->unread ? NULL : mig__read_table_here(r);
	if (!referred)
		return;
	if (referred != o->parent)
		mig__read_need(r, o, referred, MIG_NEED);
	mig__read_set(r, o, MIG_ATTR_REFERRED,
		      mig__read_qualify(r, referred->schema, referred->name));
	if (mig__read_peek(r, 0)->sort == MIG__READ_SYMBOL && *mig__read_peek(r, 0)->text == '(') {
		/* of its own table, they may come later */
		columns = mig__read_columns(r, referred, &count);
		mig__read_set(r, o, MIG_ATTR_REFERRED_COLUMNS,
			      mig__read_column_list(r, columns, count));
		if (count != o->column_count)
			mig__read_unread(r);
	}
	o->referred = columns;
	if (mig__read_take(r, "MATCH FULL"))
		mig__read_set(r, o, "match", "FULL");
	else
		(void)mig__read_take(r, "MATCH SIMPLE");
	for (;;) {
		if (mig__read_take(r, "ON DELETE"))
			mig__read_set(r, o, MIG_ATTR_ON_DELETE, read_action(r));
		else if (mig__read_take(r, "ON UPDATE"))
			mig__read_set(r, o, MIG_ATTR_ON_UPDATE, read_action(r));
		else
			break;
	}
	/* SET NULL (column) */
	if (mig__read_symbol(r, '('))
		mig__read_unread(r);
}

static void read_check(struct mig__reader *r, struct mig__read_object *o)
{
	size_t from, to;

	if (!mig__read_parentheses(r, &from, &to))
		return;
	o->of.range.from = (uint32_t)from;
	o->of.range.to = (uint32_t)to;
	if (mig__read_take(r, "NO INHERIT"))
		mig__read_set(r, o, "no_inherit", MIG_YES);
}

static void read_nulls(struct mig__reader *r, struct mig__read_object *o)
{
	if (mig__read_take(r, "NULLS NOT DISTINCT"))
		mig__read_set(r, o, "nulls_not_distinct", MIG_YES);
	else
		(void)mig__read_take(r, "NULLS DISTINCT");
}

/* The parts of a key behind its columns. */
static void read_storage(struct mig__reader *r, struct mig__read_object *o)
{
	struct mig__read_object **columns;
	uint32_t count;

	if (mig__read_take(r, "INCLUDE")) {
		columns = mig__read_columns(r, o->parent, &count);
		mig__read_set(r, o, MIG_ATTR_INCLUDE, mig__read_column_list(r, columns, count));
		/* they are part of its name */
		if (!o->name)
			mig__read_unread(r);
		for (uint32_t i = 0; columns && i < count; i++)
			mig__read_need(r, o, columns[i], MIG_NEED);
	}
	if (mig__read_take(r, "WITH"))
		mig__read_options(r, o);
}

static struct mig__read_object *begin(struct mig__reader *r, struct mig__read_object *table,
				      int32_t kind, const char *name)
{
	struct mig__read_object *o = mig__read_new(r, kind, table, "", name);

	o->waits = 1;
	return o;
}

/* Its columns: those in parentheses, or the one that it stands at. */
static void take_columns(struct mig__reader *r, struct mig__read_object *o,
			 struct mig__read_object *column)
{
	if (column) {
		o->of.columns = mig__arena_zalloc(&r->arena, 1, sizeof *o->of.columns);
		if (!o->of.columns) {
			r->rc = mig__pg_nomem(r->conn);
			return;
		}
		o->of.columns[0] = column;
		o->column_count = 1;
	} else {
		o->of.columns = mig__read_columns(r, o->parent, &o->column_count);
	}
	if (!r->unread)
		mig__read_set(r, o, MIG_ATTR_COLUMNS,
			      mig__read_column_list(r, o->of.columns, o->column_count));
}

/* column NULL: of the table. 0: no constraint begins here. */
static int read_one(struct mig__reader *r, struct mig__read_object *table,
		    struct mig__read_object *column, const char *name)
{
	struct mig__read_object *o;

	if (mig__read_take(r, "PRIMARY KEY")) {
		o = begin(r, table, MIG_KIND_PRIMARY_KEY, name);
		take_columns(r, o, column);
		read_storage(r, o);
	} else if (mig__read_take(r, "UNIQUE")) {
		o = begin(r, table, MIG_KIND_UNIQUE, name);
		read_nulls(r, o);
		take_columns(r, o, column);
		read_storage(r, o);
	} else if (mig__read_take(r, "CHECK")) {
		o = begin(r, table, MIG_KIND_CHECK, name);
		read_check(r, o);
	} else if (column ? mig__read_is(r, "REFERENCES") : mig__read_take(r, "FOREIGN KEY")) {
		o = begin(r, table, MIG_KIND_FOREIGN_KEY, name);
		take_columns(r, o, column);
		read_references(r, o);
	} else {
		return 0;
	}
	read_timing(r, o);
	return 1;
}

int mig__read_column_constraint(struct mig__reader *r, struct mig__read_object *column,
				const char *name)
{
	return read_one(r, column->parent, column, name);
}

void mig__read_constraint(struct mig__reader *r, struct mig__read_object *table)
{
	const char *name = mig__read_take(r, "CONSTRAINT") ? mig__read_name(r) : NULL;

	if (!read_one(r, table, NULL, name))
		mig__read_unread(r);
}

/* -- names, and what is looked up */

static const char *addition(struct mig__reader *r, const struct mig__read_object *o)
{
	enum { MOST = 32 };
	const char *names[MOST];

	for (uint32_t i = 0; i < o->column_count; i++)
		names[i] = o->of.columns[i]->name;
	return mig__read_addition(r, names, o->column_count);
}

static void enter_constraint(struct mig__reader *r, struct mig__read_object *o)
{
	struct mig__read_object *table = o->parent;

	for (const struct mig__read_object *c = table->child; c; c = c->next)
		if (c != o && c->kind == o->kind && c->name && !strcmp(c->name, o->name))
			mig__read_unread(r);
	/* those of two tables may have one name */
	if (!mig__read_is_taken(r, &r->constraints, table->schema, o->name))
		mig__read_enter(r, &r->constraints, table->schema, o->name, NULL);
}

static void settle_check(struct mig__reader *r, struct mig__read_object *o)
{
	const struct mig__read_object *table = o->parent;
	struct mig__read_object *column = NULL;
	struct mig__buf text;
	size_t from = o->of.range.from, to = o->of.range.to;
	const char *words;
	int function, known;

	o->of.columns = NULL;
	mig__buf_init(&text, &r->conn->alloc);
	known = mig__read_expression(r, table, from, to, &text, &column, &function);
	words = known ? mig__read_kept(r, &text) : mig__read_as_written(r, from, to);
	if (!known && !o->name)
		mig__read_unread(r); /* its name depends on the columns in it */
	mig__buf_clear(&text);
	mig__buf_addf(&text, known && mig__pg_in_parentheses(words) ? "%s" : "(%s)", words);
	mig__read_set(r, o, MIG_ATTR_EXPRESSION, mig__read_kept(r, &text));
	mig__buf_finish(&text);
	if (!o->name)
		o->name = mig__read_choose_constraint(r, table->schema, table->name,
						      column ? column->name : NULL, "check");
	enter_constraint(r, o);
	mig__read_need(r, o, column, MIG_NEED);
}

static int same_columns(const struct mig__read_object *a, const struct mig__read_object *b)
{
	if (a->column_count != b->column_count)
		return 0;
	for (uint32_t i = 0; i < a->column_count; i++)
		if (a->of.columns[i] != b->of.columns[i])
			return 0;
	return 1;
}

/* The server makes one of two that are the same. */
static int is_repeated(const struct mig__read_object *o)
{
	for (const struct mig__read_object *c = o->parent->child; c; c = c->next)
		if (c != o && (c->kind == MIG_KIND_UNIQUE || c->kind == MIG_KIND_PRIMARY_KEY) &&
		    c->fresh && same_columns(c, o))
			return 1;
	return 0;
}

static void settle_key(struct mig__reader *r, struct mig__read_object *o)
{
	struct mig__read_object *table = o->parent;
	int primary = o->kind == MIG_KIND_PRIMARY_KEY;

	if (is_repeated(o))
		mig__read_unread(r);
	if (!o->name)
		o->name = mig__read_choose_relation(r, table->schema, table->name,
						    primary ? NULL : addition(r, o),
						    primary ? "pkey" : "key", 1);
	mig__read_enter(r, &r->relations, table->schema, o->name, o);
	enter_constraint(r, o);
	mig__read_set(r, o, ".index", mig__read_qualify(r, table->schema, o->name));
	for (uint32_t i = 0; i < o->column_count; i++) {
		if (primary)
			mig__read_not_null(r, o->of.columns[i]);
		mig__read_need(r, o, o->of.columns[i], MIG_NEED);
	}
}

/* The columns in any order. */
static int is_key_of(const struct mig__read_object *key, struct mig__read_object *const *columns,
		     uint32_t count)
{
	int unique = key->kind == MIG_KIND_PRIMARY_KEY || key->kind == MIG_KIND_UNIQUE ||
		     (key->kind == MIG_KIND_INDEX && mig__read_get(key, MIG_ATTR_UNIQUE) &&
		      !mig__read_get(key, MIG_ATTR_WHERE) && key->of.columns);

	if (!unique || key->waits || key->column_count != count)
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t n = 0;

		while (n < count && key->of.columns[n] != columns[i])
			n++;
		if (n == count)
			return 0;
	}
	return 1;
}

static void settle_reference(struct mig__reader *r, struct mig__read_object *o)
{
	struct mig__read_object *table = o->parent;
	struct mig__read_object *referred = o->needs ? o->needs->to : table;
	struct mig__read_object **columns = o->referred;
	int keys = 0;

	if (!columns) {
		struct mig__read_object *key = mig__read_child(referred, MIG_KIND_PRIMARY_KEY, NULL);

		if (!key || key->waits || key->column_count != o->column_count) {
			mig__read_unread(r);
			return;
		}
		columns = key->of.columns;
		mig__read_set(r, o, MIG_ATTR_REFERRED_COLUMNS,
			      mig__read_column_list(r, columns, key->column_count));
	}
	for (struct mig__read_object *c = referred->child; c; c = c->next)
		if (is_key_of(c, columns, o->column_count)) {
			mig__read_need(r, o, c, MIG_NEED);
			keys++;
		}
	if (!keys)
		mig__read_unread(r);
	for (uint32_t i = 0; i < o->column_count; i++) {
		mig__read_need(r, o, o->of.columns[i], MIG_NEED);
		mig__read_need(r, o, columns[i], MIG_NEED);
	}
	if (!o->name)
		o->name = mig__read_choose_constraint(r, table->schema, table->name, addition(r, o),
						      "fkey");
	enter_constraint(r, o);
}

static void settle_kind(struct mig__reader *r, struct mig__read_object *table, int32_t kind,
			void (*settle)(struct mig__reader *, struct mig__read_object *))
{
	for (struct mig__read_object *c = table->child; !r->unread && c; c = c->next)
		if (c->kind == kind && c->waits) {
			settle(r, c);
			c->waits = 0;
			c->fresh = 1;
		}
}

void mig__read_settle(struct mig__reader *r, struct mig__read_object *table)
{
	size_t primary = 0;

	settle_kind(r, table, MIG_KIND_CHECK, settle_check);
	settle_kind(r, table, MIG_KIND_PRIMARY_KEY, settle_key);
	settle_kind(r, table, MIG_KIND_UNIQUE, settle_key);
	settle_kind(r, table, MIG_KIND_FOREIGN_KEY, settle_reference);
	for (struct mig__read_object *c = table->child; c; c = c->next) {
		primary += c->kind == MIG_KIND_PRIMARY_KEY;
		c->fresh = 0;
	}
	if (primary > 1)
		mig__read_unread(r);
}
