/* split: where statements end, and what kind they are.
 *
 * Tokens are those of the server's scanner: quotes and what continues them, dollar quotes, nested
 * comments. A statement ends as in psql: with the first semicolon outside parentheses and outside
 * the BEGIN ATOMIC … END of a routine. There a body's END is the one after a semicolon (or ATOMIC):
 * the grammar has no other there, and so no CASE has to be counted, nor a column called "begin".
 *
 * Nothing is allocated, and no byte is looked at more than a fixed number of times: an open quote
 * or comment ends the reading, and what was looked at ahead (the blanks between two parts of one
 * string) is looked at once more. */
#include "dialect/postgresql/sql/split.h"

#include <string.h>

/* -- tokens */

struct source {
	const char *text;
	size_t size;
	int standard; /* no backslash escapes in plain strings */
};

enum token { T_END, T_TOKEN, T_OPEN_STRING, T_OPEN_NAME, T_OPEN_DOLLAR, T_OPEN_COMMENT };

/* The byte at `at`; 0 at the end, which is in no class of characters. */
static int peek(const struct source *s, size_t at)
{
	return at < s->size ? (unsigned char)s->text[at] : 0;
}

/* What a byte may be, by number: each is looked at for each byte of a script. */
enum { BLANK = 1, LETTER = 2, DIGIT = 4, NAME = 8 };
static const unsigned char classes[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 0, 0, 0, 0, 0, 0,
	0, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
	10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 0, 0, 0, 0, 10,
	0, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
	10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 0, 0, 0, 0, 0,
	/* all that is not ASCII may be in a name */
	10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
	10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
	10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
	10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10
};

static int is_blank(int c)
{
	return classes[c] & BLANK;
}

static int is_newline(int c)
{
	return c == '\n' || c == '\r';
}

static int is_digit(int c)
{
	return classes[c] & DIGIT;
}

