/* url: what may be shown of a database's URL: scheme, user, host, port and database. Everything
 * else is dropped, not masked, so a parameter that is unknown here is not shown either.
 *
 *     postgresql://ann:pw@db:5433/app?sslpassword=x   postgresql://ann@db:5433/app
 *     host=db password='a b' user = ann               host=db user=ann
 *     sqlite:app.db?key=x  sqlite:///app.db  file:/srv/app.db?vfs=y      up to the "?"
 *
 * The text is shown only if it can be read in one way. An @ or a / that its writer has not escaped
 * puts a part of the password where a host or a path would be: "postgresql://ann:p/w@db/app" has,
 * by the rules, the host "ann", the port "p" and the database "w@db/app". So whatever has a
 * character that would have to be escaped where it stands is not shown at all. */
#include "base/url.h"

#include <string.h>

static const char hidden[] = "(a URL that is not shown)";

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

struct part {
	const char *at;
	size_t size;
};

/* "scheme://user:...@hosts/path?..." or "scheme:path?..."; user.at is NULL if there is none. */
struct url {
	struct part scheme, user, hosts, path;
	int authority;
};

struct sink {
	char *out;
	size_t size, len;
};

static void put(struct sink *s, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++, s->len++)
		if (s->len + 1 < s->size)
			s->out[s->len] = text[i];
}

static void put_part(struct sink *s, struct part part)
{
	put(s, part.at, part.size);
}

/* -- reading */

static int is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* Whether a part has one of the characters, written as itself or as "%40". */
static int has(struct part part, const char *characters)
{
	for (size_t i = 0; i < part.size; i++) {
		char c = part.at[i];

		if (c == '%' && i + 2 < part.size && hex(part.at[i + 1]) >= 0 &&
		    hex(part.at[i + 2]) >= 0)
			c = (char)(hex(part.at[i + 1]) * 16 + hex(part.at[i + 2]));
		if (!c || strchr(characters, c))
			return 1;
	}
	return 0;
}

static int is_made_of(struct part part, const char *characters)
{
	for (size_t i = 0; i < part.size; i++)
		if (!part.at[i] || !strchr(characters, part.at[i]))
			return 0;
	return 1;
}

/* Nothing that ends a user, a password, a host or a parameter. ":memory:", "C:/x" and "file:x" are
 * paths of their own kind. */
static int is_path(struct part path)
{
	static const char memory[] = ":memory:", file[] = "file:";

	if (path.size && path.at[0] == '/') { /* as in sqlite:///:memory: */
		path.at++;
		path.size--;
	}
	if (path.size == sizeof memory - 1 && !memcmp(path.at, memory, path.size))
		return 1;
	if (path.size > 4 && !memcmp(path.at, file, sizeof file - 1)) {
		path.at += sizeof file - 1;
		path.size -= sizeof file - 1;
	} else if (path.size > 2 && path.at[1] == ':' && strchr("/\\", path.at[2])) {
		path.at += 2;
		path.size -= 2;
	}
	return !has(path, "@=&?#:;");
}

/* HOST, HOST:PORT or [ADDRESS]:PORT */
static int is_host(struct part host)
{
	struct part name = host, port = { 0 };
	const char *end;

	if (host.size && host.at[0] == '[') {
		end = memchr(host.at, ']', host.size);
		if (!end)
			return 0;
		name = (struct part){ host.at + 1, (size_t)(end - host.at) - 1 };
		port = (struct part){ end + 1, host.size - name.size - 2 };
		if (port.size && *port.at != ':')
			return 0;
		if (!is_made_of(name, LETTERS DIGITS ":.%_-"))
			return 0;
	} else {
		end = memchr(host.at, ':', host.size);
		name.size = end ? (size_t)(end - host.at) : host.size;
		port = (struct part){ end, host.size - name.size };
		if (!is_made_of(name, LETTERS DIGITS "._-%") || has(name, "@=&?#:;,"))
			return 0;
	}
	if (!port.size)
		return 1;
	port.at++;
	port.size--;
	return port.size <= 5 && is_made_of(port, DIGITS);
}

