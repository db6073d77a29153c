/* quote: names and string constants, such that the server reads them as they are, whatever its
 * settings and the client encoding. Every name and text in SQL of libmig's own goes through here.
 */
#include "dialect/postgresql/sql/quote.h"
#include "base/quote.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

void mig__pg_add_name(struct mig__buf *buf, const char *name)
{
	mig__add_quoted(buf, name, mig__quote_names);
}

void mig__pg_add_text(struct mig__buf *buf, const char *text, size_t size)
{
	int escapes = memchr(text, '\\', size) != NULL;
	size_t from = 0, i;

	mig__buf_adds(buf, escapes ? " E'" : "'");
	if (escapes || memchr(text, '\'', size))
		for (i = 0; i < size; i++) {
			if (text[i] != '\'' && text[i] != '\\')
				continue;
			mig__buf_add(buf, text + from, i + 1 - from); /* and once more with the rest */
			from = i;
		}
	mig__buf_add(buf, text + from, size - from);
	mig__buf_add(buf, "'", 1);
}

enum { LONGEST = 4 }; /* bytes of a character; the NUL of a shorter text ends it */

/* Whether the server reads the text's characters from their numbers. One that knows no encoding
 * does not, and before 13 only one whose encoding is UTF-8. */
static int may_escape(const mig_conn *conn, const char *text)
{
	const char *encoding = conn->db ? PQparameterStatus(conn->db, "server_encoding") : NULL;
	uint32_t c;
	size_t size;

	if (!encoding || strcmp(encoding, "SQL_ASCII") == 0 ||
	    (PQserverVersion(conn->db) < 130000 && strcmp(encoding, "UTF8") != 0))
		return 0;
	for (; *text; text += size) {
		size = mig__text_char(text, LONGEST, &c);
		if (!size)
			return 0;
	}
	return 1;
}

static int is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return 0;
	return 1;
}

/* E.g. \00e9 and \+01f600 in names, \u00e9 and \U0001f600 in constants. */
static void add_escaped(struct mig__buf *buf, const char *text, int is_name)
{
	const char quote = is_name ? '"' : '\'';
	uint32_t c;

	for (size_t size; *text; text += size) {
		size = mig__text_char(text, LONGEST, &c);
		if (c > 0xffff)
			mig__buf_addf(buf, is_name ? "\\+%06" PRIx32 : "\\U%08" PRIx32, c);
		else if (c >= 0x80)
			mig__buf_addf(buf, is_name ? "\\%04" PRIx32 : "\\u%04" PRIx32, c);
		else if (*text == quote || *text == '\\')
			mig__buf_addf(buf, "%c%c", *text, *text);
		else
			mig__buf_add(buf, text, 1);
	}
}

void mig__pg_add_safe_name(const mig_conn *conn, struct mig__buf *buf, const char *name)
{
	if (is_ascii(name) || !may_escape(conn, name)) {
		mig__pg_add_name(buf, name);
		return;
	}
	mig__buf_adds(buf, "U&\"");
	add_escaped(buf, name, 1);
	mig__buf_adds(buf, "\"");
}

void mig__pg_add_safe_text(const mig_conn *conn, struct mig__buf *buf, const char *text)
{
	if (is_ascii(text) || !may_escape(conn, text)) {
		mig__pg_add_text(buf, text, strlen(text));
		return;
	}
	mig__buf_adds(buf, " E'");
	add_escaped(buf, text, 0);
	mig__buf_adds(buf, "'");
}
