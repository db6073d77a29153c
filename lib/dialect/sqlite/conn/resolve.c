/* resolve: a URL whose relative path is to be taken from another folder than the working one. Which
 * part of it is a path is in path.c.
 *
 *     sqlite:app.db  /srv           sqlite:/srv/app.db
 *     sqlite:///app.db  ..          sqlite:///../app.db
 *     file:app.db?mode=ro  a?b      file:a%3fb/app.db?mode=ro
 *     sqlite:app.db  a?b            sqlite:file:a%3fb/app.db    as a "?" would end the path */
#include "dialect/sqlite/conn/conn.h"

#include <string.h>

struct sink {
	char *out;
	size_t size, len;
};

static void put(struct sink *s, const char *text, size_t n)
{
	if (s->len < s->size)
		memcpy(s->out + s->len, text, n < s->size - s->len ? n : s->size - s->len);
	s->len += n;
}

static void put_escaped(struct sink *s, const char *text, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (; n; n--, text++) {
		unsigned char c = (unsigned char)*text;
		const char escaped[3] = { '%', digits[c >> 4], digits[c & 15] };

		if (c == '%' || c == '#' || c == '?')
			put(s, escaped, sizeof escaped);
		else
			put(s, text, 1);
	}
}

static size_t end(struct sink *s)
{
	if (s->size)
		s->out[s->len < s->size ? s->len : s->size - 1] = '\0';
	return s->len;
}

static int is_uri(const char *text)
{
	return strncmp(text, "file:", 5) == 0;
}

/* Where the path begins, or NULL. *uri: it is that of a URI, with escapes. */
static const char *find_path(const char *url, int *uri)
{
	const char *path = is_uri(url) ? url : strchr(url, ':');

	if (path && path != url) {
		path++;
		if (strncmp(path, "//", 2) == 0)
			path = path[2] == '/' ? path + 3 : NULL;
	}
	*uri = path && is_uri(path);
	return *uri ? path + 5 : path;
}

/* The bytes of a path that is relative to a folder; 0: it is not. */
static size_t relative_size(const char *path, int uri)
{
	size_t n = strcspn(path, uri ? "?#" : "?");
	int in_memory = (n == 8 && strncmp(path, ":memory:", 8) == 0) ||
			strstr(path + n, "mode=memory") || strstr(path + n, "vfs=memdb");

	return path[0] == '/' || in_memory ? 0 : n;
}

static void put_folder(struct sink *s, const char *folder, int escape)
{
	size_t n;

	while (folder[0] == '/' && folder[1] == '/') /* two begin a server's name */
		folder++;
	n = strlen(folder);
	if (is_uri(folder) || folder[0] == ':')
		put(s, "./", 2);
	if (escape)
		put_escaped(s, folder, n);
	else
		put(s, folder, n);
	if (folder[n - 1] != '/')
		put(s, "/", 1);
}

size_t mig__sqlite_resolve_url(const char *url, const char *folder, char *out, size_t size)
{
	struct sink s = { out, size, 0 };
	int uri, becomes_uri;
	const char *path = find_path(url, &uri);
	size_t n = path ? relative_size(path, uri) : 0;

	if (!n || !folder[0] || strcmp(folder, ".") == 0) {
		put(&s, url, strlen(url));
		return end(&s);
	}
	put(&s, url, (size_t)(path - url));
	becomes_uri = !uri && strchr(folder, '?');
	if (becomes_uri)
		put(&s, "file:", 5);
	put_folder(&s, folder, uri || becomes_uri);
	for (; n > 2 && path[0] == '.' && path[1] == '/'; n -= 2)
		path += 2;
	if (becomes_uri)
		put_escaped(&s, path, n);
	else
		put(&s, path, n);
	put(&s, path + n, strlen(path + n));
	return end(&s);
}
