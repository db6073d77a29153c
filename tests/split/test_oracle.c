/* test_oracle: the splitter beside PostgreSQL's own scanner and grammar, which libpg_query holds:
 * on the cases, on random sequences of their statements, and on random text. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pg_query.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { MAX_TOKENS = 20000, UIDENT = 259, USCONST = 262, SQL_COMMENT = 275, C_COMMENT = 276 };

/* -- what the server says */

struct token {
	size_t from, to;
	size_t kind; /* a character, or a number of the grammar's; of those with U& `to` is wrong */
};

static int has_end(const struct token *token)
{
	return token->kind != UIDENT && token->kind != USCONST;
}

static size_t varint(const unsigned char **p)
{
	size_t value = 0;
	int shift = 0;

	do
		value |= (size_t)(**p & 0x7f) << shift;
	while (shift += 7, *(*p)++ & 0x80);
	return value;
}

/* The tokens of a protobuf ScanResult without the comments. Fields: 1 start, 2 end, 4 kind. */
static size_t read_tokens(const PgQueryProtobuf *message, struct token *tokens)
{
	const unsigned char *p = (const unsigned char *)message->data, *end = p + message->len;
	const unsigned char *stop;
	size_t fields[8], tag, part, n = 0;

	while (p < end) {
		tag = varint(&p);
		if (tag != (2 << 3 | 2)) {
			varint(&p); /* the version */
			continue;
		}
		memset(fields, 0, sizeof fields);
		part = varint(&p);
		stop = p + part;
		while (p < stop) {
			tag = varint(&p);
			assert_true(tag >> 3 < COUNT(fields));
			fields[tag >> 3] = varint(&p);
		}
		if (fields[4] == SQL_COMMENT || fields[4] == C_COMMENT)
			continue;
		assert_true(n < MAX_TOKENS);
		tokens[n++] = (struct token){ fields[1], fields[2], fields[4] };
	}
	return n;
}

/* Of statements as the grammar gives them, which begin and end in blanks, the spans of tokens. */
static size_t parsed_spans(const char *text, const PgQuerySplitResult *split, struct span *spans)
{
	static struct token tokens[MAX_TOKENS];
	PgQueryScanResult scan = pg_query_scan(text);
	size_t n, t = 0, i;

	assert_null(scan.error);
	n = read_tokens(&scan.pbuf, tokens);
	pg_query_free_scan_result(scan);
	for (i = 0; i < (size_t)split->n_stmts; i++) {
		size_t from = (size_t)split->stmts[i]->stmt_location;
		size_t to = from + (size_t)split->stmts[i]->stmt_len;

		while (t < n && (tokens[t].from < from || tokens[t].kind == ';'))
			t++;
		assert_true(t < n);
		spans[i].from = tokens[t].from;
		for (; t < n && tokens[t].from < to; t++)
			spans[i].to = has_end(&tokens[t]) ? tokens[t].to : to;
		if (t < n && tokens[t].kind == ';')
			spans[i].to = tokens[t].to;
	}
	return i;
}

/* Of any tokens: semicolons outside parentheses end statements. */
static size_t scanned_spans(const struct token *tokens, size_t n, struct span *spans)
{
	size_t i, depth = 0, count = 0;
	int open = 0;

	for (i = 0; i < n; i++) {
		if (!open && tokens[i].kind == ';')
			continue;
		if (!open)
			spans[count++].from = tokens[i].from;
		spans[count - 1].to = tokens[i].to;
		open = tokens[i].kind != ';' || depth;
		if (tokens[i].kind == '(')
			depth++;
		else if (tokens[i].kind == ')' && depth)
			depth--;
	}
	return count;
}

/* -- comparisons */

static void same_spans(const char *name, const char *text, const struct span *ours, size_t n,
		       const struct span *theirs, size_t m)
{
	size_t i;

	for (i = 0; i < n && i < m; i++)
		if (memcmp(&ours[i], &theirs[i], sizeof *ours))
			fail_msg("%s: [%zu, %zu) instead of [%zu, %zu) in:\n%s", name, ours[i].from,
				 ours[i].to, theirs[i].from, theirs[i].to, text);
	if (n != m)
		fail_msg("%s: %zu statements instead of %zu in:\n%s", name, n, m, text);
}

