/* read_operator: which types the server gives to both sides of an operator, and how it prints the casts
 * that follow, e.g. a = 'x' with a varchar a as ((a)::text = 'x'::text). Only cases without any
 * doubt. Not the grammar: read_expression.c. */
#include "base/ascii.h"
#include "base/quote.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/read/expression.h"
#include "dialect/postgresql/sql/quote.h"

#include <string.h>

const char *mig__read_made(struct mig__reader *r, const char *format, ...)
{
	struct mig__buf *out = mig__read_text(r);
	va_list args;

	va_start(args, format);
	mig__buf_addv(out, format, args);
	va_end(args);
	return mig__read_kept(r, out);
}

const char *mig__read_constant(struct mig__reader *r, const char *string, const char *type)
{
	struct mig__buf *out = mig__read_text(r);

	mig__pg_add_text(out, string, strlen(string));
	mig__buf_addf(out, "::%s", type);
	return mig__read_kept(r, out);
}

static int is_integer(uint8_t class)
{
	return class == MIG__READ_SMALLINT || class == MIG__READ_INTEGER ||
	       class == MIG__READ_BIGINT;
}

static int is_text(uint8_t class)
{
	return class == MIG__READ_TEXT || class == MIG__READ_VARCHAR;
}

/* 2026-01-31, which every setting reads alike. */
static int is_date(const char *s)
{
	if (strlen(s) != 10 || s[4] != '-' || s[7] != '-' || s[0] == '0')
		return 0;
	for (int i = 0; i < 10; i++)
		if (i != 4 && i != 7 && !mig__ascii_is_digit(s[i]))
			return 0;
	return 1;
}

/* A string without a type takes that of the other side. */
static int type_string(struct mig__reader *r, struct mig__read_value *string,
		       const struct mig__read_value *other)
{
	const char *type = NULL;

	switch (other->class) {
	case MIG__READ_TEXT:
	case MIG__READ_VARCHAR:
		type = "text";
		break;
	case MIG__READ_BPCHAR:
		type = "bpchar";
		break;
	case MIG__READ_DATE:
		type = is_date(string->text) ? "date" : NULL;
		break;
	case MIG__READ_ENUM:
		type = other->type ? other->type->cast : NULL;
		break;
	default:
		break;
	}
	if (!type || other->array || other->string)
		return 0;
	string->text = mig__read_constant(r, string->text, type);
	string->class = is_text(other->class) ? MIG__READ_TEXT : other->class;
	string->type = other->type;
	string->string = 0;
	return 1;
}

static void cast(struct mig__reader *r, struct mig__read_value *v, const char *type, uint8_t class)
{
	v->text = mig__read_made(r, "(%s)::%s", v->text, type);
	v->class = class;
	v->function = 0;
}

int mig__read_as_text(struct mig__reader *r, struct mig__read_value *v)
{
	if (v->array || v->string || !is_text(v->class))
		return 0;
	if (v->class == MIG__READ_VARCHAR)
		cast(r, v, "text", MIG__READ_TEXT);
	return 1;
}

/* The number on one side becomes one like that on the other. */
static int promote(struct mig__reader *r, struct mig__read_value *v, uint8_t to)
{
	if (to == MIG__READ_NUMERIC && is_integer(v->class))
		cast(r, v, "numeric", to);
	else if (to == MIG__READ_DOUBLE && (is_integer(v->class) || v->class == MIG__READ_NUMERIC))
		cast(r, v, "double precision", to);
	else
		return 0;
	return 1;
}

static int is_alike(const struct mig__read_value *left, const struct mig__read_value *right)
{
	if (left->class != right->class)
		return 0;
	switch (left->class) {
	case MIG__READ_NUMERIC:
	case MIG__READ_DOUBLE:
	case MIG__READ_BOOLEAN:
	case MIG__READ_BPCHAR:
	case MIG__READ_DATE:
	case MIG__READ_TIMESTAMP:
	case MIG__READ_TIMESTAMPTZ:
	case MIG__READ_UUID:
		return 1;
	case MIG__READ_ENUM:
		return left->type && right->type && left->type->own == right->type->own;
	default:
		return 0;
	}
}

