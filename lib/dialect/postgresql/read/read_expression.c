/* read_expression: defaults and conditions as pg_get_expr() would print them: every operator in its
 * parentheses, constants with their types, LIKE as ~~, IN as = ANY (ARRAY[...]). What is not in this
 * grammar is not known. Recursive, and not deep. */
#include "base/ascii.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/read/expression.h"
#include "dialect/postgresql/schema/ddl.h"

#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 30, ITEMS_MOST = 60 };

typedef struct mig__read_value value;

struct parsing {
	struct mig__reader *r;
	const struct mig__read_object *table; /* NULL: no columns */
	struct mig__read_object *column;
	size_t end;
	int several, depth;
	unsigned uses; /* of columns */
};

static int expression(struct parsing *p, value *out);

/* -- tokens up to the end */

static const struct mig__read_token *next(const struct parsing *p)
{
	static const struct mig__read_token end = { "", 0, MIG__READ_END };

	return p->r->place < p->end ? mig__read_peek(p->r, 0) : &end;
}

static int is_symbol(const struct parsing *p, char symbol)
{
	return next(p)->sort == MIG__READ_SYMBOL && *next(p)->text == symbol;
}

static int symbol(struct parsing *p, char wanted)
{
	return is_symbol(p, wanted) && mig__read_symbol(p->r, wanted);
}

static int word(struct parsing *p, const char *words)
{
	size_t place = p->r->place;

	if (place >= p->end || !mig__read_take(p->r, words))
		return 0;
	if (p->r->place <= p->end)
		return 1;
	p->r->place = place;
	return 0;
}

/* "<=": symbols without anything between them, and no operator's character behind. */
static int operator_is(const struct parsing *p, const char *text)
{
	const struct mig__read_token *t = next(p);
	size_t size = strlen(text);

	if (t->sort != MIG__READ_SYMBOL || p->r->place + size > p->end)
		return 0;
	for (size_t i = 0; i < size; i++) {
		const struct mig__read_token *at = mig__read_peek(p->r, i);

		if (at->sort != MIG__READ_SYMBOL || at->text != t->text + i || *at->text != text[i])
			return 0;
	}
	t = mig__read_peek(p->r, size);
	return t->sort != MIG__READ_SYMBOL || !strchr("+-*/<>=~!@#%^&|`?", *t->text) ||
	       (*t->text == '-' && t->text > mig__read_peek(p->r, size - 1)->text + 1);
}

static int operator(struct parsing *p, const char *text)
{
	if (!operator_is(p, text))
		return 0;
	p->r->place += strlen(text);
	return 1;
}

/* -- what stands alone */

static int number(struct parsing *p, value *out)
{
	const struct mig__read_token *t;
	int minus = symbol(p, '-');
	size_t digits, rest;

	t = next(p);
	if (t->sort != MIG__READ_NUMBER)
		return 0;
	digits = strspn(t->text, MIG__DIGITS);
	if (digits > 9 || !digits || (t->text[0] == '0' && digits > 1 && digits <= t->size))
		return 0;
	rest = digits < t->size ? t->size - digits : 0;
	if (rest && (t->text[digits] != '.' || rest < 2 ||
		     strspn(t->text + digits + 1, MIG__DIGITS) != rest - 1))
		return 0;
	if (minus && strspn(t->text, "0.") == t->size)
		return 0;
	*out = (value){ .class = rest ? MIG__READ_NUMERIC : MIG__READ_INTEGER };
	out->text = mig__read_made(p->r, minus ? "'-%.*s'::%s" : "%.*s", (int)t->size, t->text,
				   rest ? "numeric" : "integer");
	p->r->place++;
	return 1;
}

static int string(struct parsing *p, value *out)
{
	const struct mig__read_token *t = next(p);

	if (t->sort != MIG__READ_STRING || memchr(t->text, '\\', t->size) ||
	    mig__read_peek(p->r, 1)->sort == MIG__READ_STRING)
		return 0;
	*out = (value){ .text = mig__read_string(p->r), .string = 1 };
	return 1;
}

/* Functions whose only argument is a text. */
static const struct {
	const char *name;
	enum mig__read_class returns;
} of_text[] = {
	{ "lower", MIG__READ_TEXT },          { "upper", MIG__READ_TEXT },
	{ "length", MIG__READ_INTEGER },      { "char_length", MIG__READ_INTEGER },
	{ "character_length", MIG__READ_INTEGER },
};