static int parses_the_same(const char *name, const char *text)
{
	static struct span ours[10 * MAX_SPANS], theirs[10 * MAX_SPANS];
	PgQuerySplitResult split = pg_query_split_with_parser(text);
	size_t n, m;
	int valid = !split.error;

	if (valid) {
		assert_true(split.n_stmts <= (int)COUNT(theirs));
		m = parsed_spans(text, &split, theirs);
		n = split_all(text, strlen(text), 1, ours, COUNT(ours));
		same_spans(name, text, ours, n, theirs, m);
	} else {
		print_message("%s: %s at %d\n", name, split.error->message, split.error->cursorpos);
	}
	pg_query_free_split_result(split);
	return valid;
}

/* libpg_query is not the server where a comment stands between the parts of one string, nor for a
 * byte order mark, which psql skips, nor for COPY data. */
static int for_the_oracle(const struct split_case *c)
{
	return c->standard_strings && strncmp(c->name, "copy", 4) &&
	       strcmp(c->name, "line_ends.sql") && strcmp(c->name, "strings_comments.sql");
}

static void cases_as_the_grammar_reads_them(void **state)
{
	struct split_case *cases;
	size_t count, i;

	(void)state;
	cases = cases_read(&count);
	for (i = 0; i < count; i++)
		if (for_the_oracle(&cases[i]))
			assert_true(parses_the_same(cases[i].name, cases[i].text));
	cases_free(cases, count);
}

/* -- random text, the same in each run */

static uint64_t seed;

static size_t random_below(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)(seed >> 11) % n;
}

/* Statements of the cases one after the other, with all sorts of blanks between. */
static void sequences_of_statements(void **state)
{
	static const char *const between[] = { "",      " ",     "\n",       ";",        " ; ;\n",
					       "--;\n", "/*;*/", "/*/**/*/", "\t-- '\n;" };
	static char text[1 << 16];
	struct split_case *cases;
	size_t count, round, n, parts;

	(void)state;
	seed = 20240229;
	cases = cases_read(&count);
	for (round = 0; round < 2000; round++) {
		n = 0;
		text[0] = '\0';
		for (parts = random_below(8); parts; parts--) {
			const struct split_case *c = &cases[random_below(count)];
			const struct span *s = &c->spans[random_below(c->count)];

			if (!for_the_oracle(c))
				continue;
			n += (size_t)sprintf(text + n, "%.*s", (int)(s->to - s->from),
					     c->text + s->from);
			if (parts == 1 && random_below(2)) { /* the last needs no semicolon */
				text[n -= text[n - 1] == ';'] = '\0';
				break;
			}
			n += (size_t)sprintf(text + n, "%s%s", text[n - 1] == ';' ? "" : "\n;",
					     between[random_below(COUNT(between))]);
		}
		assert_true(parses_the_same("sequence", text));
	}
	cases_free(cases, count);
}

/* The byte offset of character `position`, from 1. */
static size_t byte_of(const char *text, int position)
{
	size_t at = 0;

	while (--position > 0)
		for (at++; ((unsigned char)text[at] & 0xc0) == 0x80;)
			at++;
	return at;
}

/* The server has two tokens for N'string'. */
static int is_national(const char *text, const struct token *token)
{
	return token->to - token->from == 1 && strchr("nN", text[token->from]) &&
	       text[token->to] == '\'';
}

/* Whether a comment may stand between the parts of one string. */
static int has_comment_behind_string(const char *text)
{
	const char *comment, *p;

	for (comment = text; (comment = strstr(comment, "--")); comment++) {
		for (p = comment; p > text && strchr(" \t\r\n", p[-1]);)
			p--;
		if (p > text && p[-1] == '\'')
			return 1;
	}
	return 0;
}