static int are_hosts(struct part hosts)
{
	while (hosts.size) {
		const char *end = memchr(hosts.at, ',', hosts.size);
		struct part one = { hosts.at, end ? (size_t)(end - hosts.at) : hosts.size };

		if (!is_host(one))
			return 0;
		hosts.at += one.size + (end != NULL);
		hosts.size -= one.size + (end != NULL);
	}
	return 1;
}

/* The @ of the authority ends the user, and the first colon of that the user's name. With two, libpq
 * takes the first one, and others the last. */
static int read_authority(struct url *u, struct part authority)
{
	const char *at = memchr(authority.at, '@', authority.size), *colon;
	size_t size;

	u->hosts = authority;
	if (at) {
		size = (size_t)(at - authority.at);
		colon = memchr(authority.at, ':', size);
		u->user = (struct part){ authority.at,
					 colon ? (size_t)(colon - authority.at) : size };
		u->hosts = (struct part){ at + 1, authority.size - size - 1 };
	}
	return are_hosts(u->hosts) && !has(u->user, "@=&?#:;/ ");
}

static int read_url(const char *text, struct url *u)
{
	const char *p = text;

	*u = (struct url){ 0 };
	u->scheme = (struct part){ p, strspn(p, LETTERS DIGITS "+.-_") };
	p += u->scheme.size;
	if (*p == ':' && !u->scheme.size)
		return 0;
	if (*p == ':')
		p++;
	else { /* a path, which is not a URL */
		p = text;
		u->scheme.size = 0;
	}
	if (u->scheme.size && !strncmp(p, "//", 2)) {
		struct part authority = { p + 2, strcspn(p + 2, "/?#") };

		u->authority = 1;
		p = authority.at + authority.size;
		/* what follows an @ there is a part of the authority that was cut */
		if (strchr(p, '@') || !read_authority(u, authority))
			return 0;
	}
	u->path = (struct part){ p, strcspn(p, "?#") };
	return is_path(u->path);
}

/* -- keywords, by libpq's rules: blanks around "=", quotes and backslashes in values */

static const char *skip_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

int mig__url_is_keywords(const char *url)
{
	const char *p = skip_blanks(url);
	size_t name = strspn(p, LETTERS DIGITS "_");

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
	return !memcmp(name.at, "host", 4) && is_made_of(value, DIGITS "abcdefABCDEF:.,");
}

/* *whole: every keyword that may be shown was. */
static int show_keywords(const char *p, struct sink *s, int *whole)
{
	struct part name, value;
	size_t start = s->len;

	*whole = 1;
	for (p = skip_blanks(p); *p; p = skip_blanks(p)) {
		p = read_pair(p, &name, &value);
		if (!p)
			return 0;
		if (!is_shown_keyword(name))
			continue;
		/* a database may be a URL itself, with all that it has */
		if (has(value, "@=&?#:;") && !is_address(name, value)) {
			*whole = 0;
			continue;
		}
		put(s, " ", s->len > start);
		put_part(s, name);
		put(s, "=", 1);
		put_part(s, value);
	}
	return s->len > start;
}

/* -- both */

static int show(const char *url, struct sink *s)
{
	struct sink check = { 0 };
	struct url u;
	int whole;

	if (mig__url_is_keywords(url))
		return show_keywords(url, &check, &whole) && show_keywords(url, s, &whole);
	if (!read_url(url, &u))
		return 0;
	put_part(s, u.scheme);
	put(s, "://", u.authority ? 3 : u.scheme.size ? 1 : 0);
	put_part(s, u.user);
	put(s, "@", u.user.size > 0);
	put_part(s, u.hosts);
	put_part(s, u.path);
	return 1;
}

int mig__url_is_shown(const char *url)
{
	struct sink none = { 0 };
	int whole;

	if (mig__url_is_keywords(url))
		return show_keywords(url, &none, &whole) && whole;
	return show(url, &none);
}

size_t mig__url_display(const char *url, char *out, size_t size)
{
	struct sink s = { .out = out, .size = size };

	if (!show(url, &s))
		put(&s, hidden, sizeof hidden - 1);
	if (size)
		out[s.len < size ? s.len : size - 1] = '\0';
	return s.len;
}
