/* same: the query that finds the rows of a table that are not the same in its rebuilt copy, before
 * the table goes. Rows are found in the copy by their number, or by its primary key.
 *
 * A value is the same if the old column would make the old value of the new one: E.g. of 5, which
 * is 5.0 in a REAL column, an INTEGER column makes 5 again; of 1067, which '01067' is in an INTEGER
 * column, TEXT makes '1067'. SQLite converts so by itself when a column is compared with an
 * expression that has no affinity (a column after a plus sign): the expression's value gets the
 * column's affinity. Bytes are compared with what is not bytes by the cast that the way back is, if
 * the old table is STRICT. (Among numbers a cast would not do: it makes the largest integer of any
 * number beyond it.) */
#include "dialect/sqlite/schema/objects.h"
#include "dialect/sqlite/sql/quote.h"

#include <string.h>

enum { SHOWN = 2 }; /* columns whose values stand next to the key */

struct comparing {
	struct mig__buf *buf;
	const struct mig__sqlite_table *old, *new;
	const char *name; /* of the copy */
};

static int has_value(const struct mig__sqlite_part *p)
{
	return p->object->kind == MIG_KIND_COLUMN && p->old;
}

static int converts(const struct comparing *c, const struct mig__sqlite_part *p)
{
	return mig__sqlite_affinity(p->old, c->old->object) !=
	       mig__sqlite_affinity(p->object, c->new->object);
}

/* Whether the way back is a cast that has to be compared with. */
static int casts_back(const struct comparing *c, const struct mig__sqlite_part *p)
{
	return mig__sqlite_casts(p->object, c->new->object, p->old, c->old->object) &&
	       (mig__sqlite_affinity(p->old, c->old->object) == MIG__AFFINITY_NONE ||
		mig__sqlite_affinity(p->object, c->new->object) == MIG__AFFINITY_NONE);
}

/* o.name, n.name */
static void add_of(const struct comparing *c, const char *table, const char *name)
{
	mig__buf_adds(c->buf, table);
	mig__sqlite_add_word(c->buf, name);
}

/* -- where a row is in the copy */

/* The part of the new table that a key's column stands for. */
static const struct mig__sqlite_part *part_named(const struct comparing *c,
						 struct mig__sqlite_token name)
{
	for (size_t i = 0; i < c->new->count; i++)
		if (c->new->at[i].object->kind == MIG_KIND_COLUMN &&
		    mig__sqlite_stands_for(name, c->new->at[i].object->name))
			return has_value(&c->new->at[i]) ? &c->new->at[i] : NULL;
	return NULL;
}

/* Calls add() with each column of the copy's primary key; 0 if it has none, or a column of it has no
 * values from the old table. */
static int walk_key(const struct comparing *c,
		    void (*add)(const struct comparing *c, const struct mig__sqlite_part *p,
				int first))
{
	const char *columns = NULL;
	struct mig__sqlite_token t;
	int first = 1, begins = 1;

	for (size_t i = 0; i < c->new->count; i++)
		if (c->new->at[i].object->kind == MIG_KIND_PRIMARY_KEY)
			columns = mig__attribute(c->new->at[i].object, "columns");
	if (!columns)
		return 0;
	for (t = mig__sqlite_token(columns); t.kind;
	     t = mig__sqlite_token(mig__sqlite_behind(t))) {
		const struct mig__sqlite_part *p = begins ? part_named(c, t) : NULL;

		if (begins && !p)
			return 0;
		if (begins && add)
			add(c, p, first);
		first = begins ? 0 : first;
		begins = mig__sqlite_is_sign(t, ',');
	}
	return 1;
}

static void add_key_column(const struct comparing *c, const struct mig__sqlite_part *p, int first)
{
	mig__buf_adds(c->buf, first ? "" : ", ");
	add_of(c, "o.", p->old->name);
}

/* As the value was converted on its way into the copy, whose index then finds it. */
static void add_key_equal(const struct comparing *c, const struct mig__sqlite_part *p, int first)
{
	int cast = mig__sqlite_casts(p->old, c->old->object, p->object, c->new->object);

	mig__buf_adds(c->buf, first ? "" : " AND ");
	add_of(c, "n.", p->object->name);
	mig__buf_adds(c->buf, cast ? " = CAST(" : " = ");
	add_of(c, cast ? "o." : "+o.", p->old->name);
	if (cast)
		mig__buf_addf(c->buf, " AS %s)", mig__attribute(p->object, "type"));
}

static void add_key_missing(const struct comparing *c, const struct mig__sqlite_part *p, int first)
{
	if (!first)
		return;
	add_of(c, "n.", p->object->name);
	mig__buf_adds(c->buf, " IS NULL");
}

/* -- values */

/* The new value as it would come back into the old column. */
static void add_back(const struct comparing *c, const struct mig__sqlite_part *p)
{
	int filled = mig__sqlite_is_filled(p);
	int cast = casts_back(c, p);

	if (filled) {
		mig__buf_adds(c->buf, "CASE WHEN ");
		add_of(c, "o.", p->old->name);
		mig__buf_adds(c->buf, " IS NOT NULL THEN ");
	}
	mig__buf_adds(c->buf, cast ? "CAST(" : "");
	add_of(c, cast ? "n." : "+n.", p->object->name);
	if (cast)
		mig__buf_addf(c->buf, " AS %s)", mig__attribute(p->old, "type"));
	mig__buf_adds(c->buf, filled ? " END" : "");
}

/* Where the old column converts nothing, 1 and 1.0 are equal and not the same. */
static int has_kinds(const struct comparing *c, const struct mig__sqlite_part *p)
{
	return converts(c, p) &&
	       mig__sqlite_affinity(p->old, c->old->object) == MIG__AFFINITY_NONE &&
	       !casts_back(c, p);
}

