/* tokens: takes CREATE statements apart as SQLite does, and writes expressions in a normal form,
 * so that layout and quotes make no difference. Not a parser: table.c and its like know what
 * follows what. */
#include "dialect/sqlite/sql/tokens.h"

#include "base/ascii.h"

#include <sqlite3.h>
#include <string.h>

static int is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip(const char *p)
{
	for (;;) {
		while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\f' || *p == '\r')
			p++;
		if (p[0] == '-' && p[1] == '-') {
			p += strcspn(p, "\n");
		} else if (p[0] == '/' && p[1] == '*') {
			const char *end = strstr(p + 2, "*/");

			p = end ? end + 2 : p + strlen(p);
		} else {
			return p;
		}
	}
}

/* Behind the closing quote, or the end. */
static const char *quoted(const char *p)
{
	char close = *p == '[' ? ']' : *p;

	for (p++; *p; p++)
		if (*p == close) {
			if (close == ']' || p[1] != close)
				return p + 1;
			p++;
		}
	return p;
}

static const char *number(const char *p)
{
	while (is_digit(*p) || is_letter(*p) || *p == '.' ||
	       ((*p == '+' || *p == '-') && (p[-1] == 'e' || p[-1] == 'E')))
		p++;
	return p;
}

struct mig__sqlite_token mig__sqlite_token(const char *text)
{
	struct mig__sqlite_token t = { .at = skip(text) };
	const char *p = t.at, *end = p + 1;

	if (!*p) {
		return t;
	} else if ((*p == 'x' || *p == 'X') && p[1] == '\'') {
		t.kind = MIG__TOKEN_STRING;
		end = quoted(p + 1);
	} else if (is_letter(*p)) {
		t.kind = MIG__TOKEN_WORD;
		while (is_letter(*end) || is_digit(*end) || *end == '$')
			end++;
	} else if (is_digit(*p) || (*p == '.' && is_digit(p[1]))) {
		t.kind = MIG__TOKEN_NUMBER;
		end = number(p);
	} else if (*p == '\'') {
		t.kind = MIG__TOKEN_STRING;
		end = quoted(p);
	} else if (*p == '"' || *p == '`' || *p == '[') {
		t.kind = MIG__TOKEN_NAME;
		end = quoted(p);
	} else {
		static const char *const pairs[] = { "->>", "||", "<<", ">>", "<=",
						     ">=",  "<>", "!=", "==", "->" };

		t.kind = MIG__TOKEN_SIGN;
		for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
			if (!strncmp(p, pairs[i], strlen(pairs[i]))) {
				end = p + strlen(pairs[i]);
				break;
			}
	}
	t.size = (size_t)(end - p);
	return t;
}

int mig__sqlite_is(struct mig__sqlite_token t, const char *keyword)
{
	return t.kind == MIG__TOKEN_WORD && strlen(keyword) == t.size &&
	       !mig__ascii_compare_n(t.at, keyword, t.size);
}

int mig__sqlite_is_sign(struct mig__sqlite_token t, char sign)
{
	return t.kind == MIG__TOKEN_SIGN && t.size == 1 && *t.at == sign;
}

int mig__sqlite_is_name(struct mig__sqlite_token t)
{
	return t.kind == MIG__TOKEN_WORD || t.kind == MIG__TOKEN_NAME ||
	       (t.kind == MIG__TOKEN_STRING && *t.at == '\'');
}

static int is_same_letter(char a, char b)
{
	return a == b || (a >= 'A' && a <= 'Z' && a + 32 == b) ||
	       (b >= 'A' && b <= 'Z' && b + 32 == a);
}

int mig__sqlite_stands_for(struct mig__sqlite_token t, const char *name)
{
	size_t from = t.kind == MIG__TOKEN_WORD ? 0 : 1, to = t.size - from;
	char close = from && *t.at != '[' ? *t.at : '\0';

	if (!mig__sqlite_is_name(t))
		return 0;
	for (size_t i = from; i < to; i++, name++) {
		if (!is_same_letter(t.at[i], *name))
			return 0;
		i += close && t.at[i] == close;
	}
	return !*name;
}

void mig__sqlite_add_plain(struct mig__buf *buf, struct mig__sqlite_token t)
{
	char close = *t.at == '[' ? ']' : *t.at;

	if (t.kind == MIG__TOKEN_WORD) {
		mig__buf_add(buf, t.at, t.size);
		return;
	}
	for (size_t i = 1; i + 1 < t.size; i++) {
		mig__buf_add(buf, t.at + i, 1);
		if (t.at[i] == close && close != ']')
			i++;
	}
}