/* Our words begin where the server's tokens do; only its operators are several of ours. */
static void same_words(const char *text, const struct token *tokens, size_t n)
{
	struct mig__pg_word w = { .text = text };
	size_t at = 0, size = strlen(text), i;

	for (i = 0; i < n; i++) {
		size_t from = tokens[i].from;

		if (is_national(text, &tokens[i]))
			i++;
		do {
			if (!mig__pg_word_next(text, size, &at, 1, &w))
				fail_msg("a token is missing at %zu in:\n%s", from, text);
			if ((size_t)(w.text - text) < from && !w.symbol)
				fail_msg("a token too many at %zu in:\n%s", (size_t)(w.text - text),
					 text);
		} while ((size_t)(w.text - text) < from);
		if ((size_t)(w.text - text) != from ||
		    (!w.symbol && has_end(&tokens[i]) && at != tokens[i].to))
			fail_msg("[%zu, %zu) instead of [%zu, %zu) in:\n%s",
				 (size_t)(w.text - text), at, from, tokens[i].to, text);
	}
	while (mig__pg_word_next(text, size, &at, 1, &w))
		if (!w.symbol)
			fail_msg("a token too many at %zu in:\n%s", (size_t)(w.text - text), text);
}

/* 1: compared; 0: the server refuses the text for what is not the splitter's business. */
static int scans_the_same(const char *text)
{
	static struct token tokens[MAX_TOKENS];
	static struct span ours[1000], theirs[1000];
	PgQueryScanResult scan = pg_query_scan(text);
	struct mig__pg_split_error error;
	mig_statement st = { .struct_size = sizeof st };
	size_t n;
	int compared = 1;
	mig_status rc;

	if (!scan.error) {
		n = read_tokens(&scan.pbuf, tokens);
		same_words(text, tokens, n);
		if (!strchr(text, '\\') && n && has_end(&tokens[n - 1]))
			same_spans("random", text, ours,
				   split_all(text, strlen(text), 1, ours, COUNT(ours)), theirs,
				   scanned_spans(tokens, n, theirs));
	} else if (!strncmp(scan.error->message, "unterminated", 12)) {
		do
			rc = mig__pg_split_next(text, strlen(text), st.next, 1, &st, &error);
		while (!rc && st.size);
		if (!rc)
			fail_msg("%s in:\n%s", scan.error->message, text);
		if (text[error.offset] == 'N')
			error.offset++;
		if (strstr(error.message, "never closed") &&
		    error.offset != byte_of(text, scan.error->cursorpos))
			fail_msg("%s at %zu instead of %d in:\n%s", error.message, error.offset,
				 scan.error->cursorpos, text);
	} else {
		compared = 0;
	}
	pg_query_free_scan_result(scan);
	return compared;
}

static void random_texts(void **state)
{
	static const char *const parts[] = {
		"'",  "'",     "'",     "\"",       "\"",  "$",      "$$",  "$a$",  "$a$",  "$é$",
		"$1", "E'",    "e",     "B'",       "x'",  "N'",     "U&'", "u&",   "U&\"", "--",
		"-",  "/*",    "/*",    "*/",       "*/",  "*",      "/",   "\n",   "\n",   "\r",
		"\t", " ",     " ",     ";",        ";",   ";",      "(",   ")",    "a",    "B",
		"é",  "_",     "1",     "10",       ".",   "..",     "e-",  "e+5",  ":",    "::",
		":=", "=>",    "+",     "@",        "\\",  "\\'",    "[",   "CASE", "END",  "<",
		"''", "\"\"",  "#",     "|",        "{",   "SELECT", " 1 ", ",",    "a$",   "0x1",
		"0",  "--;\n", "/*;*/", "'a'\n'b'", "\\\\"
	};
	size_t round, n, k, compared = 0;
	char text[512];

	(void)state;
	seed = 19960708;
	for (round = 0; round < 100000; round++) {
		text[0] = '\0';
		n = 0;
		for (k = 1 + random_below(24); k; k--)
			n += (size_t)sprintf(text + n, "%s", parts[random_below(COUNT(parts))]);
		if (!has_comment_behind_string(text))
			compared += (size_t)scans_the_same(text);
	}
	assert_true(compared > round / 4);
	print_message("%zu of %zu texts compared\n", compared, round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_as_the_grammar_reads_them),
		cmocka_unit_test(sequences_of_statements),
		cmocka_unit_test(random_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