static void add_old_values(const struct comparing *c)
{
	const char *comma = "";

	for (size_t i = 0; i < c->new->count; i++) {
		const struct mig__sqlite_part *p = &c->new->at[i];

		if (!has_value(p))
			continue;
		mig__buf_adds(c->buf, comma);
		if (has_kinds(c, p)) {
			add_of(c, "typeof(o.", p->old->name);
			mig__buf_adds(c->buf, "), ");
		}
		add_of(c, "o.", p->old->name);
		if (mig__attribute(p->old, "collation"))
			mig__buf_adds(c->buf, " COLLATE BINARY");
		comma = ", ";
	}
}

static void add_new_values(const struct comparing *c)
{
	const char *comma = "";

	for (size_t i = 0; i < c->new->count; i++) {
		const struct mig__sqlite_part *p = &c->new->at[i];

		if (!has_value(p))
			continue;
		mig__buf_adds(c->buf, comma);
		if (has_kinds(c, p)) {
			mig__buf_adds(c->buf, "typeof(");
			add_back(c, p);
			mig__buf_adds(c->buf, "), ");
		}
		add_back(c, p);
		comma = ", ";
	}
}

/* Beside the key: what was, and what became of it. */
static void add_shown(const struct comparing *c)
{
	int shown = 0;

	for (size_t i = 0; i < c->new->count && shown < SHOWN; i++) {
		const struct mig__sqlite_part *p = &c->new->at[i];

		if (!has_value(p) || !converts(c, p))
			continue;
		add_of(c, ", o.", p->old->name);
		add_of(c, ", n.", p->object->name);
		shown++;
	}
}

/* -- the query */

static void add_from(const struct comparing *c)
{
	mig__buf_adds(c->buf, "\nFROM ");
	mig__sqlite_add_word(c->buf, c->old->object->name);
	mig__buf_adds(c->buf, " AS o LEFT JOIN ");
	mig__sqlite_add_word(c->buf, c->name);
	mig__buf_adds(c->buf, " AS n ON ");
}

static void add_difference(const struct comparing *c)
{
	mig__buf_adds(c->buf, " OR (");
	add_old_values(c);
	mig__buf_adds(c->buf, ") IS NOT (");
	add_new_values(c);
	mig__buf_adds(c->buf, ")");
}

static void by_number(const struct comparing *c, const char *from, const char *to)
{
	mig__buf_adds(c->buf, "SELECT ");
	add_of(c, "o.", from);
	add_shown(c);
	add_from(c);
	add_of(c, "n.", to);
	add_of(c, " = +o.", from);
	mig__buf_adds(c->buf, "\nWHERE ");
	add_of(c, "n.", to);
	mig__buf_adds(c->buf, " IS NULL");
	add_difference(c);
}

static void by_key(const struct comparing *c)
{
	mig__buf_adds(c->buf, "SELECT ");
	walk_key(c, add_key_column);
	add_shown(c);
	add_from(c);
	walk_key(c, add_key_equal);
	mig__buf_adds(c->buf, "\nWHERE ");
	walk_key(c, add_key_missing);
	add_difference(c);
}

/* quote(value), or quote(CAST(value AS type of the column)); a column without a type casts nothing. */
static void add_quoted(const struct comparing *c, const char *comma, const char *value,
		       const char *fallback, const mig_object *cast)
{
	const char *type = cast ? mig__attribute(cast, "type") : NULL;

	mig__buf_addf(c->buf, "%squote(%s%s", comma, type ? "CAST(" : "",
		      fallback ? "coalesce(" : "");
	mig__sqlite_add_word(c->buf, value);
	if (fallback)
		mig__buf_addf(c->buf, ", %s)", fallback);
	if (type)
		mig__buf_addf(c->buf, " AS %s)", type);
	mig__buf_adds(c->buf, ")");
}

/* Of a column that converts both the value and what the other type makes of it. */
static void add_quoted_values(const struct comparing *c, int new)
{
	const char *comma = "";

	for (size_t i = 0; i < c->new->count; i++) {
		const struct mig__sqlite_part *p = &c->new->at[i];
		const char *fallback;

		if (!has_value(p))
			continue;
		fallback = !new && mig__sqlite_is_filled(p)
				   ? mig__attribute(p->fallback, "expression")
				   : NULL;
		if (converts(c, p)) {
			add_quoted(c, comma, new ? p->object->name : p->old->name, fallback,
				   new ? p->old : NULL);
			comma = ", ";
		}
		add_quoted(c, comma, new ? p->object->name : p->old->name, fallback,
			   !new && converts(c, p) ? p->object : NULL);
		comma = ", ";
	}
}

/* Rows that nothing distinguishes: each must be in the copy, with its values as they are. Text that
 * is not a number and becomes one by a cast alone counts as lost, though a column would keep it. */
static void by_all(const struct comparing *c)
{
	mig__buf_adds(c->buf, "SELECT ");
	add_quoted_values(c, 0);
	mig__buf_adds(c->buf, " FROM ");
	mig__sqlite_add_word(c->buf, c->old->object->name);
	mig__buf_adds(c->buf, "\nEXCEPT SELECT ");
	add_quoted_values(c, 1);
	mig__buf_adds(c->buf, " FROM ");
	mig__sqlite_add_word(c->buf, c->name);
}

void mig__sqlite_add_comparison(struct mig__buf *buf, const struct mig__sqlite_table *old,
				const struct mig__sqlite_table *new, const char *name,
				const char *from, const char *to)
{
	const struct comparing c = { buf, old, new, name };

	if (from && to)
		by_number(&c, from, to);
	else if (walk_key(&c, NULL))
		by_key(&c);
	else
		by_all(&c);
}
