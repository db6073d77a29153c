/* path: from a URL to what SQLite opens.
 *
 *     sqlite:app.db  sqlite:///app.db        relative to the working folder
 *     sqlite:/srv/app.db  sqlite:////srv/app.db   absolute
 *     sqlite::memory:  sqlite:///:memory:  sqlite://   in memory
 *     file:app.db?mode=ro                    a URI of SQLite's own, passed on as it is
 *
 * A path is taken literally, as SQLAlchemy does: "%20" is three characters. Only with a query
 * ("?mode=ro") it becomes a file: URI, so what a URI would read as its own is escaped. */
#include "dialect/sqlite/conn/conn.h"

#include <string.h>

static const char memory[] = ":memory:";

static int is_uri(const char *text)
{
	return strncmp(text, "file:", 5) == 0;
}

static void add_escaped(struct mig__buf *buf, const char *path, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (path[i] == '%' || path[i] == '#')
			mig__buf_addf(buf, "%%%02x", (unsigned)(unsigned char)path[i]);
		else
			mig__buf_add(buf, &path[i], 1);
	}
}

/* The part of a URL behind its scheme; a query's "?" ends the path. */
static char *from_path(const struct mig__alloc *alloc, const char *path, const char **why)
{
	size_t size = strcspn(path, "?");
	struct mig__buf uri;

	if (!size) {
		*why = "it has no path";
		return NULL;
	}
	if (!path[size])
		return mig__strdup(alloc, path);
	mig__buf_init(&uri, alloc);
	mig__buf_adds(&uri, path[0] == '/' ? "file://" : "file:");
	add_escaped(&uri, path, size);
	mig__buf_adds(&uri, path + size);
	return mig__buf_take(&uri);
}

char *mig__sqlite_filename(const struct mig__alloc *alloc, const char *url, const char **why)
{
	const char *rest = strchr(url, ':');

	*why = NULL;
	if (is_uri(url))
		return mig__strdup(alloc, url);
	if (!rest) {
		*why = "it has no scheme";
		return NULL;
	}
	rest++;
	if (strncmp(rest, "//", 2) == 0) {
		rest += 2;
		if (*rest == '\0')
			return mig__strdup(alloc, memory);
		if (*rest != '/') {
			*why = "two slashes begin a server's name: write sqlite:PATH or "
			       "sqlite:///PATH";
			return NULL;
		}
		rest++;
	}
	if (is_uri(rest))
		return mig__strdup(alloc, rest);
	return from_path(alloc, rest, why);
}

const char *mig__sqlite_path(const mig_conn *conn)
{
	const char *path = conn->db ? sqlite3_db_filename(conn->db, "main") : NULL;

	return path && *path ? path : ":memory:";
}
