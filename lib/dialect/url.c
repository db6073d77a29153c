/* url: what may be shown of a URL. A password is everything between the first colon and the last @
 * behind "//" (people forget to escape a slash in it), and the value of a key like "password". */
#include "base/ascii.h"
#include "base/buf.h"
#include "dialect/db.h"

#include <string.h>

static const char *const secret_keys[] = { "password=",   "passwd=", "pwd=", "sslpassword=",
					   "passphrase=", "key=",    NULL };

/* Length of the secret key that text starts with, or 0. */
static size_t secret_key(const char *text)
{
	size_t i;

	for (i = 0; secret_keys[i]; i++)
		if (mig__ascii_compare_n(text, secret_keys[i], strlen(secret_keys[i])) == 0)
			return strlen(secret_keys[i]);
	return 0;
}

/* End of a value: E.g. "x&y", "x y", "'x y' z". */
static size_t value_size(const char *value)
{
	size_t i;

	if (value[0] != '\'')
		return strcspn(value, "& ");
	for (i = 1; value[i] && value[i] != '\''; i++)
		if (value[i] == '\\' && value[i + 1])
			i++;
	return value[i] ? i + 1 : i;
}

static void add_masked(struct mig__buf *buf, const char *text)
{
	int fresh = 1; /* a key may begin here */

	while (*text) {
		size_t key = fresh ? secret_key(text) : 0;

		if (key) {
			mig__buf_add(buf, text, key);
			mig__buf_adds(buf, "***");
			text += key;
			text += value_size(text);
			fresh = 0;
			continue;
		}
		fresh = strchr("?& ", *text) != NULL;
		mig__buf_add(buf, text++, 1);
	}
}

char *mig__url_masked(const struct mig__alloc *alloc, const char *url)
{
	const char *authority = strstr(url, "://");
	struct mig__buf buf;

	mig__buf_init(&buf, alloc);
	if (authority && authority[3] != '/') {
		const char *at = strrchr(authority + 3, '@');
		const char *colon = strchr(authority + 3, ':');

		if (at && colon && colon < at) {
			mig__buf_add(&buf, url, (size_t)(colon + 1 - url));
			mig__buf_adds(&buf, "***");
			url = at;
		}
	}
	add_masked(&buf, url);
	return mig__buf_take(&buf);
}