/* May begin a name. */
static int is_letter(int c)
{
	return classes[c] & LETTER;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static int same(const char *text, size_t size, const char *word, size_t word_size)
{
	size_t i;

	if (size != word_size)
		return 0;
	for (i = 0; i < size; i++)
		if (upper(text[i]) != word[i])
			return 0;
	return 1;
}

static int is_comment(const struct source *s, size_t at)
{
	return peek(s, at) == '-' && peek(s, at + 1) == '-';
}

/* To the end of the line. */
static size_t line_comment(const struct source *s, size_t at)
{
	while (at < s->size && !is_newline(s->text[at]))
		at++;
	return at;
}

/* Past the comment, or where it begins if it is never closed. */
static size_t block_comment(const struct source *s, size_t start)
{
	size_t at = start, depth = 0;

	while (at + 1 < s->size) {
		if (s->text[at] == '/' && s->text[at + 1] == '*') {
			depth++;
			at += 2;
		} else if (s->text[at] == '*' && s->text[at + 1] == '/') {
			at += 2;
			if (!--depth)
				return at;
		} else {
			at++;
		}
	}
	return start;
}

/* Past blanks and comments; stops before a comment that is never closed. */
static size_t skip(const struct source *s, size_t at)
{
	size_t start;

	while (at < s->size && classes[(unsigned char)s->text[at]] & BLANK)
		at++;
	if (peek(s, at) != '-' && peek(s, at) != '/')
		return at;
	do {
		start = at;
		if (is_blank(peek(s, at)))
			at++;
		else if (is_comment(s, at))
			at = line_comment(s, at);
		else if (peek(s, at) == '/' && peek(s, at + 1) == '*')
			at = block_comment(s, at);
	} while (at != start);
	return at;
}

/* Behind a string: the quote that continues it, on a later line; 0: there is none. */
static size_t continuation(const struct source *s, size_t at)
{
	int newline = 0;

	for (;;) {
		if (is_comment(s, at)) {
			at = line_comment(s, at);
		} else if (is_blank(peek(s, at))) {
			newline |= is_newline(peek(s, at));
			at++;
		} else {
			return newline && peek(s, at) == '\'' ? at : 0;
		}
	}
}

/* Past a string or quoted name that opens at `at`; 0: it is never closed. prefix: its letter or 0.
 */
static size_t past_quoted(const struct source *s, size_t at, int prefix)
{
	char quote = s->text[at];
	int plain = quote == '\'' && (!prefix || prefix == 'n');
	int escapes = prefix == 'e' || (plain && !s->standard);
	int doubles = prefix != 'b' && prefix != 'x';
	size_t more;

	for (at++; at < s->size; at++) {
		if (s->text[at] == '\\' && escapes) {
			at++;
		} else if (s->text[at] == quote) {
			if (doubles && peek(s, at + 1) == quote) {
				at++;
				continue;
			}
			more = quote == '\'' ? continuation(s, at + 1) : 0;
			if (!more)
				return at + 1;
			at = more;
		}
	}
	return 0;
}

/* The size of the $tag$ at `at`, or 0. */
static size_t tag_size(const struct source *s, size_t start)
{
	size_t at = start + 1;

	if (is_digit(peek(s, at)))
		return 0;
	while (is_letter(peek(s, at)) || is_digit(peek(s, at)))
		at++;
	return peek(s, at) == '$' ? at + 1 - start : 0;
}

/* Past the text between two equal tags, the first of which is at `at`; 0: there is only one. */
static size_t past_dollar(const struct source *s, size_t at, size_t tag)
{
	const char *end = s->text + s->size, *p = s->text + at + tag;
	size_t i;

	while ((p = memchr(p, '$', (size_t)(end - p))) && (size_t)(end - p) >= tag) {
		for (i = 1; i < tag && p[i] == s->text[at + i]; i++)
			;
		if (i == tag)
			return (size_t)(p - s->text) + tag;
		p += i; /* a tag has no $ inside: none began before */
	}
	return 0;
}

static size_t past_name(const struct source *s, size_t at)
{
	while (at < s->size && classes[(unsigned char)s->text[at]] & NAME)
		at++;
	return at;
}

static size_t past_digits(const struct source *s, size_t at)
{
	while (is_digit(peek(s, at)))
		at++;
	return at;
}

/* Past 1, 1.5, .5, 1e-5, $1, and letters behind a number, which the server refuses. */
static size_t past_number(const struct source *s, size_t start)
{
	size_t at = start + 1, power;

	at = past_digits(s, at);
	if (peek(s, at) == '.' && peek(s, at + 1) != '.' && is_digit(peek(s, start)))
		at = past_digits(s, at + 1);
	if ((peek(s, at) | 0x20) == 'e') {
		power = at + 1;
		if (peek(s, power) == '+' || peek(s, power) == '-')
			power++;
		if (is_digit(peek(s, power)))
			at = past_digits(s, power);
	}
	return is_letter(peek(s, at)) ? past_name(s, at) : at;
}

/* The number of bytes before the quote of E'', B'', X'', N'', U&'' or U&"". */
static size_t prefix_size(const struct source *s, size_t at)
{
	int letter = peek(s, at) | 0x20, next = peek(s, at + 1);

	if (next == '\'')
		return letter == 'e' || letter == 'b' || letter == 'x' || letter == 'n';
	if (letter != 'u' || next != '&')
		return 0;
	next = peek(s, at + 2);
	return next == '\'' || next == '"' ? 2 : 0;
}

/* Past a token that begins with `first`; 0: it is never closed. */
static size_t past_token(const struct source *s, size_t at, int first, struct mig__pg_word *out)
{
	int second = peek(s, at + 1);
	size_t prefix, tag;

	if (is_letter(first) && second != '\'' && second != '&') /* most */
		return past_name(s, at);
	prefix = prefix_size(s, at);
	tag = first == '$' ? tag_size(s, at) : 0;
	out->quoted = peek(s, at + prefix);
	if (out->quoted == '\'' || out->quoted == '"')
		return past_quoted(s, at + prefix, prefix ? first | 0x20 : 0);
	out->quoted = '\'';
	if (tag)
		return past_dollar(s, at, tag);
	if (is_digit(first) || ((first == '$' || first == '.') && is_digit(second)))
		return past_number(s, at);
	out->quoted = 0;
	if (is_letter(first))
		return past_name(s, at);
	out->symbol = first;
	return at + (first == '.' && second == '.' ? 2 : 1);
}

/* The token at or after *at. An operator comes as its characters one by one, ".." in one. */
static enum token next_token(const struct source *s, size_t *at, struct mig__pg_word *out)
{
	size_t start = skip(s, *at), end;
	int first = peek(s, start);

	*at = start;
	*out = (struct mig__pg_word){ .text = s->text + start };
	if (!first)
		return T_END;
	if (first == '/' && peek(s, start + 1) == '*')
		return T_OPEN_COMMENT;
	end = past_token(s, start, first, out);
	if (!end)
		return first == '$' ? T_OPEN_DOLLAR
				    : (out->quoted == '"' ? T_OPEN_NAME : T_OPEN_STRING);
	*at = end;
	out->size = end - start;
	return T_TOKEN;
}

int mig__pg_word_next(const char *text, size_t size, size_t *at, int standard_strings,
		      struct mig__pg_word *out)
{
	const struct source s = { text, size, standard_strings };

	return next_token(&s, at, out) == T_TOKEN;
}

int mig__pg_word_is(const struct mig__pg_word *word, const char *wanted)
{
	return word->size && upper(*word->text) == *wanted &&
	       same(word->text, word->size, wanted, strlen(wanted));
}

/* -- where a statement ends */

enum state {
	S_PLAIN,
	S_START,
	S_CREATE,
	S_ROUTINE, /* CREATE FUNCTION or PROCEDURE */
	S_BEGIN,   /* BEGIN in it */
	S_ATOMIC,  /* BEGIN ATOMIC */
	S_COPY,
	S_COPY_FROM,
	S_COPY_DATA /* COPY FROM STDIN, or STDOUT, which means the same there */
};

/* The words that lead from one state to another. Other tokens lead back to `other`. */
static const struct {
	enum state from;
	const char *word;
	enum state to;
} steps[] = {
	{ S_START, "CREATE", S_CREATE },       { S_CREATE, "OR", S_CREATE },
	{ S_CREATE, "REPLACE", S_CREATE },     { S_CREATE, "FUNCTION", S_ROUTINE },
	{ S_CREATE, "PROCEDURE", S_ROUTINE },  { S_ROUTINE, "BEGIN", S_BEGIN },
	{ S_BEGIN, "BEGIN", S_BEGIN },         { S_BEGIN, "ATOMIC", S_ATOMIC },
	{ S_START, "COPY", S_COPY },           { S_COPY, "FROM", S_COPY_FROM },
	{ S_COPY_FROM, "STDIN", S_COPY_DATA }, { S_COPY_FROM, "STDOUT", S_COPY_DATA },
};

static const enum state other[] = {
	[S_ROUTINE] = S_ROUTINE,
	[S_BEGIN] = S_ROUTINE,
	[S_COPY] = S_COPY,
	[S_COPY_DATA] = S_COPY_DATA, /* the rest: S_PLAIN */
};

struct statement {
	size_t start, end; /* end: behind its semicolon or last token */
	enum state state;
	size_t parens, bodies; /* how many are open */
	int dot;               /* the token before was one: no word behind it is a keyword */
	int routine;           /* defines one: its parameters may be called $1 */
	size_t parameter;      /* offset of the first $1, SIZE_MAX: there is none */
	uint32_t kind;         /* as far as it depends on single words */
};

static enum state after_word(enum state state, const struct mig__pg_word *w)
{
	size_t i;

	if (state == S_PLAIN)
		return state;
	for (i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i].from == state && mig__pg_word_is(w, steps[i].word))
			return steps[i].to;
	return (size_t)state < sizeof other / sizeof *other ? other[state] : S_PLAIN;
}

