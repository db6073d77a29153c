/* url: connection strings of libpq's own form, and what may be shown of one. Not URLs in the general
 * form: base/url.c has those.
 *
 *     host=db password='a b' user = ann      is shown as      host=db user=ann
 *
 * The method is that of base/url.c: what may be shown is listed, everything else is dropped. */
#include "dialect/postgresql/conn/url.h"
#include "base/ascii.h"
#include "base/url.h"

#include <string.h>

struct part {
	const char *at;
	size_t size;
};

struct shown {
	char *out;
	size_t size, len;
	int whole; /* every keyword that may be shown was */
};

static void put(struct shown *s, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++, s->len++)
		if (s->len + 1 < s->size)
			s->out[s->len] = text[i];
}

/* -- keywords, by libpq's rules: blanks around "=", quotes and backslashes in values */

static int is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *skip_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

int32_t mig__pg_is_keywords(const char *url)
{
	const char *p = skip_blanks(url);
	size_t name = strspn(p, MIG__LETTERS MIG__DIGITS "_");

	return name && *skip_blanks(p + name) == '=';
}

/* A value with its quotes and backslashes; what follows it, or NULL if it does not end. */
static const char *read_value(const char *p, struct part *value)
{
	int quoted = *p == '\'';

	value->at = p;
	for (p += quoted; *p && (quoted ? *p != '\'' : !is_blank(*p)); p++)
		if (*p == '\\' && p[1])
			p++;
	if (quoted && !*p)
		return NULL;
	p += quoted;
	value->size = (size_t)(p - value->at);
	return p;
}

/* The next "keyword = value"; NULL: there is none. */
static const char *read_pair(const char *p, struct part *name, struct part *value)
{
	name->at = p = skip_blanks(p);
	while (*p && *p != '=' && !is_blank(*p))
		p++;
	name->size = (size_t)(p - name->at);
	p = skip_blanks(p);
	return *p == '=' && name->size ? read_value(skip_blanks(p + 1), value) : NULL;
}

static int is_shown_keyword(struct part name)
{
	static const char *const shown[] = { "host", "hostaddr", "port", "user", "dbname" };

	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		if (strlen(shown[i]) == name.size && !memcmp(shown[i], name.at, name.size))
			return 1;
	return 0;
}

/* hostaddr=::1 */
static int is_address(struct part name, struct part value)
{
	for (size_t i = 0; i < value.size; i++)
		if (!value.at[i] || !strchr(MIG__DIGITS "abcdefABCDEF:.,", value.at[i]))
			return 0;
	return !memcmp(name.at, "host", 4);
}

/* 0: nothing can be shown. */
static int show(const char *p, struct shown *s)
{
	struct part name, value;

	s->whole = 1;
	for (p = skip_blanks(p); *p; p = skip_blanks(p)) {
		p = read_pair(p, &name, &value);
		if (!p)
			return 0;
		if (!is_shown_keyword(name))
			continue;
		/* a database may be a URL itself, with all that it has */
		if (mig__url_has(value.at, value.size, "@=&?#:;") && !is_address(name, value)) {
			s->whole = 0;
			continue;
		}
		put(s, " ", s->len > 0);
		put(s, name.at, name.size);
		put(s, "=", 1);
		put(s, value.at, value.size);
	}
	return s->len > 0;
}

int mig__pg_url_is_shown(const char *url)
{
	struct shown none = { 0 };

	if (mig__pg_is_keywords(url))
		return show(url, &none) && none.whole;
	return mig__url_is_shown(url);
}

size_t mig__pg_url_display(const char *url, char *out, size_t size)
{
	struct shown check = { 0 }, s = { .out = out, .size = size };

	if (!mig__pg_is_keywords(url))
		return mig__url_display(url, out, size);
	if (!show(url, &check))
		return mig__url_hide(out, size);
	show(url, &s);
	if (size)
		out[s.len < size ? s.len : size - 1] = '\0';
	return s.len;
}
