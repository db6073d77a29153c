/* shell: sections in a script that psql runs (--sql), so that it does what a run does.
 *
 * psql cuts a script into tokens as split.c does, which refuses its commands already. Two things
 * are left. It replaces :name, :'name' and :"name" outside of quotes by its variables, and some are
 * always set: a blank after the colon, which means nothing in SQL, prevents it. And how it reads
 * strings depends on settings of its session, which a section must not change: of
 *
 *     SET standard_conforming_strings = off; SELECT 'a\'; \! command; --';
 *
 * the last statement is one string for psql or a command, depending on the first. The script sets
 * both settings at its top. */
#include "dialect/postgresql/sql/shell.h"
#include "base/ascii.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/sql/split.h"

#include <string.h>

/* -- settings */

static int contains(const struct mig__pg_word *w, const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i + size <= w->size; i++)
		if (!mig__ascii_compare_n(w->text + i, name, size))
			return 1;
	return 0;
}

/* The word without its quotes. */
static int is_value(const struct mig__pg_word *w, const char *const *values)
{
	size_t quote = w->quoted && w->size > 2 && strchr("'\"", w->text[0]) ? 1 : 0;

	for (; *values; values++)
		if (strlen(*values) == w->size - 2 * quote &&
		    !mig__ascii_compare_n(w->text + quote, *values, w->size - 2 * quote))
			return 1;
	return 0;
}

/* What the script has set already: SET [SESSION|LOCAL] NAME =|TO on, SET NAMES 'UTF8'. */
static int keeps_setting(const char *text, size_t size)
{
	static const char *const on[] = { "on", "true", "yes", "1", NULL };
	static const char *const utf8[] = { "UTF8", "UTF-8", "UNICODE", NULL };
	struct mig__pg_word w;
	const char *const *values;
	size_t at = 0;

	if (!mig__pg_word_next(text, size, &at, 1, &w) || !mig__pg_word_is(&w, "SET") ||
	    !mig__pg_word_next(text, size, &at, 1, &w))
		return 0;
	if ((mig__pg_word_is(&w, "SESSION") || mig__pg_word_is(&w, "LOCAL")) &&
	    !mig__pg_word_next(text, size, &at, 1, &w))
		return 0;
	values = contains(&w, "standard_conforming_strings") ? on : utf8;
	if (!mig__pg_word_is(&w, "NAMES") && (!mig__pg_word_next(text, size, &at, 1, &w) ||
					      !(w.symbol == '=' || mig__pg_word_is(&w, "TO"))))
		return 0;
	if (!mig__pg_word_next(text, size, &at, 1, &w) || !is_value(&w, values))
		return 0;
	return !mig__pg_word_next(text, size, &at, 1, &w) || w.symbol == ';';
}

/* Whether it may change one of the two: the name is somewhere in it, be it in a body or a string.
 */
static int names_setting(const char *text, size_t size)
{
	struct mig__pg_word w;
	size_t at = 0, number = 0;
	int sets = 0, resets = 0;

	while (mig__pg_word_next(text, size, &at, 1, &w)) {
		if (contains(&w, "standard_conforming_strings") || contains(&w, "client_encoding"))
			return 1;
		if (!number++) {
			sets = mig__pg_word_is(&w, "SET");
			resets = mig__pg_word_is(&w, "RESET") || mig__pg_word_is(&w, "DISCARD");
		}
		if ((sets && mig__pg_word_is(&w, "NAMES")) ||
		    (resets && mig__pg_word_is(&w, "ALL")))
			return 1;
	}
	return 0;
}

mig_status mig__pg_shell_check(mig_conn *conn, const char *text, const mig_statement *st)
{
	const struct mig__pg_place place = { .offset = st->offset };
	const char *start = text + st->offset;

	if (!names_setting(start, st->size) || keeps_setting(start, st->size))
		return MIG_OK;
	return mig__pg_report(conn, MIG_EUNSUPPORTED, &place,
			      "the rest of the script is written for standard_conforming_strings = "
			      "on and client_encoding = UTF8; run it without --sql",
			      "psql would read what follows this statement differently");
}

/* -- variables */

/* A colon that psql takes for the start of a variable. */
static int begins_variable(const char *text, size_t at, size_t size)
{
	unsigned char c = at + 1 < size ? (unsigned char)text[at + 1] : 0;

	return c == '\'' || c == '"' || c == '{' || c == '_' || c >= 0x80 ||
	       mig__ascii_is_digit((char)c) ||
	       (mig__ascii_lower((char)c) >= 'a' && mig__ascii_lower((char)c) <= 'z');
}

struct output {
	const char *text;
	size_t written;
	mig_status (*fn)(void *user, const char *text, size_t size);
	void *user;
};

static mig_status write_to(struct output *o, size_t end)
{
	size_t start = o->written;

	o->written = end;
	return end > start ? o->fn(o->user, o->text + start, end - start) : MIG_OK;
}

/* Of one statement, without the data of a COPY. */
static mig_status write_statement(struct output *o, size_t at, size_t end)
{
	struct mig__pg_word w;
	mig_status rc = MIG_OK;

	while (!rc && mig__pg_word_next(o->text, end, &at, 1, &w)) {
		if (w.symbol != ':')
			continue;
		if (at < end && (o->text[at] == ':' || o->text[at] == '=')) {
			at++; /* :: and := */
		} else if (begins_variable(o->text, at - 1, end)) {
			rc = write_to(o, at);
			if (!rc)
				rc = o->fn(o->user, " ", 1);
		}
	}
	return rc;
}

mig_status mig__pg_shell_text(mig_conn *conn, const char *text, size_t size,
			      mig_status (*fn)(void *user, const char *text, size_t size),
			      void *user)
{
	struct output o = { .text = text, .fn = fn, .user = user };
	mig_statement st = { .struct_size = sizeof st };
	struct mig__pg_split_error ignored;
	mig_status rc = MIG_OK;

	(void)conn;
	while (!rc) {
		size_t end, data, data_size;

		st.size = 0;
		if (mig__pg_split_next(text, size, st.next, 1, &st, &ignored) || !st.size)
			break;
		end = st.offset + st.size;
		if (st.kind & MIG__PG_COPY_DATA) {
			mig__pg_split_copy(text + st.offset, st.size, &data, &data_size);
			end = st.offset + data;
		}
		rc = write_statement(&o, st.offset, end);
	}
	return rc ? rc : write_to(&o, size);
}