/* Goes on by one token; 1 if the statement ends with it. */
static int follow(struct statement *st, const struct mig__pg_word *w)
{
	int dot = st->dot;

	st->dot = w->symbol == '.';
	if (st->parens) {
		st->parens += (size_t)(w->symbol == '(') - (size_t)(w->symbol == ')');
		return 0;
	}
	st->parens = w->symbol == '(';
	if (w->symbol == ';') {
		if (!st->bodies)
			return 1;
		st->state = S_START;
	} else if (st->state == S_START && st->bodies && mig__pg_word_is(w, "END")) {
		st->bodies--;
		st->state = S_PLAIN;
	} else if (!dot) {
		st->state = after_word(st->state, w);
	}
	if (st->state == S_ATOMIC) {
		st->bodies++;
		st->state = S_START;
	}
	return 0;
}

#define LEXING "STANDARD_CONFORMING_STRINGS"

/* Whether the token holds the name of the setting that tokens depend on, be it in a body. */
static int names_lexing(const struct mig__pg_word *w)
{
	static const char name[] = LEXING;
	size_t size = sizeof name - 1, i;

	for (i = 0; i + size <= w->size; i++)
		if (same(w->text + i, size, name, size))
			return 1;
	return 0;
}

static mig_status fail(struct mig__pg_split_error *error, size_t offset, const char *message,
		       const char *hint)
{
	*error = (struct mig__pg_split_error){ message, hint, offset };
	return MIG_ESYNTAX;
}