/* Functions without any. */
static const struct {
	const char *name;
	enum mig__read_class returns;
} of_nothing[] = {
	{ "now", MIG__READ_TIMESTAMPTZ },
	{ "clock_timestamp", MIG__READ_TIMESTAMPTZ },
	{ "statement_timestamp", MIG__READ_TIMESTAMPTZ },
	{ "transaction_timestamp", MIG__READ_TIMESTAMPTZ },
	{ "gen_random_uuid", MIG__READ_UUID },
	{ "random", MIG__READ_DOUBLE },
};

static int function(struct parsing *p, const char *name, value *out)
{
	struct mig__reader *r = p->r;

	for (size_t i = 0; i < sizeof of_nothing / sizeof *of_nothing; i++)
		if (!strcmp(name, of_nothing[i].name) && symbol(p, ')')) {
			if (of_nothing[i].returns == MIG__READ_UUID && r->version < 130000)
				return 0;
			*out = (value){ .text = mig__read_made(r, "%s()", name),
					.class = (uint8_t)of_nothing[i].returns,
					.function = 1 };
			return 1;
		}
	for (size_t i = 0; i < sizeof of_text / sizeof *of_text; i++) {
		if (strcmp(name, of_text[i].name) != 0)
			continue;
		if (!expression(p, out) || !symbol(p, ')'))
			return 0;
		/* one of the script's own may be meant for a varchar */
		if ((r->functions && out->class != MIG__READ_TEXT) || !mig__read_as_text(r, out))
			return 0;
		*out = (value){ .text = mig__read_made(r, "%s(%s)", name, out->text),
				.class = (uint8_t)of_text[i].returns,
				.function = 1 };
		return 1;
	}
	return 0;
}

