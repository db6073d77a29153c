/* secret: libpq's words about a connection string, without parts of it that are secret.
 *
 * libpq quotes what it could not understand, e.g. `missing "=" after "pw" in connection info
 * string` or, when an @ or a / of the password was not escaped, `invalid port number: "pw"`. It
 * quotes values of parameters as well, but those of a server's answer are hosts, users and
 * databases. */
#include "base/url.h"
#include "dialect/postgresql/conn.h"

#include <string.h>

/* Everything between the first and the last quotation mark: what is quoted may hold some itself. */
static char *without_quoted(const mig_conn *conn, const char *words)
{
	const char *open = strchr(words, '"'), *close = strrchr(words, '"');
	struct mig__buf buf;

	if (open && !strncmp(open, "\"=\"", 3)) /* libpq's own */
		open = strchr(open + 3, '"');
	mig__buf_init(&buf, &conn->alloc);
	mig__buf_add(&buf, words, open ? (size_t)(open - words) : strlen(words));
	if (open && close > open) {
		mig__buf_adds(&buf, "\"...\"");
		mig__buf_adds(&buf, close + 1);
	}
	return mig__buf_take(&buf);
}

static int is_shown(const char *keyword)
{
	static const char *const shown[] = { "host", "hostaddr", "port", "user", "dbname" };

	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		if (!strcmp(keyword, shown[i]))
			return 1;
	return 0;
}

/* Whether the words have the value of a parameter that is not for everybody. "1" is in every
 * message, so a short one counts only where it is quoted. */
static int tells_value(const PQconninfoOption *options, const char *words)
{
	for (const PQconninfoOption *o = options; o && o->keyword; o++) {
		const char *at =
			o->val && *o->val && !is_shown(o->keyword) ? strstr(words, o->val) : NULL;

		if (at && (strlen(o->val) > 3 ||
			   (at > words && at[-1] == '"' && at[strlen(o->val)] == '"')))
			return 1;
	}
	return 0;
}

char *mig__pg_unsecret(const mig_conn *conn, const char *url, const char *words, int *malformed)
{
	char *why = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &why);
	/* a name alone is a database's, and has nothing else */
	int is_name = !mig__url_is_keywords(url) && !strstr(url, "://");
	int tells =
		!mig__url_is_shown(url) || (!options && !is_name) || tells_value(options, words);

	*malformed = (!options && !is_name) || !mig__url_is_shown(url);
	PQconninfoFree(options);
	PQfreemem(why);
	return tells ? without_quoted(conn, words) : mig__strdup(&conn->alloc, words);
}
