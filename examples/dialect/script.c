/* Where statements end, by the rules of SQLite's tokenizer, and running them one by one. A
 * statement ends with its first semicolon, but CREATE TRIGGER with "; END ;". */
#include "sqlcipher.h"

#include <string.h>

/* What <ctype.h> and <strings.h> say depends on the locale that the host has set. */
static int is_space(char c)
{
	return c != '\0' && strchr(" \t\n\v\f\r", c) != NULL;
}

static int is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || (unsigned char)c >= 0x80;
}

/* The size of the token at text: a run of blanks, a comment, something in quotes, a word, or one
 * character. 0: a quote that is never closed. A doubled quote makes two tokens, which does no harm.
 */
static size_t token_size(const char *text)
{
	const char *end;
	size_t size = 0;

	if (is_space(*text))
		return strspn(text, " \t\n\v\f\r");
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0) /* a byte order mark */
		return 3;
	if (strncmp(text, "--", 2) == 0)
		return strcspn(text, "\n");
	if (strncmp(text, "/*", 2) == 0) {
		end = strstr(text + 2, "*/");
		return end ? (size_t)(end + 2 - text) : strlen(text);
	}
	if (*text && strchr("'\"`[", *text)) {
		end = strchr(text + 1, *text == '[' ? ']' : *text);
		return end ? (size_t)(end + 1 - text) : 0;
	}
	while (is_letter(text[size]))
		size++;
	return size || !*text ? size : 1;
}

static int is_blank(const char *token)
{
	return is_space(*token) || strncmp(token, "\xef\xbb\xbf", 3) == 0 ||
	       strncmp(token, "--", 2) == 0 || strncmp(token, "/*", 2) == 0;
}

static int is(const char *token, size_t size, const char *word)
{
	return strlen(word) == size && sqlite3_strnicmp(token, word, (int)size) == 0;
}

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
};

static uint32_t kind_of(const char *token, size_t size)
{
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (is(token, size, kinds[i].word))
			return kinds[i].kind;
	return 0;
}

/* What has been seen of a statement. */
struct seen {
	int count;        /* tokens */
	int create, temp; /* it begins with CREATE, with CREATE TEMP */
	int trigger;
	int semicolon, end; /* the last tokens were a semicolon, or one and END */
};

/* Notes a token of a statement; nonzero if it is the last one. */
static int note(struct seen *s, const char *token, size_t size, uint32_t *kind)
{
	int semicolon = *token == ';', last = semicolon && (!s->trigger || s->end);

	if (s->count == 0) {
		*kind = kind_of(token, size);
		s->create = is(token, size, "CREATE");
	} else if (*kind == MIG_STATEMENT_ROLLBACK && is(token, size, "TO")) {
		*kind = 0; /* back to a savepoint */
	}
	if (s->count == 1)
		s->temp = is(token, size, "TEMP") || is(token, size, "TEMPORARY");
	if (s->create && s->count == 1 + s->temp && is(token, size, "TRIGGER"))
		s->trigger = 1;
	s->end = s->semicolon && is(token, size, "END");
	s->semicolon = semicolon;
	s->count++;
	return last;
}

mig_status next_statement(mig_conn *conn, const char *text, size_t size, size_t offset,
			  mig_statement *out)
{
	mig_statement found = { .struct_size = sizeof found };
	struct seen seen = { 0 };
	struct place place = { NULL, 0, MIG_NO_OFFSET };
	size_t at = offset, end = offset, length;

	for (; text[at]; at += length) {
		length = token_size(text + at);
		place.offset = at;
		if (!length)
			return report(conn, MIG_ESYNTAX, &place, NULL, "a quote is never closed");
		if (is_blank(text + at) || (!seen.count && text[at] == ';'))
			continue;
		if (!seen.count)
			found.offset = at;
		end = at + length;
		if (note(&seen, text + at, length, &found.kind))
			break;
	}
	place.offset = at;
	if (!text[at] && at < size)
		return report(conn, MIG_ESYNTAX, &place, NULL, "a NUL byte in the script");
	if (!seen.count)
		found.offset = end = at;
	found.size = end - found.offset;
	found.next = end;
	memcpy(out, &found, out->struct_size < sizeof found ? out->struct_size : sizeof found);
	return MIG_OK;
}

/* -- running them */

static mig_status run_one(mig_conn *conn, const struct place *place)
{
	sqlite3_stmt *stmt = NULL;
	int code = SQLITE_ROW;
	mig_status rc = prepare_one(conn, place, &stmt);

	while (!rc && code == SQLITE_ROW)
		rc = step_one(conn, stmt, place, &code);
	sqlite3_finalize(stmt);
	return rc;
}

mig_status run_statement(mig_conn *conn, const char *text, size_t size)
{
	const struct place place = { text, size, 0 };

	return run_one(conn, &place);
}

static mig_status refuse(mig_conn *conn, const struct place *place)
{
	return report(conn, MIG_ETRANSACTION, place,
		      "a section that needs its own transaction is marked transaction=no",
		      "a script may not begin or end a transaction");
}

mig_status run_script(mig_conn *conn, const char *text, size_t size, mig_statement_fn hook,
		      void *user)
{
	const uint32_t control =
		MIG_STATEMENT_BEGIN | MIG_STATEMENT_COMMIT | MIG_STATEMENT_ROLLBACK;
	int inside = !sqlite3_get_autocommit(conn->db);
	mig_statement st = { .struct_size = sizeof st };
	mig_status rc = next_statement(conn, text, size, 0, &st);

	while (!rc && st.size) {
		const struct place place = { text + st.offset, st.size, st.offset };

		if (st.kind & control)
			rc = refuse(conn, &place);
		else if (hook)
			rc = hook(user, &st); /* which looks whether to stop */
		else if (conn->host->poll(conn->host->user, 0))
			rc = report(conn, MIG_ECANCELLED, &place, NULL, "cancelled");
		if (!rc)
			rc = run_one(conn, &place);
		if (!rc)
			rc = next_statement(conn, text, size, st.next, &st);
	}
	if (!rc && !inside && !sqlite3_get_autocommit(conn->db))
		rc = report(conn, MIG_ETRANSACTION, NULL, NULL, "a savepoint was left open");
	return rc;
}
