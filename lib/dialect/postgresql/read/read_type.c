/* read_type: a column's type, in the words of format_type(). Types of the server and enums of the
 * script; others (domains, extensions' types) are not read. */
#include "base/ascii.h"
#include "dialect/postgresql/read/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What may follow in parentheses. */
enum modifier { NONE, LENGTH, NUMBER, SECONDS };

struct known {
	const char *name;  /* in pg_catalog */
	const char *words; /* %s: the modifier */
	const char *cast;
	enum mig__read_class class;
	enum modifier modifier;
};

#define PLAIN(name, words, class) { name, words, words, MIG__READ_##class, NONE }

/* Names that are looked up; words of the grammar come to the same by keywords. */
static const struct known names[] = {
	PLAIN("int2", "smallint", SMALLINT),
	PLAIN("int4", "integer", INTEGER),
	PLAIN("int8", "bigint", BIGINT),
	PLAIN("float4", "real", REAL),
	PLAIN("float8", "double precision", DOUBLE),
	PLAIN("bool", "boolean", BOOLEAN),
	PLAIN("text", "text", TEXT),
	PLAIN("date", "date", DATE),
	PLAIN("uuid", "uuid", UUID),
	PLAIN("json", "json", JSON),
	PLAIN("jsonb", "jsonb", JSONB),
	PLAIN("bytea", "bytea", NO_CLASS),
	PLAIN("xml", "xml", NO_CLASS),
	PLAIN("inet", "inet", NO_CLASS),
	PLAIN("cidr", "cidr", NO_CLASS),
	PLAIN("macaddr", "macaddr", NO_CLASS),
	PLAIN("money", "money", NO_CLASS),
	PLAIN("point", "point", NO_CLASS),
	PLAIN("tsvector", "tsvector", NO_CLASS),
	PLAIN("tsquery", "tsquery", NO_CLASS),
	PLAIN("int4range", "int4range", NO_CLASS),
	PLAIN("int8range", "int8range", NO_CLASS),
	PLAIN("numrange", "numrange", NO_CLASS),
	PLAIN("tsrange", "tsrange", NO_CLASS),
	PLAIN("tstzrange", "tstzrange", NO_CLASS),
	PLAIN("daterange", "daterange", NO_CLASS),
	{ "varchar", "character varying%s", "character varying", MIG__READ_VARCHAR, LENGTH },
	{ "numeric", "numeric%s", "numeric", MIG__READ_NUMERIC, NUMBER },
	{ "timestamp", "timestamp%s without time zone", "timestamp without time zone",
	  MIG__READ_TIMESTAMP, SECONDS },
	{ "timestamptz", "timestamp%s with time zone", "timestamp with time zone",
	  MIG__READ_TIMESTAMPTZ, SECONDS },
	{ "time", "time%s without time zone", "time without time zone", MIG__READ_NO_CLASS,
	  SECONDS },
	{ "timetz", "time%s with time zone", "time with time zone", MIG__READ_NO_CLASS, SECONDS },
	{ "interval", "interval%s", "interval", MIG__READ_NO_CLASS, NONE },
	{ "varbit", "bit varying%s", "bit varying", MIG__READ_NO_CLASS, LENGTH },
	{ "char", "character%s", "bpchar", MIG__READ_BPCHAR, LENGTH },
	{ "bit", "bit%s", "bit", MIG__READ_NO_CLASS, LENGTH },
};

enum { LOOKED_UP = sizeof names / sizeof *names - 2 }; /* the last ones are words alone */

/* Words of the grammar, the longer ones first. */
static const struct {
	const char *words, *name;
} keywords[] = {
	{ "DOUBLE PRECISION", "float8" },
	{ "CHARACTER VARYING", "varchar" },
	{ "CHAR VARYING", "varchar" },
	{ "BIT VARYING", "varbit" },
	{ "CHARACTER", "char" },
	{ "CHAR", "char" },
	{ "VARCHAR", "varchar" },
	{ "BIT", "bit" },
	{ "INTEGER", "int4" },
	{ "INT", "int4" },
	{ "SMALLINT", "int2" },
	{ "BIGINT", "int8" },
	{ "REAL", "float4" },
	{ "BOOLEAN", "bool" },
	{ "NUMERIC", "numeric" },
	{ "DECIMAL", "numeric" },
	{ "DEC", "numeric" },
	{ "INTERVAL", "interval" },
	{ "TIMESTAMP", "timestamp" },
	{ "TIME", "time" },
	{ "JSON", "json" },
};

static const struct known *find_name(const char *name, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i].name, name))
			return &names[i];
	return NULL;
}

/* -- modifiers */

static long number(struct mig__reader *r, long least, long most)
{
	long value = strtol(mig__read_integer(r), NULL, 10);

	if (value < least || value > most)
		mig__read_unread(r);
	return value;
}

static void read_modifier(struct mig__reader *r, const struct known *known, char out[32])
{
	long a, b = 0;

	out[0] = '\0';
	if (known->modifier != NONE && mig__read_symbol(r, '(')) {
		a = number(r, known->modifier == SECONDS ? 0 : 1,
			   known->modifier == SECONDS  ? 6
			   : known->modifier == NUMBER ? 1000
						       : 10485760);
		if (known->modifier == NUMBER && mig__read_symbol(r, ','))
			b = number(r, 0, a);
		mig__read_want_symbol(r, ')');
		if (known->modifier == NUMBER)
			snprintf(out, 32, "(%ld,%ld)", a, b);
		else
			snprintf(out, 32, "(%ld)", a);
	} else if (known->modifier == LENGTH && strcmp(known->name, "varchar") != 0 &&
		   strcmp(known->name, "varbit") != 0) {
		memcpy(out, "(1)", 4);
	}
}