static void add_lower(struct mig__buf *buf, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];

		mig__buf_add(buf, &c, 1);
	}
}

/* Whether a name can stand without quotes. */
static int is_plain(const char *name, size_t size)
{
	if (!size || !is_letter(name[0]) || sqlite3_keyword_check(name, (int)size))
		return 0;
	for (size_t i = 0; i < size; i++)
		if (!is_letter(name[i]) && !is_digit(name[i]))
			return 0;
	return 1;
}

static void add_name(struct mig__buf *buf, struct mig__sqlite_token t)
{
	struct mig__buf plain;

	mig__buf_init(&plain, buf->alloc);
	mig__sqlite_add_plain(&plain, t);
	if (is_plain(mig__buf_text(&plain), plain.len)) {
		add_lower(buf, plain.data, plain.len);
	} else {
		mig__buf_adds(buf, "\"");
		for (size_t i = 0; i < plain.len; i++) {
			if (plain.data[i] == '"')
				mig__buf_adds(buf, "\"");
			add_lower(buf, plain.data + i, 1);
		}
		mig__buf_adds(buf, "\"");
	}
	buf->failed |= plain.failed;
	mig__buf_finish(&plain);
}

/* A blank between two tokens, unless one of them is a parenthesis, a comma or a dot. */
static int blank_between(struct mig__sqlite_token a, struct mig__sqlite_token b)
{
	if (!a.kind)
		return 0;
	if (mig__sqlite_is_sign(a, ','))
		return 1;
	if (mig__sqlite_is_sign(a, '(') || mig__sqlite_is_sign(a, '.'))
		return 0;
	return !(mig__sqlite_is_sign(b, '(') || mig__sqlite_is_sign(b, ')') ||
		 mig__sqlite_is_sign(b, ',') || mig__sqlite_is_sign(b, '.'));
}

/* Whether a word in double quotes can only be a name where it stands: before a dot or a
 * parenthesis, or after a dot or COLLATE. */
static int must_be_name(struct mig__sqlite_token last, struct mig__sqlite_token t)
{
	struct mig__sqlite_token next = mig__sqlite_token(mig__sqlite_behind(t));

	return *t.at != '"' || mig__sqlite_is_sign(next, '.') || mig__sqlite_is_sign(next, '(') ||
	       mig__sqlite_is_sign(last, '.') || mig__sqlite_is(last, "COLLATE");
}

/* Whether a word in quotes is a string all the same. */
static int is_string(struct mig__buf *buf, struct mig__sqlite_token last,
		     struct mig__sqlite_token t, mig__sqlite_is_name_fn is_name, void *user)
{
	int name = must_be_name(last, t) ? 1 : is_name(user, t);

	buf->failed |= name < 0;
	return !name;
}

void mig__sqlite_add_normal_expression(struct mig__buf *buf, const char *from, const char *to,
				       mig__sqlite_is_name_fn is_name, void *user)
{
	struct mig__sqlite_token last = { 0 }, t;

	for (t = mig__sqlite_token(from); t.kind && t.at < to;
	     t = mig__sqlite_token(mig__sqlite_behind(t))) {
		if (blank_between(last, t))
			mig__buf_adds(buf, " ");
		if (t.kind == MIG__TOKEN_STRING ||
		    (t.kind == MIG__TOKEN_NAME && is_name &&
		     is_string(buf, last, t, is_name, user)))
			mig__buf_add(buf, t.at, t.size);
		else if (t.kind == MIG__TOKEN_NAME)
			add_name(buf, t);
		else
			add_lower(buf, t.at, t.size);
		last = t;
	}
}

void mig__sqlite_add_normal(struct mig__buf *buf, const char *from, const char *to)
{
	mig__sqlite_add_normal_expression(buf, from, to, NULL, NULL);
}

const char *mig__sqlite_closing(const char *at)
{
	struct mig__sqlite_token t;
	int depth = 0;

	for (t = mig__sqlite_token(at); t.kind; t = mig__sqlite_token(mig__sqlite_behind(t))) {
		depth += mig__sqlite_is_sign(t, '(');
		depth -= mig__sqlite_is_sign(t, ')');
		if (depth <= 0)
			return mig__sqlite_behind(t);
	}
	return NULL;
}

const char *mig__sqlite_trimmed(const char *from, const char *to)
{
	const char *end = from;
	struct mig__sqlite_token t;

	for (t = mig__sqlite_token(from); t.kind && t.at < to;
	     t = mig__sqlite_token(mig__sqlite_behind(t)))
		end = mig__sqlite_behind(t);
	return end;
}
