/* split: where statements end, by the rules of SQLite's tokenizer, and what kind they are.
 *
 * A statement ends with its first semicolon, except a CREATE TRIGGER, which ends with "; END ;".
 * Quotes, comments and variables are skipped as SQLite skips them. Each byte is looked at once. All
 * texts end with a NUL, which stops every loop. */
#include "dialect/sqlite/conn/conn.h"
#include "dialect/sqlite/sql/tokens.h"

#include <string.h>

enum token { T_BLANK, T_SEMICOLON, T_WORD, T_OTHER, T_OPEN, T_END };

static int is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* May be inside a name or a number. */
static int is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Past a quoted string or name; a doubled quote stands for itself. */
static size_t quoted(const char *text, size_t at, enum token *token)
{
	char quote = text[at] == '[' ? ']' : text[at];

	for (at++; text[at]; at++) {
		if (text[at] != quote)
			continue;
		if (quote == ']' || text[at + 1] != quote) {
			*token = T_OTHER;
			return at + 1;
		}
		at++;
	}
	*token = T_OPEN;
	return at;
}

/* Past $name, @name, :name, #name, and Tcl's $name::name(index). */
static size_t variable(const char *text, size_t at)
{
	size_t letters = 0;

	for (at++; text[at]; at++) {
		if (is_word(text[at])) {
			letters++;
		} else if (text[at] == '(' && letters) {
			do
				at++;
			while (text[at] && !is_blank(text[at]) && text[at] != ')');
			return text[at] == ')' ? at + 1 : at;
		} else if (text[at] == ':' && text[at + 1] == ':') {
			at++;
		} else {
			break;
		}
	}
	return at;
}

static size_t comment(const char *text, size_t at)
{
	if (text[at] == '-') {
		while (text[at] && text[at] != '\n')
			at++;
		return at;
	}
	for (at += 2; text[at]; at++)
		if (text[at] == '*' && text[at + 1] == '/')
			return at + 2;
	return at;
}

static size_t next_token(const char *text, size_t at, enum token *token)
{
	const char *t = text + at;

	*token = T_OTHER;
	switch (*t) {
	case '\0':
		*token = T_END;
		return at;
	case ';':
		*token = T_SEMICOLON;
		return at + 1;
	case '\'':
	case '"':
	case '`':
	case '[':
		return quoted(text, at, token);
	case '$':
	case '@':
	case ':':
	case '#':
		return variable(text, at);
	case '-':
	case '/':
		/* at the very end, slash and star are two operators */
		if (t[1] != (*t == '-' ? '-' : '*') || (*t == '/' && !t[2]))
			return at + 1;
		*token = T_BLANK;
		return comment(text, at);
	default:
		break;
	}
	if (is_blank(*t)) {
		*token = T_BLANK;
		while (is_blank(text[at]))
			at++;
	} else if (strncmp(t, "\xef\xbb\xbf", 3) == 0) {
		*token = T_BLANK; /* a byte order mark, anywhere */
		at += 3;
	} else if (is_word(*t)) {
		*token = is_digit(*t) ? T_OTHER : T_WORD;
		while (is_word(text[at]))
			at++;
	} else {
		at++;
	}
	return at;
}

static int same(const char *text, size_t size, const char *word)
{
	size_t i;

	for (i = 0; i < size && word[i]; i++)
		if ((text[i] & ~0x20) != word[i])
			return 0;
	return i == size && !word[i];
}

/* The next token that is not blank: from *start to the offset returned. */
static size_t solid(const char *text, size_t at, size_t *start, enum token *token)
{
	do {
		*start = at;
		at = next_token(text, at, token);
	} while (*token == T_BLANK);
	return at;
}

size_t mig__sqlite_skip(const char *text, size_t at)
{
	size_t start;
	enum token token;

	do
		at = solid(text, at, &start, &token);
	while (token == T_SEMICOLON);
	return start;
}