static mig_status fail_open(struct mig__pg_split_error *error, size_t offset, enum token token)
{
	static const char *const messages[] = {
		[T_OPEN_STRING] = "a quoted string is never closed",
		[T_OPEN_NAME] = "a quoted name is never closed",
		[T_OPEN_DOLLAR] = "a dollar quote is never closed",
		[T_OPEN_COMMENT] = "a comment is never closed",
	};

	return fail(error, offset, messages[token], NULL);
}

static mig_status fail_backslash(struct mig__pg_split_error *error, const struct source *s,
				 size_t offset)
{
	static const struct {
		const char *name, *message, *hint;
	} commands[] = {
		{ ".", "\\. without COPY FROM STDIN",
		  "it ends the data of a COPY FROM STDIN; has that its semicolon?" },
		{ "restrict", "psql command \\restrict", "pg_dump writes it for psql: remove it" },
		{ "unrestrict", "psql command \\unrestrict",
		  "pg_dump writes it for psql: remove it" },
		{ "connect", "psql command \\connect",
		  "remove it: a script runs on the connection it is given" },
		{ "c", "psql command \\c",
		  "remove it: a script runs on the connection it is given" },
		{ "i", "psql command \\i", "put the statements of that file here" },
		{ "ir", "psql command \\ir", "put the statements of that file here" },
		{ "include", "psql command \\include", "put the statements of that file here" },
		{ "copy", "psql command \\copy",
		  "use COPY FROM STDIN, followed by the data and a line that is just \\." },
		{ "set", "psql command \\set", "remove it, and write the value where it is used" },
	};
	size_t end = past_name(s, offset + 1), i;

	end += peek(s, end) == '.';
	for (i = 0; i < sizeof commands / sizeof *commands; i++)
		if (end - offset - 1 == strlen(commands[i].name) &&
		    !memcmp(s->text + offset + 1, commands[i].name, end - offset - 1))
			return fail(error, offset, commands[i].message, commands[i].hint);
	return fail(error, offset, "a psql command",
		    "only psql knows what begins with a backslash: remove it, or write it in SQL");
}

/* From the first token at or after `at` to the statement's end; semicolons before it are skipped.
 */
static mig_status read_statement(const struct source *s, size_t at, struct statement *st,
				 struct mig__pg_split_error *error)
{
	struct mig__pg_word w;
	enum token token;

