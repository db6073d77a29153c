/* read_index: CREATE INDEX. What stands in the parentheses is as pg_get_indexdef() has it, where all of
 * it is known. */
#include "base/ascii.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/read/expression.h"
#include "dialect/postgresql/schema/ddl.h"

#include <string.h>

enum { KEYS_MOST = 32 };

/* An index that is being read. */
struct index {
	struct mig__reader *r;
	struct mig__read_object *o;
	struct mig__read_object *columns[KEYS_MOST]; /* NULL: an expression */
	const char *names[KEYS_MOST];                /* that it is called by; NULL: not known */
	uint32_t count;
	int plain, known; /* columns alone; all texts are the server's */
	struct mig__buf list;
};

/* -- keys */

/* Classes that are nobody's usual one, and those that are only for one type. */
static int read_class(struct index *x, const struct mig__read_token *t)
{
	static const char *const unusual[] = { "text_pattern_ops", "varchar_pattern_ops",
					       "bpchar_pattern_ops", "jsonb_path_ops" };
	const char *name = mig__read_name_of(x->r, t);

	for (size_t i = 0; name && i < sizeof unusual / sizeof *unusual; i++)
		if (!strcmp(name, unusual[i])) {
			mig__buf_addf(&x->list, " %s", name);
			return 1;
		}
	return 0;
}

static int is_order(const struct mig__reader *r)
{
	return mig__read_is(r, "ASC") || mig__read_is(r, "DESC") || mig__read_is(r, "NULLS");
}

static void read_order(struct index *x)
{
	struct mig__reader *r = x->r;
	int down = mig__read_take(r, "DESC"), first = down;

	if (!down)
		(void)mig__read_take(r, "ASC");
	if (mig__read_take(r, "NULLS FIRST"))
		first = 1;
	else if (mig__read_take(r, "NULLS LAST"))
		first = 0;
	if (down)
		mig__buf_adds(&x->list, first ? " DESC" : " DESC NULLS LAST");
	else if (first)
		mig__buf_adds(&x->list, " NULLS FIRST");
}

/* A function, or something in parentheses. */
static void read_key_expression(struct index *x)
{
	struct mig__reader *r = x->r;
	struct mig__read_object *column;
	size_t from = r->place, to, a, b;
	const char *name = NULL;
	struct mig__buf text;
	int function, bare = mig__read_peek(r, 0)->sort == MIG__READ_WORD;

	/* words of the grammar (coalesce) are no names, and functions all the same */
	if (bare) {
		name = mig__read_name_of(r, mig__read_peek(r, 0));
		r->place++;
	}
	if (!mig__read_parentheses(r, &a, &b))
		return;
	to = r->place;
	mig__buf_init(&text, &r->conn->alloc);
	x->plain = 0;
	if (mig__read_expression(r, x->o->parent, bare ? from : a, bare ? to : b, &text, &column,
				 &function) &&
	    function == bare) {
		mig__buf_addf(&x->list, bare ? "%s" : "(%s)", mig__buf_text(&text));
	} else {
		mig__buf_adds(&x->list, mig__read_as_written(r, from, to));
		x->known = 0;
	}
	x->columns[x->count] = NULL;
	x->names[x->count] = x->known ? name : NULL;
	mig__buf_finish(&text);
}

static void read_key(struct index *x)
{
	struct mig__reader *r = x->r;
	const struct mig__read_token *after = mig__read_peek(r, 1);
	const char *name = mig__read_name_of(r, mig__read_peek(r, 0));
	struct mig__read_object *column =
		name ? mig__read_child(x->o->parent, MIG_KIND_COLUMN, name) : NULL;

	mig__buf_adds(&x->list, x->count ? ", " : "");
	if (column && !(after->sort == MIG__READ_SYMBOL && strchr("(.", *after->text))) {
		r->place++;
		mig__ddl_name(&x->list, name);
		/* a collation of its own, and what the server says of it then */
		if (mig__read_get(column, MIG_ATTR_COLLATION))
			x->known = 0;
		x->columns[x->count] = column;
		x->names[x->count] = name;
	} else {
		read_key_expression(x);
	}
	if (!is_order(r) && mig__read_peek(r, 0)->sort == MIG__READ_WORD) {
		if (read_class(x, mig__read_peek(r, 0)))
			r->place++;
		else
			mig__read_unread(r);
	}
	if (is_order(r) && mig__read_get(x->o, MIG_ATTR_METHOD))
		mig__read_unread(r);
	read_order(x);
	x->count++;
}

