/* url: what may be shown of a database's URL. */
#ifndef MIG__BASE_URL_H
#define MIG__BASE_URL_H

#include <stddef.h>

/* The length of what may be shown. Of it size - 1 bytes at most, and a NUL, are written to out,
 * which may be NULL if size is 0. */
size_t mig__url_display(const char *url, char *out, size_t size);

/* Whether the URL's user, host, port and database can be read in one way, and are shown. */
int mig__url_is_shown(const char *url);

/* "host=x dbname=y": a keyword and "=" at the start. */
int mig__url_is_keywords(const char *url);

#endif