/* Words of the grammar that are values. */
static int value_word(struct parsing *p, value *out)
{
	static const struct {
		const char *word, *text;
		enum mig__read_class class;
	} words[] = {
		{ "TRUE", "true", MIG__READ_BOOLEAN },
		{ "FALSE", "false", MIG__READ_BOOLEAN },
		{ "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP", MIG__READ_TIMESTAMPTZ },
		{ "LOCALTIMESTAMP", "LOCALTIMESTAMP", MIG__READ_TIMESTAMP },
		{ "CURRENT_DATE", "CURRENT_DATE", MIG__READ_DATE },
		{ "CURRENT_USER", "CURRENT_USER", MIG__READ_NO_CLASS },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (word(p, words[i].word)) {
			*out = (value){ .text = words[i].text, .class = (uint8_t)words[i].class };
			return !is_symbol(p, '(');
		}
	return 0;
}

static int column(struct parsing *p, const char *name, value *out)
{
	struct mig__read_object *c =
		p->table ? mig__read_child(p->table, MIG_KIND_COLUMN, name) : NULL;
	struct mig__buf *text;

	if (!c || is_symbol(p, '(') || is_symbol(p, '.') || is_symbol(p, '['))
		return 0;
	/* another collation may change how it is printed */
	if (mig__read_get(c, MIG_ATTR_COLLATION))
		return 0;
	p->several |= p->column && p->column != c;
	p->column = c;
	p->uses++;
	text = mig__read_text(p->r);
	mig__ddl_name(text, name);
	*out = (value){ .text = mig__read_kept(p->r, text),
			.class = c->of.type->class,
			.array = c->of.type->array,
			.type = c->of.type };
	return 1;
}

static int alone(struct parsing *p, value *out)
{
	const struct mig__read_token *t = next(p);
	const char *name;

	if (symbol(p, '('))
		return expression(p, out) && symbol(p, ')');
	if (t->sort == MIG__READ_STRING)
		return string(p, out);
	if (t->sort == MIG__READ_NUMBER || is_symbol(p, '-'))
		return number(p, out);
	if (t->sort == MIG__READ_WORD && value_word(p, out))
		return 1;
	name = mig__read_name_of(p->r, t);
	if (!name || p->r->place >= p->end)
		return 0;
	p->r->place++;
	if (symbol(p, '('))
		return function(p, name, out);
	return column(p, name, out);
}

static int with_casts(struct parsing *p, value *out)
{
	if (!alone(p, out))
		return 0;
	while (operator_is(p, "::")) {
		struct mig__read_type *type = mig__arena_zalloc(&p->r->arena, 1, sizeof *type);

		p->r->place += 2;
		if (!type || !mig__read_type(p->r, type) || !mig__read_cast(p->r, out, type))
			return 0;
	}
	return 1;
}

/* -- operators */

static int binary(struct parsing *p, value *left, value *right, const char *operator, uint8_t class)
{
	if (!mig__read_unify(p->r, left, right))
		return 0;
	if (class == MIG__READ_NO_CLASS)
		class = left->class > right->class ? left->class : right->class;
	*left = (value){ .text = mig__read_made(p->r, "(%s %s %s)", left->text, operator, right->text),
			 .class = class };
	return 1;
}

static int is_number(const value *v)
{
	return !v->string && !v->array && v->class >= MIG__READ_SMALLINT &&
	       v->class <= MIG__READ_DOUBLE && v->class != MIG__READ_REAL;
}

static int arithmetic(struct parsing *p, value *out, const char *const operators[2],
		      int (*part)(struct parsing *, value *))
{
	if (!part(p, out))
		return 0;
	for (;;) {
		const char *found = operator(p, operators[0]) ? operators[0]
				    : operator(p, operators[1]) ? operators[1]
								: NULL;
		value right;

		if (!found)
			return 1;
		if (!part(p, &right) || !is_number(out) || !is_number(&right) ||
		    !binary(p, out, &right, found, MIG__READ_NO_CLASS))
			return 0;
	}
}

static int product(struct parsing *p, value *out)
{
	static const char *const operators[2] = { "*", "/" };

	return arithmetic(p, out, operators, with_casts);
}

static int sum(struct parsing *p, value *out)
{
	static const char *const operators[2] = { "+", "-" };

	return arithmetic(p, out, operators, product);
}

/* -- predicates */

static int list(struct parsing *p, char close, value *items, size_t *count)
{
	*count = 0;
	do {
		if (*count == ITEMS_MOST || !with_casts(p, &items[*count]))
			return 0;
		++*count;
	} while (symbol(p, ','));
	return symbol(p, close);
}

static int in(struct parsing *p, value *left, int not)
{
	value items[ITEMS_MOST];
	unsigned uses = p->uses;
	const char *text;
	size_t count;

	/* columns in the list make it another one */
	if (!symbol(p, '(') || !list(p, ')', items, &count) || p->uses != uses)
		return 0;
	if (count == 1)
		return binary(p, left, &items[0], not ? "<>" : "=", MIG__READ_BOOLEAN);
	if (!mig__read_list(p->r, left, items, count, &text))
		return 0;
	*left = (value){ .text = mig__read_made(p->r, "(%s %s (%s))", left->text,
						not ? "<> ALL" : "= ANY", text),
			 .class = MIG__READ_BOOLEAN };
	return 1;
}

/* = ANY (ARRAY['a'::text, ...]), as the server prints it for a text. */
static int any(struct parsing *p, value *left)
{
	value items[ITEMS_MOST];
	const char *text;
	size_t count;

	if (!word(p, "ARRAY") || !symbol(p, '[') || !list(p, ']', items, &count) ||
	    !symbol(p, ')'))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (items[i].string || items[i].class != left->class)
			return 0;
	if (left->class != MIG__READ_TEXT && left->class != MIG__READ_INTEGER &&
	    left->class != MIG__READ_ENUM)
		return 0;
	if (left->class == MIG__READ_ENUM)
		for (size_t i = 0; i < count; i++)
			if (!items[i].type || !left->type || items[i].type->own != left->type->own)
				return 0;
	text = mig__read_made(p->r, "%s", items[0].text);
	for (size_t i = 1; i < count; i++)
		text = mig__read_made(p->r, "%s, %s", text, items[i].text);
	*left = (value){ .text = mig__read_made(p->r, "(%s = ANY (ARRAY[%s]))", left->text, text),
			 .class = MIG__READ_BOOLEAN };
	return 1;
}

static int like(struct parsing *p, value *left, const char *operator)
{
	value right;

	if (!sum(p, &right) || left->string || left->array || !mig__read_as_text(p->r, left) ||
	    word(p, "ESCAPE"))
		return 0;
	return binary(p, left, &right, operator, MIG__READ_BOOLEAN);
}

static int between(struct parsing *p, value *left, int not)
{
	value again = *left, low, high;

	if (word(p, "SYMMETRIC") || !sum(p, &low) || !word(p, "AND") || !sum(p, &high))
		return 0;
	if (!binary(p, left, &low, not ? "<" : ">=", MIG__READ_BOOLEAN) ||
	    !binary(p, &again, &high, not ? ">" : "<=", MIG__READ_BOOLEAN))
		return 0;
	left->text = mig__read_made(p->r, "(%s %s %s)", left->text, not ? "OR" : "AND", again.text);
	/* the grammar makes no list of it with what is around it */
	left->all_and = left->all_or = 0;
	return 1;
}

static int comparison(struct parsing *p, value *left)
{
	static const struct {
		const char *written, *printed;
	} operators[] = {
		{ "<=", "<=" }, { ">=", ">=" }, { "<>", "<>" }, { "!=", "<>" },
		{ "<", "<" },   { ">", ">" },   { "=", "=" },
	};
	static const struct {
		const char *written, *printed;
	} patterns[] = {
		{ "~~*", "~~*" }, { "!~~*", "!~~*" }, { "~~", "~~" }, { "!~~", "!~~" },
		{ "~*", "~*" },   { "!~*", "!~*" },   { "~", "~" },   { "!~", "!~" },
	};
	value right;

	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
		if (operator(p, patterns[i].written))
			return like(p, left, patterns[i].printed);
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		if (!operator(p, operators[i].written))
			continue;
		if (word(p, "ANY"))
			return *operators[i].printed == '=' && symbol(p, '(') && any(p, left);
		if (!sum(p, &right) || left->class == MIG__READ_JSON || left->class == MIG__READ_JSONB)
			return 0;
		return binary(p, left, &right, operators[i].printed, MIG__READ_BOOLEAN);
	}
	return 1;
}