static void read_keys(struct index *x)
{
	struct mig__reader *r = x->r;

	mig__read_want_symbol(r, '(');
	do {
		if (x->count == KEYS_MOST)
			mig__read_unread(r);
		if (!r->unread)
			read_key(x);
	} while (!r->unread && mig__read_symbol(r, ','));
	mig__read_want_symbol(r, ')');
	if (x->plain && !r->unread) {
		x->o->of.columns = mig__arena_zalloc(&r->arena, x->count, sizeof *x->columns);
		if (!x->o->of.columns) {
			r->rc = mig__pg_nomem(r->conn);
			return;
		}
		memcpy(x->o->of.columns, x->columns, x->count * sizeof *x->columns);
		x->o->column_count = x->count;
	}
	for (uint32_t i = 0; i < x->count; i++)
		mig__read_need(r, x->o, x->columns[i], MIG_NEED);
}

/* -- the rest */

static void read_where(struct index *x)
{
	struct mig__reader *r = x->r;
	size_t from = r->place, to = r->token_count - 1;
	struct mig__read_object *column;
	struct mig__buf text;
	int function;

	mig__buf_init(&text, &r->conn->alloc);
	if (mig__read_expression(r, x->o->parent, from, to, &text, &column, &function))
		mig__read_set(r, x->o, MIG_ATTR_WHERE, mig__read_kept(r, &text));
	else
		mig__read_set(r, x->o, MIG_ATTR_WHERE, mig__read_as_written(r, from, to));
	r->place = to;
	mig__buf_finish(&text);
}

static void read_include(struct index *x, int named)
{
	struct mig__reader *r = x->r;
	struct mig__read_object **columns;
	uint32_t count;

	columns = mig__read_columns(r, x->o->parent, &count);
	mig__read_set(r, x->o, MIG_ATTR_INCLUDE, mig__read_column_list(r, columns, count));
	for (uint32_t i = 0; columns && i < count; i++) {
		mig__read_need(r, x->o, columns[i], MIG_NEED);
		if (!named && x->count < KEYS_MOST)
			x->names[x->count++] = columns[i]->name;
	}
}

/* Two of one name get numbers, which is not read. */
static const char *choose_name(struct index *x)
{
	for (uint32_t i = 0; i < x->count; i++) {
		if (!x->names[i])
			mig__read_unread(x->r);
		for (uint32_t n = 0; !x->r->unread && n < i; n++)
			if (!strcmp(x->names[i], x->names[n]))
				mig__read_unread(x->r);
	}
	return x->r->unread ? ""
			    : mig__read_choose_relation(x->r, x->o->parent->schema, x->o->parent->name,
							mig__read_addition(x->r, x->names, x->count),
							"idx", 0);
}

static void read_method(struct mig__reader *r, struct mig__read_object *o)
{
	static const char *const methods[] = { "hash", "gin", "gist", "brin" };
	const char *name = mig__read_name(r);

	if (!strcmp(name, "btree"))
		return;
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (!strcmp(name, methods[i])) {
			mig__read_set(r, o, MIG_ATTR_METHOD, name);
			return;
		}
	mig__read_unread(r);
}

static void read_body(struct index *x, const char *name)
{
	struct mig__reader *r = x->r;

	if (mig__read_take(r, "USING"))
		read_method(r, x->o);
	read_keys(x);
	if (!r->unread && mig__read_take(r, "INCLUDE"))
		read_include(x, name != NULL);
	if (mig__read_take(r, "NULLS NOT DISTINCT"))
		mig__read_set(r, x->o, "nulls_not_distinct", MIG_YES);
	if (!r->unread && mig__read_take(r, "WITH"))
		mig__read_options(r, x->o);
	if (!r->unread && mig__read_take(r, "WHERE"))
		read_where(x);
	if (r->unread)
		return;
	mig__read_set(r, x->o, MIG_ATTR_COLUMNS,
		      x->known ? mig__read_kept(r, &x->list)
			       : mig__read_made(r, " %s", mig__buf_text(&x->list)));
	x->o->name = name ? name : choose_name(x);
	mig__read_enter(r, &r->relations, x->o->parent->schema, x->o->name, x->o);
}

void mig__read_create_index(struct mig__reader *r, int unique)
{
	struct index x = { .r = r, .plain = 1, .known = 1 };
	const char *name = NULL;
	struct mig__read_object *table;
	int if_new;

	(void)mig__read_take(r, "CONCURRENTLY");
	if_new = mig__read_take(r, "IF NOT EXISTS");
	if (!mig__read_is(r, "ON"))
		name = mig__read_name(r);
	mig__read_want(r, "ON");
	table = r->unread ? NULL : mig__read_table_here(r);
	if (!table)
		return;
	if (if_new && name && mig__read_is_taken(r, &r->relations, table->schema, name)) {
		r->place = r->token_count - 1;
		return;
	}
	mig__buf_init(&x.list, &r->conn->alloc);
	x.o = mig__read_new(r, MIG_KIND_INDEX, table, "", name);
	mig__read_set(r, x.o, MIG_ATTR_UNIQUE, unique ? MIG_YES : NULL);
	read_body(&x, name);
	mig__buf_finish(&x.list);
}
