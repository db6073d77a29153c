/* url: what may be shown of a database's URL in the general form (RFC 3986). */
#ifndef MIG__BASE_URL_H
#define MIG__BASE_URL_H

#include <stddef.h>

/* The length of what may be shown. Of it size - 1 bytes at most, and a NUL, are written to out,
 * which may be NULL if size is 0. */
size_t mig__url_display(const char *url, char *out, size_t size);

/* Whether the URL's user, host, port and database can be read in one way, and are shown. */
int mig__url_is_shown(const char *url);

/* Writes, likewise, that nothing is shown. */
size_t mig__url_hide(char *out, size_t size);

/* Whether a part of a URL has one of the characters, written as itself or as "%40". */
int mig__url_has(const char *text, size_t size, const char *characters);

#endif