/* -- where a statement ends */

enum state {
	S_START,
	S_EXPLAIN,
	S_CREATE,
	S_PLAIN,
	S_TRIGGER,    /* CREATE TRIGGER, before BEGIN */
	S_BODY,       /* behind BEGIN */
	S_BODY_START, /* behind a semicolon in it */
	S_BODY_END    /* behind END there */
};

static enum state after_word(enum state state, const char *w, size_t n)
{
	switch (state) {
	case S_START:
		if (same(w, n, "EXPLAIN"))
			return S_EXPLAIN;
		return same(w, n, "CREATE") ? S_CREATE : S_PLAIN;
	case S_EXPLAIN:
		if (same(w, n, "QUERY") || same(w, n, "PLAN"))
			return S_EXPLAIN;
		return same(w, n, "CREATE") ? S_CREATE : S_PLAIN;
	case S_CREATE:
		if (same(w, n, "TEMP") || same(w, n, "TEMPORARY"))
			return S_CREATE;
		return same(w, n, "TRIGGER") ? S_TRIGGER : S_PLAIN;
	case S_TRIGGER:
		return same(w, n, "BEGIN") ? S_BODY : S_TRIGGER;
	case S_BODY_START:
		return same(w, n, "END") ? S_BODY_END : S_BODY;
	case S_BODY_END:
		return S_BODY;
	default:
		return state;
	}
}

static enum state after_other(enum state state)
{
	if (state == S_TRIGGER || state == S_PLAIN)
		return state;
	return state >= S_BODY ? S_BODY : S_PLAIN;
}

size_t mig__sqlite_statement_end(const char *text, size_t at, size_t *open)
{
	enum state state = S_START;
	enum token token;
	size_t start, end = at;

	*open = SIZE_MAX;
	for (;;) {
		at = solid(text, at, &start, &token);
		if (token == T_END)
			return end;
		end = at;
		if (token == T_OPEN) {
			*open = start;
			return end;
		}
		if (token != T_SEMICOLON)
			state = token == T_WORD ? after_word(state, text + start, at - start)
						: after_other(state);
		else if (state < S_BODY || state == S_BODY_END)
			return end;
		else
			state = S_BODY_START;
	}
}

/* -- what kind it is */

static const struct {
	const char *word;
	uint32_t kind;
} kinds[] = {
	{ "BEGIN", MIG_STATEMENT_BEGIN },
	{ "COMMIT", MIG_STATEMENT_COMMIT },
	{ "END", MIG_STATEMENT_COMMIT },
	{ "ROLLBACK", MIG_STATEMENT_ROLLBACK },
	{ "PRAGMA", MIG_STATEMENT_SESSION | MIG_STATEMENT_LONE },
	{ "ATTACH", MIG_STATEMENT_SESSION | MIG_STATEMENT_LONE },
	{ "DETACH", MIG_STATEMENT_SESSION | MIG_STATEMENT_LONE },
	{ "VACUUM", MIG_STATEMENT_LONE },
	{ "SAVEPOINT", MIG_STATEMENT_SAVEPOINT },
	{ "RELEASE", MIG_STATEMENT_RELEASE },
};

/* ROLLBACK [TRANSACTION [name]] TO …: back to a savepoint. */
static int is_rollback_to(const char *text, size_t at)
{
	enum token token;
	size_t start;

	for (;;) {
		at = solid(text, at, &start, &token);
		if (token == T_END || token == T_SEMICOLON || token == T_OPEN)
			return 0;
		if (token == T_WORD && same(text + start, at - start, "TO"))
			return 1;
	}
}

uint32_t mig__sqlite_kind(const char *text)
{
	size_t i, start, end;
	enum token token;

	end = solid(text, mig__sqlite_skip(text, 0), &start, &token);
	if (token != T_WORD)
		return 0;
	for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (same(text + start, end - start, kinds[i].word))
			break;
	if (i == sizeof kinds / sizeof *kinds)
		return 0;
	if (kinds[i].kind == MIG_STATEMENT_ROLLBACK && is_rollback_to(text, end))
		return 0;
	return kinds[i].kind;
}