/* WITH TIME ZONE, which belongs to the type's name. */
static const struct known *with_zone(struct mig__reader *r, const struct known *known)
{
	int zone = mig__read_take(r, "WITH TIME ZONE");

	if (!zone)
		(void)mig__read_take(r, "WITHOUT TIME ZONE");
	else
		known = find_name(!strcmp(known->name, "time") ? "timetz" : "timestamptz", LOOKED_UP);
	return known;
}

/* INTERVAL's fields, and the precision of that. */
static int has_fields(const struct mig__reader *r)
{
	static const char *const fields[] = { "YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND" };
	const struct mig__read_token *t = mig__read_peek(r, 0);

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (mig__read_is(r, fields[i]))
			return 1;
	return t->sort == MIG__READ_SYMBOL && *t->text == '(';
}

/* -- types */

static const struct known *read_keyword(struct mig__reader *r)
{
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
		if (mig__read_take(r, keywords[i].words))
			return find_name(keywords[i].name, sizeof names / sizeof *names);
	return NULL;
}

static void take_known(struct mig__reader *r, const struct known *known, int keyword,
		       struct mig__read_type *out)
{
	char modifier[32];
	struct mig__buf *text;

	read_modifier(r, known, modifier);
	if (keyword && (!strcmp(known->name, "time") || !strcmp(known->name, "timestamp")))
		known = with_zone(r, known);
	if (!strcmp(known->name, "interval") && has_fields(r))
		mig__read_unread(r);
	text = mig__read_text(r);
	if (known->modifier == NONE && strcmp(known->name, "interval") != 0)
		mig__buf_adds(text, known->words);
	else
		mig__buf_addf(text, "%.*s%s%s", (int)strcspn(known->words, "%"), known->words,
			      modifier, strchr(known->words, '%') + 2);
	*out = (struct mig__read_type){ .words = mig__read_kept(r, text),
					.cast = known->cast,
					.class = (uint8_t)known->class,
					.modified = modifier[0] != '\0' };
}

/* A name, maybe with a schema. */
static void take_named(struct mig__reader *r, struct mig__read_type *out)
{
	const char *schema = NULL, *name = mig__read_name(r);
	const struct known *known;
	struct mig__read_object *own;

	if (mig__read_symbol(r, '.')) {
		schema = name;
		name = mig__read_name(r);
	}
	known = !schema || !strcmp(schema, "pg_catalog") ? find_name(name, LOOKED_UP) : NULL;
	if (known) {
		take_known(r, known, 0, out);
		return;
	}
	if (!schema)
		schema = r->schema;
	own = schema ? mig__read_find(r, &r->types, schema, name) : NULL;
	if (!own) {
		mig__read_unread(r);
		return;
	}
	*out = (struct mig__read_type){ .words = mig__read_qualify(r, schema, name),
					.class = MIG__READ_ENUM,
					.own = own };
	out->cast = out->words;
}

/* [] and [3], as often as one likes: the server does not keep how often. */
static void read_array(struct mig__reader *r, struct mig__read_type *type)
{
	int array = 0, word = mig__read_take(r, "ARRAY");
	struct mig__buf *text;

	while (mig__read_symbol(r, '[')) {
		array = 1;
		if (!mig__read_symbol(r, ']')) {
			(void)mig__read_integer(r);
			mig__read_want_symbol(r, ']');
		}
	}
	if ((!array && !word) || r->unread)
		return;
	type->array = 1;
	text = mig__read_text(r);
	mig__buf_addf(text, "%s[]", type->words);
	type->words = mig__read_kept(r, text);
	text = mig__read_text(r);
	mig__buf_addf(text, "%s[]", type->cast);
	type->cast = mig__read_kept(r, text);
}

int mig__read_type(struct mig__reader *r, struct mig__read_type *out)
{
	const struct known *known = read_keyword(r);

	*out = (struct mig__read_type){ .words = "", .cast = "" };
	if (known)
		take_known(r, known, 1, out);
	else
		take_named(r, out);
	if (!r->unread)
		read_array(r, out);
	return !r->unread;
}

int mig__read_serial(struct mig__reader *r, struct mig__read_type *out, const char **serial)
{
	static const struct {
		const char *word, *of, *sequence;
		enum mig__read_class class;
	} serials[] = {
		{ "SERIAL", "integer", "integer", MIG__READ_INTEGER },
		{ "SERIAL4", "integer", "integer", MIG__READ_INTEGER },
		{ "BIGSERIAL", "bigint", "", MIG__READ_BIGINT },
		{ "SERIAL8", "bigint", "", MIG__READ_BIGINT },
		{ "SMALLSERIAL", "smallint", "smallint", MIG__READ_SMALLINT },
		{ "SERIAL2", "smallint", "smallint", MIG__READ_SMALLINT },
	};

	*serial = NULL;
	for (size_t i = 0; i < sizeof serials / sizeof *serials; i++)
		if (mig__read_take(r, serials[i].word)) {
			*serial = serials[i].sequence;
			*out = (struct mig__read_type){ .words = serials[i].of,
							.cast = serials[i].of,
							.class = (uint8_t)serials[i].class };
		}
	return *serial != NULL;
}
