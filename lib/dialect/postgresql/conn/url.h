/* url, secret: what may be shown of a URL and of libpq's words about it. */
#ifndef MIG__PG_URL_H
#define MIG__PG_URL_H

#include "dialect/postgresql/conn/conn.h"

/* "host=x dbname=y": a keyword and "=" at the start. */
int32_t mig__pg_is_keywords(const char *url);
/* As mig__url_is_shown() and mig__url_display(), for these as well. */
int mig__pg_url_is_shown(const char *url);
size_t mig__pg_url_display(const char *url, char *out, size_t size);
/* secret.c: what may be shown of libpq's words about a URL, freed by the caller; NULL: no memory.
 * *malformed: the URL is not what libpq takes, or can be read in two ways. */
char *mig__pg_unsecret(const mig_conn *conn, const char *url, const char *words, int *malformed);

#endif