int mig__read_unify(struct mig__reader *r, struct mig__read_value *left,
		    struct mig__read_value *right)
{
	if (left->string && right->string)
		return 0;
	if (left->string && !type_string(r, left, right))
		return 0;
	if (right->string && !type_string(r, right, left))
		return 0;
	if (left->array || right->array)
		return 0;
	if (is_text(left->class) && is_text(right->class))
		return mig__read_as_text(r, left) && mig__read_as_text(r, right);
	if (is_integer(left->class) && is_integer(right->class))
		return 1;
	if (is_alike(left, right))
		return 1;
	return promote(r, left, right->class) || promote(r, right, left->class);
}

/* -- lists */

/* What the items of IN are made, besides a column of the class. */
static int type_item(struct mig__reader *r, const struct mig__read_value *left,
		     struct mig__read_value *item)
{
	if (item->string && left->class == MIG__READ_VARCHAR) {
		item->text = mig__read_constant(r, item->text, "character varying");
		item->class = MIG__READ_VARCHAR;
		item->string = 0;
		return 1;
	}
	if (item->string)
		return type_string(r, item, left);
	if (item->class == MIG__READ_INTEGER && left->class == MIG__READ_BIGINT) {
		cast(r, item, "bigint", MIG__READ_BIGINT);
		return 1;
	}
	if (item->class == MIG__READ_INTEGER)
		return left->class == MIG__READ_INTEGER || left->class == MIG__READ_SMALLINT ||
		       promote(r, item, left->class);
	return item->class == left->class && left->class == MIG__READ_TEXT;
}

int mig__read_list(struct mig__reader *r, struct mig__read_value *left,
		   struct mig__read_value *items, size_t count, const char **out)
{
	struct mig__buf text;
	int known = !left->string && !left->array;

	for (size_t i = 0; known && i < count; i++)
		known = type_item(r, left, &items[i]);
	if (!known)
		return 0;
	mig__buf_init(&text, &r->conn->alloc);
	for (size_t i = 0; i < count; i++)
		mig__buf_addf(&text, "%s%s", i ? ", " : "ARRAY[", items[i].text);
	mig__buf_adds(&text, "]");
	*out = mig__read_kept(r, &text);
	mig__buf_finish(&text);
	if (left->class == MIG__READ_VARCHAR) {
		*out = mig__read_made(r, "(%s)::text[]", *out);
		cast(r, left, "text", MIG__READ_TEXT);
	}
	return 1;
}

/* -- casts */

static int cast_string(struct mig__reader *r, struct mig__read_value *v,
		       const struct mig__read_type *type)
{
	int known = 0;

	switch (type->class) {
	case MIG__READ_TEXT:
	case MIG__READ_VARCHAR:
	case MIG__READ_BPCHAR:
	case MIG__READ_JSON:
	case MIG__READ_ENUM:
		known = 1;
		break;
	case MIG__READ_JSONB:
		known = !strcmp(v->text, "{}") || !strcmp(v->text, "[]");
		break;
	case MIG__READ_DATE:
		known = is_date(v->text);
		break;
	case MIG__READ_INTEGER:
		/* a positive one has no cast when it is printed */
		known = v->text[0] == '-' && v->text[1] >= '1' && v->text[1] <= '9' && strlen(v->text) < 10 &&
			!v->text[1 + strspn(v->text + 1, MIG__DIGITS)];
		break;
	default:
		break;
	}
	if (type->array)
		known = !strcmp(v->text, "{}") && type->class != MIG__READ_NO_CLASS;
	if (!known || type->modified)
		return 0;
	*v = (struct mig__read_value){ .text = mig__read_constant(r, v->text, type->cast),
				       .class = type->class,
				       .array = type->array,
				       .type = type };
	return 1;
}

int mig__read_cast(struct mig__reader *r, struct mig__read_value *v,
		   const struct mig__read_type *type)
{
	if (v->string)
		return cast_string(r, v, type);
	if (type->array || v->array || type->modified)
		return 0;
	if (v->class == type->class && v->class != MIG__READ_NO_CLASS &&
	    (v->class == MIG__READ_TEXT || v->class == MIG__READ_INTEGER ||
	     v->class == MIG__READ_BIGINT))
		return 1;
	if (is_text(v->class) && type->class == MIG__READ_TEXT)
		return mig__read_as_text(r, v);
	if (v->class == MIG__READ_INTEGER && type->class == MIG__READ_BIGINT) {
		cast(r, v, "bigint", MIG__READ_BIGINT);
		return 1;
	}
	return promote(r, v, type->class);
}