	for (;;) {
		at = skip(s, at);
		if (peek(s, at) == ';')
			at++;
		else if (s->size - at >= 3 && !memcmp(s->text + at, "\xef\xbb\xbf", 3))
			at += 3; /* a byte order mark */
		else
			break;
	}
	*st = (struct statement){
		.start = at, .end = at, .state = S_START, .parameter = SIZE_MAX
	};
	while ((token = next_token(s, &at, &w)) == T_TOKEN) {
		if (w.symbol == '\\')
			return fail_backslash(error, s, at - 1);
		if (w.size == sizeof "SET_CONFIG" - 1 && mig__pg_word_is(&w, "SET_CONFIG"))
			st->kind |= MIG_STATEMENT_SESSION;
		if (w.size >= sizeof LEXING - 1 && names_lexing(&w))
			st->kind |= MIG__PG_LEXING;
		if (st->parameter == SIZE_MAX && w.text[0] == '$' && is_digit(peek(s, at - w.size + 1)))
			st->parameter = at - w.size;
		st->end = at;
		if (follow(st, &w))
			return MIG_OK;
		st->routine |= st->state == S_ROUTINE;
	}
	return token == T_END ? MIG_OK : fail_open(error, at, token);
}

/* -- COPY data */

/* The first line at or after `at` that is just "\."; its size in *line. SIZE_MAX: there is none. */
static size_t find_copy_end(const struct source *s, size_t at, size_t *line)
{
	const char *newline;
	size_t end;

	while (at < s->size) {
		newline = memchr(s->text + at, '\n', s->size - at);
		end = newline ? (size_t)(newline - s->text) : s->size;
		*line = end - at + (newline != NULL);
		end -= end > at && s->text[end - 1] == '\r';
		if (end - at == 2 && !memcmp(s->text + at, "\\.", 2))
			return at;
		at += *line;
	}
	return SIZE_MAX;
}

/* Finds the data behind the statement, and moves the statement's end behind it. */
static mig_status read_copy(const struct source *s, struct statement *st, size_t *data,
			    size_t *data_size, struct mig__pg_split_error *error)
{
	size_t at = st->end, end, line;

	while (is_blank(peek(s, at)) && s->text[at] != '\n')
		at++;
	if (is_comment(s, at))
		at = line_comment(s, at);
	at += peek(s, at) == '\r';
	if (at < s->size && s->text[at] != '\n')
		return fail(error, at, "more text in the line of a COPY FROM STDIN",
			    "the data begins in the line after the semicolon");
	end = at < s->size ? find_copy_end(s, at + 1, &line) : SIZE_MAX;
	if (end == SIZE_MAX)
		return fail(error, st->start, "the data of a COPY FROM STDIN has no end",
			    "the data goes from the line after the semicolon up to a line that is "
			    "just \\.");
	*data = at + 1;
	*data_size = end - *data;
	st->end = end + line;
	return MIG_OK;
}

void mig__pg_split_copy(const char *text, size_t size, size_t *data, size_t *data_size)
{
	struct mig__pg_split_error error;
	struct source s = { text, size, 1 };
	struct statement st;

	/* whether backslashes escape is not known here: the reading that fits is the right one */
	for (; s.standard >= 0; s.standard--)
		if (!read_statement(&s, 0, &st, &error) && st.state == S_COPY_DATA &&
		    !read_copy(&s, &st, data, data_size, &error) && st.end == size)
			return;
	*data = size;
	*data_size = 0;
}

/* -- what kind it is */

/* The first row that fits counts. `rest` is what follows the first word: words, |: or, ?: may be
 * missing, *: anything up to the next one, (): options in parentheses, if there are any, ;: the
 * end. */
