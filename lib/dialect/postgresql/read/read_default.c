/* read_default: what a column's DEFAULT is in the server's words. The cast to the column's own type,
 * which the server adds and does not print, is not to be seen; a constant has its type. */
#include "base/ascii.h"
#include "dialect/postgresql/read/expression.h"

#include <string.h>

/* 8-4-4-4-12 small hexadecimal digits. */
static int is_uuid(const char *s)
{
	for (int i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? s[i] != '-'
							    : !s[i] || !strchr(MIG__DIGITS "abcdef", s[i]))
			return 0;
	return !s[36];
}

static int is_label(const struct mig__read_type *type, const char *string)
{
	return type->own != NULL && string[0] != '\0';
}

/* A string that becomes a constant of the column's type. */
static int is_constant(const struct mig__read_type *type, const char *string)
{
	if (type->array)
		return !strcmp(string, "{}");
	switch (type->class) {
	case MIG__READ_TEXT:
	case MIG__READ_VARCHAR:
	case MIG__READ_JSON:
	case MIG__READ_BPCHAR:
		return 1;
	case MIG__READ_JSONB:
		return !strcmp(string, "{}") || !strcmp(string, "[]");
	case MIG__READ_UUID:
		return is_uuid(string);
	case MIG__READ_ENUM:
		return is_label(type, string);
	default:
		return 0;
	}
}

/* A bare constant or number; NULL: something else. */
static const char *constant(struct mig__reader *r, const struct mig__read_type *type, size_t from,
			    size_t to)
{
	const struct mig__read_token *t = &r->tokens[from];
	const char *string;

	if (to != from + 1 || t->sort != MIG__READ_STRING || memchr(t->text, '\\', t->size))
		return NULL;
	r->place = from;
	string = mig__read_string(r);
	return is_constant(type, string) ? mig__read_constant(r, string, type->cast) : NULL;
}

/* DEFAULT NULL: the server keeps no default, unless the type has a length. Then it keeps the cast. */
static int is_null(struct mig__reader *r, const struct mig__read_type *type, size_t from, size_t to,
		   const char **out)
{
	const struct mig__read_token *t = &r->tokens[from];

	if (to != from + 1 || t->sort != MIG__READ_WORD || t->size != 4 ||
	    mig__ascii_compare_n(t->text, "null", 4) != 0)
		return 0;
	*out = NULL;
	if (type->modified)
		*out = type->class == MIG__READ_VARCHAR && !type->array
			       ? "NULL::character varying"
			       : mig__read_as_written(r, from, to);
	return 1;
}

const char *mig__read_default(struct mig__reader *r, const struct mig__read_type *type, size_t from,
			      size_t to)
{
	struct mig__read_object *column;
	const char *out;
	struct mig__buf text;
	int function;

	if (is_null(r, type, from, to, &out))
		return out;
	out = constant(r, type, from, to);
	if (out)
		return out;
	/* beyond that, text takes what has a cast of its own */
	mig__buf_init(&text, &r->conn->alloc);
	if (mig__read_expression(r, NULL, from, to, &text, &column, &function))
		out = mig__read_kept(r, &text);
	else
		out = mig__read_as_written(r, from, to);
	mig__buf_finish(&text);
	return out;
}