/* The words of a statement after which nothing can be violated that was not before. A new column is
 * one, unless it refers to another table. */
int mig__sqlite_harmless(const char *text)
{
	static const char *const words[] = { "CREATE",  "SELECT",    "EXPLAIN", "ANALYZE",
					     "REINDEX", "SAVEPOINT", "RELEASE", NULL };
	size_t start, at = 0, i;
	enum token token;
	int adds = 0;

	at = solid(text, at, &start, &token);
	if (token != T_WORD)
		return 0;
	for (i = 0; words[i]; i++)
		if (same(text + start, at - start, words[i]))
			return 1;
	if (!same(text + start, at - start, "ALTER"))
		return 0;
	for (;;) {
		at = solid(text, at, &start, &token);
		if (token == T_END || token == T_SEMICOLON || token == T_OPEN)
			return adds;
		if (token != T_WORD)
			continue;
		if (same(text + start, at - start, "REFERENCES") ||
		    same(text + start, at - start, "RENAME") ||
		    same(text + start, at - start, "DROP"))
			return 0;
		adds |= same(text + start, at - start, "ADD");
	}
}

int mig__sqlite_is_data(const char *text)
{
	static const char *const words[] = { "INSERT",	"REPLACE", "UPDATE",	"DELETE", "SELECT",
					     "WITH",	"VALUES",  "SAVEPOINT", "RELEASE", NULL };
	size_t start, at;
	enum token token;

	at = solid(text, mig__sqlite_skip(text, 0), &start, &token);
	for (size_t i = 0; token == T_WORD && words[i]; i++)
		if (same(text + start, at - start, words[i]))
			return 1;
	return 0;
}

const char *mig__sqlite_dead_pragma(const char *text)
{
	static const struct {
		const char *word, *shown;
	} dead[] = { { "FOREIGN_KEYS", "foreign_keys" }, { "JOURNAL_MODE", "journal_mode" } };
	size_t at, start, i;
	enum token token;
	int word;

	at = solid(text, 0, &start, &token);
	if (token != T_WORD || !same(text, at, "PRAGMA"))
		return NULL;
	/* PRAGMA [schema.]name: two words at most */
	for (word = 0; word < 2; word++) {
		at = solid(text, at, &start, &token);
		for (i = 0; token == T_WORD && i < sizeof dead / sizeof *dead; i++)
			if (same(text + start, at - start, dead[i].word))
				return dead[i].shown;
		at = solid(text, at, &start, &token);
		if (text[start] != '.')
			break;
	}
	return NULL;
}

size_t mig__sqlite_parameter(const char *text, size_t at, size_t end)
{
	enum token token;
	size_t start;

	while (at < end) {
		at = solid(text, at, &start, &token);
		if (token == T_END || token == T_OPEN)
			break;
		if (start < end && strchr("?$@:#", text[start]))
			return start;
	}
	return end;
}

/* -- the shell */

static int begins_line(const char *text, size_t at)
{
	while (at && (text[at - 1] == ' ' || text[at - 1] == '\t'))
		at--;
	return !at || text[at - 1] == '\n';
}

/* Whether nothing but blanks and comments follows in the line. */
static int ends_line(const char *text, size_t at)
{
	enum token token;
	size_t start = at;

	for (;;) {
		size_t end = next_token(text, start, &token);

		if (token != T_BLANK)
			return token == T_END;
		if (memchr(text + start, '\n', end - start))
			return 1;
		start = end;
	}
}

/* Where a statement has what is for the shell sqlite3, or SIZE_MAX. Between two statements a line
 * that begins with "." is its command, and one with "#" its comment; a line that is just "/" or
 * "go" ends a statement as a semicolon does. In strings, names and comments they are what they are:
 * the shell reads on to a semicolon outside of those. */