#define NO "FALSE|OFF|0|'FALSE'|'OFF'|\"FALSE\"|\"OFF\""
static const struct {
	const char *first, *rest;
	uint32_t kind;
} kinds[] = {
	{ "BEGIN", "", MIG_STATEMENT_BEGIN },
	{ "START", "TRANSACTION", MIG_STATEMENT_BEGIN },
	{ "COMMIT", "PREPARED", MIG_STATEMENT_LONE },
	{ "COMMIT", "", MIG_STATEMENT_COMMIT },
	{ "END", "", MIG_STATEMENT_COMMIT },
	{ "PREPARE", "TRANSACTION", MIG_STATEMENT_COMMIT },
	{ "ROLLBACK", "PREPARED", MIG_STATEMENT_LONE },
	/* takes settings back */
	{ "ROLLBACK", "?WORK|TRANSACTION TO", MIG__PG_LEXING },
	{ "ROLLBACK", "", MIG_STATEMENT_ROLLBACK },
	{ "ABORT", "", MIG_STATEMENT_ROLLBACK },
	{ "SAVEPOINT", "", MIG_STATEMENT_SAVEPOINT },
	{ "RELEASE", "", MIG_STATEMENT_RELEASE },
	{ "DO", "", MIG_STATEMENT_PROCEDURE },
	{ "CALL", "", MIG_STATEMENT_PROCEDURE },
	{ "SET", "LOCAL|TRANSACTION|CONSTRAINTS", 0 },
	{ "SET", "", MIG_STATEMENT_SESSION },
	{ "RESET", "ALL", MIG_STATEMENT_SESSION | MIG__PG_LEXING },
	{ "RESET", "", MIG_STATEMENT_SESSION },
	{ "DISCARD", "ALL", MIG_STATEMENT_SESSION | MIG_STATEMENT_LONE | MIG__PG_LEXING },
	{ "DISCARD", "", MIG_STATEMENT_SESSION },
	{ "PREPARE", "", MIG_STATEMENT_SESSION },
	{ "DEALLOCATE", "", MIG_STATEMENT_SESSION },
	{ "LISTEN", "", MIG_STATEMENT_SESSION },
	{ "UNLISTEN", "", MIG_STATEMENT_SESSION },
	{ "LOAD", "", MIG_STATEMENT_SESSION },
	{ "VACUUM", "", MIG_STATEMENT_LONE },
	{ "CLUSTER", "() ?VERBOSE ;", MIG_STATEMENT_LONE },
	{ "REINDEX", "( * CONCURRENTLY " NO, 0 },
	{ "REINDEX", "* CONCURRENTLY", MIG_STATEMENT_LONE },
	{ "REINDEX", "() DATABASE|SYSTEM|SCHEMA", MIG_STATEMENT_LONE },
	{ "CREATE", "?UNIQUE INDEX CONCURRENTLY", MIG_STATEMENT_LONE },
	{ "CREATE", "DATABASE|TABLESPACE", MIG_STATEMENT_LONE },
	{ "CREATE", "SUBSCRIPTION * CREATE_SLOT = " NO, 0 },
	{ "CREATE", "SUBSCRIPTION * CONNECT = " NO, 0 },
	{ "CREATE", "SUBSCRIPTION", MIG_STATEMENT_LONE },
	{ "DROP", "INDEX CONCURRENTLY", MIG_STATEMENT_LONE },
	{ "DROP", "DATABASE|TABLESPACE|SUBSCRIPTION", MIG_STATEMENT_LONE },
	{ "ALTER", "SYSTEM", MIG_STATEMENT_LONE },
	{ "ALTER", "DATABASE * SET TABLESPACE", MIG_STATEMENT_LONE },
	{ "ALTER", "TABLE * PARTITION * CONCURRENTLY", MIG_STATEMENT_LONE },
	{ "ALTER", "SUBSCRIPTION * REFRESH = " NO, 0 },
	{ "ALTER", "SUBSCRIPTION * PUBLICATION", MIG_STATEMENT_LONE },
};

struct words {
	struct source s;
	size_t at;
	struct mig__pg_word word; /* ";" at the end */
	int dot;                  /* behind a dot nothing is a keyword */
};

static void advance(struct words *w)
{
	w->dot = w->word.symbol == '.';
	if (next_token(&w->s, &w->at, &w->word) != T_TOKEN)
		w->word = (struct mig__pg_word){ ";", 1, 0, ';' };
}

/* Whether the word is one of the choices, e.g. "A|B". */
static int fits(const struct words *w, const char *choices)
{
	size_t n;

	for (;; choices += n + 1) {
		n = strcspn(choices, "| ");
		if (same(w->word.text, w->word.size, choices, n))
			return !w->dot;
		if (choices[n] != '|')
			return 0;
	}
}

