/* inspect_body: the body of a function that is kept as statements (BEGIN ATOMIC), as it is compared. The
 * server prints what it has parsed, and what it prints it parses as something else: SELECT 'x' becomes
 * SELECT 'x'::text, a column called ?column?, and that becomes SELECT 'x'::text AS text. Where columns have
 * names that matter, the server prints each of them; so a name that is the one of the type in front of
 * it says nothing, and is left out here. Not what is run: that is the text as it is printed. */
#include "base/ascii.h"
#include "dialect/postgresql/schema/inspect.h"

#include <string.h>

/* Types whose column is called otherwise than they are printed. */
static const char *const names[][2] = {
	{ "bigint", "int8" },
	{ "bit varying", "varbit" },
	{ "boolean", "bool" },
	{ "character", "bpchar" },
	{ "character varying", "varchar" },
	{ "double precision", "float8" },
	{ "integer", "int4" },
	{ "real", "float4" },
	{ "smallint", "int2" },
	{ "time with time zone", "timetz" },
	{ "time without time zone", "time" },
	{ "timestamp with time zone", "timestamptz" },
	{ "timestamp without time zone", "timestamp" },
};

static int is_word(char c)
{
	char small = mig__ascii_lower(c);

	return (small >= 'a' && small <= 'z') || mig__ascii_is_digit(c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Past a string or a quoted name that begins at p. */
static const char *past_quoted(const char *start, const char *p)
{
	int escapes = *p == '\'' && p > start && p[-1] == 'E' && (p - 1 == start || !is_word(p[-2]));
	char quote = *p++;

	for (; *p; p++)
		if (escapes && *p == '\\' && p[1])
			p++;
		else if (*p == quote && p[1] == quote)
			p++;
		else if (*p == quote)
			return p + 1;
	return p;
}

/* Past a type as it is printed: words, parentheses, brackets; base is its name alone, without a schema. */
static const char *past_type(const char *p, struct mig__buf *base)
{
	const char *start = p;

	mig__buf_clear(base);
	while (*p && strncmp(p, " AS ", 4) != 0) {
		const char *from = p;

		if (*p == '"') {
			p = past_quoted(start, p);
			mig__buf_add(base, from, (size_t)(p - from));
		} else if (*p == '(' || *p == '[') {
			p += strcspn(p, ")]");
			p += *p != '\0';
		} else if (*p == '.') {
			mig__buf_clear(base);
			p++;
		} else if (is_word(*p) || (*p == ' ' && is_word(p[1]))) {
			mig__buf_add(base, p++, 1);
		} else {
			break;
		}
	}
	return p;
}

/* How much the name (after AS, maybe in quotes) takes; 0: it is not the type's. */
static size_t names_type(const char *name, const char *type)
{
	const char *bare = type;
	size_t size, quoted;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(type, names[i][0]))
			bare = names[i][1];
	size = strlen(bare);
	quoted = *name == '"' && *bare != '"';
	if (!size || strncmp(name + quoted, bare, size) != 0)
		return 0;
	size += quoted;
	if (quoted && name[size++] != '"')
		return 0;
	return is_word(name[size]) ? 0 : size;
}

void mig__catalog_body(const char *text, struct mig__buf *base, struct mig__buf *out)
{
	const char *p = text;

	while (*p) {
		const char *from = p;

		if (*p == '\'' || *p == '"') {
			p = past_quoted(text, p);
		} else if (!strncmp(p, "::", 2)) {
			p = past_type(p + 2, base);
			mig__buf_add(out, from, (size_t)(p - from));
			from = p;
			if (!strncmp(p, " AS ", 4)) {
				size_t size = names_type(p + 4, mig__buf_text(base));

				p += size ? 4 + size : 0;
				from = size ? p : from;
			}
		} else {
			p++;
		}
		mig__buf_add(out, from, (size_t)(p - from));
	}
}
