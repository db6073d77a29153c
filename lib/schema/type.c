/* type: reads a portable type of a model. Not how a dialect writes it: that is the dialect's
 * native_column(). Blanks and the case of letters do not count: "Numeric (10, 2)" is
 * "numeric(10,2)". Words that other tools use for a type are not types here; they are only known
 * for the suggestion in a message. */
#include "schema/type.h"

#include "base/text.h"

#include <mig/attribute.h>
#include <string.h>

enum { TYPE_SIZE = 64 };

static const struct {
	const char *name;
	int arguments; /* at most */
} types[] = {
	{ MIG_TYPE_SMALLINT, 0 }, { MIG_TYPE_INTEGER, 0 },   { MIG_TYPE_BIGINT, 0 },
	{ MIG_TYPE_BOOLEAN, 0 },  { MIG_TYPE_FLOAT, 0 },     { MIG_TYPE_DOUBLE, 0 },
	{ MIG_TYPE_NUMERIC, 2 },  { MIG_TYPE_TEXT, 0 },      { MIG_TYPE_VARCHAR, 1 },
	{ MIG_TYPE_CHAR, 1 },     { MIG_TYPE_BYTES, 0 },     { MIG_TYPE_DATE, 0 },
	{ MIG_TYPE_TIME, 0 },     { MIG_TYPE_TIMESTAMP, 0 }, { MIG_TYPE_TIMESTAMPTZ, 0 },
	{ MIG_TYPE_INTERVAL, 0 }, { MIG_TYPE_UUID, 0 },      { MIG_TYPE_JSON, 0 },
	{ MIG_TYPE_JSONB, 0 },
};

/* What C, SQL, SQLAlchemy and other engines call them. */
static const struct {
	const char *word, *type;
} synonyms[] = {
	{ "int2", MIG_TYPE_SMALLINT },
	{ "int16", MIG_TYPE_SMALLINT },
	{ "int16_t", MIG_TYPE_SMALLINT },
	{ "short", MIG_TYPE_SMALLINT },
	{ "tinyint", MIG_TYPE_SMALLINT },
	{ "smallserial", MIG_TYPE_SMALLINT },
	{ "int", MIG_TYPE_INTEGER },
	{ "int4", MIG_TYPE_INTEGER },
	{ "int32", MIG_TYPE_INTEGER },
	{ "int32_t", MIG_TYPE_INTEGER },
	{ "mediumint", MIG_TYPE_INTEGER },
	{ "serial", MIG_TYPE_INTEGER },
	{ "int8", MIG_TYPE_BIGINT },
	{ "int64", MIG_TYPE_BIGINT },
	{ "int64_t", MIG_TYPE_BIGINT },
	{ "long", MIG_TYPE_BIGINT },
	{ "biginteger", MIG_TYPE_BIGINT },
	{ "bigserial", MIG_TYPE_BIGINT },
	{ "bool", MIG_TYPE_BOOLEAN },
	{ "real", MIG_TYPE_FLOAT },
	{ "float4", MIG_TYPE_FLOAT },
	{ "single", MIG_TYPE_FLOAT },
	{ "float8", MIG_TYPE_DOUBLE },
	{ "float64", MIG_TYPE_DOUBLE },
	{ "doubleprecision", MIG_TYPE_DOUBLE },
	{ "decimal", MIG_TYPE_NUMERIC },
	{ "dec", MIG_TYPE_NUMERIC },
	{ "number", MIG_TYPE_NUMERIC },
	{ "money", MIG_TYPE_NUMERIC },
	{ "string", MIG_TYPE_TEXT },
	{ "str", MIG_TYPE_TEXT },
	{ "clob", MIG_TYPE_TEXT },
	{ "longtext", MIG_TYPE_TEXT },
	{ "citext", MIG_TYPE_TEXT },
	{ "unicode", MIG_TYPE_TEXT },
	{ "varchar2", MIG_TYPE_VARCHAR },
	{ "nvarchar", MIG_TYPE_VARCHAR },
	{ "charactervarying", MIG_TYPE_VARCHAR },
	{ "character", MIG_TYPE_CHAR },
	{ "nchar", MIG_TYPE_CHAR },
	{ "bpchar", MIG_TYPE_CHAR },
	{ "blob", MIG_TYPE_BYTES },
	{ "bytea", MIG_TYPE_BYTES },
	{ "binary", MIG_TYPE_BYTES },
	{ "varbinary", MIG_TYPE_BYTES },
	{ "largebinary", MIG_TYPE_BYTES },
	{ "datetime", MIG_TYPE_TIMESTAMP },
	{ "timestampwithouttimezone", MIG_TYPE_TIMESTAMP },
	{ "timestampwithtimezone", MIG_TYPE_TIMESTAMPTZ },
	{ "datetimetz", MIG_TYPE_TIMESTAMPTZ },
	{ "guid", MIG_TYPE_UUID },
	{ "uniqueidentifier", MIG_TYPE_UUID },
};

/* "(10,2)" or nothing: the arguments of a type, at most `most` numbers. */
static int arguments_fit(const char *p, int most)
{
	int count = 0;

	if (!*p)
		return 1;
	if (*p != '(')
		return 0;
	do {
		p++;
		if (*p < '1' || *p > '9')
			if (!(count && *p == '0'))
				return 0;
		while (*p >= '0' && *p <= '9')
			p++;
		count++;
	} while (*p == ',');
	return *p == ')' && !p[1] && count <= most;
}

/* In small letters, without blanks and []; what is too long for any type is cut. 1 if [] was there.
 */
static int plain(const char *given, char *text)
{
	size_t n = 0;

	for (; *given; given++)
		if (*given != ' ' && n < TYPE_SIZE - 1)
			text[n++] = *given >= 'A' && *given <= 'Z' ? (char)(*given + 32) : *given;
	text[n] = '\0';
	if (n <= 2 || strcmp(text + n - 2, "[]") != 0)
		return 0;
	text[n - 2] = '\0';
	return 1;
}

static mig_status read_enum(struct mig__arena *arena, const char *name, struct mig__type *out)
{
	size_t size = strlen(name);

	out->is_enum = 1;
	out->array = size > 2 && !strcmp(name + size - 2, "[]");
	out->text = mig__arena_strndup(arena, name, size - (out->array ? 2 : 0));
	return out->text ? MIG_OK : MIG_ENOMEM;
}

mig_status mig__type_read(struct mig__arena *arena, const char *given, struct mig__type *out)
{
	char text[TYPE_SIZE];
	size_t word;

	*out = (struct mig__type){ 0 };
	if (!strncmp(given, "enum ", 5))
		return read_enum(arena, given + 5, out);
	out->array = plain(given, text);
	word = strcspn(text, "(");
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strlen(types[i].name) == word && !strncmp(types[i].name, text, word) &&
		    arguments_fit(text + word, types[i].arguments)) {
			out->text = mig__arena_strdup(arena, text);
			return out->text ? MIG_OK : MIG_ENOMEM;
		}
	return MIG_EINVAL;
}

const char *mig__type_suggest(const char *given)
{
	const char *names[sizeof types / sizeof *types + 1] = { NULL }, *near;
	char text[TYPE_SIZE];

	plain(given, text);
	text[strcspn(text, "(")] = '\0';
	for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
		if (!strcmp(synonyms[i].word, text))
			return synonyms[i].type;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		names[i] = types[i].name;
	near = mig__text_suggest(text, strlen(text), names);
	return near && strcmp(near, text) != 0 ? near : NULL;
}
