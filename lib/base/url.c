/* url: what may be shown of a database's URL in the general form: scheme, user, host, port and
 * path. Everything else is dropped, not masked, so a parameter that is unknown here is not shown
 * either. A dialect whose URLs have another form shows those itself (mig_dialect.display).
 *
 *     db://ann:pw@host:5433/app?sslpassword=x      db://ann@host:5433/app
 *     db:app.db?key=x  db:///app.db                up to the "?"
 *
 * The text is shown only if it can be read in one way. An @ or a / that its writer has not escaped
 * puts a part of the password where a host or a path would be: "db://ann:p/w@host/app" has,
 * by the rules, the host "ann", the port "p" and the path "w@host/app". So whatever has a
 * character that would have to be escaped where it stands is not shown at all. */
#include "base/url.h"

#include "base/ascii.h"

#include <string.h>

static const char hidden[] = "(a URL that is not shown)";

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

/* Only what is usual in a path. */
static int is_plain(struct part path)
{
	for (size_t i = 0; i < path.size; i++)
		if ((unsigned char)path.at[i] < 0x80 &&
		    (!path.at[i] || !strchr(MIG__LETTERS MIG__DIGITS "._-+~/\\: ", path.at[i])))
			return 0;
	return 1;
}

/* Nothing that ends a user, a password, a host or a parameter. ":memory:", "C:/x" and "file:x" are
 * paths of their own kind. */
static int is_path(struct part path)
{
	static const char memory[] = ":memory:", file[] = "file:";

	if (path.size && path.at[0] == '/') { /* as in db:///:memory: */
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
		if (!is_made_of(name, MIG__LETTERS MIG__DIGITS ":.%_-"))
			return 0;
	} else {
		end = memchr(host.at, ':', host.size);
		name.size = end ? (size_t)(end - host.at) : host.size;
		port = (struct part){ end, host.size - name.size };
		if (!is_made_of(name, MIG__LETTERS MIG__DIGITS "._-%") || has(name, "@=&?#:;,"))
			return 0;
	}
	if (!port.size)
		return 1;
	port.at++;
	port.size--;
	return port.size <= 5 && is_made_of(port, MIG__DIGITS);
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

/* The @ of the authority ends the user, and the first colon of that the user's name. With two, some
 * take the first one, and others the last. */
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
	u->scheme = (struct part){ p, strspn(p, MIG__LETTERS MIG__DIGITS "+.-_") };
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
	/* without a scheme it may be anything */
	if (!u->scheme.size && !is_plain(u->path))
		return 0;
	return is_path(u->path);
}

int mig__url_has(const char *text, size_t size, const char *characters)
{
	return has((struct part){ text, size }, characters);
}

size_t mig__url_hide(char *out, size_t size)
{
	struct sink s = { .out = out, .size = size };

	put(&s, hidden, sizeof hidden - 1);
	if (size)
		out[s.len < size ? s.len : size - 1] = '\0';
	return s.len;
}

/* -- what is shown */

static int show(const char *url, struct sink *s)
{
	struct url u;

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

	return show(url, &none);
}

size_t mig__url_display(const char *url, char *out, size_t size)
{
	struct sink s = { .out = out, .size = size };

	if (!show(url, &s))
		return mig__url_hide(out, size);
	if (size)
		out[s.len < size ? s.len : size - 1] = '\0';
	return s.len;
}