static size_t find_shell_line(const char *text, size_t start, size_t end)
{
	size_t at = start, from;
	enum token token;

	if (text[start] == '.' || text[start] == '#')
		return start;
	while (at < end) {
		at = solid(text, at, &from, &token);
		if (token == T_END)
			break;
		if ((at - from == 1 && text[from] == '/') ||
		    (token == T_WORD && same(text + from, at - from, "GO")))
			if (begins_line(text, from) && ends_line(text, at))
				return from;
	}
	return SIZE_MAX;
}

static mig_status check_shell(mig_conn *conn, const char *text, size_t start, size_t end)
{
	struct mig__sqlite_place place = { NULL, 0, MIG_NO_OFFSET };

	place.offset = find_shell_line(text, start, end);
	if (place.offset == SIZE_MAX)
		return MIG_OK;
	if (text[place.offset] == '.' || text[place.offset] == '#')
		return mig__sqlite_report(conn, MIG_ESYNTAX, &place, NULL,
					  "near \"%c\": this is for the shell sqlite3, not SQL",
					  text[place.offset]);
	return mig__sqlite_report(
		conn, MIG_ESYNTAX, &place, "write it in one line with what stands before it",
		"a line of its own that the shell sqlite3 takes for the end of the statement");
}

mig_status mig__sqlite_next_statement(mig_conn *conn, const char *text, size_t size, size_t offset,
				      mig_statement *out)
{
	mig_statement found = { .struct_size = sizeof found };
	struct mig__sqlite_place place = { NULL, 0, MIG_NO_OFFSET };
	size_t start = mig__sqlite_skip(text, offset), end, open, stop;

	end = mig__sqlite_statement_end(text, start, &open);
	if (open != SIZE_MAX) {
		place.offset = open;
		return mig__sqlite_report(conn, MIG_ESYNTAX, &place, NULL, "%s is never closed",
					  text[open] == '[' ? "a bracket" : "a quote");
	}
	stop = mig__sqlite_skip(text, end);
	if (!text[stop] && stop < size) {
		place.offset = stop;
		return mig__sqlite_report(conn, MIG_ESYNTAX, &place, NULL,
					  "a NUL byte in the script");
	}
	if (conn->offline && end > start) {
		mig_status rc = check_shell(conn, text, start, end);

		if (rc)
			return rc;
	}
	found.offset = start;
	found.size = end - start;
	found.next = end;
	if (found.size)
		found.kind = mig__sqlite_kind(text + start);
	if (found.kind & (MIG_STATEMENT_SAVEPOINT | MIG_STATEMENT_RELEASE))
		found.savepoint = mig__sqlite_savepoint(text + start, text + end);
	if (mig__sqlite_parameter(text, start, end) < end)
		found.kind |= MIG_STATEMENT_PARAMETERS;
	memcpy(out, &found, out->struct_size < sizeof found ? out->struct_size : sizeof found);
	return MIG_OK;
}

uint32_t mig__sqlite_savepoint(const char *text, const char *end)
{
	struct mig__sqlite_token t = mig__sqlite_token(text);
	struct mig__buf name;
	uint32_t number = 2166136261u;

	t = mig__sqlite_token(mig__sqlite_behind(t));
	if (mig__sqlite_is(t, "SAVEPOINT")) /* RELEASE SAVEPOINT x */
		t = mig__sqlite_token(mig__sqlite_behind(t));
	if (t.at >= end || !mig__sqlite_is_name(t))
		return 0;
	mig__buf_init(&name, &mig__alloc_libc);
	mig__sqlite_add_plain(&name, t);
	for (const char *c = mig__buf_text(&name); *c; c++) { /* FNV-1a, without case */
		unsigned char byte = (unsigned char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);

		number = (number ^ byte) * 16777619u;
	}
	mig__buf_finish(&name);
	return number;
}