static int null_test(struct parsing *p, value *left)
{
	int not = word(p, "NOT");

	if (left->string || !word(p, "NULL"))
		return 0;
	*left = (value){ .text = mig__read_made(p->r, "(%s IS %sNULL)", left->text,
						not ? "NOT " : ""),
			 .class = MIG__READ_BOOLEAN };
	return 1;
}

static int predicate(struct parsing *p, value *out)
{
	int not;

	if (!sum(p, out))
		return 0;
	if (word(p, "IS"))
		return null_test(p, out);
	not = word(p, "NOT");
	if (word(p, "IN"))
		return in(p, out, not);
	if (word(p, "BETWEEN"))
		return between(p, out, not);
	if (word(p, "LIKE"))
		return like(p, out, not ? "!~~" : "~~");
	if (word(p, "ILIKE"))
		return like(p, out, not ? "!~~*" : "~~*");
	return !not && comparison(p, out);
}

/* -- AND, OR, NOT */

static int is_truth(const value *v)
{
	return v->class == MIG__READ_BOOLEAN && !v->array && !v->string;
}

static int negation(struct parsing *p, value *out)
{
	if (!word(p, "NOT"))
		return predicate(p, out);
	if (++p->depth > DEEPEST || !negation(p, out) || !is_truth(out))
		return 0;
	*out = (value){ .text = mig__read_made(p->r, "(NOT %s)", out->text),
			.class = MIG__READ_BOOLEAN };
	return 1;
}

/* What is on the left of a like one becomes one list with it. */
static int chain(struct parsing *p, value *out, int or)
{
	int (*part)(struct parsing *, value *) = negation;
	value right;

	if (or ? !chain(p, out, 0) : !part(p, out))
		return 0;
	while (word(p, or ? "OR" : "AND")) {
		int flat = or ? out->all_or : out->all_and;
		size_t size;

		if (or ? !chain(p, &right, 0) : !part(p, &right))
			return 0;
		if (!is_truth(out) || !is_truth(&right))
			return 0;
		size = strlen(out->text);
		out->text = flat ? mig__read_made(p->r, "%.*s %s %s)", (int)size - 1, out->text,
						  or ? "OR" : "AND", right.text)
				 : mig__read_made(p->r, "(%s %s %s)", out->text,
						  or ? "OR" : "AND", right.text);
		*out = (value){ .text = out->text, .class = MIG__READ_BOOLEAN };
		out->all_or = (uint8_t) or;
		out->all_and = !or;
	}
	return 1;
}

static int expression(struct parsing *p, value *out)
{
	int known;

	*out = (value){ .text = "" };
	known = ++p->depth <= DEEPEST && chain(p, out, 1);
	p->depth--;
	return known && !p->r->unread;
}

int mig__read_expression(struct mig__reader *r, const struct mig__read_object *table, size_t from,
			 size_t to, struct mig__buf *out, struct mig__read_object **column,
			 int *function)
{
	struct parsing p = { .r = r, .table = table, .end = to };
	size_t place = r->place;
	int unread = r->unread, known;
	value v;

	r->place = from;
	known = expression(&p, &v) && r->place == to && !v.string;
	r->place = place;
	r->unread = unread; /* what is not known here can still be run */
	*column = p.several ? NULL : p.column;
	*function = v.function;
	if (known)
		mig__buf_adds(out, v.text);
	return known;
}
