/* secret: libpq's words about a connection string, without parts of it that are secret.
 *
 * libpq quotes what it could not understand, e.g. `missing "=" after "pw" in connection info
 * string` or, when an @ or a / of the password was not escaped, `invalid port number: "pw"`. It
 * quotes values of parameters as well, but those of a server's answer are hosts, users and
 * databases. */
#include "base/ascii.h"
#include "base/buf.h"
#include "dialect/postgresql/conn/url.h"

#include <string.h>

/* Everything between the first and the last quotation mark: what is quoted may hold some itself. */
static char *without_quoted(const mig_conn *conn, const char *words)
{
	const char *open = strchr(words, '"'), *close = strrchr(words, '"');
	const char *option = strstr(words, "\" for connection option \"");
	struct mig__buf buf;

	if (option && !strstr(option + 1, "\" for connection option \""))
		close = option; /* what follows is libpq's own name for it */
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

/* A misspelt choice, as in sslmode=requir, can be shown. */
static int is_choice(const PQconninfoOption *o)
{
	return (!o->dispchar || o->dispchar[0] != '*') &&
	       strspn(o->val, MIG__SMALL "-") == strlen(o->val);
}

/* Whether the words have the value of a parameter that is not for everybody. "1" is in every
 * message, so a short one counts only where it is quoted. */
static int tells_value(const PQconninfoOption *options, const char *words)
{
	for (const PQconninfoOption *o = options; o && o->keyword; o++) {
		const char *at = o->val && *o->val && !is_shown(o->keyword) && !is_choice(o)
					 ? strstr(words, o->val)
					 : NULL;

		if (at && (strlen(o->val) > 3 ||
			   (at > words && at[-1] == '"' && at[strlen(o->val)] == '"')))
			return 1;
	}
	return 0;
}

/* Whether a parameter's name that libpq does not know can be shown: it is a word, and it cannot be
 * the rest of a password whose "@", "&" or blank was not escaped. E.g. "colour" in
 * postgresql://u:pw@h/d?colour=red and in "host=h colour=red", but not "se" in
 * postgresql://u:pa?se=cret@h/d and in "password=my se=cret". */
static int names_parameter(const char *url, const char *words)
{
	const char *open = strchr(words, '"'), *close = strrchr(words, '"'), *at;
	size_t size = open && close > open ? (size_t)(close - open - 1) : 0;
	int is_url = strstr(url, "://") != NULL;

	if (!size || size > 63)
		return 0;
	for (size_t i = 1; i <= size; i++)
		if (open[i] != '_' && (mig__ascii_lower(open[i]) < 'a' || mig__ascii_lower(open[i]) > 'z'))
			return 0;
	for (at = url; *at; at++) {
		if (!mig__ascii_compare_n(at, "pass", 4) || !mig__ascii_compare_n(at, "key", 3)) {
			const char *user_end = is_url ? strchr(at, '@') : NULL;

			if (!user_end) /* what is secret comes first */
				return 0;
			at = user_end;
		}
		if (at > url && strchr(is_url ? "?&" : " \t", at[-1]) &&
		    !strncmp(at, open + 1, size) && at[size] == '=')
			return !is_url || !strchr(at, '@');
	}
	return !is_url && !strncmp(url, open + 1, size) && url[size] == '=';
}

char *mig__pg_unsecret(const mig_conn *conn, const char *url, const char *words, int *malformed)
{
	char *why = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &why);
	/* a name alone is a database's, and has nothing else */
	int is_name = !mig__pg_is_keywords(url) && !strstr(url, "://");
	int tells = !mig__pg_url_is_shown(url) || tells_value(options, words) ||
		    (!options && !is_name && !names_parameter(url, words));

	*malformed = (!options && !is_name) || !mig__pg_url_is_shown(url);
	PQconninfoFree(options);
	PQfreemem(why);
	return tells ? without_quoted(conn, words) : mig__strdup(&conn->alloc, words);
}
