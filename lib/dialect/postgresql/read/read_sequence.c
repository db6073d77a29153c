/* read_sequence: CREATE and ALTER SEQUENCE, and the options of identity columns. Values that the server
 * would have anyway are not said. */
#include "base/ascii.h"
#include "dialect/postgresql/read/expression.h"
#include "dialect/postgresql/schema/ddl.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { START, INCREMENT, MIN, MAX, CACHE, OPTIONS };

static const struct {
	const char *key, *words, *other;
} options[OPTIONS] = {
	[START] = { "start", "START", "WITH" },    [INCREMENT] = { "increment", "INCREMENT", "BY" },
	[MIN] = { "min", "MINVALUE", NULL },       [MAX] = { "max", "MAXVALUE", NULL },
	[CACHE] = { "cache", "CACHE", NULL },
};

/* In the order in which an identity's are written. */
static const char *const identity_words[OPTIONS] = {
	[START] = "START WITH", [INCREMENT] = "INCREMENT BY", [MIN] = "MINVALUE",
	[MAX] = "MAXVALUE",     [CACHE] = "CACHE",
};

struct sequence {
	const char *type; /* smallint, integer, bigint */
	const char *name;
	long long values[OPTIONS];
	int given[OPTIONS], cycle;
	struct mig__read_object *owner;
};

static void read_type(struct mig__reader *r, struct sequence *s)
{
	struct mig__read_type type;

	if (!mig__read_type(r, &type))
		return;
	s->type = type.words;
	if (type.class != MIG__READ_SMALLINT && type.class != MIG__READ_INTEGER &&
	    type.class != MIG__READ_BIGINT)
		mig__read_unread(r);
}

static struct mig__read_object *read_owner(struct mig__reader *r)
{
	const char *first = mig__read_name(r), *second, *third = NULL, *schema = r->schema;
	struct mig__read_object *table, *column;

	if (!strcmp(first, "none") || !mig__read_symbol(r, '.')) {
		mig__read_unread(r);
		return NULL;
	}
	second = mig__read_name(r);
	if (mig__read_symbol(r, '.')) {
		schema = first;
		first = second;
		second = third = mig__read_name(r);
	}
	table = schema ? mig__read_find(r, &r->relations, schema, first) : NULL;
	column = table && table->kind == MIG_KIND_TABLE
			 ? mig__read_child(table, MIG_KIND_COLUMN, third ? third : second)
			 : NULL;
	if (!column)
		mig__read_unread(r);
	return column;
}

static int read_option(struct mig__reader *r, struct sequence *s, int identity)
{
	for (int i = 0; i < OPTIONS; i++) {
		if (!mig__read_take(r, options[i].words))
			continue;
		if (options[i].other)
			(void)mig__read_take(r, options[i].other);
		s->values[i] = strtoll(mig__read_integer(r), NULL, 10);
		s->given[i] = 1;
		return 1;
	}
	if (mig__read_take(r, "NO MINVALUE") || mig__read_take(r, "NO MAXVALUE") ||
	    mig__read_take(r, "NO CYCLE"))
		return 1;
	if (mig__read_take(r, "CYCLE"))
		s->cycle = 1;
	else if (!identity && mig__read_take(r, "AS"))
		read_type(r, s);
	else if (!identity && mig__read_take(r, "OWNED BY"))
		s->owner = read_owner(r);
	else if (identity && mig__read_take(r, "SEQUENCE NAME")) {
		const char *schema;

		mig__read_qualified(r, &schema, &s->name);
	} else
		return 0;
	return 1;
}

/* What the server takes where nothing is said. */
static void usual(const struct sequence *s, long long out[OPTIONS])
{
	int down = s->given[INCREMENT] && s->values[INCREMENT] < 0;
	long long max = INT64_MAX, min = INT64_MIN;

	if (!strcmp(s->type, "integer")) {
		max = INT32_MAX;
		min = INT32_MIN;
	} else if (!strcmp(s->type, "smallint")) {
		max = INT16_MAX;
		min = INT16_MIN;
	}
	out[INCREMENT] = out[CACHE] = 1;
	out[MIN] = down ? min : 1;
	out[MAX] = down ? -1 : max;
	out[START] = down ? (s->given[MAX] ? s->values[MAX] : out[MAX])
			  : (s->given[MIN] ? s->values[MIN] : out[MIN]);
}

static const char *value_of(struct mig__reader *r, const struct sequence *s, int option)
{
	long long values[OPTIONS];

	usual(s, values);
	if (!s->given[option] || s->values[option] == values[option])
		return NULL;
	return mig__read_made(r, "%lld", s->values[option]);
}

const char *mig__read_identity_options(struct mig__reader *r, const struct mig__read_object *column,
				       struct mig__buf *out)
{
	struct sequence s = { .type = column->of.type->words };

	while (!r->unread && read_option(r, &s, 1))
		;
	for (int i = 0; !r->unread && i < OPTIONS; i++) {
		const char *value = value_of(r, &s, i);

		if (value)
			mig__buf_addf(out, "%s%s %s", out->len ? " " : "", identity_words[i], value);
	}
	if (s.cycle)
		mig__buf_adds(out, out->len ? " CYCLE" : "CYCLE");
	return s.name;
}

/* -- statements */

void mig__read_own(struct mig__reader *r, struct mig__read_object *sequence,
		   struct mig__read_object *column)
{
	const struct mig__read_object *table = column->parent;
	struct mig__read_object *o = mig__read_child(sequence, MIG_KIND_OWNERSHIP, NULL);
	struct mig__buf *text;
	const char *name = mig__read_qualify(r, table->schema, table->name);

	if (o)
		mig__read_unread(r);
	o = mig__read_new(r, MIG_KIND_OWNERSHIP, sequence, "", "");
	text = mig__read_text(r);
	mig__buf_addf(text, "%s.", name);
	mig__ddl_name(text, column->name);
	mig__read_set(r, o, "column", mig__read_kept(r, text));
	mig__read_set(r, o, ".table_schema", table->schema);
	mig__read_set(r, o, ".table", table->name);
	mig__read_set(r, o, ".column", column->name);
	mig__read_need(r, o, column, MIG_NEED);
	mig__read_need(r, sequence, column, MIG_NEED_OWNER);
}

void mig__read_create_sequence(struct mig__reader *r)
{
	struct sequence s = { .type = "bigint" };
	struct mig__read_object *o = mig__read_relation(r, MIG_KIND_SEQUENCE);

	if (!o)
		return;
	while (!r->unread && read_option(r, &s, 0))
		;
	if (r->unread)
		return;
	mig__read_set(r, o, "type", strcmp(s.type, "bigint") != 0 ? s.type : NULL);
	for (int i = 0; i < OPTIONS; i++)
		mig__read_set(r, o, options[i].key, value_of(r, &s, i));
	mig__read_set(r, o, "cycle", s.cycle ? MIG_YES : NULL);
	if (s.owner)
		mig__read_own(r, o, s.owner);
}

void mig__read_alter_sequence(struct mig__reader *r)
{
	struct mig__read_object *o, *column;
	const char *schema, *name;

	if (!mig__read_qualified(r, &schema, &name))
		return;
	o = mig__read_find(r, &r->relations, schema, name);
	if (!o || o->kind != MIG_KIND_SEQUENCE) {
		mig__read_unread(r);
		return;
	}
	if (mig__read_is(r, "OWNER")) {
		mig__read_owner(r);
		return;
	}
	mig__read_want(r, "OWNED BY");
	column = r->unread ? NULL : read_owner(r);
	if (column)
		mig__read_own(r, o, column);
}