static void skip_parens(struct words *w)
{
	size_t depth = 0;

	do {
		depth += (size_t)(w->word.symbol == '(') - (size_t)(w->word.symbol == ')');
		if (depth)
			advance(w);
	} while (depth && w->word.symbol != ';');
	advance(w);
}

/* w: at the word after the first. */
static int matches(struct words w, const char *rest)
{
	const char *item;

	while (*rest) {
		item = rest;
		rest += strcspn(rest, " ");
		rest += *rest == ' ';
		if (*item == '*') {
			while (!fits(&w, rest)) {
				if (w.word.symbol == ';')
					return 0;
				advance(&w);
			}
		} else if (!strncmp(item, "()", 2)) {
			if (w.word.symbol == '(')
				skip_parens(&w);
		} else if (fits(&w, item + (*item == '?'))) {
			advance(&w);
		} else if (*item != '?') {
			return 0;
		}
	}
	return 1;
}

static uint32_t kind_of(const struct source *s)
{
	struct words w = { .s = *s }, second;
	size_t i;

	advance(&w);
	second = w;
	advance(&second);
	for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (*kinds[i].first == upper(*w.word.text) && mig__pg_word_is(&w.word, kinds[i].first) && matches(second, kinds[i].rest))
			return kinds[i].kind;
	return 0;
}

/* PREPARE name AS …, which EXECUTE gives values. */
static int is_prepare(const struct source *s)
{
	struct words w = { .s = *s };

	advance(&w);
	return mig__pg_word_is(&w.word, "PREPARE");
}

size_t mig__pg_split_parameter(const char *text, size_t size, int standard_strings)
{
	const struct source s = { text, size, standard_strings };
	struct mig__pg_split_error error;
	struct statement st;

	return read_statement(&s, 0, &st, &error) || st.parameter == SIZE_MAX ? size
									      : st.parameter;
}

/* The number of the name in SAVEPOINT x, RELEASE [SAVEPOINT] x: FNV-1a; unquoted names fold. */
static uint32_t savepoint_number(const struct source *s)
{
	struct words w = { .s = *s };
	uint32_t number = 2166136261u;

	advance(&w);
	advance(&w);
	if (fits(&w, "SAVEPOINT"))
		advance(&w);
	for (size_t i = 0; i < w.word.size; i++) {
		char c = w.word.text[i];

		if (w.word.quoted == '"' && c == '"')
			continue;
		c = !w.word.quoted && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
		number = (number ^ (unsigned char)c) * 16777619u;
	}
	return number;
}

mig_status mig__pg_split_next(const char *text, size_t size, size_t offset, int standard_strings,
			      mig_statement *out, struct mig__pg_split_error *error)
{
	const struct source s = { text, size, standard_strings };
	struct source own = s;
	struct statement st;
	size_t data, data_size, reach;
	const char *nul;
	mig_status rc;

	rc = read_statement(&s, offset, &st, error);
	if (!rc && st.end > st.start) {
		own.text += st.start;
		own.size = st.end - st.start;
		st.kind |= kind_of(&own);
		if (st.parameter != SIZE_MAX && !st.routine && !is_prepare(&own))
			st.kind |= MIG_STATEMENT_PARAMETERS;
		if (st.state == S_COPY_DATA && !st.bodies) {
			st.kind |= MIG__PG_COPY_DATA;
			rc = read_copy(&s, &st, &data, &data_size, error);
		}
	}
	reach = rc || st.end == st.start ? size : st.end;
	nul = memchr(text + offset, '\0', reach - offset);
	if (nul)
		return fail(error, (size_t)(nul - text), "a NUL byte in the script", NULL);
	if (rc)
		return rc;
	out->offset = st.start;
	out->size = st.end - st.start;
	out->next = st.end;
	out->kind = st.kind;
	out->savepoint = st.kind & (MIG_STATEMENT_SAVEPOINT | MIG_STATEMENT_RELEASE)
				 ? savepoint_number(&own)
				 : 0;
	return MIG_OK;
}
